// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "kernels/convert.h"
#include "kernels/ops/ops.h"
#include "kernels/strided.h"

namespace heddle::kernels::ops {
namespace {

enum class Mode : std::uint8_t { constant, reflect, edge, wrap };
constexpr std::array<std::string_view, 4> kModes{"constant", "reflect", "edge", "wrap"};

struct Padding {
  Mode mode = Mode::constant;
  Shape begin, end;  ///< one entry an axis; negative ones crop
};

/// Nothing if something is wrong or (then `check` is still ok) not known yet.
std::optional<Padding> resolve_padding(Check& check) {
  const auto mode = check.choice("mode", "constant", kModes);
  const auto stated = check.ints(1);
  std::vector<std::int64_t> axes(check.shape(0).size());
  std::iota(axes.begin(), axes.end(), std::int64_t{0});
  if (check.has(3)) {
    const auto values = check.ints(3);
    if (!values) return std::nullopt;
    const auto normal = check.axes("axes", *values, check.rank(0));
    if (!normal) return std::nullopt;
    axes = *normal;
  }
  if (!mode || !stated) return std::nullopt;
  if (stated->size() != 2 * axes.size()) {
    check.error("op.shape", "pads", text("has ", stated->size(), " entries for ", axes.size(), " axes"));
    return std::nullopt;
  }
  Padding padding{static_cast<Mode>(*mode), Shape(check.shape(0).size(), 0), Shape(check.shape(0).size(), 0)};
  for (std::size_t i = 0; i < axes.size(); ++i)
    for (const bool front : {true, false}) {
      const std::int64_t value = (*stated)[front ? i : i + axes.size()];
      if (value < -kMaxTensorBytes || value > kMaxTensorBytes)
        check.error("op.size", "pads", text("the value ", value, " is out of range"));
      (front ? padding.begin : padding.end)[static_cast<std::size_t>(axes[i])] = value;
    }
  if (!check.ok()) return std::nullopt;
  return padding;
}

Shape padded_shape(Check& check, const Padding& padding) {
  Shape shape = check.shape(0);
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == kUnknown) continue;
    const bool grows = padding.begin[i] > 0 || padding.end[i] > 0;
    if (padding.mode != Mode::constant && shape[i] == 0 && grows)
      check.error("op.shape", "data", text("axis ", i, " is empty; there is nothing to repeat"));
    shape[i] += padding.begin[i] + padding.end[i];
    if (shape[i] < 0) check.error("op.parameter", "pads", text("axis ", i, " is cropped to ", shape[i], " elements"));
  }
  return shape;
}

Inferred infer_pad(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "data", kAny);
  if (check.type(1, "pads", kInt64)) check.rank_is(1, "pads", 1);
  check.same_type(2, "constant_value", 0);
  if (check.has(2) && count_of(check.shape(2)) > 1)
    check.error("op.shape", "constant_value", text("the shape ", check.shape(2), " is not that of a scalar"));
  check.optional_type(3, "axes", kIndex);
  if (!check.ok()) return check.failed();
  const auto padding = resolve_padding(check);
  if (!check.ok()) return check.failed();
  Shape shape = padding ? padded_shape(check, *padding) : check.shape(0);
  if (!padding) std::fill(shape.begin(), shape.end(), kUnknown);
  return check.done({{.type = check.in(0).type, .shape = shape}});
}

/// Source index of a position that may lie outside [0, size).
std::int64_t source_index(Mode mode, std::int64_t at, std::int64_t size) {
  if (at >= 0 && at < size) return at;
  switch (mode) {
    case Mode::constant:
      return -1;
    case Mode::edge:
      return at < 0 ? 0 : size - 1;
    case Mode::wrap:
      return (at % size + size) % size;
    case Mode::reflect: {
      if (size == 1) return 0;
      const std::int64_t period = 2 * (size - 1), phase = (at % period + period) % period;
      return phase < size ? phase : period - phase;
    }
  }
  return -1;
}

Computed run_pad(const Attributes& attributes, Tensors inputs, std::size_t) {
  const std::vector<TensorInfo> infos = infos_of(inputs);
  Check check(attributes, infos, 1);
  const auto padding = resolve_padding(check);
  if (!padding) return check.failed();
  const Tensor& x = inputs[0];
  std::vector<std::vector<std::int64_t>> index(x.rank());
  for (std::size_t axis = 0; axis < x.rank(); ++axis)
    for (std::int64_t i = -padding->begin[axis]; i < x.dim(axis) + padding->end[axis]; ++i)
      index[axis].push_back(source_index(padding->mode, i, x.dim(axis)));
  const bool has_value = has(inputs, 2) && inputs[2].size() > 0;
  return one(selected(x, index, has_value ? inputs[2] : Tensor(x.type(), {})));
}

constexpr std::array<std::string_view, 1> kMode{"mode"};

constexpr std::array kPads{
    OperatorDefinition{"Pad", 2, 4, kMode, infer_pad, run_pad},
};

}  // namespace

Definitions pads() {
  return kPads;
}

}  // namespace heddle::kernels::ops
