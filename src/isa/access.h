// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "isa/instruction.h"
#include "isa/program.h"
#include "overlay/overlay.h"

/// What an instruction touches. One definition for the synchroniser of the code generator and for the verifier.
namespace heddle::isa {

/// A strided box of feature memory: slots first + b·block_stride + y·row_stride + x·step for b < blocks, y < rows,
/// x < columns. `blocks` = 0: nothing is touched.
struct SlotBox {
  std::int64_t first = 0;
  std::int64_t blocks = 0, block_stride = 0;
  std::int64_t rows = 1, row_stride = 0;
  std::int64_t columns = 1, step = 1;

  [[nodiscard]] bool empty() const { return blocks == 0; }
  /// One behind the highest slot.
  [[nodiscard]] std::int64_t end() const {
    return empty() ? first : first + (blocks - 1) * block_stride + (rows - 1) * row_stride + (columns - 1) * step + 1;
  }
  friend bool operator==(const SlotBox&, const SlotBox&) = default;
};

/// Words [first, first + count) of a memory that load_const fills. `count` = 0: none.
struct WordRange {
  Space space = Space::weights;
  std::int64_t first = 0, count = 0;
  friend bool operator==(const WordRange&, const WordRange&) = default;
};

/// Bytes of DDR behind a base register: runs of `run` bytes at offset + b·block_stride + y·row_stride.
struct DdrBox {
  std::uint8_t base = 0;
  std::int64_t offset = 0;
  std::int64_t blocks = 0, block_stride = 0;
  std::int64_t rows = 1, row_stride = 0;
  std::int64_t run = 0;

  [[nodiscard]] bool empty() const { return blocks == 0; }
  /// One behind the highest byte.
  [[nodiscard]] std::int64_t end() const {
    return empty() ? offset : offset + (blocks - 1) * block_stride + (rows - 1) * row_stride + run;
  }
};

struct Accesses {
  SlotBox source, operand;                             ///< slots read
  SlotBox destination;                                 ///< slots written
  WordRange weights, parameters, coefficients, table;  ///< words read
  WordRange loaded;                                    ///< words written by load_const
  DdrBox ddr;                                          ///< read by load and load_const, written by save
  bool ddr_write = false;
};

/// All memory that the instruction reads and writes. Its fields must be legal (`encode` checks them).
///
/// `descriptor` is the post descriptor behind `param_address`; without it a parameter word per channel and no table
/// are assumed. Source rows and columns are the smallest strided range that contains every tap inside the source.
[[nodiscard]] Accesses accesses(const Instruction& instruction, const overlay::Overlay& overlay,
                                const PostDescriptor* descriptor = nullptr);

/// Channels in a slot of this element type: N at 8 bits, N/2 at 16.
[[nodiscard]] std::int64_t lanes(const overlay::Overlay& overlay, DataType type);
/// Bytes of one word of a memory that load_const fills (tables: of one table).
[[nodiscard]] std::int64_t word_bytes(const overlay::Overlay& overlay, Space space);
/// Words of that memory.
[[nodiscard]] std::int64_t word_count(const overlay::Overlay& overlay, Space space);
/// Bytes that load_const reads from multiples of: whole beats of the AXI ports.
[[nodiscard]] std::int64_t constant_alignment(const overlay::Overlay& overlay);
/// The engine that executes it; `end` and `fence` belong to every engine.
[[nodiscard]] bool executes(Engine engine, Opcode opcode);
/// Channels of the results of a conv (all lanes of all output blocks) or a stencil (all lanes of all input blocks).
[[nodiscard]] std::int64_t result_channels(const Instruction& instruction, const overlay::Overlay& overlay);
/// Does this stencil operation read its second operand?
[[nodiscard]] bool has_operand(StencilOp op);
/// Does it end in the requantiser (everything but `add`)?
[[nodiscard]] bool drains(const Instruction& instruction);

}  // namespace heddle::isa
