// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"

/// A design in yosys' text form (RTLIL), as far as it takes to find out which modules are the same.
namespace heddle::hardware::rtlil {

/// One module of the hierarchy, after all instances with the same contents became one.
struct Module {
  std::string name;                ///< as in the source, without the path of the instance
  std::string key;                 ///< hash of its contents, those of its parts included; its name in `text`
  std::string text;                ///< of the module, without attributes; parts are called by their keys
  std::string interface_text;      ///< the module as a black box: its ports only
  std::vector<std::string> parts;  ///< keys of the modules that it instantiates, one for each instance
  std::int64_t instances = 0;      ///< in the whole design
};

/// The different modules of a hierarchy, parts before what is made of them. Cells whose types are no modules (gates,
/// vendors' primitives) stay as they are. Errors: not RTLIL, `top` is missing.
[[nodiscard]] Result<std::vector<Module>> unique_modules(std::string_view text, const std::string& top);

}  // namespace heddle::hardware::rtlil
