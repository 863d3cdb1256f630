// SPDX-License-Identifier: Apache-2.0
#include "kernels/convolution.h"

#include <random>

#include "kernels/gemm.h"
#include "tests/unit/kernels/run.h"

namespace heddle::kernels {
namespace {
using namespace test;

std::int64_t pick(std::mt19937& rng, std::int64_t lo, std::int64_t hi) {
  return std::uniform_int_distribution<std::int64_t>(lo, hi)(rng);
}

/// A random geometry whose window fits its padded input.
ConvGeometry random_geometry(std::mt19937& rng) {
  ConvGeometry g;
  g.batch = pick(rng, 1, 2);
  g.group = pick(rng, 1, 4);
  g.channels = g.group * pick(rng, 1, 3);
  g.features = g.group * pick(rng, 1, 3);
  const std::int64_t rank = pick(rng, 1, 3);
  for (std::int64_t i = 0; i < rank; ++i) {
    const std::int64_t k = pick(rng, 1, 4), d = pick(rng, 1, 2), s = pick(rng, 1, 3), extent = (k - 1) * d + 1;
    const std::int64_t before = pick(rng, 0, 3), behind = pick(rng, 0, 3);
    const std::int64_t in = std::max<std::int64_t>(pick(rng, 1, 9), extent - before - behind);
    g.window.kernel.push_back(k);
    g.window.dilation.push_back(d);
    g.window.stride.push_back(s);
    g.window.pad_begin.push_back(before);
    g.window.pad_end.push_back(behind);
    g.window.in.push_back(in);
    g.window.out.push_back((in + before + behind - extent) / s + 1);
  }
  return g;
}

TEST(Convolve, EqualsTheDefinitionOnRandomShapes) {
  std::mt19937 rng(1);
  for (int round = 0; round < 300; ++round) {
    const ConvGeometry g = random_geometry(rng);
    const Tensor x = random_f32({g.batch * g.channels * g.in_size()}, rng);
    const Tensor w = random_f32({g.features * (g.channels / g.group) * g.taps()}, rng);
    const Tensor b = random_f32({g.features}, rng);
    Tensor fast(DataType::f32, {g.batch * g.features * g.out_size()}), slow = fast.clone();
    convolve(g, x.data<float>(), w.data<float>(), b.data<float>(), fast.mutable_data<float>());
    naive_convolve<float, float>(g, x.data<float>(), w.data<float>(), b.data<float>(), slow.mutable_data<float>());
    ASSERT_THAT(floats(fast), Near(floats(slow), 1e-4F)) << "round " << round;
  }
}

TEST(Convolve, EqualsTheDefinitionAcrossStrips) {
  // More positions than one strip holds, and a width that does not divide it.
  std::mt19937 rng(2);
  ConvGeometry g;
  g.channels = 5;
  g.features = 4;
  g.window = {.kernel = {3, 3},
              .stride = {1, 1},
              .dilation = {1, 1},
              .pad_begin = {1, 1},
              .pad_end = {1, 1},
              .in = {131, 97},
              .out = {131, 97}};
  const Tensor x = random_f32({5 * 131 * 97}, rng), w = random_f32({4 * 5 * 9}, rng);
  Tensor fast(DataType::f32, {4 * 131 * 97}), slow = fast.clone();
  convolve(g, x.data<float>(), w.data<float>(), {}, fast.mutable_data<float>());
  naive_convolve<float, float>(g, x.data<float>(), w.data<float>(), {}, slow.mutable_data<float>());
  EXPECT_THAT(floats(fast), Near(floats(slow), 1e-4F));
}

TEST(ConvolveIntegers, IsExactBeyondTheMantissa) {
  // 2,000 products of 255·255 exceed the 24 bits that a float sums exactly.
  std::mt19937 rng(3);
  ConvGeometry g;
  g.channels = 2000;
  g.features = 3;
  g.window = {.kernel = {1}, .stride = {1}, .dilation = {1}, .pad_begin = {0}, .pad_end = {0}, .in = {5}, .out = {5}};
  Tensor x(DataType::f32, {2000 * 5}), w(DataType::f32, {3 * 2000});
  for (float& v : x.mutable_data<float>()) v = static_cast<float>(pick(rng, 200, 255));
  for (float& v : w.mutable_data<float>()) v = static_cast<float>(pick(rng, -255, 255));
  w.mutable_data<float>()[0] = 255;
  Tensor fast(DataType::i32, {15}), slow = fast.clone();
  convolve_integers(g, x.data<float>(), w.data<float>(), fast.mutable_data<std::int32_t>());
  naive_convolve<float, std::int32_t>(g, x.data<float>(), w.data<float>(), {}, slow.mutable_data<std::int32_t>());
  EXPECT_EQ(values<std::int32_t>(fast), values<std::int32_t>(slow));
}

TEST(ConvolveIntegers, EqualsTheDefinitionOnRandomShapes) {
  std::mt19937 rng(4);
  for (int round = 0; round < 100; ++round) {
    const ConvGeometry g = random_geometry(rng);
    Tensor x(DataType::f32, {g.batch * g.channels * g.in_size()});
    Tensor w(DataType::f32, {g.features * (g.channels / g.group) * g.taps()});
    for (float& v : x.mutable_data<float>()) v = static_cast<float>(pick(rng, -255, 255));
    for (float& v : w.mutable_data<float>()) v = static_cast<float>(pick(rng, -255, 255));
    Tensor fast(DataType::i32, {g.batch * g.features * g.out_size()}), slow = fast.clone();
    convolve_integers(g, x.data<float>(), w.data<float>(), fast.mutable_data<std::int32_t>());
    naive_convolve<float, std::int32_t>(g, x.data<float>(), w.data<float>(), {}, slow.mutable_data<std::int32_t>());
    ASSERT_EQ(values<std::int32_t>(fast), values<std::int32_t>(slow)) << "round " << round;
  }
}

TEST(ConvolveTransposed, EqualsTheDefinitionOnRandomShapes) {
  std::mt19937 rng(5);
  for (int round = 0; round < 300; ++round) {
    ConvGeometry g = random_geometry(rng);
    // The convolution's output is the transposed one's input.
    std::swap(g.window.in, g.window.out);
    const Tensor x = random_f32({g.batch * g.channels * g.in_size()}, rng);
    const Tensor w = random_f32({g.channels * (g.features / g.group) * g.taps()}, rng);
    Tensor fast(DataType::f32, {g.batch * g.features * g.out_size()}), slow = fast.clone();
    convolve_transposed(g, x.data<float>(), w.data<float>(), {}, fast.mutable_data<float>());
    naive_convolve_transposed<float>(g, x.data<float>(), w.data<float>(), slow.mutable_data<float>());
    ASSERT_THAT(floats(fast), Near(floats(slow), 1e-4F)) << "round " << round;
  }
}

TEST(Gemm, EqualsTheDefinitionInAllTranspositions) {
  std::mt19937 rng(6);
  for (int round = 0; round < 60; ++round) {
    const std::int64_t m = pick(rng, 1, 200), n = pick(rng, 1, 200), k = pick(rng, 0, 40);
    const bool ta = round % 2 != 0, tb = round % 4 >= 2;
    const Tensor a = random_f32({m, k}, rng), b = random_f32({k, n}, rng);
    Tensor fast(DataType::f32, {m, n}), slow = fast.clone();
    run_gemm_parallel({.transpose_a = ta,
                       .transpose_b = tb,
                       .m = m,
                       .n = n,
                       .k = k,
                       .a = a.data<float>().data(),
                       .lda = ta ? m : k,
                       .b = b.data<float>().data(),
                       .ldb = tb ? k : n,
                       .c = fast.mutable_data<float>().data(),
                       .ldc = n});
    naive_gemm<float>(ta, tb, m, n, k, a.data<float>().data(), b.data<float>().data(),
                      slow.mutable_data<float>().data());
    ASSERT_THAT(floats(fast), Near(floats(slow), 1e-4F)) << m << "×" << n << "×" << k;
  }
}

}  // namespace
}  // namespace heddle::kernels
