// SPDX-License-Identifier: Apache-2.0
#include "kernels/convert.h"
#include "kernels/ops/ops.h"
#include "kernels/window.h"

namespace heddle::kernels::ops {
namespace {

/// The size that MaxPool had as its input, by the inverse of its size formula.
std::optional<Shape> default_shape(Check& check, const Shape& x) {
  const Shape kernel = get_ints(check.attributes(), "kernel_shape");
  if (kernel.empty()) {
    check.error("op.attribute.missing", "kernel_shape", "the attribute is required");
    return std::nullopt;
  }
  const auto window = resolve_transposed_window(check, spatial(x), kernel);
  if (!window) return std::nullopt;
  return with_spatial(x[0], x[1], window->out);
}

Inferred infer_max_unpool(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (check.type(0, "X", kReal)) check.rank_at_least(0, "X", 3);
  check.type(1, "I", kInt64);
  check.optional_type(2, "output_shape", kInt64);
  if (!check.ok()) return check.failed();
  if (check.shape(1) != check.shape(0) && is_known(check.shape(0)) && is_known(check.shape(1)))
    check.error("op.shape", "I", text("the shape ", check.shape(1), " differs from X's ", check.shape(0)));
  Shape shape(check.shape(0).size(), kUnknown);
  if (check.has(2)) {
    if (!check.vector_of(2, "output_shape", check.rank(0))) return check.failed();
    if (const auto stated = check.ints(2)) shape = *stated;
    for (const std::int64_t d : shape)
      if (d < 0 && d != kUnknown) check.error("op.shape", "output_shape", text("the dimension ", d, " is negative"));
  } else if (const auto standard = default_shape(check, check.shape(0))) {
    shape = *standard;
  }
  return check.done({{.type = check.in(0).type, .shape = shape}});
}

Computed run_max_unpool(const Attributes& attributes, Tensors inputs, std::size_t) {
  const auto infos = infer_run(infer_max_unpool, attributes, inputs, 1);
  if (!infos) return fail(infos.error());
  // Without output_shape the indices refer to the default size; with it they still do, and are moved over.
  const Tensor& x = inputs[0];
  Tensor y(x.type(), infos->front().shape);
  Check check(attributes, {}, 1);
  const auto standard = default_shape(check, x.shape());
  const Shape source = standard ? *standard : y.shape();
  const auto index = inputs[1].data<std::int64_t>();
  const std::int64_t limit = element_count(source);
  const std::size_t size = host_bytes(x.type());
  const auto from = x.bytes();
  const auto to = y.mutable_bytes();
  for (std::size_t i = 0; i < index.size(); ++i) {
    if (index[i] < 0 || index[i] >= limit)
      return bad_value("I", text("element ", i, " is ", index[i], ", outside 0 … ", limit - 1));
    std::int64_t rest = index[i], position = 0, stride = 1;
    bool inside = true;
    for (std::size_t axis = source.size(); axis-- > 0;) {
      const std::int64_t at = rest % source[axis];
      rest /= source[axis];
      inside = inside && at < y.dim(axis);
      position += at * stride;
      stride *= y.dim(axis);
    }
    if (!inside) return bad_value("I", text("element ", i, " points outside the output ", y.shape()));
    std::copy_n(from.data() + i * size, size, to.data() + static_cast<std::size_t>(position) * size);
  }
  return one(y);
}

constexpr std::array<std::string_view, 3> kMaxUnpool{"kernel_shape", "pads", "strides"};

constexpr std::array kUnpools{
    OperatorDefinition{"MaxUnpool", 2, 3, kMaxUnpool, infer_max_unpool, run_max_unpool},
};

}  // namespace

Definitions unpools() {
  return kUnpools;
}

}  // namespace heddle::kernels::ops
