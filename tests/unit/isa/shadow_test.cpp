// SPDX-License-Identifier: Apache-2.0
#include "isa/verifier/shadow.h"

#include <gtest/gtest.h>

namespace heddle::isa::verifier {
namespace {

/// An observer that knows nothing but the earlier instructions of its own engine.
Observer ignorant(Engine engine, std::size_t index) {
  Observer who{Stamp(engine, index), {}};
  who.clock.done[static_cast<std::size_t>(engine)] = static_cast<std::uint32_t>(index);
  who.write_clock = who.clock;
  return who;
}

/// The same, and it knows that `count` instructions of another engine are complete.
Observer knowing(Engine engine, std::size_t index, Engine other, std::uint32_t count) {
  Observer who = ignorant(engine, index);
  who.clock.done[static_cast<std::size_t>(other)] = count;
  who.write_clock = who.clock;
  return who;
}

TEST(Stamp, KeepsEngineAndIndex) {
  const Stamp stamp(Engine::save, 123456);
  EXPECT_EQ(stamp.engine(), Engine::save);
  EXPECT_EQ(stamp.index(), 123456U);
  EXPECT_FALSE(stamp.nobody());
  EXPECT_TRUE(Stamp().nobody());
  EXPECT_TRUE(Stamp().ordered(Clock{}));
}

TEST(Shadow, NamesTheFirstHazard) {
  Shadow<3> shadow(5000);
  EXPECT_FALSE(shadow.write(1000, 100, ignorant(Engine::conv, 4)));
  const auto unordered = shadow.read(1000, 100, knowing(Engine::save, 0, Engine::conv, 4));
  ASSERT_TRUE(unordered);
  EXPECT_EQ(unordered->kind, Hazard::Kind::read_after_write);
  EXPECT_EQ(unordered->cell, 1000);
  EXPECT_EQ(unordered->other, Stamp(Engine::conv, 4));
  EXPECT_FALSE(shadow.read(1000, 100, knowing(Engine::save, 0, Engine::conv, 5)));
  const auto unwritten = shadow.read(1090, 20, knowing(Engine::save, 1, Engine::conv, 5));
  ASSERT_TRUE(unwritten);
  EXPECT_EQ(unwritten->kind, Hazard::Kind::unwritten);
  EXPECT_EQ(unwritten->cell, 1100);
}

TEST(Shadow, OrdersWritersBehindReaders) {
  Shadow<3> shadow(100);
  EXPECT_FALSE(shadow.write(0, 10, ignorant(Engine::conv, 0)));
  EXPECT_FALSE(shadow.read(3, 1, knowing(Engine::save, 7, Engine::conv, 1)));
  const auto hazard = shadow.write(0, 10, ignorant(Engine::conv, 1));
  ASSERT_TRUE(hazard);
  EXPECT_EQ(hazard->kind, Hazard::Kind::write_after_read);
  EXPECT_EQ(hazard->cell, 3);
  EXPECT_FALSE(shadow.write(3, 7, knowing(Engine::conv, 2, Engine::save, 8)));
}

TEST(Shadow, SeesAnOverwrittenSource) {
  Shadow<3> shadow(100);
  EXPECT_FALSE(shadow.write(0, 10, ignorant(Engine::conv, 0)));
  EXPECT_FALSE(shadow.peek(SlotBox{.first = 0, .blocks = 1, .columns = 10}, ignorant(Engine::conv, 1)));
  EXPECT_FALSE(shadow.write(0, 5, ignorant(Engine::conv, 1))) << "a peek leaves no trace";
  EXPECT_FALSE(shadow.read(5, 5, ignorant(Engine::conv, 2)));
  const auto hazard = shadow.write(5, 5, ignorant(Engine::conv, 2));
  ASSERT_TRUE(hazard);
  EXPECT_EQ(hazard->kind, Hazard::Kind::in_place);
}

TEST(Shadow, VisitsStridedBoxesOnly) {
  Shadow<1> shadow(4096);
  const SlotBox box{
      .first = 7, .blocks = 2, .block_stride = 2000, .rows = 2, .row_stride = 100, .columns = 3, .step = 2};
  EXPECT_FALSE(shadow.write(box, ignorant(Engine::save, 0)));
  for (const std::int64_t slot : {7, 9, 11, 107, 109, 111, 2007, 2009, 2011, 2107, 2109, 2111})
    EXPECT_EQ(shadow.unwritten(slot, 1), -1) << slot;
  for (const std::int64_t slot : {6, 8, 10, 12, 13, 1007, 2008}) EXPECT_EQ(shadow.unwritten(slot, 1), slot);
  EXPECT_EQ(shadow.unwritten(7, 3), 8);
}

}  // namespace
}  // namespace heddle::isa::verifier
