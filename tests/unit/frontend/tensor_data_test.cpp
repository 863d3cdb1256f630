// SPDX-License-Identifier: Apache-2.0
#include "frontend/tensor_data.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "frontend/text.h"
#include "tests/unit/frontend/model_builder.h"

namespace heddle::frontend {
namespace {

namespace fs = std::filesystem;
using namespace heddle::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<Tensor> read(const Message& message, const std::string& directory = "") {
  ExternalData external(directory);
  return read_tensor(wire::decode_tensor(message.bytes), external);
}

std::string error_of(const Message& message, const std::string& directory = "") {
  const Result<Tensor> tensor = read(message, directory);
  return tensor ? "" : tensor.error()[0].code;
}

TEST(TensorData, TypedFieldsOfEveryType) {
  Message f = tensor("t", {2}, 1);
  f.real(4, 1.5F).real(4, 2.5F);
  EXPECT_THAT(read(f)->data<float>(), ElementsAre(1.5F, 2.5F));
  const std::vector<std::int64_t> int32_types{2, 3, 4, 5, 6, 9, 10, 16};
  for (const std::int64_t type : int32_types) {
    Message m = tensor("t", {2}, type);
    m.integer(5, 1).integer(5, 0);
    EXPECT_TRUE(read(m)) << type;
  }
  EXPECT_THAT(read(tensor("t", {1}, 7).integer(7, -3))->data<std::int64_t>(), ElementsAre(-3));
  EXPECT_THAT(read(tensor("t", {1}, 13).integer(11, 3))->data<std::uint64_t>(), ElementsAre(3U));
  EXPECT_THAT(read(tensor("t", {1}, 12).integer(11, 3))->data<std::uint32_t>(), ElementsAre(3U));
  Message d = tensor("t", {1}, 11);
  d.text(10, raw(std::vector<double>{0.5}));
  EXPECT_THAT(read(d)->data<double>(), ElementsAre(0.5));
  EXPECT_THAT(read(tensor("t", {3}, 3).text(5, "\x01\x02\x03"))->data<std::int8_t>(), ElementsAre(1, 2, 3));
}

TEST(TensorData, PackedTypes) {
  EXPECT_THAT(read(tensor("t", {3}, 22).text(9, "\xF1\x07"))->data<std::int8_t>(), ElementsAre(1, -1, 7));
  EXPECT_THAT(read(tensor("t", {3}, 21).text(9, "\xF1\x07"))->data<std::uint8_t>(), ElementsAre(1, 15, 7));
  EXPECT_THAT(read(tensor("t", {4}, 26).text(9, "\xE4"))->data<std::int8_t>(), ElementsAre(0, 1, -2, -1));
  EXPECT_THAT(read(tensor("t", {4}, 25).text(9, "\xE4"))->data<std::uint8_t>(), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(read(tensor("t", {2}, 22).integer(5, 0xF1))->data<std::int8_t>(), ElementsAre(1, -1));
}

TEST(TensorData, Refusals) {
  EXPECT_EQ(error_of(tensor("t", {2}, 1).text(9, "abc")), "onnx.tensor.count");
  EXPECT_EQ(error_of(tensor("t", {2}, 1)), "onnx.tensor.count");
  EXPECT_EQ(error_of(tensor("t", {1}, 1).real(4, 1).real(4, 2)), "onnx.tensor.data");
  EXPECT_EQ(error_of(tensor("t", {1}, 2).integer(5, 300)), "onnx.tensor.range");
  EXPECT_EQ(error_of(tensor("t", {2}, 2).integer(5, 3)), "onnx.tensor.count");
  EXPECT_EQ(error_of(tensor("t", {2}, 22).integer(5, 3).integer(5, 3)), "onnx.tensor.data");
  EXPECT_EQ(error_of(tensor("t", {4}, 22).integer(5, 3)), "onnx.tensor.count");
  EXPECT_EQ(error_of(tensor("t", {1}, 8)), "onnx.tensor.type");
  EXPECT_EQ(error_of(tensor("t", {1}, 17).text(9, "a")), "onnx.tensor.type");
  EXPECT_EQ(error_of(tensor("t", {-1}, 1)), "onnx.tensor.dims");
  EXPECT_EQ(error_of(tensor("t", {1}, 1).message(3, Message())), "onnx.tensor.segment");
  EXPECT_EQ(error_of(tensor("t", {1}, 10).text(9, "\x01\x7C")), "onnx.tensor.nan");
  EXPECT_EQ(error_of(tensor("t", {1}, 16).text(9, "\x81\x7F")), "onnx.tensor.nan");
  EXPECT_EQ(error_of(tensor("t", {1}, 11).text(9, raw(std::vector<double>{std::nan("")}))), "onnx.tensor.nan");
  EXPECT_TRUE(read(floats("t", {1}, {INFINITY})));
}

class External : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(directory / "model");
    std::ofstream(directory / "model" / "w.bin", std::ios::binary) << raw(std::vector<float>{1, 2, 3, 4});
    std::ofstream(directory / "secret.bin", std::ios::binary) << raw(std::vector<float>{1, 2, 3, 4});
    fs::create_symlink(directory / "secret.bin", directory / "model" / "link.bin");
  }
  void TearDown() override { fs::remove_all(directory); }
  static Message entry(const std::string& key, const std::string& value) {
    return Message().text(1, key).text(2, value);
  }
  Message external(const Dims& dims, const std::string& location, const std::string& offset = "",
                   const std::string& length = "", std::int64_t type = 1) {
    Message m = tensor("t", dims, type);
    m.message(13, entry("location", location)).integer(14, 1);
    if (!offset.empty()) m.message(13, entry("offset", offset));
    if (!length.empty()) m.message(13, entry("length", length));
    return m;
  }
  std::string code(const Message& m) { return error_of(m, model()); }
  [[nodiscard]] std::string model() const { return (directory / "model").string(); }

