// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include "frontend/importer.h"

namespace heddle::frontend {
namespace {

// protobuf cannot express larger messages; what is larger is no ONNX model.
constexpr std::int64_t kLargestFile = std::int64_t{1} << 31;

struct FileBytes {
  std::unique_ptr<std::byte[]> data;
  std::size_t size = 0;
};

/// Closes a descriptor at the end of a scope.
struct Descriptor {
  int value;
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
};

tl::unexpected<Diagnostics> cannot_read(const std::string& path, const std::string& reason) {
  return fail({.code = "onnx.file", .message = "cannot read the model: " + reason, .file = path});
}

Result<FileBytes> read_file(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat status{};
  if (file.value < 0 || ::fstat(file.value, &status) != 0) return cannot_read(path, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return cannot_read(path, "it is not a regular file");
  if (status.st_size > kLargestFile)
    return cannot_read(path, "it has " + std::to_string(status.st_size) + " bytes; a protobuf file has at most 2 GiB");
  FileBytes bytes;
  bytes.size = static_cast<std::size_t>(status.st_size);
  bytes.data = std::make_unique_for_overwrite<std::byte[]>(bytes.size + 1);
  std::size_t done = 0;
  while (done < bytes.size) {
    const ssize_t got = ::read(file.value, bytes.data.get() + done, bytes.size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot_read(path, std::strerror(errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  bytes.size = done;
  return bytes;
}

}  // namespace

Result<ir::Graph> read_onnx(std::span<const std::byte> bytes, const std::string& directory,
                            const ReadOptions& options) {
  try {
    const wire::View view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const wire::Model model = wire::decode_model(view);
    return Importer(model, directory, options).run();
  } catch (const wire::Malformed& malformed) {
    return fail(Diagnostic{
        .code = "onnx.malformed", .message = malformed.reason, .hint = "is it an ONNX model, and complete?"});
  } catch (const std::bad_alloc&) {
    return fail(Diagnostic{.code = "onnx.memory", .message = "the model does not fit into memory"});
  }
}

Result<ir::Graph> read_onnx(const std::string& path, const ReadOptions& options) {
  const Result<FileBytes> bytes = read_file(path);
  if (!bytes) return fail(bytes.error());
  const std::string parent = std::filesystem::path(path).parent_path().string();
  Result<ir::Graph> graph =
      read_onnx(std::span(bytes->data.get(), bytes->size), parent.empty() ? "." : parent, options);
  if (graph) return graph;
  Diagnostics findings = std::move(graph).error();
  for (Diagnostic& finding : findings) finding.file = path;
  return fail(std::move(findings));
}

}  // namespace heddle::frontend
