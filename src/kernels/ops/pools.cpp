// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/convert.h"
#include "kernels/convolution.h"
#include "kernels/ops/ops.h"
#include "kernels/parallel.h"

namespace heddle::kernels::ops {
namespace {

std::optional<Window> pool_window(Check& check, const Shape& x) {
  const Shape kernel = get_ints(check.attributes(), "kernel_shape");
  if (kernel.empty()) {
    check.error("op.attribute.missing", "kernel_shape", "the attribute is required");
    return std::nullopt;
  }
  return resolve_window(check, spatial(x), kernel, get_int(check.attributes(), "ceil_mode", 0) != 0);
}

template <TypeSet Allowed>
Inferred infer_pool(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (check.type(0, "X", Allowed)) check.rank_at_least(0, "X", 3);
  check.int_in("storage_order", 0, 0, 1);
  check.int_in("p", 2, 1, 1024);
  if (!check.ok()) return check.failed();
  const auto window = pool_window(check, check.shape(0));
  if (!window) return check.failed();
  const Shape shape = with_spatial(check.shape(0)[0], check.shape(0)[1], window->out);
  return check.done({{.type = check.in(0).type, .shape = shape}});
}

Inferred infer_max_pool(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  auto result = infer_pool < kReal | kByte > (attributes, inputs, 1);
  if (!result) return result;
  result->push_back({.type = DataType::i64, .shape = result->front().shape});
  Check check(attributes, inputs, outputs);
  return check.done(std::move(*result));
}

/// Strides of one plane, row-major or (MaxPool's storage_order 1) column-major.
Shape plane_strides(const Shape& in, bool column_major) {
  Shape strides(in.size(), 1);
  if (column_major)
    for (std::size_t i = 1; i < in.size(); ++i) strides[i] = strides[i - 1] * in[i - 1];
  else
    for (std::size_t i = in.size() - 1; i-- > 0;) strides[i] = strides[i + 1] * in[i + 1];
  return strides;
}

/// The taps that each output index reads, per dimension: the same for all planes.
struct PoolTaps {
  Window window;
  Shape strides;
  std::vector<std::vector<TapRange>> ranges;

  explicit PoolTaps(const Window& w) : window(w), strides(plane_strides(w.in, false)), ranges(w.in.size()) {
    for (std::size_t i = 0; i < ranges.size(); ++i)
      for (std::int64_t o = 0; o < w.out[i]; ++o) ranges[i].push_back(valid_taps(w, i, o));
  }
};

/// One window position of one plane. Lives across positions, so that walking allocates nothing.
class PoolPosition {
 public:
  explicit PoolPosition(const PoolTaps& taps) : taps_(taps), out_(taps.window.in.size(), 0), tap_(out_) {}

  bool next() { return advance(out_, taps_.window.out); }
  [[nodiscard]] const Shape& out() const { return out_; }
  [[nodiscard]] std::int64_t valid_taps() const {
    std::int64_t n = 1;
    for (std::size_t i = 0; i < out_.size(); ++i) n *= range(i).end - range(i).first;
    return n;
  }
  /// Calls visit(position in the plane) for every valid tap, in row-major order.
  template <class Visit>
  void visit(const Visit& visit) {
    const Window& w = taps_.window;
    const std::size_t last = out_.size() - 1;
    for (std::size_t i = 0; i <= last; ++i) {
      if (range(i).first >= range(i).end) return;
      tap_[i] = range(i).first;
    }
    const std::int64_t column = out_[last] * w.stride[last] - w.pad_begin[last];
    do {
      std::int64_t start = column;
      for (std::size_t i = 0; i < last; ++i)
        start += (out_[i] * w.stride[i] - w.pad_begin[i] + tap_[i] * w.dilation[i]) * taps_.strides[i];
      for (std::int64_t k = range(last).first; k < range(last).end; ++k) visit(start + k * w.dilation[last]);
    } while (next_row(last));
  }

 private:
  [[nodiscard]] const TapRange& range(std::size_t i) const {
    return taps_.ranges[i][static_cast<std::size_t>(out_[i])];
  }
  /// The next combination of the taps before the last dimension.
  bool next_row(std::size_t last) {
    for (std::size_t i = last; i-- > 0;) {
      if (++tap_[i] < range(i).end) return true;
      tap_[i] = range(i).first;
    }
    return false;
  }

