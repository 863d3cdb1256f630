// SPDX-License-Identifier: Apache-2.0
#include "runtime/backends.h"

#include <algorithm>
#include <array>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "cosim/rtl_device.h"
#include "runtime/cycle_device.h"
#include "runtime/job_device.h"
#include "xrt/card_executor.h"

namespace heddle::runtime {
namespace {

using MakeFunction = Result<std::shared_ptr<Device>> (*)(const overlay::Overlay&, const FunctionalOptions&);

struct Backend {
  std::string_view name;
  MakeFunction make;
};

Result<std::shared_ptr<Device>> make_functional(const overlay::Overlay& overlay, const FunctionalOptions& options) {
  return make_functional_device(overlay, options);
}

Result<std::shared_ptr<Device>> make_cycle(const overlay::Overlay& overlay, const FunctionalOptions& options) {
  return make_cycle_device(overlay, options);
}

Result<std::shared_ptr<Device>> make_rtl(const overlay::Overlay& overlay, const FunctionalOptions& options) {
  cosim::RtlOptions rtl = cosim::rtl_options(overlay);
  rtl.model.jobs = options.threads;
  rtl.notice = [](const std::string& text) { std::cerr << text << std::endl; };
  auto executor = cosim::make_rtl_executor(overlay, std::move(rtl));
  if (!executor) return fail(std::move(executor.error()));
  const int workers = options.threads > 0 ? options.threads : static_cast<int>(std::thread::hardware_concurrency());
  return make_job_device(overlay,
                         {.backend = "rtl", .memory_bytes = options.memory_bytes, .workers = std::max(1, workers)},
                         std::move(*executor));
}

Result<std::shared_ptr<Device>> make_xrt(const overlay::Overlay& overlay, const FunctionalOptions& options) {
  auto executor = xrt::make_xrt_executor(overlay);
  if (!executor) return fail(std::move(executor.error()));
  // One run computes while the data of another are copied.
  return make_job_device(overlay, {.backend = "xrt", .memory_bytes = options.memory_bytes, .workers = 2},
                         std::move(*executor));
}

constexpr std::array kBackends{
    Backend{"functional", make_functional},
    Backend{"cycle", make_cycle},
    Backend{"rtl", make_rtl},
    Backend{"xrt", make_xrt},
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
  if (backend != kBackends.end()) return backend->make(overlay, options);
  const auto names = backend_names();
  const std::string near = nearest(std::string(name), {names.begin(), names.end()});
  return fail({.code = "device.backend.unknown",
               .message = "there is no backend '" + std::string(name) + "'",
               .field = "backend",
               .hint = near.empty() ? "backends: functional, cycle, rtl, xrt" : "did you mean '" + near + "'?"});
}

}  // namespace heddle::runtime
