// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/convert.h"
#include "kernels/gemm.h"
#include "kernels/ops/binary.h"
#include "kernels/ops/matrix_shape.h"
#include "kernels/ops/ops.h"
#include "kernels/strided.h"

namespace heddle::kernels::ops {

std::optional<MatMulShape> matmul_shape(Check& check, Shape a, Shape b) {
  if (a.empty() || b.empty()) {
    check.error("op.rank", a.empty() ? "A" : "B", "a scalar cannot be multiplied as a matrix");
    return std::nullopt;
  }
  MatMulShape s;
  const bool row = a.size() == 1, column = b.size() == 1;
  if (row) a.insert(a.begin(), 1);
  if (column) b.push_back(1);
  s.m = a[a.size() - 2];
  s.k = a.back();
  s.n = b.back();
  if (!check.same_dim("B", b[b.size() - 2], s.k, "rows")) return std::nullopt;
  if (s.k == kUnknown) s.k = b[b.size() - 2];
  s.a_batch = Shape(a.begin(), a.end() - 2);
  s.b_batch = Shape(b.begin(), b.end() - 2);
  s.batch = check.broadcast(s.a_batch, s.b_batch, "B");
  s.result = s.batch;
  if (!row) s.result.push_back(s.m);
  if (!column) s.result.push_back(s.n);
  if (!check.ok()) return std::nullopt;
  return s;
}

namespace {

constexpr TypeSet kMatrix = kReal | types({DataType::i32, DataType::u32, DataType::i64, DataType::u64});

Inferred infer_matmul(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (check.type(0, "A", kMatrix) && check.type(1, "B", kMatrix)) check.same_type(1, "B", 0);
  if (!check.ok()) return check.failed();
  const auto shape = matmul_shape(check, check.shape(0), check.shape(1));
  if (!shape) return check.failed();
  return check.done({{.type = check.in(0).type, .shape = shape->result}});
}

/// One batch entry after the other; floats through the fast product.
template <class T>
void multiply_batches(const MatMulShape& s, const Tensor& a, const Tensor& b, Tensor& y) {
  Shape sa = broadcast_strides(s.a_batch, s.batch), sb = broadcast_strides(s.b_batch, s.batch);
  const StridedLoop loop(s.batch, {sa, sb});
  const std::int64_t batches = element_count(s.batch);
  for (std::int64_t i = 0; i < batches; ++i) {
    const auto at = loop.offsets(i / loop.length());
    const std::int64_t inner = i % loop.length();
    const T* left = a.data<T>().data() + (at[0] + inner * loop.step(0)) * s.m * s.k;
    const T* right = b.data<T>().data() + (at[1] + inner * loop.step(1)) * s.k * s.n;
    T* out = y.mutable_data<T>().data() + i * s.m * s.n;
    if constexpr (std::is_same_v<T, float>)
      run_gemm_parallel(
          {.m = s.m, .n = s.n, .k = s.k, .a = left, .lda = s.k, .b = right, .ldb = s.n, .c = out, .ldc = s.n});
    else
      naive_gemm<T>(false, false, s.m, s.n, s.k, left, right, out);
  }
}

Computed run_matmul(const Attributes& attributes, Tensors inputs, std::size_t) {
  Check check(attributes, {}, 1);
  const auto shape = matmul_shape(check, inputs[0].shape(), inputs[1].shape());
  if (!shape) return check.failed();
  // Integers wrap; they are multiplied as unsigned ones, whose bits are the same.
  const bool real = contains(kReal, inputs[0].type());
  const DataType type = real ? compute_type(inputs[0].type()) : DataType::u64;
  const Tensor a = cast(inputs[0], type), b = cast(inputs[1], type);
  Tensor y(type, shape->result);
  with_compute(type, [&]<class T>() { multiply_batches<T>(*shape, a, b, y); });
  return one(cast(y, inputs[0].type()));
}

struct GemmSize {
  std::int64_t m, n, k;
};

std::optional<GemmSize> gemm_size(Check& check, const Shape& a, const Shape& b) {
  const bool ta = get_int(check.attributes(), "transA", 0) != 0, tb = get_int(check.attributes(), "transB", 0) != 0;
  const GemmSize size{.m = a[ta ? 1 : 0], .n = b[tb ? 0 : 1], .k = a[ta ? 0 : 1]};
  if (!check.same_dim("B", b[tb ? 1 : 0], size.k, tb ? "columns" : "rows")) return std::nullopt;
  return size;
}

Inferred infer_gemm(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (check.type(0, "A", kMatrix)) check.rank_is(0, "A", 2);
  if (check.type(1, "B", kMatrix) && check.rank_is(1, "B", 2)) check.same_type(1, "B", 0);
  check.same_type(2, "C", 0);
  if (!check.ok()) return check.failed();
  const auto size = gemm_size(check, check.shape(0), check.shape(1));
  if (!size) return check.failed();
  const Shape shape{size->m, size->n};
  if (check.has(2) && check.broadcast(check.shape(2), shape, "C") != shape && check.ok() && is_known(shape))
    check.error("op.shape", "C", text("the shape ", check.shape(2), " does not broadcast to ", shape));
  return check.done({{.type = check.in(0).type, .shape = shape}});
}

Computed run_gemm_operator(const Attributes& attributes, Tensors inputs, std::size_t) {
  Check check(attributes, {}, 1);
  const auto size = gemm_size(check, inputs[0].shape(), inputs[1].shape());
  if (!size) return check.failed();
  const bool ta = get_int(attributes, "transA", 0) != 0, tb = get_int(attributes, "transB", 0) != 0;
  const float alpha = get_float(attributes, "alpha", 1.0F), beta = get_float(attributes, "beta", 1.0F);
  const bool narrow = compute_type(inputs[0].type()) == DataType::f32;
  const DataType type = narrow ? DataType::f32 : DataType::f64;
  const Tensor a = cast(inputs[0], type), b = cast(inputs[1], type);
  Tensor y(type, {size->m, size->n});
  if (narrow) {
    run_gemm_parallel({.transpose_a = ta,
                       .transpose_b = tb,
                       .m = size->m,
                       .n = size->n,
                       .k = size->k,
                       .a = a.data<float>().data(),
                       .lda = a.dim(1),
                       .b = b.data<float>().data(),
                       .ldb = b.dim(1),
                       .c = y.mutable_data<float>().data(),
                       .ldc = size->n,
                       .alpha = alpha});
  } else {
    naive_gemm<double>(ta, tb, size->m, size->n, size->k, a.data<double>().data(), b.data<double>().data(),
                       y.mutable_data<double>().data());
    for (double& v : y.mutable_data<double>()) v *= static_cast<double>(alpha);
  }
  if (has(inputs, 2))
    y = combine(y, cast(inputs[2], type), y.shape(),
                [beta]<class T>(T p, T q) { return p + static_cast<T>(beta) * q; });
  return one(cast(y, inputs[0].type()));
}

constexpr std::array<std::string_view, 4> kGemm{"alpha", "beta", "transA", "transB"};

constexpr std::array kMatrices{
    OperatorDefinition{"Gemm", 2, 3, kGemm, infer_gemm, run_gemm_operator},
    OperatorDefinition{"MatMul", 2, 2, kNoAttributes, infer_matmul, run_matmul},
};

}  // namespace

Definitions matrices() {
  return kMatrices;
}

}  // namespace heddle::kernels::ops
