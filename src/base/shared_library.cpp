// SPDX-License-Identifier: Apache-2.0
#include "base/shared_library.h"

#include <dlfcn.h>

#include <system_error>

namespace heddle {

tl::expected<SharedLibrary, std::string> SharedLibrary::open(const std::string& path) {
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return tl::unexpected<std::string>(dlerror());
  SharedLibrary library;
  library.handle_ = std::shared_ptr<void>(handle, [](void* opened) { dlclose(opened); });
  return library;
}

void* SharedLibrary::symbol(const char* name) const {
  return dlsym(handle_.get(), name);
}

std::filesystem::path executable_folder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
}

}  // namespace heddle