  fs::path directory = fs::path(::testing::TempDir()) / ("heddle_external_" + std::to_string(::getpid()));
};

TEST_F(External, ReadsRangesOfTheFile) {
  EXPECT_THAT(read(external({4}, "w.bin"), model())->data<float>(), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(read(external({2}, "w.bin", "8"), model())->data<float>(), ElementsAre(3, 4));
  EXPECT_THAT(read(external({1}, "./w.bin", "4", "4"), model())->data<float>(), ElementsAre(2));
  EXPECT_EQ(read(external({32}, "w.bin", "", "16", 22), model())->size(), 32);
}

TEST_F(External, NeverLeavesTheDirectory) {
  for (const std::string location : {"../secret.bin", "/etc/passwd", "link.bin", "", ".", "..", "a/../../secret.bin"})
    EXPECT_THAT(code(external({4}, location)), HasSubstr("onnx.external.")) << location;
  EXPECT_EQ(code(external({4}, "../secret.bin")), "onnx.external.outside");
  EXPECT_EQ(code(external({4}, "link.bin")), "onnx.external.outside");
  EXPECT_EQ(code(external({4}, std::string("w.bin\0x", 7))), "onnx.external.location");
  EXPECT_EQ(error_of(external({4}, "w.bin")), "onnx.external.directory");
}

TEST_F(External, WrongRanges) {
  EXPECT_EQ(code(external({4}, "w.bin", "4", "16")), "onnx.external.range");
  EXPECT_EQ(code(external({4}, "w.bin", "99999999999999", "16")), "onnx.external.range");
  EXPECT_EQ(code(external({4}, "w.bin", "0", "12")), "onnx.tensor.count");
  EXPECT_EQ(code(external({4}, "w.bin", "-4", "16")), "onnx.tensor.external");
  EXPECT_EQ(code(external({4}, "w.bin", "0x4")), "onnx.tensor.external");
  EXPECT_EQ(code(external({1LL << 33}, "w.bin", "", std::to_string(1LL << 35))), "onnx.external.range");
  EXPECT_EQ(code(external({4}, "none.bin")), "onnx.external.open");
  fs::create_directory(directory / "model" / "folder");
  EXPECT_EQ(code(external({4}, "folder")), "onnx.external.open");
}

TEST_F(External, EqualRangesAreSharedAndOverlapsRefused) {
  ExternalData data(model());
  const Result<Tensor> a = data.read("w.bin", 0, DataType::f32, {4});
  const Result<Tensor> b = data.read("w.bin", 0, DataType::f32, {2, 2});
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->bytes().data(), b->bytes().data());
  const Result<Tensor> c = data.read("w.bin", 4, DataType::f32, {3});
  ASSERT_FALSE(c);
  EXPECT_EQ(c.error()[0].code, "onnx.external.overlap");
}

TEST(Text, Utf8) {
  for (const char* good : {"", "abc", "ä", "€", "\xF0\x9F\x98\x80"}) EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : {"\x80", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80",
                          "\xF8", "\xE2\x82", "\xC3"})
    EXPECT_FALSE(is_utf8(bad));
}

TEST(Text, PrintableIsShortAndHarmless) {
  EXPECT_EQ(printable("a\x1b[31m\xFFä"), "a\\x1b[31m\\xffä");
  EXPECT_LT(printable(std::string(100000, 'x')).size(), 130U);
  EXPECT_EQ(shape_text(Shape{2, -1}), "2x?");
  EXPECT_EQ(shape_text(Shape{}), "scalar");
}

}  // namespace
}  // namespace heddle::frontend
