// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <tl/expected.hpp>

namespace heddle {

/// A shared library; it stays loaded as long as a copy of this lives.
class SharedLibrary {
 public:
  /// Errors: the loader's words.
  [[nodiscard]] static tl::expected<SharedLibrary, std::string> open(const std::string& path);

  /// The function of that name, or null.
  template <class Function>
  [[nodiscard]] Function function(const char* name) const {
    return reinterpret_cast<Function>(symbol(name));
  }

 private:
  [[nodiscard]] void* symbol(const char* name) const;

  std::shared_ptr<void> handle_;
};

/// The folder of the running program; empty where the system does not tell.
[[nodiscard]] std::filesystem::path executable_folder();

}  // namespace heddle
