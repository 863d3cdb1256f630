// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/diagnostic.h"
#include "base/tensor.h"
#include "isa/instruction.h"
#include "kernels/operator.h"
#include "overlay/overlay.h"

/// A compiled program: an ordered list of segments, overlay streams and host operators, over named tensors.
/// It executes without ONNX and without the compiler. `container.h` writes and reads the file.
namespace heddle::isa {

/// Conventional base registers of one submission.
enum BaseRegister : std::uint8_t { kConstants = 0, kScratch = 1, kInputs = 2, kOutputs = 3 };

/// A run of logical channels [logical, logical + count) that lies from lane 0 of physical block `block` on, in order.
/// Lanes of the last block behind `count` are holes.
struct ChannelSegment {
  std::int32_t logical = 0, count = 0, block = 0;
  friend bool operator==(const ChannelSegment&, const ChannelSegment&) = default;
};

/// Where a tensor lies in DDR for LOAD and SAVE: [block][y][x][lane], and how its integers mean reals.
struct Binding {
  std::string tensor;           ///< name of the program tensor
  std::uint8_t base = kInputs;  ///< base register
  std::int64_t offset = 0;      ///< bytes from it
  std::int32_t channels = 0, height = 1, width = 1;
  std::int64_t row_slots = 0, plane_slots = 0;  ///< strides
  std::int32_t blocks = 0;                      ///< physical channel blocks (holes included)
  DataType type = DataType::i8;                 ///< i8: N lanes a slot; i16: N/2
  float scale = 1.0F;
  std::int32_t zero_point = 0;
  std::vector<ChannelSegment> channel_map;
};

/// A named host tensor that travels between segments, in the model's own layout and type. For a quantised model input
/// or output of integer type, `type` is that type and the numbers are not rescaled (u8 is shifted by 128 to i8).
struct ProgramTensor {
  std::string name;
  DataType type = DataType::f32;
  Shape shape;                     ///< with the batch dimension
  std::optional<Tensor> constant;  ///< for constants that host operators read
};

/// Names which layer an instruction belongs to (runs of equal layers are merged).
struct LayerSpan {
  std::int32_t layer = 0;           ///< index into OverlaySegment::layers
  std::int32_t begin = 0, end = 0;  ///< instruction indices [begin, end) of one stream
};

struct LayerInfo {
  std::string name;
  std::vector<std::string> origins;  ///< nodes of the model
  std::int64_t macs = 0;
  std::string choice;  ///< tile, dataflow, placement in words, for reports
  double estimated_cycles = 0, array_cycles = 0;
  std::int64_t ddr_bytes = 0;
};

/// What one overlay run does: streams, the constant image, and the sizes of the memories that its base registers name.
struct OverlaySegment {
  std::array<std::vector<Word>, kEngines> streams;
  std::vector<std::byte> constants;  ///< image behind base register kConstants: weights, parameters, tables
  std::int64_t scratch_bytes = 0, input_bytes = 0, output_bytes = 0;
  std::vector<Binding> inputs, outputs;
  std::vector<LayerInfo> layers;
  std::array<std::vector<LayerSpan>, kEngines> spans;
};

/// One operator on the host, executed by `kernels`.
struct HostOperator {
  std::string op, node;
  kernels::Attributes attributes;
  std::vector<std::string> inputs, outputs;  ///< program tensors; "" for an absent input
};
struct HostSegment {
  std::vector<HostOperator> operators;
};
using Segment = std::variant<OverlaySegment, HostSegment>;

/// How a picture becomes the input tensor; from flags or a TOML file beside the model.
struct Preprocessing {
  std::int32_t height = 0, width = 0;  ///< 0: the input's own
  std::string resize = "bilinear";     ///< "nearest", "bilinear", "bicubic"
  std::string fit = "stretch";         ///< "stretch", "crop" (short side, then centre), "pad" (letterbox)
  std::string channels = "rgb";        ///< "rgb", "bgr", "gray"
  std::string layout = "nchw";         ///< "nchw" or "nhwc"
  std::array<float, 3> mean{0, 0, 0}, scale{1, 1, 1};  ///< (pixel 0…255 − mean) · scale, per channel
};

struct Program {
  std::string model_name;
  std::string overlay_toml;  ///< the overlay it was compiled for
  std::uint64_t overlay_fingerprint = 0;
  std::vector<ProgramTensor> tensors;
  std::vector<std::string> inputs, outputs;  ///< tensor names, in the model's order
  std::vector<Segment> segments;
  std::optional<Preprocessing> preprocessing;
  std::vector<std::string> labels;
  std::map<std::string, std::string> provenance;  ///< "compiler", "model_hash", "command", …
};

/// Post descriptor: the first 24 bytes (two parameter words) at `param_address`, little endian. Then one 12-byte word
/// per channel: bias (6 bytes, signed), mult (2), shift (1), 3 zero bytes.
struct PostDescriptor {
  std::int16_t lo = -128, hi = 127, zero_point = 0;
  std::int16_t add_mult_a = 0, add_mult_b = 0;
  std::int16_t add_zero_a = 0, add_zero_b = 0, add_zero_y = 0, add_lo = 0, add_hi = 0;
  std::uint8_t add_shift = 1;
  std::uint8_t flags = 0;  ///< bit 0: one channel word serves all channels
  std::uint8_t table = 0;  ///< 0: none, otherwise table number + 1
  std::uint8_t reserved = 0;
};
static_assert(sizeof(PostDescriptor) == 24);
inline constexpr std::size_t kParamWordBytes = 12;
inline constexpr std::size_t kTableBytes = 514;  ///< 257 16-bit entries

}  // namespace heddle::isa
