// SPDX-License-Identifier: Apache-2.0
#include "isa/container.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "isa/container_codec.h"
#include "isa/program_check.h"

namespace heddle::isa {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxPayload = (std::uint64_t{1} << 31) - (std::uint64_t{1} << 20);  // FlatBuffers: 2 GiB

/// First 32 bytes of a file, little endian.
struct Header {
  std::array<char, 8> magic;
  std::uint32_t version;
  std::uint32_t reserved;
  std::uint64_t payload_bytes;
  std::uint64_t checksum;
};
static_assert(sizeof(Header) == kProgramHeaderBytes && std::endian::native == std::endian::little);
constexpr std::array<char, 8> kMagic{'h', 'e', 'd', 'd', 'l', 'e', '\x1a', '\n'};

/// Every step is a bijection of the state, so no single changed word goes unnoticed.
std::uint64_t checksum(std::span<const std::byte> bytes) {
  std::uint64_t hash = bytes.size();
  for (std::size_t at = 0; at < bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, std::min<std::size_t>(8, bytes.size() - at));
    hash = std::rotl((hash ^ word) * 0x9e3779b97f4a7c15, 29);
  }
  return hash * 0xbf58476d1ce4e5b9;
}

Header header_for(std::span<const std::byte> payload) {
  return {kMagic, kProgramVersion, 0, payload.size(), checksum(payload)};
}

Diagnostic bad(std::string code, std::string message, std::string hint = "") {
  return {.code = std::move(code), .message = std::move(message), .hint = std::move(hint)};
}

/// The payload behind a header that holds, or why it does not.
Result<std::span<const std::byte>> open_payload(std::span<const std::byte> bytes) {
  Header header;
  if (bytes.size() < sizeof header)
    return fail(bad("program.header", fmt::format("{} bytes are too few for a program file", bytes.size())));
  std::memcpy(&header, bytes.data(), sizeof header);
  const auto payload = bytes.subspan(sizeof header);
  if (header.magic != kMagic) return fail(bad("program.header", "this is not a heddle program file"));
  if (header.version != kProgramVersion)
    return fail(bad("program.version",
                    fmt::format("version {}; this heddle reads version {}", header.version, kProgramVersion),
                    "compile the model again"));
  if (header.reserved != 0) return fail(bad("program.header", "reserved bytes of the header are set"));
  if (header.payload_bytes != payload.size())
    return fail(bad("program.truncated",
                    fmt::format("the header states {} bytes, but {} follow", header.payload_bytes, payload.size()),
                    "copy or compile the file again"));
  if (payload.size() > kMaxPayload) return fail(bad("program.size", "larger than 2 GiB"));
  if (header.checksum != checksum(payload))
    return fail(bad("program.checksum", "the checksum does not hold: the file is damaged", "copy or compile it again"));
  return payload;
}

/// An upper bound of the raw data.
std::uint64_t raw_bytes(const Program& program) {
  std::uint64_t sum = program.overlay_toml.size();
  for (const ProgramTensor& t : program.tensors)
    if (t.constant) sum += t.constant->bytes().size();
  for (const Segment& s : program.segments)
    if (const auto* overlay = std::get_if<OverlaySegment>(&s)) {
      sum += overlay->constants.size();
      for (const auto& stream : overlay->streams) sum += stream.size() * kInstructionBytes;
    }
  return sum;
}

Diagnostics with_file(Diagnostics list, const std::string& file) {
  for (Diagnostic& d : list)
    if (d.file.empty()) d.file = file;
  return list;
}

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

Diagnostic file_error(const char* what, const std::string& path) {
  return {.code = "file.io", .message = fmt::format("cannot be {}: {}", what, std::strerror(errno)), .file = path};
}

Status write_file(const std::string& path, std::span<const std::byte> bytes) {
  File file(std::fopen(path.c_str(), "wb"), std::fclose);
  if (!file) return fail(file_error("created", path));
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size() &&
                       std::fflush(file.get()) == 0 && fsync(fileno(file.get())) == 0;
  return written ? Status() : fail(file_error("written", path));
}

}  // namespace

void seal_program(std::span<std::byte> bytes) {
  const Header header = header_for(bytes.subspan(sizeof(Header)));
  std::memcpy(bytes.data(), &header, sizeof header);
}

Result<std::vector<std::byte>> program_bytes(const Program& program) {
  if (auto status = check_program(program); !status) return fail(std::move(status.error()));
  if (raw_bytes(program) > kMaxPayload / 4 * 3)
    return fail(bad("program.size", "weights and instructions exceed 1.5 GiB"));
  const std::vector<std::byte> payload = to_payload(program);
  std::vector<std::byte> bytes(sizeof(Header) + payload.size());
  std::copy(payload.begin(), payload.end(), bytes.begin() + sizeof(Header));
  seal_program(bytes);
  return bytes;
}

Result<Program> program_from_bytes(std::span<const std::byte> bytes, const std::string& file) {
  const auto payload = open_payload(bytes);
  if (!payload) return fail(with_file(payload.error(), file));
  // FlatBuffers reads in place and wants alignment.
  std::vector<std::uint64_t> copy;
  std::span<const std::byte> aligned = *payload;
  if (reinterpret_cast<std::uintptr_t>(aligned.data()) % 8 != 0) {
    copy.resize((payload->size() + 7) / 8);
    std::memcpy(copy.data(), payload->data(), payload->size());
    aligned = std::as_bytes(std::span(copy)).first(payload->size());
  }
  auto program = from_payload(aligned);
  if (!program) return fail(with_file(std::move(program.error()), file));
  if (auto status = check_program(*program); !status) return fail(with_file(std::move(status.error()), file));
  return program;
}

Status write_program(const Program& program, const std::string& path) {
  const auto bytes = program_bytes(program);
  if (!bytes) return fail(bytes.error());
  const std::string temporary = fmt::format("{}.{}.tmp", path, getpid());
  if (auto status = write_file(temporary, *bytes); !status) {
    std::remove(temporary.c_str());
    return status;
  }
  if (std::rename(temporary.c_str(), path.c_str()) == 0) return {};
  const Diagnostic diagnostic = file_error("renamed into place", path);
  std::remove(temporary.c_str());
  return fail(diagnostic);
}

Result<Program> read_program(const std::string& path) {
  std::error_code error;
  const bool regular = fs::is_regular_file(path, error);
  const std::uint64_t size = regular ? fs::file_size(path, error) : 0;
  if (!regular || error) return fail({.code = "file.io", .message = "there is no such file", .file = path});
  if (size > kMaxPayload + sizeof(Header)) return fail(with_file({bad("program.size", "larger than 2 GiB")}, path));
  File file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) return fail(file_error("opened", path));
  std::vector<std::byte> bytes(size);
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file.get()));
  return program_from_bytes(bytes, path);
}

}  // namespace heddle::isa
