// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/ops/ops.h"
#include "kernels/strided.h"

namespace heddle::kernels::ops {
namespace {

/// Elements behind one index of `axis`.
std::int64_t inner_size(const Shape& shape, std::size_t axis) {
  std::int64_t n = 1;
  for (std::size_t i = axis + 1; i < shape.size(); ++i) n *= shape[i];
  return n;
}

Inferred infer_concat(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  for (std::size_t i = 0; i < std::max<std::size_t>(inputs.size(), 1); ++i)
    if (check.type(i, text("inputs[", i, "]"), kAny)) check.same_type(i, text("inputs[", i, "]"), 0);
  if (attributes.find("axis") == attributes.end())
    check.error("op.attribute.missing", "axis", "the attribute is required");
  if (!check.ok()) return check.failed();
  const auto axis = check.axis("axis", get_int(attributes, "axis", 0), check.rank(0));
  if (!axis) return check.failed();
  const auto a = static_cast<std::size_t>(*axis);
  Shape shape = check.shape(0);
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    const std::string field = text("inputs[", i, "]");
    if (!check.rank_is(i, field, check.rank(0))) continue;
    for (std::size_t d = 0; d < shape.size(); ++d) {
      const std::int64_t other = check.shape(i)[d];
      if (d == a)
        shape[d] = shape[d] == kUnknown || other == kUnknown ? kUnknown : shape[d] + other;
      else if (check.same_dim(field, other, shape[d], text("elements along axis ", d)) && shape[d] == kUnknown)
        shape[d] = other;
    }
  }
  return check.done({{.type = check.in(0).type, .shape = shape}});
}

Computed run_concat(const Attributes& attributes, Tensors inputs, std::size_t) {
  const auto infos = infer_run(infer_concat, attributes, inputs, 1);
  if (!infos) return fail(infos.error());
  Tensor y(inputs[0].type(), infos->front().shape);
  const std::int64_t rank = static_cast<std::int64_t>(y.rank()), stated = get_int(attributes, "axis", 0);
  const auto axis = static_cast<std::size_t>(stated < 0 ? stated + rank : stated);
  const auto bytes = static_cast<std::int64_t>(host_bytes(y.type())) * inner_size(y.shape(), axis);
  const std::int64_t row = y.dim(axis) * bytes;
  const auto to = y.mutable_bytes();
  std::int64_t at = 0;
  for (const Tensor& x : inputs) {
    const std::int64_t part = x.dim(axis) * bytes;
    const auto from = x.bytes();
    for (std::int64_t i = 0; part > 0 && i < static_cast<std::int64_t>(from.size()) / part; ++i)
      std::copy_n(from.data() + i * part, part, to.data() + i * row + at);
    at += part;
  }
  return one(y);
}

/// Sizes of Split's parts: stated, or as equal as possible with a smaller last one.
std::optional<Shape> split_sizes(Check& check, std::int64_t size, std::size_t outputs) {
  const std::int64_t parts = get_int(check.attributes(), "num_outputs", static_cast<std::int64_t>(outputs));
  if (check.has(1)) {
    const auto stated = check.ints(1);
    if (!stated) return Shape(outputs, kUnknown);
    std::int64_t sum = 0;
    for (const std::int64_t s : *stated) {
      if (s < 0 || s > kMaxTensorBytes)
        check.error("op.parameter", "split", text("a part has the size ", s));
      else
        sum += s;
    }
    if (stated->size() < outputs)
      check.error("op.outputs", "split", text("names ", stated->size(), " sizes for ", outputs, " outputs"));
    check.same_dim("split", sum, size, "elements in all parts");
    if (!check.ok()) return std::nullopt;
    return Shape(stated->begin(), stated->end());
  }
  if (parts < 1 || parts < static_cast<std::int64_t>(outputs) ||
      (size != kUnknown && parts > std::max<std::int64_t>(size, 1))) {
    check.error("op.attribute", "num_outputs",
                text(size, " elements cannot be split into ", parts, " parts for ", outputs, " outputs"));
    return std::nullopt;
  }
  if (size == kUnknown) return Shape(outputs, kUnknown);
  const std::int64_t each = (size + parts - 1) / parts;
  Shape sizes;
  for (std::int64_t i = 0; i < parts; ++i) sizes.push_back(std::clamp<std::int64_t>(size - i * each, 0, each));
  return sizes;
}

Inferred infer_split(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "input", kAny);
  if (check.optional_type(1, "split", kInt64) && check.has(1)) check.rank_is(1, "split", 1);
  if (!check.ok()) return check.failed();
  const auto axis = check.axis("axis", get_int(attributes, "axis", 0), check.rank(0));
  if (!axis) return check.failed();
  const auto sizes = split_sizes(check, check.shape(0)[static_cast<std::size_t>(*axis)], outputs);
  if (!sizes) return check.failed();
  std::vector<TensorInfo> result;
  for (const std::int64_t size : *sizes) {
    Shape shape = check.shape(0);
    shape[static_cast<std::size_t>(*axis)] = size;
    result.push_back({.type = check.in(0).type, .shape = shape});
  }
  return check.done(std::move(result));
}

Computed run_split(const Attributes& attributes, Tensors inputs, std::size_t outputs) {
  const auto infos = infer_run(infer_split, attributes, inputs, outputs);
  if (!infos) return fail(infos.error());
  const Tensor& x = inputs[0];
  const std::int64_t stated = get_int(attributes, "axis", 0);
  const auto axis = static_cast<std::size_t>(stated < 0 ? stated + static_cast<std::int64_t>(x.rank()) : stated);
  const Shape strides = strides_of(x.shape());
  std::vector<Tensor> result;
  std::int64_t offset = 0;
  for (const TensorInfo& info : *infos) {
    result.push_back(strided_copy(x, info.shape, strides, offset));
    offset += info.shape[axis] * strides[axis];
  }
  return result;
}

constexpr std::array<std::string_view, 1> kConcat{"axis"};
constexpr std::array<std::string_view, 2> kSplit{"axis", "num_outputs"};

constexpr std::array kConcatenations{
    OperatorDefinition{"Concat", 1, -1, kConcat, infer_concat, run_concat},
    OperatorDefinition{"Split", 1, 2, kSplit, infer_split, run_split},
};

}  // namespace

Definitions concatenations() {
  return kConcatenations;
}

}  // namespace heddle::kernels::ops
