// SPDX-License-Identifier: Apache-2.0
#include <zip.h>

#include <memory>

#include "numpy/npy.h"

namespace heddle::numpy {
namespace {

struct Close {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Archive = std::unique_ptr<zip_t, Close>;

/// An entry may claim any size; more than this is not read.
constexpr std::uint64_t kMaxEntryBytes = std::uint64_t{4} << 30;

std::string zip_message(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

Result<Tensor> read_entry(zip_t* archive, zip_uint64_t index, const std::string& label) {
  zip_stat_t information;
  zip_stat_init(&information);
  const auto refuse = [&](const std::string& why) {
    return fail({.code = "npz.entry", .message = "cannot read this entry: " + why, .file = label});
  };
  if (zip_stat_index(archive, index, 0, &information) != 0 || (information.valid & ZIP_STAT_SIZE) == 0)
    return refuse("its size is unknown");
  if (information.size > kMaxEntryBytes) return refuse("it is larger than 4 GiB");
  const std::unique_ptr<zip_file_t, CloseFile> file(zip_fopen_index(archive, index, 0));
  if (!file) return refuse("it is damaged or encrypted");
  std::vector<std::byte> bytes;
  // Grown while reading, so that a lie about the size costs no memory.
  constexpr std::size_t step = std::size_t{1} << 20;
  for (;;) {
    const std::size_t old = bytes.size();
    bytes.resize(old + step);
    const zip_int64_t got = zip_fread(file.get(), bytes.data() + old, step);
    if (got < 0) return refuse("it is damaged");
    bytes.resize(old + static_cast<std::size_t>(got));
    if (got == 0 || bytes.size() > kMaxEntryBytes) break;
  }
  return decode_npy(bytes, label);
}

}  // namespace

Result<Arrays> read_npz(const std::string& path) {
  int code = 0;
  const Archive archive(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (!archive)
    return fail({.code = "npz.open", .message = "cannot open the archive: " + zip_message(code), .file = path});
  Arrays arrays;
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* raw = zip_get_name(archive.get(), static_cast<zip_uint64_t>(i), 0);
    std::string name = raw == nullptr ? "" : raw;
    Result<Tensor> tensor = read_entry(archive.get(), static_cast<zip_uint64_t>(i), path + ":" + name);
    if (!tensor) return fail(std::move(tensor.error()));
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    arrays.emplace_back(std::move(name), std::move(*tensor));
  }
  return arrays;
}

Status write_npz(const Arrays& arrays, const std::string& path) {
  int code = 0;
  const auto refuse = [&](const std::string& why) {
    return fail({.code = "file.write", .message = "cannot write the archive: " + why, .file = path});
  };
  // libzip itself writes to a temporary file and renames it.
  Archive archive(zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code));
  if (!archive) return refuse(zip_message(code));
  std::vector<std::vector<std::byte>> contents;  // libzip reads them when the archive is closed
  for (const auto& [name, tensor] : arrays) {
    contents.push_back(encode_npy(tensor));
    zip_source_t* source = zip_source_buffer(archive.get(), contents.back().data(), contents.back().size(), 0);
    const zip_int64_t index =
        source == nullptr ? -1 : zip_file_add(archive.get(), (name + ".npy").c_str(), source, ZIP_FL_OVERWRITE);
    if (index < 0) {
      if (source != nullptr) zip_source_free(source);
      return refuse(zip_strerror(archive.get()));
    }
    // As numpy.savez does: activations hardly shrink, and deflating them takes longer than computing them.
    zip_set_file_compression(archive.get(), static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
  }
  if (zip_close(archive.get()) != 0) return refuse(zip_strerror(archive.get()));
  archive.release();  // NOLINT: zip_close has freed it
  return {};
}

}  // namespace heddle::numpy
