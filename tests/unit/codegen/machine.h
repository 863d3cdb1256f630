// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "codegen/generate.h"
#include "isa/access.h"
#include "isa/codec.h"
#include "isa/verifier.h"
#include "reference/network.h"
#include "sim/functional_machine.h"
#include "sim/prepared_segment.h"
#include "tests/unit/reference/random_network.h"

/// Runs generated segments on the functional machine and compares them with the integer reference.
namespace heddle::test {

/// Calls visit(logical channel, y, x, byte offset, element bytes) for every element of a binding.
template <class Visit>
void for_elements(const isa::Binding& b, const overlay::Overlay& overlay, const Visit& visit) {
  const std::int64_t lanes = isa::lanes(overlay, b.type), bytes = bits(b.type) / 8;
  for (const isa::ChannelSegment& run : b.channel_map)
    for (std::int64_t c = 0; c < run.count; ++c)
      for (std::int64_t y = 0; y < b.height; ++y)
        for (std::int64_t x = 0; x < b.width; ++x) {
          const std::int64_t slot = (run.block + c / lanes) * b.plane_slots + y * b.row_slots + x;
          visit(run.logical + c, y, x, b.offset + slot * overlay.N + c % lanes * bytes, bytes);
        }
}

inline std::size_t element_index(const isa::Binding& b, std::int64_t c, std::int64_t y, std::int64_t x) {
  return static_cast<std::size_t>((c * b.height + y) * b.width + x);
}

inline void write_binding(const isa::Binding& b, const overlay::Overlay& overlay, const reference::IntegerMap& map,
                          std::span<std::byte> memory) {
  for_elements(b, overlay, [&](std::int64_t c, std::int64_t y, std::int64_t x, std::int64_t at, std::int64_t bytes) {
    std::memcpy(memory.data() + at, &map.values[element_index(b, c, y, x)], static_cast<std::size_t>(bytes));
  });
}

inline reference::IntegerMap read_binding(const isa::Binding& b, const overlay::Overlay& overlay,
                                          std::span<const std::byte> memory) {
  reference::IntegerMap map = reference::make_map(b.channels, b.height, b.width);
  for_elements(b, overlay, [&](std::int64_t c, std::int64_t y, std::int64_t x, std::int64_t at, std::int64_t bytes) {
    std::int16_t wide = 0;
    std::int8_t narrow = 0;
    std::memcpy(bytes == 1 ? static_cast<void*>(&narrow) : &wide, memory.data() + at, static_cast<std::size_t>(bytes));
    map.values[element_index(b, c, y, x)] = bytes == 1 ? narrow : wide;
  });
  return map;
}

inline std::string text(const Diagnostics& diagnostics) {
  std::string all;
  for (std::size_t i = 0; i < diagnostics.size() && i < 5; ++i) all += diagnostics[i].text() + "\n";
  return all;
}

inline sim::Streams decode(const isa::OverlaySegment& segment) {
  sim::Streams streams;
  for (std::size_t engine = 0; engine < isa::kEngines; ++engine)
    for (const isa::Word& word : segment.streams[engine])
      streams[engine].push_back(isa::decode(word).value_or(isa::Instruction{}));
  return streams;
}

inline std::vector<reference::IntegerMap> run_segment(const isa::OverlaySegment& segment,
                                                      const overlay::Overlay& overlay,
                                                      const std::vector<reference::IntegerMap>& inputs) {
  const auto prepared = sim::prepare(decode(segment), segment.constants, overlay);
  EXPECT_TRUE(prepared) << text(prepared.error());
  if (!prepared) return {};
  std::vector<std::byte> in(static_cast<std::size_t>(segment.input_bytes)),
      out(static_cast<std::size_t>(segment.output_bytes)), scratch(static_cast<std::size_t>(segment.scratch_bytes));
  for (std::size_t i = 0; i < inputs.size(); ++i) write_binding(segment.inputs[i], overlay, inputs[i], in);
  sim::FunctionalMachine machine(overlay);
  // Memory holds anything before a run.
  std::ranges::fill(machine.features(), std::byte{0x5a});
  std::ranges::fill(scratch, std::byte{0xa5});
  sim::BaseSpans bases;
  bases[isa::kScratch] = scratch;
  bases[isa::kInputs] = in;
  bases[isa::kOutputs] = out;
  const auto status = machine.run(*prepared, segment.constants, bases);
  EXPECT_TRUE(status) << text(status.error());
  std::vector<reference::IntegerMap> results;
  for (const isa::Binding& binding : segment.outputs) results.push_back(read_binding(binding, overlay, out));
  return results;
}

/// Generates, verifies, runs, and compares every map of the network (exposed) or only its outputs.
inline ::testing::AssertionResult matches_reference(const ir::Network& network, const overlay::Overlay& overlay,
                                                    codegen::Options options = {}, std::uint32_t seed = 1) {
  const auto generated = codegen::generate(network, overlay, options);
  if (!generated) return ::testing::AssertionFailure() << "not generated: " << text(generated.error());
  const auto verified = isa::verify(generated->segment, overlay);
  if (!verified)
    return ::testing::AssertionFailure() << "not verified: " << text(verified.error()) << print(generated->plan);
  const auto inputs = random_inputs(network, seed);
  const auto expected = reference::run_network(network, inputs, {.all_maps = true});
  if (!expected) return ::testing::AssertionFailure() << "no reference: " << text(expected.error());
  const auto actual = run_segment(generated->segment, overlay, inputs);
  std::vector<ir::MapId> maps = network.outputs;
  maps.insert(maps.end(), options.expose.begin(), options.expose.end());
  if (actual.size() != maps.size()) return ::testing::AssertionFailure() << actual.size() << " outputs";
  for (std::size_t i = 0; i < maps.size(); ++i)
    if (actual[i] != (*expected)[static_cast<std::size_t>(maps[i])])
      return ::testing::AssertionFailure() << "map " << network.map(maps[i]).name << " differs\n"
                                           << ir::print(network) << print(generated->plan);
  return ::testing::AssertionSuccess();
}

/// An overlay with very small memories, so that everything is tiled.
inline overlay::Overlay tiny_overlay(std::int32_t P = 3, std::int32_t M = 8, std::int32_t N = 4) {
  overlay::Overlay o;
  o.name = "tiny";
  o.device = "zu9";
  o.P = P;
  o.M = M;
  o.N = N;
  o.acc_depth = 64;
  o.post_lanes = N;
  o.stencil_pixels = 1;
  o.regions = 4;
  o.region_words = 64;
  o.weight_words = 64;
  o.param_words = 64;
  o.stencil_param_words = 64;
  o.coefficient_words = 64;
  o.tables = 2;
  return o;
}

}  // namespace heddle::test
