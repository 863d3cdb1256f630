// SPDX-License-Identifier: Apache-2.0
#include "isa/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "isa/names.h"

namespace heddle::isa {
namespace {

using testing::HasSubstr;

/// A legal instruction; extreme values are drawn often.
Instruction random_instruction(Opcode opcode, std::mt19937_64& random) {
  Instruction i{.opcode = opcode};
  for (const FieldSpec& spec : format(opcode)) {
    const auto pick = random() % 4;
    std::uniform_int_distribution<std::int64_t> any(spec.low, spec.high);
    i[spec.field] = pick == 0 ? spec.low : pick == 1 ? spec.high : any(random);
  }
  return i;
}

Instruction least(Opcode opcode) {
  Instruction i{.opcode = opcode};
  for (const FieldSpec& spec : format(opcode)) i[spec.field] = std::max<std::int64_t>(spec.low, 0);
  return i;
}

TEST(Codec, DecodesWhatItEncoded) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 300; ++round)
    for (const Opcode opcode : kAllOpcodes) {
      const Instruction i = random_instruction(opcode, random);
      const auto word = encode(i);
      ASSERT_TRUE(word) << word.error().front().text();
      const auto again = decode(*word);
      ASSERT_TRUE(again) << again.error().front().text();
      EXPECT_EQ(*again, i);
    }
}

TEST(Codec, RefusesEveryFlippedBit) {
  std::mt19937_64 random(2);
  for (const Opcode opcode : kAllOpcodes) {
    const Word word = *encode(random_instruction(opcode, random));
    for (std::size_t bit = 0; bit < 512; ++bit) {
      Word flipped = word;
      flipped[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
      EXPECT_FALSE(decode(flipped)) << name(opcode) << " bit " << bit;
    }
  }
}

TEST(Codec, NamesOpcodeAndFieldOfEveryIllegalValue) {
  for (const Opcode opcode : kAllOpcodes)
    for (const FieldSpec& spec : format(opcode))
      for (const std::int64_t value : {spec.low - 1, spec.high + 1}) {
        Instruction i = least(opcode);
        i[spec.field] = value;
        const auto word = encode(i);
        ASSERT_FALSE(word);
        EXPECT_EQ(word.error().front().op, name(opcode));
        EXPECT_EQ(word.error().front().field, name(spec.field));
        EXPECT_THAT(word.error().front().message, HasSubstr("is " + std::to_string(value)));
      }
}

TEST(Codec, CollectsAllFindings) {
  Instruction i = least(Opcode::conv);
  i[Field::kernel_h] = 0;
  i[Field::src_bank] = 40;
  i[Field::stencil_op] = 1;
  const auto word = encode(i);
  ASSERT_FALSE(word);
  ASSERT_EQ(word.error().size(), 3U);
  EXPECT_EQ(word.error()[2].text(), "operator conv, field 'stencil_op': is 1, but conv has no such field");
}

TEST(Codec, RefusesUnknownOpcodesIllegalValuesAndPadding) {
  Word word = *encode(least(Opcode::fence));
  word[0] = std::byte{7};
  seal(word);
  EXPECT_EQ(decode(word).error().front().code, "isa.opcode");
  word[0] = std::byte{1};
  word[40] = std::byte{4};
  seal(word);
  EXPECT_THAT(decode(word).error().front().text(), HasSubstr("bit 322 is behind the last field"));
  Instruction load_const = least(Opcode::load_const);
  load_const[Field::bytes] = 16;
  Word illegal = *encode(load_const);
  // `space` lies behind opcode, four semaphores, overlap, ddr_base, ddr_offset and bytes: bit 8 + 25 + 4 + 40 + 26 =
  // 103.
  illegal[12] |= std::byte{0x80};
  illegal[13] |= std::byte{0x03};
  seal(illegal);
  EXPECT_EQ(decode(illegal).error().front().text(), "operator load_const, field 'space': is 7; legal are 0 ... 4");
}

TEST(Crc16, MatchesTheCatalogueValue) {
  const char* text = "123456789";
  EXPECT_EQ(crc16(std::as_bytes(std::span(text, 9))), 0x29b1);
}

TEST(Names, ValuesReadBack) {
  for (const Opcode opcode : kAllOpcodes) {
    EXPECT_EQ(opcode_from_name(name(opcode)), opcode);
    for (const FieldSpec& spec : format(opcode))
      for (const std::int64_t value : {spec.low, spec.high})
        EXPECT_EQ(value_from_text(spec.field, value_text(spec.field, value)), value) << name(spec.field);
  }
  for (const Engine engine : kAllEngines) EXPECT_EQ(engine_from_name(name(engine)), engine);
  EXPECT_EQ(value_text(Field::src_format, 4), "i8");
  EXPECT_EQ(value_text(Field::wait0, 3), "s3");
  EXPECT_EQ(value_text(Field::stencil_op, 12), "12");
  EXPECT_EQ(value_from_text(Field::stencil_op, "bilinear"), 5);
  EXPECT_EQ(value_from_text(Field::rows, "s1"), std::nullopt);
  EXPECT_EQ(name(Dataflow::weight_stationary), "weight_stationary");
  EXPECT_EQ(instruction_name(Engine::conv, 12), "conv[12]");
}

}  // namespace
}  // namespace heddle::isa
