// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernels/convert.h"
#include "kernels/onnx_type.h"
#include "kernels/ops/ops.h"
#include "kernels/quantize.h"
#include "kernels/saturate.h"

namespace heddle::kernels::ops {
namespace {

constexpr TypeSet kQuantized = types({DataType::i8, DataType::u8, DataType::i16, DataType::u16, DataType::i32,
                                      DataType::i4, DataType::u4, DataType::i2, DataType::u2});

/// The type that an attribute names, `fallback` if it is 0 or absent.
std::optional<DataType> stated_type(Check& check, DataType fallback, TypeSet allowed) {
  const std::int64_t code = get_int(check.attributes(), "output_dtype", 0);
  if (code == 0) return fallback;
  const auto type = data_type_from_onnx(code);
  if (type && contains(allowed, *type)) return type;
  check.unsupported("op.attribute", "output_dtype",
                    text("element type ", code, " of TensorProto.DataType is not supported here"),
                    "integers of 2 to 32 bits can be quantised to, f32, f16 and bf16 from");
  return std::nullopt;
}

Inferred infer_quantize(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "x", kReal | types({DataType::i32}));
  check.type(1, "y_scale", kReal | types({DataType::i32}));
  check.optional_type(2, "y_zero_point", kQuantized);
  if (!check.ok()) return check.failed();
  const auto type = stated_type(check, check.has(2) ? check.in(2).type : DataType::u8, kQuantized);
  if (type && check.has(2) && check.in(2).type != *type)
    check.error("op.attribute", "output_dtype", text("is ", *type, ", but the zero point is ", check.in(2).type));
  check_scales(check, 1, "y_scale", 2, "y_zero_point");
  if (!check.ok()) return check.failed();
  return check.done({{.type = *type, .shape = check.shape(0)}});
}

Inferred infer_dequantize(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "x", kQuantized);
  check.type(1, "x_scale", kReal);
  check.same_type(2, "x_zero_point", 0);
  if (!check.ok()) return check.failed();
  const auto type = stated_type(check, check.in(1).type, kReal);
  check_scales(check, 1, "x_scale", 2, "x_zero_point");
  if (!check.ok()) return check.failed();
  return check.done({{.type = *type, .shape = check.shape(0)}});
}

/// Output type and scale map from the actual operands.
struct Resolved {
  DataType type;
  ScaleMap map;
};

Result<Resolved> resolve(InferFunction infer, const Attributes& attributes, Tensors inputs) {
  const auto infos = infer_run(infer, attributes, inputs, 1);
  if (!infos) return fail(infos.error());
  std::int64_t axis = get_int(attributes, "axis", 1);
  if (axis < 0) axis += static_cast<std::int64_t>(inputs[0].rank());
  return Resolved{infos->front().type,
                  ScaleMap(inputs[0].shape(), inputs[1].shape(), axis, get_int(attributes, "block_size", 0))};
}

Computed run_quantize(const Attributes& attributes, Tensors inputs, std::size_t) {
  const auto resolved = resolve(infer_quantize, attributes, inputs);
  if (!resolved) return fail(resolved.error());
  return one(quantize(inputs[0], inputs[1], input(inputs, 2), resolved->map, resolved->type));
}

Computed run_dequantize(const Attributes& attributes, Tensors inputs, std::size_t) {
  const auto resolved = resolve(infer_dequantize, attributes, inputs);
  if (!resolved) return fail(resolved.error());
  return one(cast(dequantize(inputs[0], inputs[1], input(inputs, 2), resolved->map), resolved->type));
}

Inferred infer_dynamic(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "x", types({DataType::f32}));
  return check.done({{.type = DataType::u8, .shape = check.shape(0)},
                     {.type = DataType::f32, .shape = {}},
                     {.type = DataType::u8, .shape = {}}});
}

Computed run_dynamic(const Attributes&, Tensors inputs, std::size_t outputs) {
  const auto x = inputs[0].data<float>();
  float lo = 0, hi = 0;  // the range contains 0
  for (const float v : x) {
    lo = std::min(lo, v);
    hi = std::max(hi, v);
  }
  const float scale = hi > lo ? (hi - lo) / 255.0F : 1.0F;
  if (!std::isfinite(scale)) return bad_value("x", "the input's range is not finite");
  const auto zero = static_cast<std::uint8_t>(std::clamp(std::nearbyint(-lo / scale), 0.0F, 255.0F));
  const Tensor scale_tensor = Tensor::from<float>({}, std::vector<float>{scale});
  const Tensor zero_tensor = Tensor::from<std::uint8_t>({}, std::vector<std::uint8_t>{zero});
  std::vector<Tensor> result{quantize(inputs[0], scale_tensor, zero_tensor, ScaleMap(), DataType::u8), scale_tensor,
                             zero_tensor};
  result.resize(outputs);
  return result;
}

constexpr std::array<std::string_view, 5> kQuantize{"axis", "block_size", "output_dtype", "precision", "saturate"};
constexpr std::array<std::string_view, 3> kDequantize{"axis", "block_size", "output_dtype"};

constexpr std::array kQuantizers{
    OperatorDefinition{"DequantizeLinear", 2, 3, kDequantize, infer_dequantize, run_dequantize},
    OperatorDefinition{"DynamicQuantizeLinear", 1, 1, kNoAttributes, infer_dynamic, run_dynamic},
    OperatorDefinition{"QuantizeLinear", 2, 3, kQuantize, infer_quantize, run_quantize},
};

}  // namespace

Definitions quantizers() {
  return kQuantizers;
}

}  // namespace heddle::kernels::ops
