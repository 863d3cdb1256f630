// SPDX-License-Identifier: Apache-2.0
#include "isa/assembly.h"
#include "tests/rtl/conv/random_conv.h"

namespace heddle::rtl {
namespace {

std::string text(const ConvProgram& program) {
  std::string result;
  for (const isa::Instruction& i : program.instructions) {
    for (std::size_t f = 0; f < i.values.size(); ++f)
      if (i.values[f] != 0)
        result += std::string(isa::name(static_cast<Field>(f))) + "=" + std::to_string(i.values[f]) + " ";
    result += "\n";
  }
  return result;
}

void load(ConvMachine& machine, const ConvProgram& program) {
  machine.weights = program.weights;
  machine.params = program.params;
  machine.load_tables(program.tables);
  for (std::byte& b : machine.features) b = static_cast<std::byte>(machine.random());
}

/// Loads constants, runs the program and compares all of feature memory.
::testing::AssertionResult matches(ConvMachine& machine, const ConvProgram& program) {
  load(machine, program);
  const std::vector<std::byte> expected = reference_result(program, machine.o, machine.features);
  if (auto ran = machine.run(program.instructions, 200000); !ran) return ran << "\n" << text(program);
  const auto [got, want] = std::mismatch(machine.features.begin(), machine.features.end(), expected.begin());
  if (got == machine.features.end()) return ::testing::AssertionSuccess();
  const auto at = got - machine.features.begin();
  return ::testing::AssertionFailure() << "slot " << at / machine.o.N << " byte " << at % machine.o.N << ": "
                                       << static_cast<int>(*got) << ", not " << static_cast<int>(*want) << "\n"
                                       << text(program);
}

TEST(Conv, RandomInstructionsMatchTheReference) {
  ConvMachine machine;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    ConvGenerator generator(seed, machine.o);
    for (int k = 0; k < 6; ++k)
      if (!generator.add()) break;
    machine.denied = seed % 3 == 0 ? 0 : 5;
    ASSERT_FALSE(generator.program().instructions.empty());
    ASSERT_TRUE(matches(machine, generator.program())) << "seed " << seed;
  }
}

TEST(Conv, StartsAfreshAfterAResetAtAnyCycle) {
  ConvMachine machine;
  machine.denied = 4;
  for (std::uint64_t seed = 100; seed < 120; ++seed) {
    ConvGenerator broken(seed, machine.o), whole(seed + 50, machine.o);
    for (int k = 0; k < 4 && broken.add(); ++k) {  // small memories hold fewer
    }
    whole.add();
    ASSERT_FALSE(broken.program().instructions.empty() || whole.program().instructions.empty());
    load(machine, broken.program());
    ASSERT_TRUE(machine.run(broken.program().instructions, 200000, whole.between(1, 1500)));
    machine.reset();
    ASSERT_TRUE(matches(machine, whole.program())) << "seed " << seed;
  }
}

}  // namespace
}  // namespace heddle::rtl
