// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/convert.h"
#include "kernels/ops/ops.h"

/// Operators that keep the bytes of their input and change its shape, and those that read a shape.
namespace heddle::kernels::ops {
namespace {

/// Same bytes under the shape that the infer function gives.
template <InferFunction Infer>
Computed run_view(const Attributes& attributes, Tensors inputs, std::size_t) {
  const auto infos = infer_run(Infer, attributes, inputs, 1);
  if (!infos) return fail(infos.error());
  return one(inputs[0].reshaped(infos->front().shape));
}

/// Product of the entries that are not −1; kUnknown if one is not bound, nothing if it is absurdly large.
std::optional<std::int64_t> known_product(const Shape& shape, std::int64_t open) {
  Shape known;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (static_cast<std::int64_t>(i) == open) continue;
    if (shape[i] == kUnknown) return kUnknown;
    known.push_back(shape[i]);
  }
  const std::int64_t product = checked_element_count(known);
  if (product < 0) return std::nullopt;
  return product;
}

/// Copies dimensions where the shape says 0; returns the position of its −1, or −1 if it has none.
std::int64_t copy_dimensions(Check& check, const Shape& x, Shape& wanted) {
  const bool zero_is_zero = get_int(check.attributes(), "allowzero", 0) != 0;
  std::int64_t open = -1;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] < -1) check.error("op.shape", "shape", text("entry ", i, " is ", wanted[i]));
    if (wanted[i] == -1) {
      if (open >= 0) check.error("op.shape", "shape", text("entries ", open, " and ", i, " are both -1"));
      open = static_cast<std::int64_t>(i);
    } else if (wanted[i] == 0 && !zero_is_zero) {
      if (i < x.size())
        wanted[i] = x[i];
      else
        check.error("op.shape", "shape", text("entry ", i, " is 0 (copy), but the input has the shape ", x));
    }
  }
  return open;
}

/// Puts numbers in the place of 0 (copy) and −1 (the rest).
Shape resolve_reshape(Check& check, const Shape& x, Shape wanted) {
  const std::int64_t open = copy_dimensions(check, x, wanted), total = count_of(x);
  if (!check.ok()) return wanted;
  const auto known = known_product(wanted, open);
  if (!known) check.error("op.size", "shape", text("the shape ", wanted, " is too large"));
  if (!known || *known == kUnknown || total == kUnknown) return wanted;
  if (open < 0 ? *known != total : *known == 0 ? total != 0 : total % *known != 0)
    check.error("op.shape", "shape",
                text("the input ", x, " with ", total, " elements does not fit the shape ", wanted));
  else if (open >= 0)
    wanted[static_cast<std::size_t>(open)] = *known == 0 ? 0 : total / *known;
  return wanted;
}

Inferred infer_reshape(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "data", kAny);
  if (check.type(1, "shape", kInt64)) check.rank_is(1, "shape", 1);
  if (!check.ok()) return check.failed();
  const DataType type = check.in(0).type;
  if (const auto wanted = check.ints(1))
    return check.done({{.type = type, .shape = resolve_reshape(check, check.shape(0), *wanted)}});
  const std::int64_t rank = check.shape(1)[0];
  if (rank != kUnknown && rank <= 64)
    return check.done({{.type = type, .shape = Shape(static_cast<std::size_t>(rank), kUnknown)}});
  check.unsupported("op.parameter.dynamic", "shape", "the shape is not constant and its length is unknown");
  return check.failed();
}

std::int64_t product(Shape::const_iterator begin, Shape::const_iterator end) {
  return count_of(Shape(begin, end));
}

Inferred infer_flatten(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "input", kAny);
  if (!check.ok()) return check.failed();
  const Shape& x = check.shape(0);
  const std::int64_t axis = get_int(attributes, "axis", 1), rank = check.rank(0);
  if (axis < -rank || axis > rank) {
    check.error("op.axis", "axis", text("axis ", axis, " is outside ", -rank, " … ", rank));
    return check.failed();
  }
  const auto middle = x.begin() + (axis < 0 ? axis + rank : axis);
  return check.done({{.type = check.in(0).type, .shape = {product(x.begin(), middle), product(middle, x.end())}}});
}

/// The axes operand of Squeeze and Unsqueeze, if it is known.
std::optional<std::vector<std::int64_t>> axes_operand(Check& check, std::int64_t rank, bool& known) {
  known = true;
  const auto stated = check.ints(1);
  if (!stated) {
    known = false;
    return std::nullopt;
  }
  return check.axes("axes", *stated, rank);
}

Inferred infer_squeeze(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "data", kAny);
  if (!check.ok() || !check.optional_type(1, "axes", kInt64)) return check.failed();
  const Shape& x = check.shape(0);
  std::vector<std::int64_t> axes;
  if (check.has(1)) {
    bool known = true;
    const auto stated = axes_operand(check, check.rank(0), known);
    if (!known)
      check.unsupported("op.parameter.dynamic", "axes", "the axes are not constant, so that the rank is unknown");
    if (!stated) return check.failed();
    axes = *stated;
  } else {
    for (std::size_t i = 0; i < x.size(); ++i)
      if (x[i] == 1) axes.push_back(static_cast<std::int64_t>(i));
    if (!is_known(x)) {
      check.unsupported("op.parameter.dynamic", "axes", text("without axes, the shape ", x, " must be known"),
                        "bind the input's dimensions");
      return check.failed();
    }
  }
  Shape shape;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(i)) == axes.end())
      shape.push_back(x[i]);
    else if (x[i] != 1 && x[i] != kUnknown)
      check.error("op.shape", "axes", text("dimension ", i, " of ", x, " is ", x[i], ", not 1"));
  }
  return check.done({{.type = check.in(0).type, .shape = shape}});
}

