// SPDX-License-Identifier: Apache-2.0
#include "isa/assembly.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "isa/container_codec.h"
#include "isa/text.h"
#include "tests/unit/isa/sample_program.h"

namespace heddle::isa {
namespace {

using testing::HasSubstr;

/// Everything of a program as bytes, legal or not: equality of programs.
std::vector<std::byte> bytes_of(const Program& p) {
  return to_payload(p);
}

std::string first_error(const std::string& text) {
  const auto program = assemble(text, "p.s");
  return program ? "accepted" : program.error().front().text();
}

TEST(Assembly, ReadsBackEveryByte) {
  const Program p = sample::program();
  const std::string text = disassemble(p);
  const auto again = assemble(text, "sample.s");
  ASSERT_TRUE(again) << again.error().front().text();
  EXPECT_EQ(bytes_of(*again), bytes_of(p));
  EXPECT_EQ(disassemble(*again), text);
}

TEST(Assembly, KeepsIllegalWordsAndEveryAttribute) {
  Program p = sample::program();
  auto& segment = std::get<OverlaySegment>(p.segments[0]);
  segment.streams[2][1][7] ^= std::byte{0x55};
  segment.streams[4].emplace_back();
  segment.spans[2].push_back({77, 5, 99});
  segment.constants.push_back(std::byte{1});
  p.overlay_toml = "no newline at the end";
  p.labels.push_back("# no comment");
  p.inputs.push_back("a,b c");
  auto& attributes = std::get<HostSegment>(p.segments[1]).operators[0].attributes;
  attributes["f"] = 0.1F;
  attributes["s"] = std::string("x y,\"z\"");
  attributes["ints"] = std::vector<std::int64_t>{1, -2, std::int64_t{1} << 62};
  attributes["no ints"] = std::vector<std::int64_t>{};
  attributes["floats"] = std::vector<float>{1e-40F, -1e30F};
  attributes["strings"] = std::vector<std::string>{"", "a,b"};
  attributes["no strings"] = std::vector<std::string>{};
  attributes["tensor"] = Tensor::from<std::int64_t>({2, 1}, std::vector<std::int64_t>{5, -6});
  attributes["empty"] = Tensor(DataType::f32, {0, 4});
  attributes["scalar"] = Tensor::from<float>({}, std::vector<float>{2.5F});
  const auto again = assemble(disassemble(p), "sample.s");
  ASSERT_TRUE(again) << again.error().front().text();
  EXPECT_EQ(bytes_of(*again), bytes_of(p));
}

TEST(Assembly, WritesReadableInstructions) {
  const std::string text = disassemble(sample::program());
  EXPECT_THAT(text, HasSubstr("conv wait0=s1 signal0=s5 src_word=10 src_pitch=5 src_plane=5 src_height=3 src_width=5 "
                              "dst_word=30 dst_pitch=5 dst_plane=5 out_height=3 out_width=5 in_blocks=2 out_blocks=2 "
                              "src_format=i8 weight_format=i8 dst_format=i8 first=1 last=1  # conv[1] \"conv1\"\n"));
  EXPECT_THAT(text, HasSubstr("\n.engine stencil\n.span 1 0 3\n"));
}

TEST(Assembly, RandomInstructionsReadBack) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 200; ++round)
    for (const Opcode opcode : kAllOpcodes) {
      Instruction i{.opcode = opcode};
      for (const FieldSpec& spec : format(opcode))
        i[spec.field] =
            random() % 2 == 0 ? spec.low : std::uniform_int_distribution<std::int64_t>(spec.low, spec.high)(random);
      const auto again = instruction_from_text(to_text(i) + "   # comment \"");
      ASSERT_TRUE(again) << to_text(i) << again.error().front().text();
      EXPECT_EQ(*again, i) << to_text(i);
    }
}

