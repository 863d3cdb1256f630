// SPDX-License-Identifier: Apache-2.0
#include "sim/prepared_segment.h"

#include <gtest/gtest.h>

#include "sim/functional_machine.h"
#include "tests/unit/sim/random_instruction.h"

namespace heddle::sim {
namespace {

using isa::Field;
using testing::Generator;
using testing::Scenario;
using testing::small_overlay;

Scenario conv_scenario(std::uint64_t seed = 3) {
  Generator generator(seed, small_overlay(16));
  generator.conv();
  return generator.take();
}

Scenario stencil_scenario(isa::StencilOp op) {
  Generator generator(7, small_overlay(16));
  generator.stencil(op);
  return generator.take();
}

isa::Instruction& computation(Scenario& s, isa::Engine engine) {
  return s.streams[static_cast<std::size_t>(engine)][1];  // behind the fence
}

std::string first_code(const Scenario& s) {
  const auto prepared = prepare(s.streams, s.constants, s.overlay);
  return prepared ? "" : prepared.error().front().code;
}

std::string conv_code(auto change) {
  Scenario s = conv_scenario();
  change(computation(s, isa::Engine::conv));
  return first_code(s);
}

TEST(Prepare, AcceptsWhatTheGeneratorMakes) {
  EXPECT_EQ(first_code(conv_scenario()), "");
}

TEST(Prepare, RefusesAddressesOutsideTheMemories) {
  EXPECT_EQ(conv_code([](auto& i) { i[Field::src_word] = 1 << 19; }), "machine.features.range");
  EXPECT_EQ(conv_code([](auto& i) { i[Field::weight_address] = 4095; }), "machine.weights.range");
  EXPECT_EQ(conv_code([](auto& i) { i[Field::weight_format] = 3; }), "machine.format");
  EXPECT_EQ(conv_code([](auto& i) { i[Field::src_format] = 7; }), "machine.format");
  EXPECT_EQ(conv_code([](auto& i) { i[Field::first] = 0; }), "machine.conv.first");
  Scenario s = stencil_scenario(isa::StencilOp::depthwise);
  computation(s, isa::Engine::stencil)[Field::coefficient_address] = 1020;
  computation(s, isa::Engine::stencil)[Field::kernel_h] = 5;
  EXPECT_EQ(first_code(s), "machine.coefficients.range");
  s = stencil_scenario(isa::StencilOp::add);
  computation(s, isa::Engine::stencil)[Field::src_height] -= 1;
  EXPECT_EQ(first_code(s), "machine.stencil.size");
  s = stencil_scenario(isa::StencilOp::global_average);
  computation(s, isa::Engine::stencil)[Field::first] = 0;
  EXPECT_EQ(first_code(s), "machine.stencil.first");
  s = stencil_scenario(isa::StencilOp::identity);
  computation(s, isa::Engine::stencil)[Field::param_address] = 1023;
  EXPECT_EQ(first_code(s), "machine.post.range");
}

TEST(Prepare, RefusesFloatOverlays) {
  Scenario s = conv_scenario();
  s.overlay.format = overlay::NumberFormat::fp32;
  EXPECT_EQ(first_code(s), "machine.overlay.format");
}

isa::Instruction box(isa::Opcode opcode, std::int64_t base) {
  isa::Instruction i;
  i.opcode = opcode;
  i[Field::ddr_base] = base;
  i[Field::ddr_offset] = 32;
  i[Field::ddr_row] = 5;
  i[Field::ddr_plane] = 20;
  i[Field::blocks] = 2;
  i[Field::rows] = 3;
  i[Field::columns] = 4;
  const bool load = opcode == isa::Opcode::load;
  i[load ? Field::dst_pitch : Field::src_pitch] = 4;
  i[load ? Field::dst_plane : Field::src_plane] = 6;
  return i;
}

Scenario copy_scenario() {
  Scenario s{small_overlay(16), {}, {}};
  isa::Instruction load = box(isa::Opcode::load, 2), save = box(isa::Opcode::save, 3);
  load[Field::signal0] = save[Field::wait0] = 1;
  s.streams[static_cast<std::size_t>(isa::Engine::load_features)] = {load};
  s.streams[static_cast<std::size_t>(isa::Engine::save)] = {save};
  for (auto& stream : s.streams) stream.emplace_back();
  return s;
}

TEST(Machine, MovesBoxesBetweenDdrAndFeatures) {
  const Scenario s = copy_scenario();
  const auto prepared = prepare(s.streams, s.constants, s.overlay);
  ASSERT_TRUE(prepared);
  EXPECT_EQ(prepared->extent[2], 32 + 16 * (20 + 10 + 4));
  FunctionalMachine machine(s.overlay);
  auto in = testing::noise(1, 1000);
  std::vector<std::byte> out(1000);
  BaseSpans bases;
  bases[2] = in;
  bases[3] = out;
  ASSERT_TRUE(machine.run(*prepared, {}, bases));
  for (std::size_t slot = 0; slot < 34; ++slot) {
    const bool inside = slot % 5 < 4 && (slot < 15 || slot >= 20);
    const auto at = static_cast<std::ptrdiff_t>(32 + 16 * slot);
    EXPECT_EQ(std::equal(in.begin() + at, in.begin() + at + 16, out.begin() + at), inside) << slot;
  }
}

TEST(Machine, RefusesBasesThatAreTooSmall) {
  const Scenario s = copy_scenario();
  const auto prepared = prepare(s.streams, s.constants, s.overlay);
  ASSERT_TRUE(prepared);
  FunctionalMachine machine(s.overlay);
  std::vector<std::byte> memory(static_cast<std::size_t>(prepared->extent[2]) - 1);
  BaseSpans bases;
  bases[2] = memory;
  const Status status = machine.run(*prepared, {}, bases);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().size(), 2U);
  EXPECT_EQ(status.error()[0].node, "base register 2");
}

TEST(Prepare, RefusesSavesOverConstants) {
  Scenario s = copy_scenario();
  s.streams[static_cast<std::size_t>(isa::Engine::save)][0][Field::ddr_base] = isa::kConstants;
  EXPECT_EQ(first_code(s), "machine.save.constants");
}

}  // namespace
}  // namespace heddle::sim
