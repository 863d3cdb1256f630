// SPDX-License-Identifier: Apache-2.0
#include "kernels/gemm.h"

#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <cassert>
#include <vector>

#include "kernels/parallel.h"

namespace heddle::kernels {
namespace {

/// Products of two 8-bit magnitudes, below 2^16, stay exact in a float for this many additions.
constexpr std::int64_t kExactTerms = 256;

/// oneDNN brings OpenMP along and would start a second set of threads under each of ours; the limit holds per calling
/// thread. Looked up at run time because only oneDNN links that library.
void keep_blas_on_this_thread() {
  thread_local const bool done = [] {
    using SetThreads = void (*)(int);
    if (const auto set = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"))) set(1);
    return true;
  }();
  static_cast<void>(done);
}

}  // namespace

void run_gemm(const Gemm& g) {
  if (g.m == 0 || g.n == 0) return;
  if (g.k == 0) {
    for (std::int64_t i = 0; i < g.m; ++i)
      for (std::int64_t j = 0; j < g.n; ++j) g.c[i * g.ldc + j] = g.beta == 0.0F ? 0.0F : g.beta * g.c[i * g.ldc + j];
    return;
  }
  keep_blas_on_this_thread();
  [[maybe_unused]] const dnnl_status_t status =
      dnnl_sgemm(g.transpose_a ? 'T' : 'N', g.transpose_b ? 'T' : 'N', g.m, g.n, g.k, g.alpha, g.a, g.lda, g.b, g.ldb,
                 g.beta, g.c, g.ldc);
  assert(status == dnnl_success);
}

void run_gemm_parallel(const Gemm& g) {
  const bool rows = g.m >= g.n;
  const std::int64_t length = std::max<std::int64_t>(rows ? g.m : g.n, 1);
  const std::int64_t cost = std::max<std::int64_t>((rows ? g.n : g.m) * g.k / 8, 1);
  parallel_for(length, std::max<std::int64_t>(grain_for(cost), std::min<std::int64_t>(64, length)),
               [&](std::int64_t begin, std::int64_t end) {
                 Gemm part = g;
                 (rows ? part.m : part.n) = end - begin;
                 if (rows)
                   part.a += begin * (g.transpose_a ? 1 : g.lda);
                 else
                   part.b += begin * (g.transpose_b ? g.ldb : 1);
                 part.c += rows ? begin * g.ldc : begin;
                 run_gemm(part);
               });
}

void multiply_integers(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, std::int64_t ldb,
                       std::int32_t* c, std::int64_t ldc) {
  std::vector<float> part(static_cast<std::size_t>(m * n));
  for (std::int64_t first = 0; first < k; first += kExactTerms) {
    run_gemm({.m = m,
              .n = n,
              .k = std::min(kExactTerms, k - first),
              .a = a + first,
              .lda = k,
              .b = b + first * ldb,
              .ldb = ldb,
              .c = part.data(),
              .ldc = n});
    for (std::int64_t i = 0; i < m; ++i)
      for (std::int64_t j = 0; j < n; ++j) {
        const auto sum = static_cast<std::int32_t>(part[static_cast<std::size_t>(i * n + j)]);
        c[i * ldc + j] =
            static_cast<std::int32_t>(static_cast<std::uint32_t>(c[i * ldc + j]) + static_cast<std::uint32_t>(sum));
      }
  }
}

}  // namespace heddle::kernels
