// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "base/diagnostic.h"
#include "isa/program.h"

/// Programs as text. The grammar is described in docs/assembly.md.
namespace heddle::isa {

/// "conv wait0=s1 src_word=20 …": fields that have their default value are left out.
[[nodiscard]] std::string to_text(const Instruction& instruction);
/// One instruction from such a line. Errors name opcode and field; ranges are `encode`'s business.
[[nodiscard]] Result<Instruction> instruction_from_text(std::string_view line);

/// The whole program, every byte of it: `assemble(disassemble(p))` equals p. Words that do not decode are written as
/// ".word" with 128 hexadecimal digits.
[[nodiscard]] std::string disassemble(const Program& program);
/// Errors carry `file` and line. The result is not verified: `check_program` does that.
[[nodiscard]] Result<Program> assemble(std::string_view text, const std::string& file);

}  // namespace heddle::isa
