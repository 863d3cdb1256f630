// SPDX-License-Identifier: Apache-2.0
// Operators that move elements or compute with shapes.
#include <limits>

#include "kernels/check.h"
#include "tests/unit/kernels/run.h"

namespace heddle::kernels {
namespace {
using namespace test;

constexpr std::int64_t kOpen = -1;
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max(), kMin = std::numeric_limits<std::int64_t>::min();

TEST(Reshape, CopiesAndInfersDimensions) {
  const Tensor x = counting({2, 3, 4});
  EXPECT_EQ(run("Reshape", {}, {x, vec({0, -1})}).shape(), (Shape{2, 12}));
  EXPECT_EQ(run("Reshape", {}, {x, vec({4, 6})}).shape(), (Shape{4, 6}));
  EXPECT_EQ(run("Reshape", {{"allowzero", std::int64_t{1}}}, {counting({0, 3}), vec({3, 0})}).shape(), (Shape{3, 0}));
  EXPECT_EQ(run("Reshape", {}, {counting({0, 3}), vec({0, -1, 3})}).shape(), (Shape{0, 0, 3}));
}

TEST(Reshape, RefusesWhatDoesNotFit) {
  const Tensor x = counting({2, 3});
  EXPECT_EQ(refused("Reshape", {}, {x, vec({4, -1})}).code, "op.shape");
  EXPECT_EQ(refused("Reshape", {}, {x, vec({-1, -1})}).code, "op.shape");
  EXPECT_EQ(refused("Reshape", {}, {x, vec({2, 3, 0})}).code, "op.shape");
  EXPECT_EQ(refused("Reshape", {}, {x, vec({-2, 3})}).code, "op.shape");
  EXPECT_EQ(refused("Reshape", {}, {x, vec({std::int64_t{1} << 62, 4})}).code, "op.size");
}

TEST(Reshape, UnboundDimensionsPassThrough) {
  const Tensor copy = vec({0, 3, -1});
  EXPECT_EQ(inferred_shape("Reshape", {}, {info({kOpen, 3, 4}), infos_of({&copy, 1})[0]}), (Shape{kOpen, 3, kOpen}));
}

TEST(Reshape, WithoutTheValueOnlyTheRankIsKnown) {
  EXPECT_EQ(inferred_shape("Reshape", {}, {info({2, 3}), info({3}, DataType::i64)}), (Shape{kOpen, kOpen, kOpen}));
  const auto result = infer("Reshape", {}, {info({2, 3}), info({kOpen}, DataType::i64)});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error()[0].error_class, ErrorClass::unsupported);
}

TEST(Views, FlattenSqueezeUnsqueeze) {
  const Tensor x = counting({1, 2, 1, 3});
  EXPECT_EQ(run("Flatten", {{"axis", std::int64_t{2}}}, {x}).shape(), (Shape{2, 3}));
  EXPECT_EQ(run("Flatten", {{"axis", std::int64_t{0}}}, {x}).shape(), (Shape{1, 6}));
  EXPECT_EQ(run("Squeeze", {}, {x}).shape(), (Shape{2, 3}));
  EXPECT_EQ(run("Squeeze", {}, {x, vec({-2})}).shape(), (Shape{1, 2, 3}));
  EXPECT_EQ(run("Unsqueeze", {}, {counting({2}), vec({0, -1})}).shape(), (Shape{1, 2, 1}));
  EXPECT_EQ(refused("Squeeze", {}, {x, vec({1})}).field, "axes");
  EXPECT_EQ(refused("Unsqueeze", {}, {x, vec({0, 0})}).code, "op.axis");
  EXPECT_EQ(refused("Flatten", {{"axis", std::int64_t{5}}}, {x}).code, "op.axis");
}

TEST(ShapeOf, ReadsPartOfTheShape) {
  const Tensor x = counting({2, 3, 4});
  EXPECT_EQ(ints(run("Shape", {}, {x})), (Ints{2, 3, 4}));
  EXPECT_EQ(ints(run("Shape", {{"start", std::int64_t{-2}}, {"end", std::int64_t{-1}}}, {x})), (Ints{3}));
  EXPECT_EQ(ints(run("Shape", {{"start", std::int64_t{2}}, {"end", std::int64_t{1}}}, {x})), (Ints{}));
  EXPECT_EQ(ints(run("Size", {}, {x})), (Ints{24}));
}

TEST(Dropout, IsTheIdentityInInference) {
  const Tensor x = counting({2});
  const auto y = run_all("Dropout", {}, {x}, 2);
  EXPECT_EQ(floats(y[0]), (Floats{0, 1}));
  EXPECT_EQ(values<std::uint8_t>(y[1]), (std::vector<std::uint8_t>{1, 1}));
  EXPECT_EQ(refused("Dropout", {}, {x, f32({}, {0.5F}), flags({}, {1})}).error_class, ErrorClass::unsupported);
  EXPECT_EQ(floats(run("Dropout", {}, {x, f32({}, {0.0F}), flags({}, {1})})), (Floats{0, 1})) << "nothing is dropped";
}

TEST(Layouts, TransposeExpandTile) {
  const Tensor x = counting({2, 3});
  EXPECT_EQ(floats(run("Transpose", {}, {x})), (Floats{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(floats(run("Expand", {}, {f32({2, 1}, {1, 2}), vec({2, 1, 2})})), (Floats{1, 1, 2, 2, 1, 1, 2, 2}));
  EXPECT_EQ(floats(run("Tile", {}, {f32({2}, {1, 2}), vec({2})})), (Floats{1, 2, 1, 2}));
  EXPECT_EQ(run("Tile", {}, {x, vec({0, 2})}).shape(), (Shape{0, 6}));
  EXPECT_EQ(refused("Transpose", {{"perm", Ints{0, 0}}}, {x}).code, "op.axis");
  EXPECT_EQ(refused("Expand", {}, {x, vec({-1, 3})}).code, "op.shape");
  EXPECT_EQ(refused("Tile", {}, {x, vec({std::int64_t{1} << 62, 1})}).code, "op.size");
  EXPECT_EQ(refused("Tile", {}, {x, vec({2, -1})}).code, "op.parameter");
}

TEST(Blocks, DepthToSpaceAndBack) {
  const Tensor x = counting({1, 8, 2, 3});
  for (const char* mode : {"DCR", "CRD"}) {
    const Attributes a{{"blocksize", std::int64_t{2}}, {"mode", std::string(mode)}};
    const Tensor y = run("DepthToSpace", a, {x});
    EXPECT_EQ(y.shape(), (Shape{1, 2, 4, 6}));
    EXPECT_EQ(floats(run("SpaceToDepth", a, {y})), floats(x)) << mode;
  }
  EXPECT_EQ(floats(run("DepthToSpace", {{"blocksize", std::int64_t{2}}}, {counting({1, 4, 1, 1})})),
            (Floats{0, 1, 2, 3}));
  EXPECT_EQ(refused("DepthToSpace", {{"blocksize", std::int64_t{3}}}, {x}).code, "op.channels");
  EXPECT_EQ(refused("DepthToSpace", {}, {x}).field, "blocksize");
  EXPECT_EQ(refused("SpaceToDepth", {{"blocksize", std::int64_t{3}}}, {x}).field, "blocksize");
}

TEST(Concat, AlongInnerAxes) {
  const Attributes a{{"axis", std::int64_t{-1}}};
  EXPECT_EQ(floats(run("Concat", a, {f32({2, 1}, {1, 2}), f32({2, 2}, {3, 4, 5, 6})})), (Floats{1, 3, 4, 2, 5, 6}));
  EXPECT_EQ(run("Concat", a, {f32({2, 0}, {}), f32({2, 1}, {1, 2})}).shape(), (Shape{2, 1}));
  EXPECT_EQ(refused("Concat", a, {counting({2, 1}), counting({3, 1})}).field, "inputs[1]");
  EXPECT_EQ(refused("Concat", {}, {counting({2})}).code, "op.attribute.missing");
}

TEST(Split, EqualPartsStatedPartsAndARest) {
  const Tensor x = counting({5});
  const auto parts = run_all("Split", {{"num_outputs", std::int64_t{2}}}, {x}, 2);
  EXPECT_EQ(floats(parts[0]), (Floats{0, 1, 2}));
  EXPECT_EQ(floats(parts[1]), (Floats{3, 4}));
  const auto stated = run_all("Split", {}, {counting({2, 3}), vec({0, 2})}, 2);
  EXPECT_EQ(stated[0].shape(), (Shape{0, 3}));
  EXPECT_EQ(refused("Split", {}, {x, vec({2, 2})}, 2).field, "split");
  EXPECT_EQ(refused("Split", {}, {x, vec({-1, 6})}, 2).field, "split");
}

TEST(Slice, StepsNegativeIndicesAndClipping) {
  const Tensor x = counting({5});
  EXPECT_EQ(floats(run("Slice", {}, {x, vec({-1}), vec({kMin}), vec({0}), vec({-2})})), (Floats{4, 2, 0}));
  EXPECT_EQ(floats(run("Slice", {}, {x, vec({1}), vec({kMax})})), (Floats{1, 2, 3, 4}));
  EXPECT_EQ(floats(run("Slice", {}, {x, vec({4}), vec({1})})), (Floats{}));
  EXPECT_EQ(floats(run("Slice", {}, {x, vec({0}), vec({5}), vec({0}), vec({kMax})})), (Floats{0}));
  EXPECT_EQ(floats(run("Slice", {}, {x, vec({kMax}), vec({kMin}), vec({0}), vec({kMin})})), (Floats{4}));
  EXPECT_EQ(floats(run("Slice", {}, {counting({2, 3}), vec({1}), vec({2}), vec({-1})})), (Floats{1, 4}));
  EXPECT_EQ(refused("Slice", {}, {x, vec({0}), vec({1}), vec({0}), vec({0})}).field, "steps");
  EXPECT_EQ(refused("Slice", {}, {x, vec({0, 0}), vec({1})}).code, "op.axis");
  EXPECT_EQ(inferred_shape("Slice", {}, {info({kOpen, 3}), info({1}, DataType::i64), info({1}, DataType::i64)}),
            (Shape{kOpen, kOpen}));
}

TEST(Pad, AllModes) {
  const Tensor x = f32({3}, {1, 2, 3});
  const auto pad = [&](const char* mode) {
    return floats(run("Pad", {{"mode", std::string(mode)}}, {x, vec({4, 2})}));
  };
  EXPECT_EQ(pad("constant"), (Floats{0, 0, 0, 0, 1, 2, 3, 0, 0}));
  EXPECT_EQ(pad("edge"), (Floats{1, 1, 1, 1, 1, 2, 3, 3, 3}));
  EXPECT_EQ(pad("reflect"), (Floats{1, 2, 3, 2, 1, 2, 3, 2, 1}));
  EXPECT_EQ(pad("wrap"), (Floats{3, 1, 2, 3, 1, 2, 3, 1, 2}));
}

TEST(Pad, AxesValueAndCropping) {
  const Tensor x = counting({2, 2});
  EXPECT_EQ(floats(run("Pad", {}, {x, vec({1, -1}), f32({}, {9}), vec({-1})})), (Floats{9, 0, 9, 2}));
  EXPECT_EQ(refused("Pad", {}, {x, vec({-3, 0, 0, 0})}).field, "pads");
  EXPECT_EQ(refused("Pad", {}, {x, vec({1})}).field, "pads");
  EXPECT_EQ(refused("Pad", {}, {x, vec({0, std::int64_t{1} << 62, 0, 0})}).code, "op.size");
  EXPECT_EQ(refused("Pad", {{"mode", std::string("edge")}}, {f32({0}, {}), vec({1, 0})}).code, "op.shape");
}

TEST(Gather, AlongAxisWithNegativeIndices) {
  const Tensor x = counting({2, 3});
  EXPECT_EQ(floats(run("Gather", {{"axis", std::int64_t{1}}}, {x, i64({2}, {2, -3})})), (Floats{2, 0, 5, 3}));
  EXPECT_EQ(run("Gather", {}, {x, i64({}, {1})}).shape(), (Shape{3}));
  EXPECT_EQ(refused("Gather", {}, {x, vec({2})}).message, "element 0 is 2, outside -2 … 1");
}

TEST(Gather, ElementsAndTuples) {
  const Tensor x = counting({2, 2});
  EXPECT_EQ(floats(run("GatherElements", {{"axis", std::int64_t{1}}}, {x, i64({2, 1}, {1, 0})})), (Floats{1, 2}));
  EXPECT_EQ(floats(run("GatherND", {}, {x, i64({2, 2}, {0, 1, -1, 0})})), (Floats{1, 2}));
  EXPECT_EQ(floats(run("GatherND", {{"batch_dims", std::int64_t{1}}}, {x, i64({2, 1}, {1, 0})})), (Floats{1, 2}));
  EXPECT_EQ(refused("GatherND", {}, {x, i64({1, 2}, {2, 0})}).code, "op.value");
  EXPECT_EQ(refused("GatherND", {}, {x, i64({1, 3}, {0, 0, 0})}).code, "op.shape");
}

TEST(Constants, AllForms) {
  EXPECT_EQ(floats(run("Constant", {{"value_floats", Floats{1, 2}}}, {})), (Floats{1, 2}));
  EXPECT_EQ(ints(run("Constant", {{"value_int", std::int64_t{3}}}, {})), (Ints{3}));
  EXPECT_EQ(ints(run("Constant", {{"value", vec({7})}}, {})), (Ints{7}));
  EXPECT_EQ(refused("Constant", {{"value_string", std::string("x")}}, {}).error_class, ErrorClass::unsupported);
  EXPECT_EQ(ints(run("ConstantOfShape", {{"value", vec({7})}}, {vec({2})})), (Ints{7, 7}));
  EXPECT_EQ(floats(run("ConstantOfShape", {}, {vec({})})), (Floats{0}));
  EXPECT_EQ(refused("ConstantOfShape", {}, {vec({1 << 20, 1 << 20})}).code, "op.size");
  EXPECT_EQ(refused("ConstantOfShape", {}, {vec({-1})}).code, "op.shape");
  EXPECT_EQ(floats(run("EyeLike", {{"k", std::int64_t{1}}}, {counting({2, 3})})), (Floats{0, 1, 0, 0, 0, 1}));
}

TEST(Range, CountsUpAndDown) {
  EXPECT_EQ(ints(run("Range", {}, {i64({}, {10}), i64({}, {4}), i64({}, {-2})})), (Ints{10, 8, 6}));
  EXPECT_EQ(floats(run("Range", {}, {f32({}, {0}), f32({}, {1}), f32({}, {0.4F})})).size(), 3U);
  EXPECT_EQ(ints(run("Range", {}, {i64({}, {4}), i64({}, {10}), i64({}, {-2})})), (Ints{}));
  EXPECT_EQ(refused("Range", {}, {i64({}, {0}), i64({}, {1}), i64({}, {0})}).field, "delta");
  EXPECT_EQ(refused("Range", {}, {i64({}, {kMin}), i64({}, {kMax}), i64({}, {1})}).code, "op.size");
}

TEST(Casts, ByOnnxNumberAndByExample) {
  EXPECT_EQ(ints(run("Cast", {{"to", std::int64_t{7}}}, {f32({2}, {1.5F, -1.5F})})), (Ints{1, -1}));
  EXPECT_EQ(run("CastLike", {}, {f32({1}, {1}), flags({1}, {0})}).type(), DataType::boolean);
  const Diagnostic d = refused("Cast", {{"to", std::int64_t{8}}}, {f32({1}, {1})});
  EXPECT_EQ(d.error_class, ErrorClass::unsupported);
}

TEST(Selections, ArgTopKCumSum) {
  const Tensor x = f32({2, 3}, {1, 3, 3, 2, 0, 1});
  EXPECT_EQ(ints(run("ArgMax", {{"axis", std::int64_t{1}}}, {x})), (Ints{1, 0}));
  EXPECT_EQ(ints(run("ArgMax", {{"axis", std::int64_t{1}}, {"select_last_index", std::int64_t{1}}}, {x})),
            (Ints{2, 0}));
  EXPECT_EQ(ints(run("ArgMin", {{"keepdims", std::int64_t{0}}}, {x})), (Ints{0, 1, 1}));
  const auto top = run_all("TopK", {}, {x, vec({2})}, 2);
  EXPECT_EQ(floats(top[0]), (Floats{3, 3, 2, 1}));
  EXPECT_EQ(ints(top[1]), (Ints{1, 2, 0, 2}));
  EXPECT_EQ(floats(run("CumSum", {}, {x, i64({}, {1})})), (Floats{1, 4, 7, 2, 2, 3}));
  EXPECT_EQ(floats(run("CumSum", {{"exclusive", std::int64_t{1}}, {"reverse", std::int64_t{1}}}, {x, i64({}, {1})})),
            (Floats{6, 3, 0, 1, 1, 0}));
  EXPECT_EQ(refused("TopK", {}, {x, vec({4})}).field, "K");
  EXPECT_EQ(refused("ArgMax", {}, {f32({0, 2}, {})}).code, "op.shape");
}

TEST(Reductions, AxesAndKeptDimensions) {
  const Tensor x = counting({2, 3});
  EXPECT_EQ(floats(run("ReduceSum", {}, {x, vec({0})})), (Floats{3, 5, 7}));
  EXPECT_EQ(run("ReduceSum", {{"keepdims", std::int64_t{0}}}, {x, vec({0})}).shape(), (Shape{3}));
  EXPECT_EQ(floats(run("ReduceMean", {}, {x})), (Floats{2.5F}));
  EXPECT_EQ(floats(run("ReduceMax", {}, {x, vec({-1})})), (Floats{2, 5}));
  EXPECT_EQ(floats(run("ReduceMin", {}, {x, vec({-1})})), (Floats{0, 3}));
  EXPECT_EQ(floats(run("ReduceProd", {}, {x, vec({1})})), (Floats{0, 60}));
  EXPECT_EQ(floats(run("ReduceL1", {}, {f32({2}, {-3, 4})})), (Floats{7}));
  EXPECT_EQ(floats(run("ReduceL2", {}, {f32({2}, {-3, 4})})), (Floats{5}));
  EXPECT_THAT(floats(run("ReduceLogSumExp", {}, {f32({2}, {1000, 1000})})), Near({1000.6931F}, 1e-3F));
  EXPECT_EQ(floats(run("ReduceSumSquare", {{"noop_with_empty_axes", std::int64_t{1}}}, {f32({2}, {2, 3})})),
            (Floats{4, 9}));
  EXPECT_EQ(refused("ReduceSum", {}, {x, vec({2})}).code, "op.axis");
}

TEST(Reductions, OfNothing) {
  const Tensor none = f32({2, 0}, {});
  EXPECT_EQ(floats(run("ReduceSum", {}, {none, vec({1})})), (Floats{0, 0}));
  EXPECT_EQ(floats(run("ReduceMax", {}, {none, vec({1})}))[0], -std::numeric_limits<float>::infinity());
  EXPECT_EQ(values<std::int8_t>(run("ReduceMin", {}, {of<std::int8_t>({0}, {})}))[0], 127);
  for (const char* logarithm : {"ReduceLogSum", "ReduceLogSumExp"})
    EXPECT_EQ(values<std::int8_t>(run(logarithm, {}, {of<std::int8_t>({0}, {})}))[0], -128) << logarithm;
}

TEST(Reductions, IntegersKeepTheirType) {
  EXPECT_EQ(values<std::int32_t>(run("ReduceSum", {}, {of<std::int32_t>({2}, {-5, 3})}))[0], -2);
  EXPECT_EQ(values<std::int32_t>(run("ReduceMean", {}, {of<std::int32_t>({2}, {-5, 2})}))[0], -1);
  EXPECT_EQ(values<std::int32_t>(run("ReduceL1", {}, {of<std::int32_t>({2}, {-5, 3})}))[0], 8);
}

}  // namespace
}  // namespace heddle::kernels
