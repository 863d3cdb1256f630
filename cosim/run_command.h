// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "base/diagnostic.h"

namespace heddle::cosim {

/// Runs a program (found on $PATH) without a shell and waits for it. Its output is appended to the file `log`.
/// Errors: the program is missing, or its exit code is not 0 (the message has the end of the log).
[[nodiscard]] Status run_command(const std::vector<std::string>& arguments, const std::string& log);

}  // namespace heddle::cosim