TEST(Assembly, NamesLineAndSuggestion) {
  const std::string head = ".program \"m\"\n.segment overlay\n.engine conv\n";
  EXPECT_EQ(first_error(head + "conv src_wrd=4 src_format=i8 weight_format=i8 dst_format=i8\n"),
            "p.s:4: node 'conv[0]' (conv), field 'src_wrd': the instruction has no such field\n"
            "  hint: did you mean 'src_word'?");
  EXPECT_THAT(first_error(head + "cnv\n"), HasSubstr("'cnv' is no instruction\n  hint: did you mean 'conv'?"));
  EXPECT_THAT(first_error(head + "end wait0=s99\n"), HasSubstr("field 'wait0': is 99; legal are 0 ... 63"));
  EXPECT_THAT(first_error(head + "end wait0=x\n"), HasSubstr("'wait0=x' gives it no value"));
  EXPECT_THAT(first_error(head + "conv\n"), HasSubstr("field 'src_format': is 0"));
  EXPECT_THAT(first_error(head + ".spam 1\n"),
              HasSubstr("p.s:4: '.spam' is no directive\n  hint: did you mean '.span'?"));
}

TEST(Assembly, RefusesMalformedText) {
  const std::string head = ".program \"m\"\n";
  const std::string overlay = head + ".segment overlay\n";
  const std::string host = head + ".segment host\n.operator \"Relu\"\n";
  for (const std::string& text : {
           std::string(),
           std::string("conv\n"),
           head + "conv\n",
           head + ".program\n",
           head + ".program \"a\" \"b\"\n",
           head + ".label \"unclosed\n",
           head + ".label unquoted\n",
           head + ".label \"bad \\q escape\"\n",
           head + ".label \"bad \\x4\"\n",
           head + ".overlay 12\n",
           head + ".overlay 0xzz\n",
           head + ".provenance \"only key\"\n",
           head + ".preprocessing mean=1,2\n",
           head + ".preprocessing heigth=1\n",
           head + ".preprocessing height=99999999999\n",
           head + ".tensor \"t\" f33 1\n",
           head + ".tensor \"t\" f32 1y2\n",
           head + ".tensor \"t\" f32 2 constant\n= AAAA\n",
           head + ".tensor \"t\" f32 2 constant\n= A\n",
           head + ".tensor \"t\" f32 2 constant\n= A*==\n",
           head + ".tensor \"t\" f32 100000x100000 constant\n",
           head + ".segment neither\n",
           head + ".segment overlay bytes=1\n",
           head + ".bind input \"x\"\n",
           head + "= AAAA\n",
           overlay + ".bind both \"x\"\n",
           overlay + ".bind input \"x\" map=1:2\n",
           overlay + ".layer name\n",
           overlay + ".engine cnv\n",
           overlay + ".span 0 0 1\n",
           overlay + ".engine conv\n.span 0 0\n",
           overlay + ".engine conv\n.word 00\n",
           overlay + ".engine conv\n.word " + std::string(128, 'g') + "\n",
           overlay + ".constants 1\n",
           overlay + ".operator \"Relu\"\n",
           head + ".segment host\n.attribute \"a\" int 1\n",
           head + ".segment host\n.operator Relu\n",
           host + ".attribute \"a\" int x\n",
           host + ".attribute \"a\" kind 1\n",
           host + ".attribute \"a\" int 1 2\n",
           host + ".attribute \"a\" floats 1,x\n",
           host + ".attribute \"a\" tensor f32\n",
           host + ".constants\n",
       })
    EXPECT_FALSE(assemble(text, "p.s")) << text;
}

TEST(Text, Base64MatchesTheStandard) {
  const auto encode = [](std::string_view s) { return text::base64(std::as_bytes(std::span(s))); };
  EXPECT_EQ(encode(""), "");
  EXPECT_EQ(encode("f"), "Zg==");
  EXPECT_EQ(encode("fo"), "Zm8=");
  EXPECT_EQ(encode("foobar"), "Zm9vYmFy");
  std::vector<std::byte> bytes;
  EXPECT_TRUE(text::append_base64("Zm8=", bytes));
  EXPECT_EQ(bytes.size(), 2U);
  EXPECT_FALSE(text::append_base64("Z=8=", bytes));
}

TEST(Text, ShapesAndStrings) {
  EXPECT_EQ(text::shape({}), "scalar");
  EXPECT_EQ(text::to_shape("1x0x7"), (Shape{1, 0, 7}));
  EXPECT_EQ(text::to_shape("1xx7"), std::nullopt);
  EXPECT_EQ(text::unquoted(text::quoted("a\tb\"\\\n\x7f")), "a\tb\"\\\n\x7f");
  EXPECT_EQ(text::unquoted("\"a\"b\""), std::nullopt);
  EXPECT_EQ(text::unquoted("\"a\\\""), std::nullopt);
}

}  // namespace
}  // namespace heddle::isa
