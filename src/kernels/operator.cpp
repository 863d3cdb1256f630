// SPDX-License-Identifier: Apache-2.0
#include "kernels/operator.h"

namespace heddle::kernels {
namespace {

template <class T>
T get(const Attributes& attributes, std::string_view name, T fallback) {
  const auto found = attributes.find(name);
  if (found == attributes.end()) return fallback;
  const T* value = std::get_if<T>(&found->second);
  return value != nullptr ? *value : fallback;
}

}  // namespace

std::int64_t get_int(const Attributes& attributes, std::string_view name, std::int64_t fallback) {
  return get<std::int64_t>(attributes, name, fallback);
}

float get_float(const Attributes& attributes, std::string_view name, float fallback) {
  return get<float>(attributes, name, fallback);
}

std::string get_string(const Attributes& attributes, std::string_view name, std::string_view fallback) {
  return get<std::string>(attributes, name, std::string(fallback));
}

std::vector<std::int64_t> get_ints(const Attributes& attributes, std::string_view name,
                                   std::vector<std::int64_t> fallback) {
  return get<std::vector<std::int64_t>>(attributes, name, std::move(fallback));
}

std::vector<float> get_floats(const Attributes& attributes, std::string_view name, std::vector<float> fallback) {
  return get<std::vector<float>>(attributes, name, std::move(fallback));
}

}  // namespace heddle::kernels
