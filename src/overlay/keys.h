// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "overlay/overlay.h"

/// The keys of overlay and device files: one table each, from which reader, writer and fingerprint are made.
namespace heddle::overlay {

template <class Owner>
using Member = std::variant<std::string Owner::*, std::int32_t Owner::*, std::int64_t Owner::*, double Owner::*,
                            std::vector<std::int32_t> Owner::*, std::vector<std::string> Owner::*,
                            NumberFormat Owner::*, Winograd Owner::*>;

template <class Owner>
struct Key {
  std::string_view name;
  Member<Owner> member;
  bool required = false;
  bool in_fingerprint = false;  ///< does it change bits or addresses?
  std::string_view doc = "";    ///< comment in written files
};

[[nodiscard]] std::span<const Key<Overlay>> overlay_keys();
[[nodiscard]] std::span<const Key<Device>> device_keys();

}  // namespace heddle::overlay
