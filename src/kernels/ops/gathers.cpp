// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/ops/ops.h"
#include "kernels/strided.h"

namespace heddle::kernels::ops {
namespace {

/// Indices counted from the end made positive; reports the first one out of range.
Result<std::vector<std::int64_t>> normal_indices(const Tensor& indices, std::int64_t size) {
  std::vector<std::int64_t> result = ints_of(indices);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::int64_t v = result[i];
    if (v < -size || v >= size)
      return bad_value("indices", text("element ", i, " is ", v, ", outside ", -size, " … ", size - 1));
    if (v < 0) result[i] += size;
  }
  return result;
}

std::size_t normal_axis(const Attributes& attributes, const Tensor& x) {
  const std::int64_t axis = get_int(attributes, "axis", 0);
  return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(x.rank()) : axis);
}

Inferred infer_gather(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (check.type(0, "data", kAny)) check.rank_at_least(0, "data", 1);
  check.type(1, "indices", kIndex);
  if (!check.ok()) return check.failed();
  const auto axis = check.axis("axis", get_int(attributes, "axis", 0), check.rank(0));
  if (!axis) return check.failed();
  const Shape &x = check.shape(0), &i = check.shape(1);
  Shape shape(x.begin(), x.begin() + *axis);
  shape.insert(shape.end(), i.begin(), i.end());
  shape.insert(shape.end(), x.begin() + *axis + 1, x.end());
  return check.done({{.type = check.in(0).type, .shape = shape}});
}

Computed run_gather(const Attributes& attributes, Tensors inputs, std::size_t) {
  const auto infos = infer_run(infer_gather, attributes, inputs, 1);
  if (!infos) return fail(infos.error());
  const Tensor& x = inputs[0];
  const std::size_t axis = normal_axis(attributes, x);
  const auto indices = normal_indices(inputs[1], x.dim(axis));
  if (!indices) return fail(indices.error());
  Tensor y(x.type(), infos->front().shape);
  if (y.size() == 0) return one(y);
  const std::int64_t block = strides_of(x.shape())[axis] * static_cast<std::int64_t>(host_bytes(x.type()));
  const auto count = static_cast<std::int64_t>(indices->size());
  const std::int64_t outer = static_cast<std::int64_t>(y.bytes().size()) / (block * count);
  const std::byte* from = x.bytes().data();
  std::byte* to = y.mutable_bytes().data();
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::int64_t i = 0; i < count; ++i)
      std::copy_n(from + (o * x.dim(axis) + (*indices)[static_cast<std::size_t>(i)]) * block, block,
                  to + (o * count + i) * block);
  return one(y);
}

Inferred infer_gather_elements(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (check.type(0, "data", kAny)) check.rank_at_least(0, "data", 1);
  if (check.type(1, "indices", kIndex)) check.rank_is(1, "indices", check.rank(0));
  if (!check.ok()) return check.failed();
  const auto axis = check.axis("axis", get_int(attributes, "axis", 0), check.rank(0));
  if (!axis) return check.failed();
  const Shape &x = check.shape(0), &i = check.shape(1);
  for (std::size_t d = 0; d < x.size(); ++d)
    if (static_cast<std::int64_t>(d) != *axis && i[d] > x[d] && x[d] != kUnknown)
      check.error("op.shape", "indices", text("the shape ", i, " exceeds the data's ", x));
  return check.done({{.type = check.in(0).type, .shape = i}});
}

Computed run_gather_elements(const Attributes& attributes, Tensors inputs, std::size_t) {
  const Tensor& x = inputs[0];
  const std::size_t axis = normal_axis(attributes, x);
  const auto indices = normal_indices(inputs[1], x.dim(axis));
  if (!indices) return fail(indices.error());
  Tensor y(x.type(), inputs[1].shape());
  const Shape strides = strides_of(x.shape());
  const std::size_t size = host_bytes(x.type());
  const auto from = x.bytes();
  const auto to = y.mutable_bytes();
  for (std::size_t i = 0; i < indices->size(); ++i) {
    std::int64_t rest = static_cast<std::int64_t>(i), offset = (*indices)[i] * strides[axis];
    for (std::size_t d = y.rank(); d-- > 0;) {
      if (d != axis) offset += rest % y.dim(d) * strides[d];
      rest /= y.dim(d);
    }
    std::copy_n(from.data() + static_cast<std::size_t>(offset) * size, size, to.data() + i * size);
  }
  return one(y);
}

