// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace heddle::kernels {

/// C = alpha·op(A)·op(B) + beta·C on row-major floats, op transposing if asked; A is m×k, B is k×n after op. Runs on
/// the calling thread only, so that callers split the work themselves.
struct Gemm {
  bool transpose_a = false, transpose_b = false;
  std::int64_t m = 0, n = 0, k = 0;
  const float* a = nullptr;
  std::int64_t lda = 0;  ///< row length in memory
  const float* b = nullptr;
  std::int64_t ldb = 0;
  float* c = nullptr;
  std::int64_t ldc = 0;
  float alpha = 1, beta = 0;
};
void run_gemm(const Gemm& gemm);
/// The same on all cores, split along the longer side of C.
void run_gemm_parallel(const Gemm& gemm);

/// C += A·B for integers of at most 255 in magnitude held in floats (A dense m×k); exact, wrapping at 32 bits.
void multiply_integers(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, std::int64_t ldb,
                       std::int32_t* c, std::int64_t ldc);

/// C = op(A)·op(B), element by element: what run_gemm is tested against, and the form for all other types.
template <class T>
void naive_gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const T* a,
                const T* b, T* c) {
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) c[i * n + j] = T(0);
    for (std::int64_t x = 0; x < k; ++x) {
      const T left = transpose_a ? a[x * m + i] : a[i * k + x];
      for (std::int64_t j = 0; j < n; ++j) c[i * n + j] += left * (transpose_b ? b[j * k + x] : b[x * n + j]);
    }
  }
}

}  // namespace heddle::kernels
