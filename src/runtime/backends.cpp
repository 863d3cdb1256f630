// SPDX-License-Identifier: Apache-2.0
#include "runtime/backends.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace heddle::runtime {
namespace {

using MakeFunction = std::shared_ptr<Device> (*)(const overlay::Overlay&, const FunctionalOptions&);

struct Backend {
  std::string_view name;
  MakeFunction make;         ///< null: not available in this version
  std::string_view missing;  ///< what it needs
};

constexpr std::array kBackends{
    Backend{"functional", make_functional_device, ""},
    Backend{"cycle", nullptr, "the cycle model"},
    Backend{"rtl", nullptr, "the Verilated overlay"},
    Backend{"xrt", nullptr, "a card and its runtime"},
};

}  // namespace

std::span<const std::string_view> backend_names() {
  static constexpr auto kNames = [] {
    std::array<std::string_view, kBackends.size()> names;
    std::ranges::transform(kBackends, names.begin(), &Backend::name);
    return names;
  }();
  return kNames;
}

Result<std::shared_ptr<Device>> make_device(std::string_view name, const overlay::Overlay& overlay,
                                            const FunctionalOptions& options) {
  const auto backend = std::ranges::find(kBackends, name, &Backend::name);
  Diagnostic d;
  d.field = "backend";
  if (backend == kBackends.end()) {
    d.code = "device.backend.unknown";
    d.message = "there is no backend '" + std::string(name) + "'";
    const auto names = backend_names();
    const std::string near = nearest(std::string(name), {names.begin(), names.end()});
    d.hint = near.empty() ? "backends: functional, cycle, rtl, xrt" : "did you mean '" + near + "'?";
    return fail(std::move(d));
  }
  if (backend->make == nullptr) {
    d.error_class = ErrorClass::unsupported;
    d.code = "device.backend.unavailable";
    d.message = "the backend '" + std::string(name) + "' needs " + std::string(backend->missing) +
                ", which this version does not contain";
    d.hint = "use 'functional': it gives the same bits";
    return fail(std::move(d));
  }
  return backend->make(overlay, options);
}

}  // namespace heddle::runtime