Inferred infer_unsqueeze(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "data", kAny);
  check.type(1, "axes", kInt64);
  if (!check.ok()) return check.failed();
  const Shape& x = check.shape(0);
  const auto stated = check.ints(1);
  const std::int64_t added = stated                   ? static_cast<std::int64_t>(stated->size())
                             : check.shape(1).empty() ? 1
                                                      : check.shape(1)[0];
  if (added == kUnknown || added > 64) {
    check.unsupported("op.parameter.dynamic", "axes", "the axes are not constant and their number is unknown");
    return check.failed();
  }
  const std::int64_t rank = check.rank(0) + added;
  if (!stated)
    return check.done({{.type = check.in(0).type, .shape = Shape(static_cast<std::size_t>(rank), kUnknown)}});
  const auto axes = check.axes("axes", *stated, rank);
  if (!axes) return check.failed();
  Shape shape;
  auto next = x.begin();
  for (std::int64_t i = 0; i < rank; ++i)
    shape.push_back(std::find(axes->begin(), axes->end(), i) != axes->end() ? 1 : *next++);
  return check.done({{.type = check.in(0).type, .shape = shape}});
}

/// The part of a shape that Shape's start and end select.
std::pair<std::int64_t, std::int64_t> shape_range(const Attributes& attributes, std::int64_t rank) {
  const auto bound = [rank](std::int64_t v) { return std::clamp<std::int64_t>(v < 0 ? v + rank : v, 0, rank); };
  const std::int64_t start = bound(get_int(attributes, "start", 0)), end = bound(get_int(attributes, "end", rank));
  return {start, std::max(start, end)};
}

Inferred infer_shape(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "data", kAny);
  const auto [start, end] = shape_range(attributes, check.rank(0));
  return check.done({{.type = DataType::i64, .shape = {end - start}}});
}

Computed run_shape(const Attributes& attributes, Tensors inputs, std::size_t) {
  const Shape& x = inputs[0].shape();
  const auto [start, end] = shape_range(attributes, static_cast<std::int64_t>(x.size()));
  return one(Tensor::from<std::int64_t>({end - start}, Shape(x.begin() + start, x.begin() + end)));
}

Inferred infer_size(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "data", kAny);
  return check.done({{.type = DataType::i64, .shape = {}}});
}

Computed run_size(const Attributes&, Tensors inputs, std::size_t) {
  return one(Tensor::from<std::int64_t>({}, std::vector<std::int64_t>{inputs[0].size()}));
}

Inferred infer_identity(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "input", kAny);
  return check.done({{.type = check.in(0).type, .shape = check.shape(0)}});
}

Inferred infer_dropout(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "data", kReal);
  check.optional_type(1, "ratio", kReal);
  check.optional_type(2, "training_mode", kBool);
  if (!check.ok()) return check.failed();
  if (check.has(2)) {
    const Tensor* mode = check.in(2).value;
    const bool training = mode != nullptr && mode->size() > 0 && mode->data<std::uint8_t>()[0] != 0;
    const Tensor* ratio = check.in(1).value;
    const bool drops =
        !check.has(1) || ratio == nullptr || ratio->size() == 0 || cast(*ratio, DataType::f32).data<float>()[0] != 0.0F;
    if (mode == nullptr || (training && drops))
      check.unsupported("op.parameter", "training_mode", "dropout is only run in inference mode",
                        "export the model for inference");
  }
  const Shape& x = check.shape(0);
  return check.done({{.type = check.in(0).type, .shape = x}, {.type = DataType::boolean, .shape = x}});
}

Computed run_dropout(const Attributes&, Tensors inputs, std::size_t outputs) {
  std::vector<Tensor> result{inputs[0]};
  if (outputs > 1) {
    Tensor mask(DataType::boolean, inputs[0].shape());
    const auto all = mask.mutable_data<std::uint8_t>();
    std::fill(all.begin(), all.end(), std::uint8_t{1});
    result.push_back(mask);
  }
  return result;
}

constexpr std::array<std::string_view, 1> kReshape{"allowzero"};
constexpr std::array<std::string_view, 2> kShape{"end", "start"};
constexpr std::array<std::string_view, 1> kSeed{"seed"};

constexpr std::array kShapes{
    OperatorDefinition{"Dropout", 1, 3, kSeed, infer_dropout, run_dropout},
    OperatorDefinition{"Flatten", 1, 1, kAxis, infer_flatten, run_view<infer_flatten>},
    OperatorDefinition{"Identity", 1, 1, kNoAttributes, infer_identity, run_view<infer_identity>},
    OperatorDefinition{"Reshape", 2, 2, kReshape, infer_reshape, run_view<infer_reshape>},
    OperatorDefinition{"Shape", 1, 1, kShape, infer_shape, run_shape},
    OperatorDefinition{"Size", 1, 1, kNoAttributes, infer_size, run_size},
    OperatorDefinition{"Squeeze", 1, 2, kNoAttributes, infer_squeeze, run_view<infer_squeeze>},
    OperatorDefinition{"Unsqueeze", 2, 2, kNoAttributes, infer_unsqueeze, run_view<infer_unsqueeze>},
};

}  // namespace

Definitions shapes() {
  return kShapes;
}

}  // namespace heddle::kernels::ops
