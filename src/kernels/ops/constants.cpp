// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/convert.h"
#include "kernels/onnx_type.h"
#include "kernels/ops/ops.h"

namespace heddle::kernels::ops {
namespace {

/// The tensor that a Constant node holds in whichever attribute.
std::optional<Tensor> constant_value(const Attributes& attributes) {
  const auto find = [&]<class T>(std::string_view name) -> const T* {
    const auto at = attributes.find(name);
    return at == attributes.end() ? nullptr : std::get_if<T>(&at->second);
  };
  if (const auto* v = find.operator()<Tensor>("value")) return *v;
  if (const auto* v = find.operator()<float>("value_float")) return Tensor::from<float>({}, std::vector<float>{*v});
  if (const auto* v = find.operator()<std::int64_t>("value_int"))
    return Tensor::from<std::int64_t>({}, std::vector<std::int64_t>{*v});
  if (const auto* v = find.operator()<std::vector<float>>("value_floats"))
    return Tensor::from<float>({static_cast<std::int64_t>(v->size())}, *v);
  if (const auto* v = find.operator()<std::vector<std::int64_t>>("value_ints"))
    return Tensor::from<std::int64_t>({static_cast<std::int64_t>(v->size())}, *v);
  return std::nullopt;
}

Inferred infer_constant(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  const auto value = constant_value(attributes);
  if (!value) {
    check.unsupported("op.attribute", "value", "the constant is not a dense numeric tensor",
                      "strings and sparse tensors have no meaning on an accelerator");
    return check.failed();
  }
  return check.done({{.type = value->type(), .shape = value->shape()}});
}

Computed run_constant(const Attributes& attributes, Tensors, std::size_t) {
  const auto value = constant_value(attributes);
  if (!value) return bad_value("value", "the constant is not a dense numeric tensor");
  return one(*value);
}

/// ConstantOfShape's fill; one f32 zero by default.
Tensor fill_value(const Attributes& attributes) {
  const auto at = attributes.find("value");
  const Tensor* value = at == attributes.end() ? nullptr : std::get_if<Tensor>(&at->second);
  return value != nullptr ? *value : Tensor(DataType::f32, {1});
}

Inferred infer_constant_of_shape(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (check.type(0, "input", kInt64)) check.rank_is(0, "input", 1);
  const Tensor fill = fill_value(attributes);
  if (fill.size() != 1) check.error("op.attribute", "value", text("has ", fill.size(), " elements instead of 1"));
  if (!check.ok()) return check.failed();
  if (const auto shape = check.ints(0)) {
    for (const std::int64_t d : *shape)
      if (d < 0) check.error("op.shape", "input", text("the dimension ", d, " is negative"));
    return check.done({{.type = fill.type(), .shape = *shape}});
  }
  const std::int64_t rank = check.shape(0)[0];
  if (rank != kUnknown && rank <= 64)
    return check.done({{.type = fill.type(), .shape = Shape(static_cast<std::size_t>(rank), kUnknown)}});
  check.unsupported("op.parameter.dynamic", "input", "the shape is not constant and its length is unknown");
  return check.failed();
}

Computed run_constant_of_shape(const Attributes& attributes, Tensors inputs, std::size_t) {
  const auto infos = infer_run(infer_constant_of_shape, attributes, inputs, 1);
  if (!infos) return fail(infos.error());
  const Tensor fill = fill_value(attributes);
  Tensor y(fill.type(), infos->front().shape);
  const auto to = y.mutable_bytes();
  const std::size_t size = host_bytes(fill.type());
  for (std::size_t i = 0; i < to.size(); i += size) std::memcpy(to.data() + i, fill.bytes().data(), size);
  return one(y);
}

/// Elements of Range, or nothing if the operands are no finite numbers or the step is 0.
std::optional<std::int64_t> range_length(const Tensor& start, const Tensor& limit, const Tensor& delta) {
  if (start.size() != 1 || limit.size() != 1 || delta.size() != 1) return std::nullopt;
  if (contains(kReal, start.type())) {
    const auto value = [](const Tensor& t) { return cast(t, DataType::f64).data<double>()[0]; };
    const double count = std::ceil((value(limit) - value(start)) / value(delta));
    if (!std::isfinite(count)) return std::nullopt;
    return static_cast<std::int64_t>(std::clamp(count, 0.0, 1e15));
  }
  const std::int64_t from = ints_of(start)[0], to = ints_of(limit)[0], step = ints_of(delta)[0];
  if (step == 0) return std::nullopt;
  if (step > 0 ? to <= from : to >= from) return 0;
  // Differences of 64-bit numbers fit the unsigned type.
  const auto low = static_cast<std::uint64_t>(std::min(from, to)),
             high = static_cast<std::uint64_t>(std::max(from, to));
  const std::uint64_t magnitude = step > 0 ? static_cast<std::uint64_t>(step) : -static_cast<std::uint64_t>(step);
  return static_cast<std::int64_t>(std::min<std::uint64_t>((high - low - 1) / magnitude + 1, std::uint64_t{1} << 50));
}

constexpr TypeSet kRange = kReal | types({DataType::i16, DataType::i32, DataType::i64});

Inferred infer_range(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  constexpr std::array<std::string_view, 3> kNames{"start", "limit", "delta"};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (!check.type(i, kNames[i], kRange) || !check.same_type(i, kNames[i], 0)) continue;
    if (const auto n = count_of(check.shape(i)); n != kUnknown && n != 1)
      check.error("op.shape", kNames[i], text("the shape ", check.shape(i), " is not that of a scalar"));
  }
  if (!check.ok()) return check.failed();
  const Tensor *start = check.in(0).value, *limit = check.in(1).value, *delta = check.in(2).value;
  const bool known = start != nullptr && limit != nullptr && delta != nullptr;
  const auto length = known ? range_length(*start, *limit, *delta) : std::optional<std::int64_t>(kUnknown);
  if (!length) {
    check.error("op.parameter", "delta", "start, limit and delta give no finite number of steps");
    return check.failed();
  }
  return check.done({{.type = check.in(0).type, .shape = {*length}}});
}

Computed run_range(const Attributes& attributes, Tensors inputs, std::size_t) {
  const auto infos = infer_run(infer_range, attributes, inputs, 1);
  if (!infos) return fail(infos.error());
  const DataType type = compute_type(inputs[0].type());
  Tensor y(type, infos->front().shape);
  with_compute(type, [&]<class T>() {
    const T start = cast(inputs[0], type).data<T>()[0], delta = cast(inputs[2], type).data<T>()[0];
    const auto to = y.mutable_data<T>();
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = static_cast<T>(start + static_cast<T>(i) * delta);
  });
  return one(cast(y, inputs[0].type()));
}

Inferred infer_eye_like(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (check.type(0, "input", kAny)) check.rank_is(0, "input", 2);
  const auto type = data_type_from_onnx(get_int(attributes, "dtype", onnx_code(check.in(0).type)));
  if (!type)
    check.unsupported("op.attribute", "dtype", text("element type ", get_int(attributes, "dtype", 0), " is not known"));
  if (!check.ok()) return check.failed();
  return check.done({{.type = *type, .shape = check.shape(0)}});
}

Computed run_eye_like(const Attributes& attributes, Tensors inputs, std::size_t) {
  const auto infos = infer_run(infer_eye_like, attributes, inputs, 1);
  if (!infos) return fail(infos.error());
  Tensor eye(DataType::i64, inputs[0].shape());
  const std::int64_t k = std::clamp<std::int64_t>(get_int(attributes, "k", 0), -eye.dim(0), eye.dim(1));
  for (std::int64_t row = 0; row < eye.dim(0); ++row)
    if (row + k >= 0 && row + k < eye.dim(1))
      eye.mutable_data<std::int64_t>()[static_cast<std::size_t>(row * eye.dim(1) + row + k)] = 1;
  return one(cast(eye, infos->front().type));
}

constexpr std::array<std::string_view, 8> kConstant{"sparse_value", "value",      "value_float",  "value_floats",
                                                    "value_int",    "value_ints", "value_string", "value_strings"};
constexpr std::array<std::string_view, 1> kValue{"value"};
constexpr std::array<std::string_view, 1> kStash{"stash_type"};
constexpr std::array<std::string_view, 2> kEye{"dtype", "k"};

constexpr std::array kConstants{
    OperatorDefinition{"Constant", 0, 0, kConstant, infer_constant, run_constant},
    OperatorDefinition{"ConstantOfShape", 1, 1, kValue, infer_constant_of_shape, run_constant_of_shape},
    OperatorDefinition{"EyeLike", 1, 1, kEye, infer_eye_like, run_eye_like},
    OperatorDefinition{"Range", 3, 3, kStash, infer_range, run_range},
};

}  // namespace

Definitions constants() {
  return kConstants;
}

}  // namespace heddle::kernels::ops