  const PoolTaps& taps_;
  Shape out_, tap_;
};

/// Calls pool(plane, output offset, position) for every output element.
template <class Pool>
void for_each_window(const Window& w, std::int64_t planes, const Pool& pool) {
  const std::int64_t size = element_count(w.out);
  if (size == 0) return;
  const PoolTaps taps(w);
  parallel_for(planes, grain_for(size * 16), [&](std::int64_t begin, std::int64_t end) {
    PoolPosition position(taps);
    for (std::int64_t plane = begin; plane < end; ++plane) {
      std::int64_t at = plane * size;
      do {
        pool(plane, at++, position);
      } while (position.next());
    }
  });
}

std::int64_t column_major_position(const Shape& in, std::int64_t position) {
  const Shape rows = plane_strides(in, false), columns = plane_strides(in, true);
  std::int64_t result = 0;
  for (std::size_t i = 0; i < in.size(); ++i) result += position / rows[i] % in[i] * columns[i];
  return result;
}

template <class T>
void max_pool(const Window& w, const Tensor& x, bool column_major, Tensor& y, Tensor& indices) {
  const auto from = x.data<T>();
  const auto to = y.mutable_data<T>();
  const auto index = indices.mutable_data<std::int64_t>();
  const std::int64_t in = element_count(w.in);
  for_each_window(w, x.dim(0) * x.dim(1), [&](std::int64_t plane, std::int64_t at, PoolPosition& p) {
    const T* source = from.data() + plane * in;
    T best = std::numeric_limits<T>::lowest();
    std::int64_t where = -1;
    p.visit([&](std::int64_t position) {
      const T v = source[position];
      if (where < 0 || v > best || v != v) {
        best = v;
        where = position;
      }
    });
    to[static_cast<std::size_t>(at)] = best;
    if (index.empty()) return;
    const std::int64_t local = where < 0 ? 0 : column_major ? column_major_position(w.in, where) : where;
    index[static_cast<std::size_t>(at)] = plane * in + local;
  });
}

Computed run_max_pool(const Attributes& attributes, Tensors inputs, std::size_t outputs) {
  Check check(attributes, {}, 1);
  const auto window = pool_window(check, inputs[0].shape());
  if (!window) return check.failed();
  const DataType type = real_type(inputs[0].type());
  const Tensor x = cast(inputs[0], type);
  Tensor y(type, with_spatial(x.dim(0), x.dim(1), window->out));
  Tensor indices(DataType::i64, outputs > 1 ? y.shape() : Shape{0});
  const bool column_major = get_int(attributes, "storage_order", 0) != 0;
  with_real(type, [&]<class T>() { max_pool<T>(*window, x, column_major, y, indices); });
  std::vector<Tensor> result{cast(y, inputs[0].type())};
  if (outputs > 1) result.push_back(indices);
  return result;
}

/// Window positions that count for the average with count_include_pad: also the padding, but not what ceil_mode adds
/// behind it.
std::int64_t padded_taps(const Window& w, const Shape& out) {
  std::int64_t taps = 1;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::int64_t room = w.in[i] + w.pad_begin[i] + w.pad_end[i] - out[i] * w.stride[i];
    taps *= std::min(w.kernel[i], (room + w.dilation[i] - 1) / w.dilation[i]);
  }
  return taps;
}

template <class T>
void average_pool(const Window& w, const Tensor& x, bool include_pad, Tensor& y) {
  const auto from = x.data<T>();
  const auto to = y.mutable_data<T>();
  const std::int64_t in = element_count(w.in);
  for_each_window(w, x.dim(0) * x.dim(1), [&](std::int64_t plane, std::int64_t at, PoolPosition& p) {
    const T* source = from.data() + plane * in;
    double sum = 0;
    p.visit([&](std::int64_t position) { sum += static_cast<double>(source[position]); });
    const std::int64_t taps = include_pad ? padded_taps(w, p.out()) : p.valid_taps();
    to[static_cast<std::size_t>(at)] = static_cast<T>(taps == 0 ? 0.0 : sum / static_cast<double>(taps));
  });
}

Computed run_average_pool(const Attributes& attributes, Tensors inputs, std::size_t) {
  Check check(attributes, {}, 1);
  const auto window = pool_window(check, inputs[0].shape());
  if (!window) return check.failed();
  const DataType type = real_type(inputs[0].type());
  const Tensor x = cast(inputs[0], type);
  Tensor y(type, with_spatial(x.dim(0), x.dim(1), window->out));
  const bool include_pad = get_int(attributes, "count_include_pad", 0) != 0;
  with_real(type, [&]<class T>() { average_pool<T>(*window, x, include_pad, y); });
  return one(cast(y, inputs[0].type()));
}

Computed run_lp_pool(const Attributes& attributes, Tensors inputs, std::size_t) {
  Check check(attributes, {}, 1);
  const auto window = pool_window(check, inputs[0].shape());
  if (!window) return check.failed();
  const Tensor x = cast(inputs[0], DataType::f64);
  Tensor y(DataType::f64, with_spatial(x.dim(0), x.dim(1), window->out));
  const auto power = static_cast<double>(get_int(attributes, "p", 2));
  const auto from = x.data<double>();
  const auto to = y.mutable_data<double>();
  const std::int64_t in = element_count(window->in);
  for_each_window(*window, x.dim(0) * x.dim(1), [&](std::int64_t plane, std::int64_t at, PoolPosition& p) {
    double sum = 0;
    p.visit([&](std::int64_t position) {
      sum += std::pow(std::abs(from[static_cast<std::size_t>(plane * in + position)]), power);
    });
    to[static_cast<std::size_t>(at)] = std::pow(sum, 1.0 / power);
  });
  return one(cast(y, inputs[0].type()));
}

Inferred infer_global_pool(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (check.type(0, "X", kReal)) check.rank_at_least(0, "X", 2);
  check.int_in("p", 2, 1, 1024);
  if (!check.ok()) return check.failed();
  Shape shape = check.shape(0);
  for (std::size_t i = 2; i < shape.size(); ++i) {
    if (shape[i] == 0) check.error("op.shape", "X", text("the shape ", check.shape(0), " has nothing to pool"));
    shape[i] = 1;
  }
  return check.done({{.type = check.in(0).type, .shape = shape}});
}

/// Reduces every plane to one element through double.
template <class F>
Computed reduce_planes(const Tensor& input, const F& reduce) {
  const DataType type = real_type(input.type());
  const Tensor x = cast(input, type);
  Shape shape = x.shape();
  std::fill(shape.begin() + 2, shape.end(), 1);
  Tensor y(type, shape);
  if (y.size() == 0) return one(cast(y, input.type()));
  const std::int64_t size = x.size() / y.size();
  with_real(type, [&]<class T>() {
    const auto from = x.data<T>();
    const auto to = y.mutable_data<T>();
    parallel_for(y.size(), grain_for(size), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        to[static_cast<std::size_t>(i)] =
            static_cast<T>(reduce(from.subspan(static_cast<std::size_t>(i * size), static_cast<std::size_t>(size))));
    });
  });
  return one(cast(y, input.type()));
}

