// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>

#include "cosim/ddr_model.h"
#include "isa/access.h"
#include "isa/codec.h"
#include "isa/names.h"

/// What kinds of instructions ran, and against what memory: opcode × widths × tails × pattern of stalls.
namespace heddle::test {

/// Counts the instructions of programs that gave the right outputs, a bin each kind; written to
/// $HEDDLE_RTL_COVERAGE/PROCESS.bins at the end of the program (tests/rtl_coverage reports them).
class InstructionCoverage {
 public:
  static InstructionCoverage& get() {
    static InstructionCoverage all;
    return all;
  }
  ~InstructionCoverage() {
    const char* folder = std::getenv("HEDDLE_RTL_COVERAGE");
    if (folder == nullptr || bins_.empty()) return;
    std::ofstream out(fmt::format("{}/{}.bins", folder, getpid()));
    for (const auto& [bin, count] : bins_) out << bin << ' ' << count << '\n';
  }
  InstructionCoverage(const InstructionCoverage&) = delete;
  InstructionCoverage& operator=(const InstructionCoverage&) = delete;

  void add(const isa::OverlaySegment& segment, const overlay::Overlay& overlay, const cosim::DdrOptions& ddr) {
    const char* memory = ddr.stall > 0 ? "pauses" : ddr.bytes_per_cycle > 0 ? "its_bandwidth" : "prompt";
    for (const auto& stream : segment.streams)
      for (const isa::Word& word : stream)
        if (const auto i = isa::decode(word); i && i->opcode != isa::Opcode::end && i->opcode != isa::Opcode::fence)
          ++bins_[kind(*i, overlay) + " " + memory];
  }

 private:
  InstructionCoverage() = default;

  static std::string kind(const isa::Instruction& i, const overlay::Overlay& o) {
    using isa::Field;
    const auto width = [&](Field field) { return bits(static_cast<DataType>(i[field])); };
    const auto tail = [](std::int64_t size, std::int64_t unit) { return size % unit == 0 ? "whole" : "tail"; };
    const std::string opcode(isa::name(i.opcode));
    switch (i.opcode) {
      case isa::Opcode::conv:
        return fmt::format("{} {}x{}to{} channels_{} pixels_{}", opcode, width(Field::src_format),
                           width(Field::weight_format), width(Field::dst_format),
                           tail(i[Field::out_blocks] * isa::lanes(o, static_cast<DataType>(i[Field::dst_format])), o.M),
                           tail(i[Field::out_height] * i[Field::out_width], o.P));
      case isa::Opcode::stencil:
        return fmt::format("{}.{} {}to{} pixels_{}", opcode,
                           isa::name(static_cast<isa::StencilOp>(i[Field::stencil_op])), width(Field::src_format),
                           width(Field::dst_format),
                           tail(i[Field::out_height] * i[Field::out_width], o.stencil_pixels));
      case isa::Opcode::load_const:
        return fmt::format("{}.{} bytes_{}", opcode, isa::name(static_cast<isa::Space>(i[Field::space])),
                           tail(i[Field::bytes], o.axi_bytes));
      default:
        return fmt::format("{} row_{} start_{}", opcode, tail(i[Field::columns] * o.N, o.axi_bytes),
                           tail(i[Field::ddr_offset], o.axi_bytes));
    }
  }

  std::map<std::string, std::uint64_t> bins_;
};

}  // namespace heddle::test
