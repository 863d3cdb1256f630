// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "isa/codec.h"
#include "isa/names.h"

/// Random streams whose semaphores keep a random order of instructions, for the benches of the sequencer.
namespace heddle::rtl {

/// An instruction and those of other streams that must be complete before it starts.
struct Step {
  isa::Instruction instruction;
  std::vector<std::pair<std::size_t, std::size_t>> after;  ///< (engine, index)
};
using StreamProgram = std::array<std::vector<Step>, isa::kEngines>;

inline isa::Instruction own_instruction(std::size_t engine, std::mt19937& random) {
  constexpr std::array kOwn{isa::Opcode::load, isa::Opcode::load_const, isa::Opcode::conv, isa::Opcode::stencil,
                            isa::Opcode::save};
  isa::Instruction i{.opcode = kOwn[engine]};
  for (const isa::FieldSpec& spec : isa::format(i.opcode)) {
    const bool header = spec.field <= isa::Field::overlap;
    i[spec.field] = header ? 0 : std::uniform_int_distribution<std::int64_t>(spec.low, spec.high)(random);
  }
  return i;
}

/// A serial order of `count` instructions on random engines, a tenth of them fences. Every pair of engines has one
/// semaphore with a random number; its k-th signal is that of its k-th wait.
inline StreamProgram random_streams(std::size_t count, std::mt19937& random) {
  StreamProgram program;
  std::vector<std::int64_t> numbers(63);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::int64_t>(i) + 1;
  std::shuffle(numbers.begin(), numbers.end(), random);
  struct Last {
    std::size_t from = 0, to = 0;  ///< + 1
  };
  std::array<std::array<Last, isa::kEngines>, isa::kEngines> last{};
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t engine = random() % isa::kEngines;
    std::vector<Step>& stream = program[engine];
    const bool fence = random() % 10 == 0;
    Step step{fence ? isa::Instruction{.opcode = isa::Opcode::fence} : own_instruction(engine, random), {}};
    if (!fence) step.instruction[isa::Field::overlap] = static_cast<std::int64_t>(random() % 2);
    for (const isa::Field wait : {isa::Field::wait0, isa::Field::wait1}) {
      const std::size_t from = random() % isa::kEngines;
      Last& edge = last[from][engine];
      if (random() % 2 == 0 || program[from].size() <= edge.from || edge.to > stream.size()) continue;
      const std::size_t index = edge.from + random() % (program[from].size() - edge.from);
      isa::Instruction& producer = program[from][index].instruction;
      const isa::Field signal = producer[isa::Field::signal0] == 0 ? isa::Field::signal0 : isa::Field::signal1;
      if (producer[signal] != 0) continue;
      producer[signal] = step.instruction[wait] = numbers[from * isa::kEngines + engine];
      step.after.emplace_back(from, index);
      edge = {index + 1, stream.size() + 1};
    }
    stream.push_back(std::move(step));
  }
  for (auto& stream : program) stream.push_back({isa::Instruction{.opcode = isa::Opcode::end}, {}});
  return program;
}

inline std::vector<isa::Word> encoded(const std::vector<Step>& stream) {
  std::vector<isa::Word> words;
  for (const Step& step : stream) words.push_back(isa::encode(step.instruction).value());
  return words;
}

}  // namespace heddle::rtl