Computed run_global_average_pool(const Attributes&, Tensors inputs, std::size_t) {
  return reduce_planes(inputs[0], [](auto plane) {
    return std::accumulate(plane.begin(), plane.end(), 0.0) / static_cast<double>(plane.size());
  });
}

Computed run_global_max_pool(const Attributes&, Tensors inputs, std::size_t) {
  return reduce_planes(inputs[0], [](auto plane) {
    auto best = plane[0];
    for (const auto v : plane) best = v > best || v != v ? v : best;
    return best;
  });
}

Computed run_global_lp_pool(const Attributes& attributes, Tensors inputs, std::size_t) {
  const auto p = static_cast<double>(get_int(attributes, "p", 2));
  return reduce_planes(inputs[0], [p](auto plane) {
    double sum = 0;
    for (const auto v : plane) sum += std::pow(std::abs(static_cast<double>(v)), p);
    return std::pow(sum, 1.0 / p);
  });
}

constexpr std::array<std::string_view, 7> kMaxPool{"auto_pad", "ceil_mode",     "dilations", "kernel_shape",
                                                   "pads",     "storage_order", "strides"};
constexpr std::array<std::string_view, 7> kAveragePool{
    "auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"};
constexpr std::array<std::string_view, 7> kLpPool{"auto_pad", "ceil_mode", "dilations", "kernel_shape",
                                                  "p",        "pads",      "strides"};
constexpr std::array<std::string_view, 1> kP{"p"};

constexpr std::array kPools{
    OperatorDefinition{"AveragePool", 1, 1, kAveragePool, infer_pool<kReal>, run_average_pool},
    OperatorDefinition{"GlobalAveragePool", 1, 1, kNoAttributes, infer_global_pool, run_global_average_pool},
    OperatorDefinition{"GlobalLpPool", 1, 1, kP, infer_global_pool, run_global_lp_pool},
    OperatorDefinition{"GlobalMaxPool", 1, 1, kNoAttributes, infer_global_pool, run_global_max_pool},
    OperatorDefinition{"LpPool", 1, 1, kLpPool, infer_pool<kReal>, run_lp_pool},
    OperatorDefinition{"MaxPool", 1, 1, kMaxPool, infer_max_pool, run_max_pool},
};

}  // namespace

Definitions pools() {
  return kPools;
}

}  // namespace heddle::kernels::ops
