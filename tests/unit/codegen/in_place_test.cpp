// SPDX-License-Identifier: Apache-2.0
#include "codegen/in_place.h"

#include <gtest/gtest.h>

namespace heddle::codegen {
namespace {

using ir::LayerKind;

struct Maker {
  ir::Network n;

  Maker() {
    map();
    n.inputs = {0};
  }
  ir::MapId map() {
    n.maps.push_back({.name = {}, .channels = 8, .height = 4, .width = 4});
    return static_cast<ir::MapId>(n.maps.size()) - 1;
  }
  ir::MapId layer(LayerKind kind, std::vector<ir::MapId> inputs) {
    ir::Layer l;
    l.kind = kind;
    l.inputs = std::move(inputs);
    l.output = map();
    if (kind == LayerKind::concat) n.maps.back().channels = 8 * static_cast<std::int32_t>(l.inputs.size());
    if (kind == LayerKind::add || (kind == LayerKind::conv && l.inputs.size() == 2)) l.post.add = kernels::AddParams{};
    n.layers.push_back(l);
    return l.output;
  }
  std::vector<Host> find(std::vector<ir::MapId> keep = {}) {
    const auto jobs = fuse(n, keep, false);
    return hosts(n, jobs, channel_maps(n, jobs, 4), keep);
  }
};

TEST(InPlace, ConcatTakesInItsInputs) {
  Maker m;
  const auto a = m.layer(LayerKind::conv, {0}), b = m.layer(LayerKind::conv, {0});
  const auto c = m.layer(LayerKind::concat, {a, b});
  m.layer(LayerKind::conv, {c});
  const auto found = m.find();
  EXPECT_EQ(found[static_cast<std::size_t>(a)].map, c);
  EXPECT_EQ(found[static_cast<std::size_t>(b)].map, c);
  EXPECT_EQ(found[static_cast<std::size_t>(b)].first_block, 2);
}

TEST(InPlace, InputsThatCannotMoveMakeAListOfParts) {
  Maker m;
  const auto a = m.layer(LayerKind::conv, {0});
  m.layer(LayerKind::conv, {m.layer(LayerKind::concat, {a, 0})});  // a network input lies where it arrives
  m.layer(LayerKind::conv, {m.layer(LayerKind::concat, {a, a})});
  EXPECT_EQ(m.find()[static_cast<std::size_t>(a)].map, -1);
}

TEST(InPlace, LongSkipsKeepTheirOwnBuffers) {
  Maker m;
  const auto skip = m.layer(LayerKind::conv, {0});
  ir::MapId x = skip;
  for (int i = 0; i < 20; ++i) x = m.layer(LayerKind::conv, {x});
  m.layer(LayerKind::conv, {m.layer(LayerKind::concat, {skip, x})});
  EXPECT_EQ(m.find()[static_cast<std::size_t>(skip)].map, -1);
}

TEST(InPlace, SumsOverwriteAResidualThatNothingReadsLater) {
  Maker m;
  const auto a = m.layer(LayerKind::conv, {0}), b = m.layer(LayerKind::conv, {a});
  const auto sum = m.layer(LayerKind::conv, {b, a});
  m.layer(LayerKind::conv, {sum});
  EXPECT_EQ(m.find()[static_cast<std::size_t>(sum)].map, a);
  EXPECT_EQ(m.find({a})[static_cast<std::size_t>(sum)].map, -1) << "a saved map is not overwritten";
  m.layer(LayerKind::conv, {a});
  EXPECT_EQ(m.find()[static_cast<std::size_t>(sum)].map, -1) << "it is read again";
}

TEST(InPlace, SumsDoNotOverwriteWhatTheConvolutionItselfReads) {
  Maker m;
  const auto a = m.layer(LayerKind::conv, {0});
  const auto sum = m.layer(LayerKind::conv, {a, a});
  EXPECT_EQ(m.find()[static_cast<std::size_t>(sum)].map, -1);
  const auto twice = m.layer(LayerKind::add, {sum, sum});
  EXPECT_EQ(m.find()[static_cast<std::size_t>(twice)].map, -1);
}

TEST(InPlace, SlicedResidualsAreLeftAlone) {
  Maker m;
  const auto a = m.layer(LayerKind::conv, {0});
  m.layer(LayerKind::slice, {a});
  const auto sum = m.layer(LayerKind::add, {a, m.layer(LayerKind::conv, {0})});
  EXPECT_EQ(m.find()[static_cast<std::size_t>(sum)].map, -1);
}

}  // namespace
}  // namespace heddle::codegen