Inferred infer_gather_nd(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (check.type(0, "data", kAny)) check.rank_at_least(0, "data", 1);
  if (check.type(1, "indices", kInt64)) check.rank_at_least(1, "indices", 1);
  if (!check.ok()) return check.failed();
  const Shape &x = check.shape(0), &i = check.shape(1);
  const auto batch = check.int_in("batch_dims", 0, 0, std::min(check.rank(0), check.rank(1)) - 1);
  if (!batch) return check.failed();
  const std::int64_t depth = i.back();
  if (depth == kUnknown || depth < 1 || *batch + depth > check.rank(0)) {
    check.error("op.shape", "indices", text("the shape ", i, " addresses ", depth, " axes of ", x, " behind ", *batch));
    return check.failed();
  }
  for (std::int64_t d = 0; d < *batch; ++d)
    check.same_dim("indices", i[static_cast<std::size_t>(d)], x[static_cast<std::size_t>(d)], "batch entries");
  Shape shape(i.begin(), i.end() - 1);
  shape.insert(shape.end(), x.begin() + *batch + depth, x.end());
  return check.done({{.type = check.in(0).type, .shape = shape}});
}

Computed run_gather_nd(const Attributes& attributes, Tensors inputs, std::size_t) {
  const auto infos = infer_run(infer_gather_nd, attributes, inputs, 1);
  if (!infos) return fail(infos.error());
  const Tensor& x = inputs[0];
  const auto batch = static_cast<std::size_t>(get_int(attributes, "batch_dims", 0));
  const auto depth = static_cast<std::size_t>(inputs[1].shape().back());
  Tensor y(x.type(), infos->front().shape);
  if (y.size() == 0) return one(y);
  const Shape strides = strides_of(x.shape());
  const auto indices = inputs[1].data<std::int64_t>();
  const std::size_t tuples = indices.size() / depth;
  std::int64_t batches = 1;
  for (std::size_t d = 0; d < batch; ++d) batches *= x.dim(d);
  const std::size_t per_batch = tuples / static_cast<std::size_t>(batches);
  const std::size_t block = y.bytes().size() / tuples, element = host_bytes(x.type());
  const std::size_t batch_step = x.bytes().size() / static_cast<std::size_t>(batches);
  for (std::size_t t = 0; t < tuples; ++t) {
    std::int64_t offset = 0;
    for (std::size_t k = 0; k < depth; ++k) {
      const std::int64_t size = x.dim(batch + k), v = indices[t * depth + k];
      if (v < -size || v >= size)
        return bad_value("indices",
                         text("entry ", k, " of tuple ", t, " is ", v, ", outside ", -size, " … ", size - 1));
      offset += (v < 0 ? v + size : v) * strides[batch + k];
    }
    std::copy_n(x.bytes().data() + t / per_batch * batch_step + static_cast<std::size_t>(offset) * element, block,
                y.mutable_bytes().data() + t * block);
  }
  return one(y);
}

constexpr std::array<std::string_view, 1> kBatch{"batch_dims"};

constexpr std::array kGathers{
    OperatorDefinition{"Gather", 2, 2, kAxis, infer_gather, run_gather},
    OperatorDefinition{"GatherElements", 2, 2, kAxis, infer_gather_elements, run_gather_elements},
    OperatorDefinition{"GatherND", 2, 2, kBatch, infer_gather_nd, run_gather_nd},
};

}  // namespace

Definitions gathers() {
  return kGathers;
}

}  // namespace heddle::kernels::ops
