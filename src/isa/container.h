// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "isa/program.h"

/// The program file: a 32-byte header (magic, version, payload size, checksum) and a FlatBuffer (program.fbs).
namespace heddle::isa {

inline constexpr std::size_t kProgramHeaderBytes = 32;
inline constexpr std::uint32_t kProgramVersion = 2;

/// Writes the file under a temporary name and renames it, so that a reader never sees half a program.
/// Errors: an illegal program (`check_program`), 2 GiB or more, the file system's.
[[nodiscard]] Status write_program(const Program& program, const std::string& path);
[[nodiscard]] Result<std::vector<std::byte>> program_bytes(const Program& program);

/// Trusts nothing: what these return has passed `check_program`. Diagnostics name the file.
[[nodiscard]] Result<Program> read_program(const std::string& path);
[[nodiscard]] Result<Program> program_from_bytes(std::span<const std::byte> bytes, const std::string& file = "");

/// Writes the right payload size and checksum into the header; for tools and tests that edit a file.
/// Precondition: at least kProgramHeaderBytes bytes.
void seal_program(std::span<std::byte> bytes);

}  // namespace heddle::isa
