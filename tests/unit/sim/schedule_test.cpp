// SPDX-License-Identifier: Apache-2.0
#include "sim/schedule.h"

#include <gtest/gtest.h>

namespace heddle::sim {
namespace {

using isa::Engine;
using isa::Field;

isa::Instruction fence(std::int64_t wait0, std::int64_t wait1, std::int64_t signal0, std::int64_t signal1 = 0) {
  isa::Instruction i;
  i.opcode = isa::Opcode::fence;
  i[Field::wait0] = wait0;
  i[Field::wait1] = wait1;
  i[Field::signal0] = signal0;
  i[Field::signal1] = signal1;
  return i;
}

Streams streams_of(std::vector<isa::Instruction> load, std::vector<isa::Instruction> conv) {
  Streams streams;
  streams[static_cast<std::size_t>(Engine::load_features)] = std::move(load);
  streams[static_cast<std::size_t>(Engine::conv)] = std::move(conv);
  for (auto& stream : streams) stream.emplace_back();
  return streams;
}

std::vector<std::size_t> order_of(const Streams& streams, Engine engine) {
  std::vector<std::size_t> positions;
  const auto order = serial_order(streams);
  for (std::size_t k = 0; order && k < order->size(); ++k)
    if ((*order)[k].engine == engine) positions.push_back(k);
  return positions;
}

TEST(SerialOrder, RunsConsumersAsSoonAsTheyCan) {
  const Streams streams = streams_of({fence(0, 0, 1), fence(0, 0, 1)}, {fence(1, 0, 0), fence(1, 0, 0)});
  const auto order = serial_order(streams);
  ASSERT_TRUE(order);
  ASSERT_EQ(order->size(), 9U);
  const auto loads = order_of(streams, Engine::load_features), convs = order_of(streams, Engine::conv);
  EXPECT_LT(loads[0], convs[0]);
  EXPECT_LT(convs[0], loads[1]);
}

TEST(SerialOrder, WaitsTwiceForOneSemaphore) {
  const Streams streams = streams_of({fence(0, 0, 1), fence(0, 0, 1)}, {fence(1, 1, 0)});
  EXPECT_LT(order_of(streams, Engine::load_features)[1], order_of(streams, Engine::conv)[0]);
}

TEST(SerialOrder, NamesTheInstructionThatWaitsForEver) {
  const auto order = serial_order(streams_of({fence(2, 0, 1)}, {fence(1, 0, 2)}));
  ASSERT_FALSE(order);
  ASSERT_EQ(order.error().size(), 2U);
  EXPECT_EQ(order.error()[0].code, "machine.deadlock");
  EXPECT_EQ(order.error()[0].node, "load_features[0]");
}

TEST(SerialOrder, RefusesLeftOverSignals) {
  const auto order = serial_order(streams_of({fence(0, 0, 5, 6)}, {}));
  ASSERT_FALSE(order);
  EXPECT_EQ(order.error().size(), 2U);
  EXPECT_EQ(order.error()[0].node, "semaphore 5");
}

TEST(SerialOrder, RefusesStreamsWithoutEnd) {
  Streams streams = streams_of({}, {});
  streams[2].clear();
  const auto order = serial_order(streams);
  ASSERT_FALSE(order);
  EXPECT_EQ(order.error()[0].code, "machine.end");
}

}  // namespace
}  // namespace heddle::sim
