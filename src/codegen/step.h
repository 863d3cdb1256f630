// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "codegen/channel_map.h"
#include "ir/network.h"
#include "isa/instruction.h"
#include "isa/program.h"
#include "mapping/axis.h"

/// The network in terms of the machine: buffers of channel blocks, and steps that one engine executes on them.
///
/// `lower` makes it from an ir::Network. From here on there are no layer kinds, no concats and no slices: a map is a
/// list of parts of buffers, and a step is a convolution, a stencil or a copy. Nothing here knows addresses or tiles.
namespace heddle::codegen {

using BufferId = std::int32_t;  ///< index into Lowered::buffers

/// Storage of one or (in-place concat) several maps: blocks × height × width slots.
struct Buffer {
  std::string name;
  std::int32_t blocks = 0, height = 1, width = 1;
  DataType type = DataType::i8;
  std::int32_t input = -1;  ///< index of the network input that arrives in it, or −1
};

/// Contiguous channel blocks of a buffer.
struct Part {
  BufferId buffer = -1;
  std::int32_t first_block = 0, blocks = 0;
  friend bool operator==(const Part&, const Part&) = default;
};

/// A feature map: its parts in physical order, and the channel of every lane of all parts together.
struct Layout {
  std::vector<Part> parts;
  ChannelMap channels;
};

/// Parameters of POST, in logical channels.
struct PostParams {
  isa::PostDescriptor descriptor;                 ///< `table` and `flags` are filled in when it is packed
  std::vector<kernels::ChannelRequant> channels;  ///< one for all, or one per logical channel
  std::shared_ptr<const kernels::Table> table;
};

/// One phase of a (transposed) convolution: which taps of the kernel it uses, and which output pixels it makes.
/// A plain convolution is one phase with all taps.
struct ConvPhase {
  std::vector<std::int32_t> rows, columns;  ///< kernel rows and columns in the order of rising input position
  std::int32_t dilation_h = 1, dilation_w = 1;
  std::int32_t pad_top = 0, pad_left = 0;
  std::int32_t first_row = 0, first_column = 0;  ///< output pixel of position (0, 0)
  std::int32_t height = 0, width = 0;            ///< positions
  PostParams post;
};

/// Where a step's weights come from. `layer` is null for a repack or a sum: every tap of weight(o, i) is 1 if o == i.
struct WeightSource {
  const ir::Layer* layer = nullptr;
  DataType type = DataType::i8;
  std::int32_t groups = 1;
  std::int32_t in_per_group = 0, out_per_group = 0;
};

struct ConvStep {
  std::vector<Part> inputs;  ///< summed over
  ChannelMap in_channels;    ///< of all inputs together
  Part output;
  ChannelMap out_channels;
  std::vector<Part> operands;  ///< residual: parts that together have the output's blocks; empty: none
  mapping::Axis y, x;          ///< union of all phases
  std::int32_t step_h = 1, step_w = 1;
  std::int32_t stride_h = 1, stride_w = 1;
  std::int32_t pad_value = 0;
  WeightSource weights;
  std::vector<ConvPhase> phases;
};

/// Depthwise coefficients: channel c of the step uses filter c·multiplier + pass of the layer.
struct CoefficientSource {
  const ir::Layer* layer = nullptr;  ///< null: every coefficient is 1 (an average without an average unit)
};

struct StencilStep {
  isa::StencilOp op = isa::StencilOp::identity;
  Part input;  ///< ignored by fill, which takes its number of blocks from it
  std::optional<Part> operand;
  bool broadcast = false;  ///< the operand is one pixel
  Part output;
  ChannelMap channels;  ///< output channel of every lane of the input's blocks
  mapping::Axis y, x;   ///< stride and padding of the window, too
  std::int32_t kernel_h = 1, kernel_w = 1, dilation_h = 1, dilation_w = 1;
  std::int32_t out_row = 0, out_column = 0;  ///< where the step's output starts inside the output buffer
  std::int32_t pad_value = 0;
  CoefficientSource coefficients;
  PostParams post;
};

/// Where a network output (or an exposed map) goes: blocks of a buffer to blocks of an output binding.
struct CopyStep {
  Part input;
  std::int32_t output = 0;  ///< index into Lowered::outputs
  std::int32_t output_block = 0;
};

struct Step {
  std::int32_t layer = 0;
  std::string what;
  std::variant<ConvStep, StencilStep, CopyStep> work;
};

/// A map that leaves the overlay: a network output or an exposed map.
struct OutputMap {
  ir::MapId map = -1;
  Layout layout;
  std::vector<isa::ChannelSegment> segments;
};

struct Lowered {
  std::vector<Buffer> buffers;
  std::vector<Step> steps;  ///< in an order in which every part is written before it is read
  std::vector<OutputMap> outputs;
  std::vector<Layout> inputs;  ///< of the network's inputs, in order
};

}  // namespace heddle::codegen
