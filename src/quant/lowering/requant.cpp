// SPDX-License-Identifier: Apache-2.0
#include "quant/lowering/requant.h"

#include <algorithm>
#include <cmath>

namespace heddle::quant {

std::int32_t Format::quantize(double real) const {
  if (std::isnan(real)) return zero;
  return static_cast<std::int32_t>(std::clamp(std::nearbyint(real / double{scale}) + zero, double(lo()), double(hi())));
}

std::optional<kernels::ChannelRequant> derive_requant(double ratio) {
  if (!std::isfinite(ratio) || ratio < 0 || ratio >= kMaxRatio) return std::nullopt;
  kernels::ChannelRequant q;
  if (ratio == 0) return q;
  int shift = std::clamp(15 - static_cast<int>(std::floor(std::log2(ratio))), 1, 47);
  auto mult = std::lround(std::ldexp(ratio, shift));
  if (mult == 65536) {  // rounded up to the next power of two
    mult = 32768;
    --shift;
  }
  q.mult = static_cast<std::uint16_t>(mult);
  q.shift = static_cast<std::uint8_t>(shift);
  return q;
}

std::optional<kernels::AddParams> derive_add(const Format& a, const Format& b, const Format& y, double factor_a,
                                             double factor_b) {
  const double ratio_a = factor_a * double{a.scale} / double{y.scale};
  const double ratio_b = factor_b * double{b.scale} / double{y.scale};
  const double larger = std::max(std::abs(ratio_a), std::abs(ratio_b));
  if (!std::isfinite(larger) || larger >= 16383) return std::nullopt;
  kernels::AddParams p;
  p.zero_a = static_cast<std::int16_t>(a.zero);
  p.zero_b = static_cast<std::int16_t>(b.zero);
  p.zero_y = static_cast<std::int16_t>(y.zero);
  p.lo = static_cast<std::int16_t>(y.lo());
  p.hi = static_cast<std::int16_t>(y.hi());
  if (larger == 0) return p;
  int shift = std::clamp(14 - static_cast<int>(std::floor(std::log2(larger))), 1, 47);
  if (std::lround(std::ldexp(larger, shift)) > 32767) --shift;
  if (shift < 1) return std::nullopt;
  p.mult_a = static_cast<std::int16_t>(std::lround(std::ldexp(ratio_a, shift)));
  p.mult_b = static_cast<std::int16_t>(std::lround(std::ldexp(ratio_b, shift)));
  p.shift = static_cast<std::uint8_t>(shift);
  return p;
}

std::shared_ptr<const kernels::Table> make_table(const Format& from, const Format& to,
                                                 const std::function<double(double)>& function) {
  auto table = std::make_shared<kernels::Table>();
  const bool wide = from.type == DataType::i16;
  for (int i = 0; i < 257; ++i) {
    const int at = wide ? (i - 128) * 256 : std::min(i - 128, 127);
    table->entry[static_cast<std::size_t>(i)] = static_cast<std::int16_t>(to.quantize(function(from.dequantize(at))));
  }
  return table;
}

}  // namespace heddle::quant
