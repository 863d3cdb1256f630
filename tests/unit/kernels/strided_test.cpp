// SPDX-License-Identifier: Apache-2.0
#include "kernels/strided.h"

#include <numeric>
#include <random>

#include "tests/unit/kernels/run.h"

namespace heddle::kernels {
namespace {
using namespace test;

Tensor counting(const Shape& shape) {
  Tensor t(DataType::i64, shape);
  std::iota(t.mutable_data<std::int64_t>().begin(), t.mutable_data<std::int64_t>().end(), std::int64_t{0});
  return t;
}

TEST(Strides, AreRowMajor) {
  EXPECT_EQ(strides_of({2, 3, 4}), (Shape{12, 4, 1}));
  EXPECT_EQ(broadcast_strides({3, 1}, {2, 3, 4}), (Shape{0, 1, 0}));
}

TEST(StridedLoop, MergesWhatIsWalkedEvenly) {
  const StridedLoop loop({2, 3, 4}, {{12, 4, 1}, {12, 4, 1}});
  EXPECT_EQ(loop.runs(), 1);
  EXPECT_EQ(loop.length(), 24);
  const StridedLoop channel({2, 3, 4}, {{12, 4, 1}, {0, 1, 0}});
  EXPECT_EQ(channel.length(), 4);
  EXPECT_EQ(channel.step(1), 0);
  EXPECT_EQ(channel.offsets(4)[1], 1);
}

TEST(Transposed, EqualsIndexingOnRandomOrders) {
  std::mt19937 rng(1);
  const Shape shape{2, 3, 4, 5};
  const Tensor x = counting(shape);
  Ints order{0, 1, 2, 3};
  do {
    const Tensor y = transposed(x, order);
    const Shape from = strides_of(shape), to = strides_of(y.shape());
    for (std::int64_t i = 0; i < y.size(); ++i) {
      std::int64_t source = 0;
      for (std::size_t a = 0; a < 4; ++a) source += i / to[a] % y.dim(a) * from[static_cast<std::size_t>(order[a])];
      ASSERT_EQ(y.data<std::int64_t>()[static_cast<std::size_t>(i)], source);
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(StridedCopy, ReadsBackwards) {
  EXPECT_EQ(ints(strided_copy(counting({6}), {3}, {-2}, 5)), (Ints{5, 3, 1}));
  EXPECT_EQ(strided_copy(counting({6}), {0}, {1}).size(), 0);
}

TEST(StridedCopy, MovesElementsOfEverySize) {
  EXPECT_EQ(values<std::int8_t>(transposed(of<std::int8_t>({2, 2}, {1, 2, 3, 4}), {1, 0})),
            (std::vector<std::int8_t>{1, 3, 2, 4}));
  EXPECT_EQ(values<std::int16_t>(transposed(of<std::int16_t>({2, 2}, {1, 2, 3, 4}), {1, 0})),
            (std::vector<std::int16_t>{1, 3, 2, 4}));
  EXPECT_EQ(floats(transposed(f32({2, 2}, {1, 2, 3, 4}), {1, 0})), (Floats{1, 3, 2, 4}));
}

TEST(Expanded, Repeats) {
  EXPECT_EQ(ints(expanded(i64({2, 1}, {1, 2}), {2, 2, 3})), (Ints{1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2}));
}

TEST(Selected, FillsWhereTheIndexIsNegative) {
  const Tensor y = selected(counting({2, 3}), {{-1, 1, 0}, {2, -1}}, i64({}, {9}));
  EXPECT_EQ(y.shape(), (Shape{3, 2}));
  EXPECT_EQ(ints(y), (Ints{9, 9, 5, 9, 2, 9}));
}

}  // namespace
}  // namespace heddle::kernels
