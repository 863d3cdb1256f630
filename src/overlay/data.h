// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "base/diagnostic.h"

namespace heddle::overlay {

/// Path of a folder of installed data ("overlays", "devices", "rtl"): in $HEDDLE_DATA, in ../share/heddle beside the
/// executable, or in the source tree. Errors: it is in none of them.
[[nodiscard]] Result<std::string> find_data_folder(const std::string& name);

}  // namespace heddle::overlay
