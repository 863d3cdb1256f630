// SPDX-License-Identifier: Apache-2.0
#include "quant/lowering/site.h"

#include <algorithm>

#include "kernels/convert.h"

namespace heddle::quant {
namespace {

/// Index into per-axis parameters of flat element `i`.
std::size_t parameter_index(const Shape& shape, const ir::Quantization& q, std::size_t i) {
  if (q.scale.size() == 1 || q.axis < 0 || static_cast<std::size_t>(q.axis) >= shape.size()) return 0;
  std::int64_t inner = 1;
  for (std::size_t d = static_cast<std::size_t>(q.axis) + 1; d < shape.size(); ++d) inner *= shape[d];
  return static_cast<std::size_t>(static_cast<std::int64_t>(i) / inner % shape[static_cast<std::size_t>(q.axis)]);
}

bool fits_map(std::int64_t n) {
  return n >= 1 && n <= ir::limits::kExtent;
}

}  // namespace

std::optional<ir::Extent> natural_extent(const Shape& shape) {
  if (shape.size() < 2 || shape.size() > 4) return std::nullopt;
  if (!std::all_of(shape.begin() + 1, shape.end(), fits_map)) return std::nullopt;
  const auto at = [&](std::size_t i) { return static_cast<std::int32_t>(shape[i]); };
  if (shape.size() == 4) return ir::Extent{at(1), at(2), at(3)};
  return ir::Extent{at(1), 1, shape.size() == 3 ? at(2) : 1};
}

std::optional<Format> format_of(const ir::Quantization& q) {
  if (q.scale.size() != 1 || !(q.scale[0] > 0)) return std::nullopt;
  const std::int32_t zero = q.zero_point.empty() ? 0 : q.zero_point[0];
  switch (q.type) {
    case DataType::i8:
      return Format{DataType::i8, q.scale[0], zero};
    case DataType::u8:
      return Format{DataType::i8, q.scale[0], zero - 128};
    case DataType::i16:
      return zero == 0 ? std::optional(Format{DataType::i16, q.scale[0], 0}) : std::nullopt;
    case DataType::u16:
      return zero == 32768 ? std::optional(Format{DataType::i16, q.scale[0], 0}) : std::nullopt;
    case DataType::i1:
    case DataType::i2:
    case DataType::i4:
    case DataType::bf16:
    case DataType::f32:
    case DataType::i32:
    case DataType::i64:
    case DataType::boolean:
    case DataType::f16:
    case DataType::f64:
    case DataType::u4:
    case DataType::u2:
    case DataType::u32:
    case DataType::u64:
      return std::nullopt;
  }
  return std::nullopt;
}

std::vector<float> real_constant(const ir::Graph& graph, ir::ValueId id) {
  const Tensor* tensor = id == ir::kNoValue ? nullptr : ir::constant_of(graph, id);
  if (tensor == nullptr) return {};
  const auto reals = kernels::cast(*tensor, DataType::f32);
  std::vector<float> result(reals.data<float>().begin(), reals.data<float>().end());
  const bool is_real = tensor->type() == DataType::f32 || tensor->type() == DataType::f64 ||
                       tensor->type() == DataType::f16 || tensor->type() == DataType::bf16;
  const auto& q = graph.value(id).quantization;
  if (is_real || !q) return result;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t p = parameter_index(tensor->shape(), *q, i);
    const auto zero = q->zero_point.empty() ? 0 : q->zero_point[p];
    result[i] = q->scale[p] * (result[i] - static_cast<float>(zero));
  }
  return result;
}

std::vector<std::int64_t> integer_constant(const Tensor* tensor) {
  if (tensor == nullptr || (tensor->type() != DataType::i64 && tensor->type() != DataType::i32)) return {};
  const Tensor wide = kernels::cast(*tensor, DataType::i64);
  return {wide.data<std::int64_t>().begin(), wide.data<std::int64_t>().end()};
}

std::optional<std::vector<float>> per_channel_constant(const ir::Graph& graph, ir::ValueId id, const Shape& other,
                                                       std::int32_t channels) {
  const Tensor* tensor = ir::constant_of(graph, id);
  if (tensor == nullptr || tensor->rank() > other.size()) return std::nullopt;
  const std::size_t missing = other.size() - tensor->rank();
  for (std::size_t d = 0; d < tensor->rank(); ++d) {
    const bool is_channel = d + missing == 1;
    if (tensor->dim(d) != 1 && !(is_channel && tensor->dim(d) == channels)) return std::nullopt;
  }
  std::vector<float> values = real_constant(graph, id);
  if (values.empty()) return std::nullopt;
  if (values.size() == 1) values.resize(static_cast<std::size_t>(channels), values[0]);
  return values;
}

}  // namespace heddle::quant
