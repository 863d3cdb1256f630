// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "kernels/ops/binary.h"
#include "kernels/ops/ops.h"
#include "kernels/strided.h"

/// Operators that reorder or repeat elements without looking at them.
namespace heddle::kernels::ops {
namespace {

std::optional<std::vector<std::int64_t>> permutation(Check& check, std::size_t rank) {
  Shape order(rank);
  std::iota(order.rbegin(), order.rend(), std::int64_t{0});
  order = get_ints(check.attributes(), "perm", order);
  if (order.size() != rank) {
    check.error("op.attribute", "perm", text("has ", order.size(), " entries for ", rank, " dimensions"));
    return std::nullopt;
  }
  return check.axes("perm", order, static_cast<std::int64_t>(rank));
}

Inferred infer_transpose(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (!check.type(0, "data", kAny)) return check.failed();
  const auto order = permutation(check, check.shape(0).size());
  if (!order) return check.failed();
  Shape shape;
  for (const std::int64_t axis : *order) shape.push_back(check.shape(0)[static_cast<std::size_t>(axis)]);
  return check.done({{.type = check.in(0).type, .shape = shape}});
}

Computed run_transpose(const Attributes& attributes, Tensors inputs, std::size_t) {
  Check check(attributes, {}, 1);
  const auto order = permutation(check, inputs[0].rank());
  if (!order) return check.failed();
  return one(transposed(inputs[0], *order));
}

/// Block size of DepthToSpace and SpaceToDepth on an N×C×H×W input; also checks their mode.
std::optional<std::int64_t> block_size(Check& check) {
  constexpr std::array<std::string_view, 2> kModes{"DCR", "CRD"};
  check.choice("mode", "DCR", kModes);
  if (check.type(0, "input", kAny)) check.rank_is(0, "input", 4);
  const auto block = check.int_in("blocksize", 0, 1, 1 << 15);
  if (!check.ok()) return std::nullopt;
  return block;
}

Inferred infer_depth_to_space(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  const auto block = block_size(check);
  if (!block) return check.failed();
  const std::int64_t b = *block;
  Shape s = check.shape(0);
  if (s[1] != kUnknown && s[1] % (b * b) != 0)
    check.error("op.channels", "blocksize", text(s[1], " channels do not divide by ", b, "²"));
  if (s[1] != kUnknown) s[1] /= b * b;
  for (const std::size_t i : {2U, 3U})
    if (s[i] != kUnknown) s[i] *= b;
  return check.done({{.type = check.in(0).type, .shape = s}});
}

Computed run_depth_to_space(const Attributes& attributes, Tensors inputs, std::size_t) {
  const Shape& s = inputs[0].shape();
  const std::int64_t b = get_int(attributes, "blocksize", 1), c = s[1] / (b * b);
  const bool column_first = get_string(attributes, "mode", "DCR") == "CRD";
  const Tensor split =
      inputs[0].reshaped(column_first ? Shape{s[0], c, b, b, s[2], s[3]} : Shape{s[0], b, b, c, s[2], s[3]});
  const Tensor mixed = column_first ? transposed(split, {0, 1, 4, 2, 5, 3}) : transposed(split, {0, 3, 4, 1, 5, 2});
  return one(mixed.reshaped({s[0], c, s[2] * b, s[3] * b}));
}

Inferred infer_space_to_depth(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  const auto block = block_size(check);
  if (!block) return check.failed();
  const std::int64_t b = *block;
  Shape s = check.shape(0);
  for (const std::size_t i : {2U, 3U}) {
    if (s[i] == kUnknown) continue;
    if (s[i] % b != 0) check.error("op.shape", "blocksize", text("the size ", s[i], " does not divide by ", b));
    s[i] /= b;
  }
  if (s[1] != kUnknown) s[1] *= b * b;
  return check.done({{.type = check.in(0).type, .shape = s}});
}

Computed run_space_to_depth(const Attributes& attributes, Tensors inputs, std::size_t) {
  const Shape& s = inputs[0].shape();
  const std::int64_t b = get_int(attributes, "blocksize", 1), h = s[2] / b, w = s[3] / b;
  const Tensor split = inputs[0].reshaped({s[0], s[1], h, b, w, b});
  const bool column_first = get_string(attributes, "mode", "DCR") == "CRD";
  const Tensor mixed = column_first ? transposed(split, {0, 1, 3, 5, 2, 4}) : transposed(split, {0, 3, 5, 1, 2, 4});
  return one(mixed.reshaped({s[0], s[1] * b * b, h, w}));
}

Inferred infer_expand(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "input", kAny);
  if (check.type(1, "shape", kInt64)) check.rank_is(1, "shape", 1);
  if (!check.ok()) return check.failed();
  const DataType type = check.in(0).type;
  if (const auto wanted = check.ints(1)) {
    for (const std::int64_t d : *wanted)
      if (d < 0) check.error("op.shape", "shape", text("the dimension ", d, " is negative"));
    if (!check.ok()) return check.failed();
    return check.done({{.type = type, .shape = check.broadcast(check.shape(0), *wanted, "shape")}});
  }
  const std::int64_t rank = std::max(check.rank(0), check.shape(1)[0]);
  if (check.shape(1)[0] != kUnknown && rank <= 64)
    return check.done({{.type = type, .shape = Shape(static_cast<std::size_t>(rank), kUnknown)}});
  check.unsupported("op.parameter.dynamic", "shape", "the shape is not constant and its length is unknown");
  return check.failed();
}

Computed run_expand(const Attributes& attributes, Tensors inputs, std::size_t) {
  const auto infos = infer_run(infer_expand, attributes, inputs, 1);
  if (!infos) return fail(infos.error());
  return one(expanded(inputs[0], infos->front().shape));
}

Inferred infer_tile(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "input", kAny);
  if (check.type(1, "repeats", kInt64)) check.vector_of(1, "repeats", check.rank(0));
  if (!check.ok()) return check.failed();
  Shape shape(check.shape(0).size(), kUnknown);
  if (const auto repeats = check.ints(1))
    for (std::size_t i = 0; i < shape.size(); ++i) {
      const std::int64_t r = (*repeats)[i], d = check.shape(0)[i];
      if (r < 0) check.error("op.parameter", "repeats", text("entry ", i, " is ", r));
      if (r > kMaxTensorBytes) check.error("op.size", "repeats", text("entry ", i, " is ", r));
      if (d != kUnknown && check.ok()) shape[i] = r == 0 || d == 0 ? 0 : checked_element_count({r, d});
      if (d != kUnknown && check.ok() && shape[i] < 0) check.error("op.size", "repeats", text("entry ", i, " is ", r));
    }
  return check.done({{.type = check.in(0).type, .shape = shape}});
}

