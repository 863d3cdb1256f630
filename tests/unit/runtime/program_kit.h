// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "isa/codec.h"
#include "isa/program.h"

/// Hand-written programs: a ReLU on the overlay, with or without host operators around it.
namespace heddle::runtime::testing {

using isa::Engine;
using isa::Field;

inline overlay::Overlay test_overlay() {
  overlay::Overlay o;
  o.name = "test";
  o.P = 3;
  o.M = 16;
  o.N = 8;
  o.stencil_pixels = 3;
  o.post_lanes = 24;
  o.regions = 4;
  o.region_words = 512;
  o.weight_words = 256;
  o.param_words = o.stencil_param_words = o.coefficient_words = 256;
  return o;
}

struct ReluSizes {
  std::int32_t channels = 11, height = 4, width = 5;  // 11 channels: the second block has holes
};

inline isa::Instruction with(isa::Opcode opcode, std::initializer_list<std::pair<Field, std::int64_t>> fields) {
  isa::Instruction i;
  i.opcode = opcode;
  for (const auto& [field, value] : fields) i[field] = value;
  return i;
}

inline isa::Word word(const isa::Instruction& i) {
  const auto encoded = isa::encode(i);
  EXPECT_TRUE(encoded) << (encoded ? "" : encoded.error().front().text());
  return encoded ? *encoded : isa::Word{};
}

/// Post descriptor of an identity that clamps at the zero point, and one parameter word for all channels.
inline std::vector<std::byte> relu_parameters(std::int16_t zero_point) {
  isa::PostDescriptor d;
  d.lo = d.zero_point = zero_point;
  d.flags = 1;
  std::vector<std::byte> bytes(48);
  std::memcpy(bytes.data(), &d, sizeof d);
  const std::int64_t bias = -zero_point;
  const std::uint16_t mult = 1 << 15;
  std::memcpy(bytes.data() + 24, &bias, 6);
  std::memcpy(bytes.data() + 30, &mult, 2);
  bytes[32] = std::byte{15};
  return bytes;
}

inline isa::Binding relu_binding(const ReluSizes& s, std::string tensor, std::uint8_t base, float scale,
                                 std::int32_t zero_point) {
  isa::Binding b;
  b.tensor = std::move(tensor);
  b.base = base;
  b.channels = s.channels;
  b.height = s.height;
  b.width = s.width;
  b.row_slots = s.width;
  b.plane_slots = std::int64_t{s.width} * s.height;
  b.blocks = (s.channels + 7) / 8;
  b.scale = scale;
  b.zero_point = zero_point;
  b.channel_map = {{0, s.channels, 0}};
  return b;
}

/// load → identity through POST with lo = zero point → save.
inline isa::OverlaySegment relu_segment(const ReluSizes& s, const std::string& from, const std::string& to,
                                        float scale = 0.5F, std::int16_t zero_point = 3) {
  isa::OverlaySegment segment;
  const std::int64_t blocks = (s.channels + 7) / 8, plane = (s.height * s.width + 2) / 3 + 1;
  const std::int64_t target = blocks * plane + 4, i8 = static_cast<std::int64_t>(DataType::i8);
  const auto stream = [&](Engine e) -> auto& { return segment.streams[static_cast<std::size_t>(e)]; };
  const std::int64_t rows = s.height, columns = s.width, ddr_plane = rows * columns;
  stream(Engine::load_features)
      .push_back(word(with(isa::Opcode::load, {{Field::signal0, 1},
                                               {Field::ddr_base, isa::kInputs},
                                               {Field::ddr_row, columns},
                                               {Field::ddr_plane, ddr_plane},
                                               {Field::blocks, blocks},
                                               {Field::rows, rows},
                                               {Field::columns, columns},
                                               {Field::dst_pitch, columns},
                                               {Field::dst_plane, plane}})));
  segment.constants = relu_parameters(zero_point);
  stream(Engine::load_weights)
      .push_back(
          word(with(isa::Opcode::load_const, {{Field::signal0, 2},
                                              {Field::bytes, 48},
                                              {Field::space, static_cast<std::int64_t>(isa::Space::stencil_params)}})));
  stream(Engine::stencil)
      .push_back(
          word(with(isa::Opcode::stencil, {{Field::wait0, 1},
                                           {Field::wait1, 2},
                                           {Field::signal0, 3},
                                           {Field::src_pitch, columns},
                                           {Field::src_plane, plane},
                                           {Field::src_height, rows},
                                           {Field::src_width, columns},
                                           {Field::dst_word, target},
                                           {Field::dst_pitch, columns},
                                           {Field::dst_plane, plane},
                                           {Field::dst_step, 1},
                                           {Field::out_height, rows},
                                           {Field::out_width, columns},
                                           {Field::kernel_h, 1},
                                           {Field::kernel_w, 1},
                                           {Field::stride_h, 1},
                                           {Field::stride_w, 1},
                                           {Field::dilation_h, 1},
                                           {Field::dilation_w, 1},
                                           {Field::in_blocks, blocks},
                                           {Field::src_format, i8},
                                           {Field::dst_format, i8},
                                           {Field::first, 1},
                                           {Field::last, 1},
                                           {Field::stencil_op, static_cast<std::int64_t>(isa::StencilOp::identity)}})));
  stream(Engine::save)
      .push_back(word(with(isa::Opcode::save, {{Field::wait0, 3},
                                               {Field::ddr_base, isa::kOutputs},
                                               {Field::ddr_row, columns},
                                               {Field::ddr_plane, ddr_plane},
                                               {Field::blocks, blocks},
                                               {Field::rows, rows},
                                               {Field::columns, columns},
                                               {Field::src_word, target},
                                               {Field::src_pitch, columns},
                                               {Field::src_plane, plane}})));
  for (auto& words : segment.streams) words.push_back(word({}));
  segment.input_bytes = segment.output_bytes = blocks * ddr_plane * 8;
  segment.inputs = {relu_binding(s, from, isa::kInputs, scale, zero_point)};
  segment.outputs = {relu_binding(s, to, isa::kOutputs, scale, zero_point)};
  return segment;
}

/// x → overlay ReLU → y, both f32 [batch, channels, height, width].
inline isa::Program relu_program(std::int64_t batch = 1, const ReluSizes& s = {}) {
  isa::Program program;
  program.model_name = "relu";
  program.overlay_toml = overlay::to_toml(test_overlay());
  program.overlay_fingerprint = overlay::fingerprint(test_overlay());
  const Shape shape{batch, s.channels, s.height, s.width};
  program.tensors = {{"x", DataType::f32, shape, {}}, {"y", DataType::f32, shape, {}}};
  program.inputs = {"x"};
  program.outputs = {"y"};
  program.segments.emplace_back(relu_segment(s, "x", "y"));
  return program;
}

/// −7, −6.75 … in steps of 1/4, starting anew in each image with another offset.
inline Tensor ramp(const Shape& shape) {
  Tensor t(DataType::f32, shape);
  const auto values = t.mutable_data<float>();
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = static_cast<float>(static_cast<int>(k * 7 % 97) - 48) / 4;
  return t;
}

/// What the program of relu_segment makes of `x`: quantised with scale 1/2 (ties to even), negative values 0.
inline float relu_of(float x) {
  return std::max(0.0F, std::nearbyint(x / 0.5F) * 0.5F);
}

}  // namespace heddle::runtime::testing
