// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <sstream>

#include "isa/access.h"
#include "tests/rtl/stencil/stencil_bench.h"

namespace heddle::rtl {
namespace {

using isa::Field;
using isa::Instruction;
using isa::StencilOp;

constexpr std::array kOps = {StencilOp::depthwise, StencilOp::maximum,  StencilOp::average, StencilOp::global_average,
                             StencilOp::nearest,   StencilOp::bilinear, StencilOp::add,     StencilOp::multiply,
                             StencilOp::identity,  StencilOp::fill};

bool built_in(const overlay::Overlay& o, StencilOp op) {
  if (op == StencilOp::average || op == StencilOp::global_average) return o.has_unit("average");
  if (op == StencilOp::nearest || op == StencilOp::bilinear) return o.has_unit("upsample");
  return op != StencilOp::multiply || o.has_unit("multiply");
}

std::string text(const Instruction& i) {
  std::ostringstream out;
  out << isa::name(static_cast<StencilOp>(i[Field::stencil_op]));
  for (const isa::FieldSpec& spec : isa::format(isa::Opcode::stencil))
    out << ' ' << isa::name(spec.field) << '=' << i[spec.field];
  return out.str();
}

/// First byte that differs; −1: none.
std::int64_t difference(const std::vector<std::byte>& got, const std::vector<std::byte>& want, std::int64_t begin,
                        std::int64_t end) {
  const auto [at, other] = std::mismatch(got.begin() + begin, got.begin() + end, want.begin() + begin);
  return at == got.begin() + end ? -1 : at - got.begin();
}

/// Is everything that the instruction writes in memory?
bool is_written(const StencilBench& bench, const Instruction& i, const std::vector<std::byte>& want) {
  const isa::SlotBox box = isa::accesses(i, bench.o).destination;
  for (std::int64_t b = 0; b < box.blocks; ++b)
    for (std::int64_t y = 0; y < box.rows; ++y)
      for (std::int64_t x = 0; x < box.columns; ++x) {
        const std::int64_t slot = box.first + b * box.block_stride + y * box.row_stride + x * box.step;
        if (difference(bench.memories.features, want, slot * bench.o.N, (slot + 1) * bench.o.N) >= 0) return false;
      }
  return true;
}

/// Runs on the machine and on the reference and compares all of feature memory, and what each instruction writes when
/// it is done. No instruction overwrites what another one has written.
void expect_reference(StencilBench& bench, const std::vector<Instruction>& instructions) {
  StencilMemories expected = bench.memories;
  run_reference(bench.o, expected, instructions);
  std::string all;
  for (const Instruction& i : instructions) all += text(i) + "\n";
  bench.on_done = [&](std::size_t k) {
    EXPECT_TRUE(is_written(bench, instructions[k], expected.features)) << k << " was done too early or is wrong\n"
                                                                       << all;
  };
  bench.run(instructions);
  bench.on_done = [](std::size_t) {};
  const auto size = static_cast<std::int64_t>(expected.features.size());
  const std::int64_t byte = difference(bench.memories.features, expected.features, 0, size);
  EXPECT_LT(byte, 0) << "slot " << byte / bench.o.N << " byte " << byte % bench.o.N << " differs\n" << all;
}

void random_runs(StencilOp op, int rounds, int denied, std::uint64_t seed) {
  StencilBench bench;
  if (!built_in(bench.o, op)) GTEST_SKIP() << "the overlay lacks the unit";
  bench.random.seed(seed);
  bench.denied = denied;
  bench.memories = random_memories(bench.o, bench.random);
  bench.load_tables();
  for (int round = 0; round < rounds && !testing::Test::HasFailure(); ++round) {
    StencilDraw draw{.overlay = bench.o, .memories = bench.memories, .random = bench.random};
    if (const auto i = draw_instruction(draw, op)) expect_reference(bench, {*i});
  }
}

class StencilOps : public testing::TestWithParam<StencilOp> {};
TEST_P(StencilOps, GiveTheReferencesResults) {
  random_runs(GetParam(), 150, 0, 11);
}
TEST_P(StencilOps, DoSoWhenRequestsAreDenied) {
  random_runs(GetParam(), 60, 40, 12);
}
INSTANTIATE_TEST_SUITE_P(Stencil, StencilOps, testing::ValuesIn(kOps),
                         [](const auto& tested) { return std::string(isa::name(tested.param)); });

/// A bench with random memories.
void fill(StencilBench& bench, std::uint64_t seed) {
  bench.random.seed(seed);
  bench.memories = random_memories(bench.o, bench.random);
  bench.load_tables();
}

std::vector<Instruction> draw_several(StencilDraw& draw, std::size_t most) {
  std::vector<Instruction> instructions;
  const std::size_t kinds = static_cast<std::size_t>(draw.pick(1, static_cast<std::int64_t>(kOps.size())));
  for (std::size_t tries = 0; tries < 2 * most && instructions.size() < most; ++tries) {
    const StencilOp op = kOps[(draw.random() % kinds * 7 + kinds) % kOps.size()];
    if (!built_in(draw.overlay, op)) continue;
    if (const auto i = draw_instruction(draw, op)) instructions.push_back(*i);
  }
  return instructions;
}

/// Instructions that do not depend on each other, some overlapping.
TEST(Stencil, RunsSequences) {
  StencilBench bench;
  fill(bench, 21);
  std::size_t run = 0;
  for (int round = 0; round < 80 && !testing::Test::HasFailure(); ++round) {
    StencilDraw draw{.overlay = bench.o, .memories = bench.memories, .random = bench.random};
    bench.denied = std::array{0, 30, 85, 0}[static_cast<std::size_t>(round % 4)];
    bench.overlaps = round % 3 != 0;
    const auto instructions = draw_several(draw, 6);
    run += instructions.size();
    expect_reference(bench, instructions);
  }
  EXPECT_GT(run, 150U);
}

/// An instruction whose source the one before has written sees all of it.
TEST(Stencil, SeesWhatWasDone) {
  StencilBench bench;
  fill(bench, 22);
  for (int round = 0; round < 60 && !testing::Test::HasFailure(); ++round) {
    StencilDraw draw{.overlay = bench.o, .memories = bench.memories, .random = bench.random};
    const auto first = draw_instruction(draw, StencilOp::depthwise);
    auto second = draw_instruction(draw, round % 2 == 0 ? StencilOp::maximum : StencilOp::depthwise);
    if (!first || !second || (*first)[Field::dst_step] != 1 ||
        (*first)[Field::src_format] != (*first)[Field::dst_format])
      continue;
    Instruction& i = *second;
    i[Field::src_word] = (*first)[Field::dst_word];
    i[Field::src_bank] = (*first)[Field::dst_bank];
    i[Field::src_pitch] = (*first)[Field::dst_pitch];
    i[Field::src_plane] = (*first)[Field::dst_plane];
    i[Field::src_height] = (*first)[Field::out_height];
    i[Field::src_width] = (*first)[Field::out_width];
    i[Field::in_blocks] = std::min((*first)[Field::in_blocks], i[Field::in_blocks]);
    expect_reference(bench, {*first, *second});
  }
}

TEST(Stencil, OverwritesItsSource) {
  StencilBench bench;
  fill(bench, 23);
  for (int round = 0; round < 100 && !testing::Test::HasFailure(); ++round) {
    StencilDraw draw{.overlay = bench.o, .memories = bench.memories, .random = bench.random};
    const StencilOp op = round % 3 == 0 ? StencilOp::multiply : round % 3 == 1 ? StencilOp::add : StencilOp::identity;
    auto i = built_in(bench.o, op) ? draw_instruction(draw, op) : std::nullopt;
    if (!i || (*i)[Field::src_format] != (*i)[Field::dst_format]) continue;
    put_in_place(*i);
    // The second operand lies where nothing is written.
    (*i)[Field::operand_word] = bench.o.feature_words() / 2;
    expect_reference(bench, {*i});
  }
}

TEST(Stencil, KeepsSumsAcrossInstructions) {
  StencilBench bench;
  if (!built_in(bench.o, StencilOp::global_average)) GTEST_SKIP() << "the overlay lacks the unit";
  fill(bench, 24);
  bench.overlaps = true;
  for (int round = 0; round < 60 && !testing::Test::HasFailure(); ++round) {
    StencilDraw draw{.overlay = bench.o, .memories = bench.memories, .random = bench.random};
    bench.denied = round % 2 * 30;
    auto instructions = draw_chain(draw, static_cast<int>(draw.pick(1, 4)));
    for (const Instruction& i : draw_several(draw, 2)) instructions.push_back(i);
    expect_reference(bench, instructions);
  }
}

TEST(Stencil, BeginsAfreshAfterAReset) {
  StencilBench bench;
  fill(bench, 25);
  for (int round = 0; round < 40 && !testing::Test::HasFailure(); ++round) {
    StencilDraw draw{.overlay = bench.o, .memories = bench.memories, .random = bench.random};
    const auto instructions = draw_several(draw, 3);
    bench.run_for(instructions, static_cast<std::uint64_t>(draw.pick(1, 200)));
    bench.bench.reset();
    expect_reference(bench, instructions);
  }
}

}  // namespace
}  // namespace heddle::rtl