Computed run_tile(const Attributes& attributes, Tensors inputs, std::size_t) {
  const auto infos = infer_run(infer_tile, attributes, inputs, 1);
  if (!infos) return fail(infos.error());
  // Each axis becomes two: the repeat, which does not move in the input, and the axis itself.
  const Tensor& x = inputs[0];
  const auto repeats = ints_of(inputs[1]);
  const Shape own = strides_of(x.shape());
  Shape shape, strides;
  for (std::size_t i = 0; i < x.rank(); ++i) {
    shape.insert(shape.end(), {repeats[i], x.dim(i)});
    strides.insert(strides.end(), {0, own[i]});
  }
  return one(strided_copy(x, shape, strides).reshaped(infos->front().shape));
}

constexpr std::array<std::string_view, 1> kPerm{"perm"};
constexpr std::array<std::string_view, 2> kBlock{"blocksize", "mode"};

constexpr std::array kLayouts{
    OperatorDefinition{"DepthToSpace", 1, 1, kBlock, infer_depth_to_space, run_depth_to_space},
    OperatorDefinition{"Expand", 2, 2, kNoAttributes, infer_expand, run_expand},
    OperatorDefinition{"SpaceToDepth", 1, 1, kBlock, infer_space_to_depth, run_space_to_depth},
    OperatorDefinition{"Tile", 2, 2, kNoAttributes, infer_tile, run_tile},
    OperatorDefinition{"Transpose", 1, 1, kPerm, infer_transpose, run_transpose},
};

}  // namespace

Definitions layouts() {
  return kLayouts;
}

}  // namespace heddle::kernels::ops
