// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>

#include "base/diagnostic.h"
#include "isa/instruction.h"

/// Instructions to 64-byte words and back, driven by the table of formats.
///
/// Bit 0 of a word is bit 0 of byte 0. The opcode takes bits 0 to 7, then the fields follow in the table's order
/// without gaps; the rest is 0; bytes 62 and 63 hold the CRC of bytes 0 to 61, little endian.
namespace heddle::isa {

/// Errors: a value outside its field's legal range, or a value in a field that the format lacks. All are collected.
[[nodiscard]] Result<Word> encode(const Instruction& instruction);
/// Errors: unknown opcode, illegal value, a padding bit that is set, wrong CRC.
[[nodiscard]] Result<Instruction> decode(const Word& word);
/// CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xffff, not reflected.
[[nodiscard]] std::uint16_t crc16(std::span<const std::byte> bytes);
/// Writes the right CRC into the last two bytes.
void seal(Word& word);

}  // namespace heddle::isa
