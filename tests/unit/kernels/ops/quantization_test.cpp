// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/onnx_type.h"
#include "kernels/quantize.h"
#include "tests/unit/kernels/run.h"

namespace heddle::kernels {
namespace {
using namespace test;

using Bytes = std::vector<std::int8_t>;
using Unsigned = std::vector<std::uint8_t>;

TEST(OnnxType, NumbersRoundTrip) {
  for (std::uint8_t code = 1; data_type_from_code(code); ++code) {
    const DataType type = *data_type_from_code(code);
    if (type == DataType::i1) continue;
    EXPECT_EQ(data_type_from_onnx(onnx_code(type)), type);
  }
  EXPECT_EQ(onnx_code(DataType::i1), 0);
  EXPECT_FALSE(data_type_from_onnx(8).has_value()) << "strings";
}

TEST(Quantize, RoundsToEvenAndSaturates) {
  const Tensor x = f32({5}, {0.25F, 0.75F, 1000, -1000, std::nanf("")});
  EXPECT_EQ(values<std::int8_t>(run("QuantizeLinear", {}, {x, f32({}, {0.5F}), of<std::int8_t>({}, {1})})),
            (Bytes{1, 3, 127, -128, 0}));
  EXPECT_EQ(run("QuantizeLinear", {}, {x, f32({}, {0.5F})}).type(), DataType::u8) << "without a zero point";
  EXPECT_EQ(run("QuantizeLinear", {{"output_dtype", onnx_code(DataType::i16)}}, {x, f32({}, {0.5F})}).type(),
            DataType::i16);
}

TEST(Quantize, PerAxisAndInBlocks) {
  const Tensor x = f32({2, 4}, {1, 2, 3, 4, 1, 2, 3, 4});
  const Attributes rows{{"axis", std::int64_t{0}}, {"output_dtype", onnx_code(DataType::i8)}};
  EXPECT_EQ(values<std::int8_t>(run("QuantizeLinear", rows, {x, f32({2}, {1, 0.5F})})),
            (Bytes{1, 2, 3, 4, 2, 4, 6, 8}));
  Attributes blocks{
      {"axis", std::int64_t{1}}, {"block_size", std::int64_t{2}}, {"output_dtype", onnx_code(DataType::i8)}};
  const Tensor scales = f32({2, 2}, {1, 0.5F, 0.25F, 1});
  const Tensor q = run("QuantizeLinear", blocks, {x, scales});
  EXPECT_EQ(values<std::int8_t>(q), (Bytes{1, 2, 6, 8, 4, 8, 3, 4}));
  blocks.erase("output_dtype");
  EXPECT_EQ(floats(run("DequantizeLinear", blocks, {q, scales})), floats(x));
}

TEST(Quantize, RefusesBadScalesAndShapes) {
  const Tensor x = f32({2}, {1, 2});
  EXPECT_EQ(refused("QuantizeLinear", {}, {x, f32({}, {0})}).message, "scale 0 is 0; it must be positive and finite");
  EXPECT_EQ(refused("QuantizeLinear", {}, {x, f32({}, {std::nanf("")})}).code, "op.value");
  EXPECT_EQ(refused("QuantizeLinear", {{"axis", std::int64_t{0}}}, {x, f32({3}, {1, 1, 1})}).field, "y_scale");
  EXPECT_EQ(refused("QuantizeLinear", {}, {x, f32({}, {1}), of<std::int8_t>({2}, {0, 0})}).field, "y_zero_point");
  EXPECT_EQ(refused("QuantizeLinear", {{"output_dtype", onnx_code(DataType::u8)}},
                    {x, f32({}, {1}), of<std::int8_t>({}, {0})})
                .field,
            "output_dtype");
  EXPECT_EQ(refused("QuantizeLinear", {{"output_dtype", std::int64_t{17}}}, {x, f32({}, {1})}).error_class,
            ErrorClass::unsupported);
}

TEST(Dequantize, PerChannelWithZeroPoints) {
  const Tensor x = of<std::uint8_t>({1, 2, 2}, {10, 20, 30, 40});
  EXPECT_EQ(floats(run("DequantizeLinear", {}, {x, f32({2}, {1, 0.5F}), of<std::uint8_t>({2}, {10, 20})})),
            (Floats{0, 10, 5, 10}));
  EXPECT_EQ(run("DequantizeLinear", {{"output_dtype", onnx_code(DataType::f16)}}, {x, f32({}, {1})}).type(),
            DataType::f16);
}

TEST(DynamicQuantize, CoversZeroAndTheRange) {
  const auto y = run_all("DynamicQuantizeLinear", {}, {f32({3}, {-1, 0, 4})}, 3);
  EXPECT_EQ(values<std::uint8_t>(y[0]), (Unsigned{0, 51, 255}));
  EXPECT_THAT(floats(y[1]), Near({5.0F / 255}));
  EXPECT_EQ(values<std::uint8_t>(y[2]), (Unsigned{51}));
  EXPECT_EQ(values<std::uint8_t>(run("DynamicQuantizeLinear", {}, {f32({2}, {0, 0})})), (Unsigned{0, 0}));
}

TEST(ConvInteger, SubtractsZeroPointsAndPadsWithThem) {
  const Tensor x = of<std::uint8_t>({1, 1, 3}, {2, 3, 4}), w = of<std::uint8_t>({1, 1, 2}, {1, 2});
  EXPECT_EQ(values<std::int32_t>(run("ConvInteger", {}, {x, w, of<std::uint8_t>({}, {1})})), (std::vector{5, 8}));
  const Attributes padded{{"pads", Ints{1, 0}}};
  EXPECT_EQ(
      values<std::int32_t>(run("ConvInteger", padded, {x, w, of<std::uint8_t>({}, {1}), of<std::uint8_t>({1}, {1})})),
      (std::vector{1, 2, 3}));
}

TEST(MatMulInteger, ZeroPointsPerRowAndColumn) {
  const Tensor a = of<std::uint8_t>({2, 2}, {1, 2, 3, 4}), b = of<std::int8_t>({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(values<std::int32_t>(
                run("MatMulInteger", {}, {a, b, of<std::uint8_t>({2}, {1, 3}), of<std::int8_t>({2}, {1, 2})})),
            (std::vector{2, 2, 2, 2}));
  EXPECT_EQ(refused("MatMulInteger", {}, {a, b, of<std::uint8_t>({3}, {1, 3, 4})}).field, "a_zero_point");
}

std::vector<Tensor> qlinear_conv(float w_scale) {
  const Tensor x = of<std::uint8_t>({1, 1, 2}, {12, 14}), w = of<std::int8_t>({2, 1, 1}, {1, 2});
  return {x,
          f32({}, {0.5F}),
          of<std::uint8_t>({}, {10}),
          w,
          f32({2}, {w_scale, 1}),
          of<std::int8_t>({2}, {0, 0}),
          f32({}, {0.5F}),
          of<std::uint8_t>({}, {100}),
          of<std::int32_t>({2}, {1, 0})};
}

TEST(QLinearConv, RequantisesPerChannel) {
  EXPECT_EQ(values<std::uint8_t>(run("QLinearConv", {}, qlinear_conv(2))), (Unsigned{106, 110, 104, 108}));
  EXPECT_EQ(refused("QLinearConv", {}, qlinear_conv(0)).field, "w_scale");
}

TEST(QLinearMatMul, Requantises) {
  const Tensor a = of<std::int8_t>({1, 2}, {3, 5}), b = of<std::int8_t>({2, 1}, {2, 4}),
               zero = of<std::int8_t>({}, {1});
  const Tensor one = f32({}, {1});
  EXPECT_EQ(values<std::int8_t>(run("QLinearMatMul", {}, {a, one, zero, b, one, zero, f32({}, {2}), zero})),
            (Bytes{8}));
}

}  // namespace
}  // namespace heddle::kernels
