// SPDX-License-Identifier: Apache-2.0
#include "kernels/saturate.h"

#include <algorithm>
#include <cmath>

#include "kernels/check.h"
#include "kernels/convert.h"

namespace heddle::kernels {

std::pair<double, double> limits_of(DataType type) {
  if (type == DataType::boolean) return {0.0, 1.0};
  const bool is_unsigned = contains(kUnsigned | types({DataType::u2, DataType::u4}), type);
  const double span = std::ldexp(1.0, bits(type));
  if (bits(type) == 64) return {is_unsigned ? 0.0 : -span / 2, (is_unsigned ? span : span / 2) - 2048};
  return is_unsigned ? std::pair{0.0, span - 1} : std::pair{-span / 2, span / 2 - 1};
}

Tensor saturated(const Tensor& reals, DataType type) {
  if (contains(kReal, type)) return cast(reals, type);
  const auto [lo, hi] = limits_of(type);
  return with_real(reals.type(), [&, lo = lo, hi = hi]<class T>() {
    Tensor rounded(DataType::f64, reals.shape());
    const auto from = reals.data<T>();
    const auto to = rounded.mutable_data<double>();
    for (std::size_t i = 0; i < from.size(); ++i)
      to[i] = std::isnan(from[i]) ? 0.0 : std::clamp(std::nearbyint(static_cast<double>(from[i])), lo, hi);
    return cast(rounded, type);
  });
}

}  // namespace heddle::kernels
