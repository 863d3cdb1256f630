// SPDX-License-Identifier: Apache-2.0
#include "frontend/external_data.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "frontend/text.h"

namespace heddle::frontend {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Diagnostics> refuse(std::string code, std::string message, std::string hint = {}) {
  return fail({.code = "onnx.external." + std::move(code),
               .message = std::move(message),
               .field = "external_data",
               .hint = std::move(hint)});
}

/// True if `path` lies below `directory`; both canonical.
bool lies_inside(const fs::path& path, const fs::path& directory) {
  const auto [end, rest] = std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return end == directory.end() && rest != path.end();
}

bool read_fully(int descriptor, std::span<std::byte> target, std::int64_t offset) {
  std::size_t done = 0;
  while (done < target.size()) {
    const ssize_t got = ::pread(descriptor, target.data() + done, target.size() - done,
                                static_cast<off_t>(offset + static_cast<std::int64_t>(done)));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

ExternalData::~ExternalData() {
  for (const auto& [path, file] : files_)
    if (file.descriptor >= 0) ::close(file.descriptor);
}

Result<ExternalData::File*> ExternalData::open(std::string_view location) {
  if (const auto found = files_.find(location); found != files_.end()) return &found->second;
  const std::string shown = printable(location);
  if (directory_.empty())
    return refuse("directory", "'" + shown + "' is stored outside the model, which was not read from a directory");
  if (location.empty() || location.find('\0') != std::string_view::npos || location.size() > 4096)
    return refuse("location", "location '" + shown + "' is not a file name");
  if (files_.size() >= 256) return refuse("count", "the model names more than 256 external files");
  const fs::path relative{std::string(location)};
  std::error_code error;
  const fs::path directory = fs::canonical(directory_, error);
  if (error) return refuse("directory", "cannot open the model's directory: " + error.message());
  const fs::path path = fs::weakly_canonical(directory / relative, error);
  if (relative.is_absolute() || error || !lies_inside(path, directory))
    return refuse("outside", "location '" + shown + "' leaves the model's directory",
                  "weights must lie in the directory of the model or below it");
  // O_NOFOLLOW closes the gap between the check and the opening, O_NONBLOCK keeps a pipe from blocking.
  File file;
  file.descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  struct stat status{};
  if (file.descriptor < 0 || ::fstat(file.descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    const std::string reason = file.descriptor < 0 ? std::strerror(errno) : "not a regular file";
    if (file.descriptor >= 0) ::close(file.descriptor);
    return refuse("open", "cannot read '" + shown + "': " + reason);
  }
  file.size = status.st_size;
  return &files_.emplace(std::string(location), std::move(file)).first->second;
}

Result<std::int64_t> ExternalData::size(std::string_view location) {
  const Result<File*> opened = open(location);
  if (!opened) return fail(opened.error());
  return (*opened)->size;
}

Result<Tensor> ExternalData::read(std::string_view location, std::int64_t offset, DataType type, const Shape& shape) {
  const Result<File*> opened = open(location);
  if (!opened) return fail(opened.error());
  File& file = **opened;
  const std::int64_t count = checked_element_count(shape);
  const std::int64_t bytes = count < 0 ? -1 : count * static_cast<std::int64_t>(host_bytes(type));
  if (offset < 0 || bytes < 0 || offset > file.size || bytes > file.size - offset)
    return refuse("range", std::to_string(bytes) + " bytes at offset " + std::to_string(offset) + " lie outside '" +
                               printable(location) + "' of " + std::to_string(file.size) + " bytes");
  const std::tuple key(offset, bytes, type);
  if (const auto found = file.ranges.find(key); found != file.ranges.end()) return found->second.reshaped(shape);
  file.quoted += bytes;
  if (file.quoted > file.size)
    return refuse("overlap", "tensors quote overlapping ranges of '" + printable(location) + "'");
  Tensor tensor(type, shape);
  if (!read_fully(file.descriptor, tensor.mutable_bytes(), offset))
    return refuse("read", "cannot read " + std::to_string(bytes) + " bytes of '" + printable(location) + "'");
  return file.ranges.emplace(key, tensor).first->second;
}

}  // namespace heddle::frontend
