// SPDX-License-Identifier: Apache-2.0
#include "kernels/window.h"

#include "tests/unit/kernels/run.h"

namespace heddle::kernels {
namespace {
using namespace test;

struct Resolved {
  std::optional<Window> window;
  Diagnostics findings;
};

Resolved resolve(const Attributes& attributes, const Shape& in, const Shape& kernel, bool ceil_mode = false) {
  Check check(attributes, {}, 1);
  auto window = resolve_window(check, in, kernel, ceil_mode);
  return {std::move(window), check.failed().value()};
}

Resolved resolve_transposed(const Attributes& attributes, const Shape& in, const Shape& kernel) {
  Check check(attributes, {}, 1);
  auto window = resolve_transposed_window(check, in, kernel);
  return {std::move(window), check.failed().value()};
}

TEST(Window, ExplicitPadsAreAsymmetric) {
  const auto w = resolve({{"pads", Ints{1, 0, 2, 3}}, {"strides", Ints{2, 1}}}, {7, 7}, {3, 3}).window;
  ASSERT_TRUE(w.has_value());
  EXPECT_EQ(w->out, (Shape{4, 8}));
  EXPECT_EQ(w->pad_begin, (Shape{1, 0}));
  EXPECT_EQ(w->pad_end, (Shape{2, 3}));
}

TEST(Window, SamePutsTheExtraElementAtTheNamedSide) {
  const Attributes upper{{"auto_pad", std::string("SAME_UPPER")}, {"strides", Ints{2}}};
  const Attributes lower{{"auto_pad", std::string("SAME_LOWER")}, {"strides", Ints{2}}};
  const auto u = resolve(upper, {6}, {3}).window, l = resolve(lower, {6}, {3}).window;
  EXPECT_EQ(u->out, (Shape{3}));
  EXPECT_EQ(u->pad_begin, (Shape{0}));
  EXPECT_EQ(u->pad_end, (Shape{1}));
  EXPECT_EQ(l->pad_begin, (Shape{1}));
  EXPECT_EQ(l->pad_end, (Shape{0}));
}

TEST(Window, ValidIgnoresPads) {
  const auto w = resolve({{"auto_pad", std::string("VALID")}, {"pads", Ints{1, 1}}}, {5}, {3}).window;
  EXPECT_EQ(w->out, (Shape{3}));
}

TEST(Window, CeilModeDropsWindowsThatStartInThePadding) {
  const Attributes a{{"strides", Ints{2}}};
  EXPECT_EQ(resolve(a, {6}, {3}, true).window->out, (Shape{3}));
  EXPECT_EQ(resolve({{"strides", Ints{3}}, {"pads", Ints{1, 1}}}, {5}, {2}, true).window->out, (Shape{2}));
  EXPECT_EQ(resolve({{"strides", Ints{2}}, {"pads", Ints{0, 1}}}, {2}, {1}, true).window->out, (Shape{1}))
      << "the second window would lie in the padding behind";
}

TEST(Window, UnknownSizesStayUnknown) {
  EXPECT_EQ(resolve({}, {kUnknown, 5}, {3, 3}).window->out, (Shape{kUnknown, 3}));
}

TEST(Window, RefusesBadAttributes) {
  EXPECT_EQ(resolve({{"strides", Ints{0}}}, {5}, {3}).findings[0].text(),
            "field 'strides': the value 0 is outside 1 … 2147483647\n  hint: nearest legal value: 1");
  EXPECT_EQ(resolve({{"pads", Ints{1}}}, {5}, {3}).findings[0].message, "has 1 entries instead of 2");
  EXPECT_EQ(resolve({{"pads", Ints{-1, 0}}}, {5}, {3}).findings[0].field, "pads");
  EXPECT_EQ(resolve({{"dilations", Ints{std::int64_t{1} << 62}}}, {5}, {3}).findings[0].field, "dilations");
  EXPECT_EQ(resolve({{"auto_pad", std::string("SAME")}}, {5}, {3}).findings[0].field, "auto_pad");
  EXPECT_EQ(resolve({}, {5}, {6}).findings[0].code, "op.window");
  EXPECT_EQ(resolve({}, {5}, {3, 3}).findings[0].field, "kernel_shape");
  EXPECT_EQ(resolve({}, {}, {}).findings[0].code, "op.rank");
}

TEST(TransposedWindow, SizesFromPadsAndOutputPadding) {
  const Attributes a{{"strides", Ints{2}}, {"pads", Ints{1, 1}}, {"output_padding", Ints{1}}};
  EXPECT_EQ(resolve_transposed(a, {4}, {3}).window->out, (Shape{8}));
}

TEST(TransposedWindow, OutputShapeDeterminesThePads) {
  const auto w = resolve_transposed({{"strides", Ints{3}}, {"output_shape", Ints{10}}}, {3}, {3}).window;
  EXPECT_EQ(w->out, (Shape{10}));
  EXPECT_EQ(w->pad_begin, (Shape{0})) << "more output than input reaches needs no cropping";
  const auto cropped = resolve_transposed({{"strides", Ints{3}}, {"output_shape", Ints{8}}}, {3}, {3}).window;
  EXPECT_EQ(cropped->pad_begin, (Shape{1}));
  EXPECT_EQ(cropped->pad_end, (Shape{0}));
  EXPECT_EQ(resolve_transposed({{"output_shape", Ints{1, 2, 3}}}, {3}, {1}).window->out, (Shape{3}))
      << "batch and channels in front are accepted";
}

TEST(TransposedWindow, SameMultipliesTheSize) {
  const Attributes a{{"strides", Ints{2}}, {"auto_pad", std::string("SAME_UPPER")}};
  const auto w = resolve_transposed(a, {3}, {3}).window;
  EXPECT_EQ(w->out, (Shape{6}));
  EXPECT_EQ(w->pad_begin, (Shape{0}));
  EXPECT_EQ(w->pad_end, (Shape{1}));
}

TEST(TransposedWindow, RefusesWhatLeavesNothing) {
  EXPECT_EQ(resolve_transposed({{"pads", Ints{3, 3}}}, {3}, {3}).findings[0].code, "op.window");
  EXPECT_EQ(resolve_transposed({{"output_padding", Ints{2}}}, {3}, {3}).findings[0].field, "output_padding");
  EXPECT_EQ(resolve_transposed({{"output_shape", Ints{1, 2}}}, {3}, {3}).findings[0].field, "output_shape");
}

// valid_taps and valid_outputs say the same as testing every pair.
TEST(Ranges, AgreeWithTheDefinition) {
  for (std::int64_t stride = 1; stride <= 3; ++stride)
    for (std::int64_t dilation = 1; dilation <= 3; ++dilation)
      for (std::int64_t pad = 0; pad <= 4; ++pad) {
        const auto w =
            resolve({{"strides", Ints{stride}}, {"dilations", Ints{dilation}}, {"pads", Ints{pad, pad}}}, {7}, {3})
                .window;
        if (!w) continue;
        for (std::int64_t o = 0; o < w->out[0]; ++o)
          for (std::int64_t k = 0; k < 3; ++k) {
            const std::int64_t at = o * stride - pad + k * dilation;
            const TapRange taps = valid_taps(*w, 0, o), outputs = valid_outputs(*w, 0, k);
            EXPECT_EQ(at >= 0 && at < 7, k >= taps.first && k < taps.end);
            EXPECT_EQ(at >= 0 && at < 7, o >= outputs.first && o < outputs.end);
          }
      }
}

}  // namespace
}  // namespace heddle::kernels
