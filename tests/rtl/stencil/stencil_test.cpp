// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <sstream>

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

/// Runs on the machine and on the reference and compares all of feature memory.
void expect_reference(StencilBench& bench, const std::vector<Instruction>& instructions) {
  StencilMemories expected = bench.memories;
  run_reference(bench.o, expected, instructions);
  bench.run(instructions);
  const auto [got, want] =
      std::mismatch(bench.memories.features.begin(), bench.memories.features.end(), expected.features.begin());
  if (got == bench.memories.features.end()) return;
  const auto byte = got - bench.memories.features.begin();
  std::string all;
  for (const Instruction& i : instructions) all += text(i) + "\n";
  FAIL() << "slot " << byte / bench.o.N << " byte " << byte % bench.o.N << " is " << std::to_integer<int>(*got)
         << ", not " << std::to_integer<int>(*want) << "\n"
         << all;
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

}  // namespace
}  // namespace heddle::rtl
