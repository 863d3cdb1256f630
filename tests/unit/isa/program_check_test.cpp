// SPDX-License-Identifier: Apache-2.0
#include "isa/program_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "tests/unit/isa/sample_program.h"

namespace heddle::isa {
namespace {

using testing::HasSubstr;

/// All findings after one change to the sample program.
std::string after(const std::function<void(Program&)>& change) {
  Program p = sample::program();
  change(p);
  const Status status = check_program(p);
  if (status) return "accepted";
  std::string all;
  for (const Diagnostic& d : status.error()) all += d.text() + "\n";
  return all;
}

OverlaySegment& overlay_of_sample(Program& p) {
  return std::get<OverlaySegment>(p.segments[0]);
}

HostOperator& host(Program& p, std::size_t index) {
  return std::get<HostSegment>(p.segments[1]).operators[index];
}

TEST(CheckProgram, AcceptsTheSample) {
  EXPECT_EQ(after([](Program&) {}), "accepted");
}

TEST(CheckProgram, ChecksTheOverlay) {
  EXPECT_THAT(after([](Program& p) { p.overlay_fingerprint ^= 1; }), HasSubstr("that of the embedded overlay is"));
  EXPECT_THAT(after([](Program& p) { p.overlay_toml = "P = 3\n"; }),
              HasSubstr("embedded overlay: field 'device': is missing"));
  EXPECT_THAT(after([](Program& p) { p.overlay_toml += "acc_dept = 3\n"; }), HasSubstr("did you mean 'acc_depth'?"));
}

TEST(CheckProgram, ChecksTensors) {
  EXPECT_THAT(after([](Program& p) { p.tensors[1].name = "x"; }), HasSubstr("field 'x': is defined twice"));
  EXPECT_THAT(after([](Program& p) { p.tensors[1].name = ""; }), HasSubstr("a tensor has no name"));
  EXPECT_THAT(after([](Program& p) { p.tensors[0].shape = {1 << 20, 1 << 20}; }),
              HasSubstr("at most 268435456 elements"));
  EXPECT_THAT(after([](Program& p) { p.tensors[0].shape = {-1}; }), HasSubstr("field 'x': its shape"));
  EXPECT_THAT(after([](Program& p) { p.tensors[3].shape = {45}; }),
              HasSubstr("its constant has another type or shape"));
}

TEST(CheckProgram, ChecksTheFlowOfTensors) {
  EXPECT_THAT(after([](Program& p) { p.inputs.clear(); }), HasSubstr("'x' is read before anything produces it"));
  EXPECT_THAT(after([](Program& p) { p.inputs.push_back("c"); }), HasSubstr("'c' is produced twice, or a constant"));
  EXPECT_THAT(after([](Program& p) { std::swap(p.segments[0], p.segments[1]); }), HasSubstr("'y' is read before"));
  EXPECT_THAT(after([](Program& p) { host(p, 0).inputs = {"q"}; }), HasSubstr("no tensor is called 'q'"));
  EXPECT_THAT(after([](Program& p) { host(p, 1).outputs = {"y"}; }), HasSubstr("'y' is produced twice"));
}

TEST(CheckProgram, ChecksBindings) {
  EXPECT_THAT(after([](Program& p) { p.tensors[0].shape = {1, 8, 9, 6}; }),
              HasSubstr("has 432 elements; the overlay moves 8 x 9 x 5"));
  EXPECT_THAT(after([](Program& p) { p.tensors[0].shape = {2, 8, 9, 5}; }),
              HasSubstr("'y': holds 1 images, another tensor of its segment 2"));
  EXPECT_THAT(after([](Program& p) { p.tensors[0].shape = {0, 8, 9, 5}; }), HasSubstr("has 0 elements"));
  EXPECT_THAT(after([](Program& p) { overlay_of_sample(p).inputs[0].scale = std::numeric_limits<float>::quiet_NaN(); }),
              HasSubstr("scale is nan"));
  EXPECT_THAT(after([](Program& p) { overlay_of_sample(p).inputs[0].zero_point = 200; }), HasSubstr("zero point 200"));
}

TEST(CheckProgram, CountsTheImagesOfATensor) {
  const Binding b = std::get<OverlaySegment>(sample::program().segments[0]).inputs[0];
  EXPECT_EQ(images_of(b, {8, 9, 5}), 1);
  EXPECT_EQ(images_of(b, {360}), 1) << "the shape does not matter, only its elements and a batch";
  EXPECT_EQ(images_of(b, {3, 8, 9, 5}), 3);
  EXPECT_EQ(images_of(b, {3, 360}), 3);
  EXPECT_EQ(images_of(b, {8, 3, 9, 5}), 0) << "three images, but not as a batch";
  EXPECT_EQ(images_of(b, {1080}), 0);
  Binding huge = b;
  huge.channels = huge.height = huge.width = INT32_MAX;
  EXPECT_EQ(images_of(huge, {1, 1}), 0) << "no overflow before the verifier has seen it";
}

TEST(CheckProgram, VerifiesSegments) {
  EXPECT_THAT(after([](Program& p) { overlay_of_sample(p).streams[0].pop_back(); }),
              HasSubstr("does not close with 'end'"));
}

TEST(CheckProgram, ChecksHostOperators) {
  EXPECT_THAT(after([](Program& p) { host(p, 0).op = "Rleu"; }),
              HasSubstr("node 'relu0' (Rleu): the operator is unknown"));
  EXPECT_THAT(after([](Program& p) { host(p, 0).inputs = {}; }), HasSubstr("has 0 inputs"));
  EXPECT_THAT(after([](Program& p) { host(p, 1).attributes["axes"] = std::int64_t{1}; }),
              HasSubstr("no such attribute"));
  EXPECT_THAT(after([](Program& p) { p.tensors[4].shape = {1, 10, 9, 5}; }),
              HasSubstr("has another type or shape than the operator computes"));
  EXPECT_THAT(after([](Program& p) { p.tensors[4].type = DataType::i8; }), HasSubstr("has another type or shape than"));
  EXPECT_THAT(after([](Program& p) {
                p.tensors[3] = {
                    .name = "c", .type = DataType::f32, .shape = {2}, .constant = Tensor(DataType::f32, {2})};
              }),
              HasSubstr("node 'concat0' (Concat)"));
}

TEST(CheckProgram, ChecksPreprocessing) {
  const auto with = [](const std::function<void(Preprocessing&)>& change) {
    return after([&](Program& p) { change(*p.preprocessing); });
  };
  EXPECT_THAT(with([](Preprocessing& p) { p.height = -1; }), HasSubstr("height and width must lie in"));
  EXPECT_THAT(with([](Preprocessing& p) { p.fit = "squeeze"; }),
              HasSubstr("is 'squeeze'; legal are stretch, crop, pad"));
  EXPECT_THAT(with([](Preprocessing& p) { p.resize = ""; }), HasSubstr("field 'resize'"));
  EXPECT_THAT(with([](Preprocessing& p) { p.channels = "cmyk"; }), HasSubstr("field 'channels'"));
  EXPECT_THAT(with([](Preprocessing& p) { p.layout = "chwn"; }), HasSubstr("field 'layout'"));
  EXPECT_THAT(with([](Preprocessing& p) { p.mean[2] = std::numeric_limits<float>::infinity(); }),
              HasSubstr("must be finite"));
}

}  // namespace
}  // namespace heddle::isa
