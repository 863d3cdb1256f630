// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/shared_library.h"
#include "overlay/data.h"
#include "overlay/overlay.h"

namespace heddle::overlay {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMaxFileBytes = 1 << 20;

/// Folders that may hold `overlays/` and `devices/`, the most specific first.
std::vector<fs::path> data_folders() {
  std::vector<fs::path> folders;
  if (const char* variable = std::getenv("HEDDLE_DATA"); variable != nullptr && *variable != '\0')
    folders.emplace_back(variable);
  if (const fs::path own = executable_folder(); !own.empty()) folders.push_back(own.parent_path() / "share" / "heddle");
#ifdef HEDDLE_SOURCE_DIR
  folders.emplace_back(HEDDLE_SOURCE_DIR);
#endif
  return folders;
}

Result<std::string> read_text(const std::string& path) {
  std::error_code error;
  const auto size = fs::is_regular_file(path, error) ? fs::file_size(path, error) : kMaxFileBytes + 1;
  if (error || size > kMaxFileBytes)
    return fail({.code = "file.read", .message = "cannot be read as a text file of at most 1 MiB", .file = path});
  std::ifstream stream(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream.good() && !stream.eof()) return fail({.code = "file.read", .message = "cannot be read", .file = path});
  return text;
}

/// Files of one kind in the first folder that has any.
std::vector<fs::path> installed(const std::string& kind) {
  for (const fs::path& folder : data_folders()) {
    std::error_code error;
    std::vector<fs::path> files;
    for (fs::directory_iterator it(folder / kind, error), end; !error && it != end; it.increment(error))
      if (it->path().extension() == ".toml") files.push_back(it->path());
    std::sort(files.begin(), files.end());
    if (!files.empty()) return files;
  }
  return {};
}

bool looks_like_path(const std::string& text) {
  return text.find('/') != std::string::npos || text.ends_with(".toml");
}

template <class T>
Result<T> find(const std::string& name_or_path, const std::string& kind, Result<T> (*read)(const std::string&)) {
  if (looks_like_path(name_or_path)) return read(name_or_path);
  std::vector<std::string> names;
  for (const fs::path& file : installed(kind)) {
    if (file.stem() == name_or_path) return read(file.string());
    names.push_back(file.stem().string());
  }
  std::string known;
  for (const std::string& n : names) known += (known.empty() ? "" : ", ") + n;
  const std::string near = nearest(name_or_path, names);
  std::string hint = near.empty() ? "" : "did you mean '" + near + "'?";
  if (names.empty()) hint = "set HEDDLE_DATA to the folder that holds '" + kind + "/'";
  return fail(
      {.code = kind == "overlays" ? "overlay.unknown" : "device.unknown",
       .message = "'" + name_or_path + "' is not in " + kind + "/ (known: " + (known.empty() ? "none" : known) + ")",
       .hint = std::move(hint)});
}

template <class T>
std::vector<T> all(const std::string& kind, Result<T> (*read)(const std::string&)) {
  std::vector<T> list;
  for (const fs::path& file : installed(kind))
    if (auto item = read(file.string())) list.push_back(std::move(*item));
  std::sort(list.begin(), list.end(), [](const T& a, const T& b) { return a.name < b.name; });
  return list;
}

}  // namespace

Result<std::string> find_data_folder(const std::string& name) {
  for (const fs::path& folder : data_folders())
    if (std::error_code error; fs::is_directory(folder / name, error)) return (folder / name).string();
  return fail({.code = "data.missing",
               .message = "there is no folder '" + name + "' among the installed data",
               .hint = "set HEDDLE_DATA to the folder that holds '" + name + "/'"});
}

Result<Device> read_device(const std::string& path) {
  auto text = read_text(path);
  if (!text) return fail(std::move(text.error()));
  return parse_device(*text, path);
}

Result<Overlay> read_overlay(const std::string& path) {
  auto text = read_text(path);
  if (!text) return fail(std::move(text.error()));
  auto overlay = parse_overlay(*text, path);
  if (!overlay) return overlay;
  const auto device = find_device(overlay->device);
  const Status fits = device ? check(*overlay, *device) : fail(device.error());
  if (fits) return overlay;
  Diagnostics list = fits.error();
  for (Diagnostic& d : list) d.file = path;
  return fail(std::move(list));
}

Result<Device> find_device(const std::string& name_or_path) {
  return find<Device>(name_or_path, "devices", read_device);
}

Result<Overlay> find_overlay(const std::string& name_or_path) {
  return find<Overlay>(name_or_path, "overlays", read_overlay);
}

std::vector<Overlay> all_overlays() {
  return all<Overlay>("overlays", read_overlay);
}

std::vector<Device> all_devices() {
  return all<Device>("devices", read_device);
}

}  // namespace heddle::overlay
