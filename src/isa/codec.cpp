// SPDX-License-Identifier: Apache-2.0
#include "isa/codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <bitset>

#include "isa/names.h"

namespace heddle::isa {
namespace {

constexpr int kCrcBit = 8 * (static_cast<int>(kInstructionBytes) - 2);

constexpr auto kCrcTable = [] {
  std::array<std::uint16_t, 256> table{};
  for (unsigned i = 0; i < 256; ++i) {
    unsigned crc = i << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc << 1) ^ ((crc & 0x8000U) != 0 ? 0x1021U : 0U);
    table[i] = static_cast<std::uint16_t>(crc);
  }
  return table;
}();

void put(Word& word, int bit, int width, std::uint64_t value) {
  for (int done = 0; done < width;) {
    const int shift = (bit + done) % 8;
    const int take = std::min(8 - shift, width - done);
    const auto piece = static_cast<unsigned>((value >> done) & ((1U << take) - 1));
    word[static_cast<std::size_t>(bit + done) / 8] |= static_cast<std::byte>(piece << shift);
    done += take;
  }
}

std::uint64_t get(const Word& word, int bit, int width) {
  std::uint64_t value = 0;
  for (int done = 0; done < width;) {
    const int shift = (bit + done) % 8;
    const int take = std::min(8 - shift, width - done);
    const auto byte = std::to_integer<std::uint64_t>(word[static_cast<std::size_t>(bit + done) / 8]);
    value |= ((byte >> shift) & ((1U << take) - 1)) << done;
    done += take;
  }
  return value;
}

std::int64_t sign_extend(std::uint64_t value, int width) {
  const std::uint64_t sign = std::uint64_t{1} << (width - 1);
  return static_cast<std::int64_t>((value ^ sign) - sign);
}

Diagnostic bad_value(Opcode opcode, const FieldSpec& spec, std::int64_t value) {
  return {.code = "isa.field",
          .message = fmt::format("is {}; legal are {} ... {}", value, spec.low, spec.high),
          .op = std::string(name(opcode)),
          .field = std::string(name(spec.field))};
}

Diagnostic bad_word(std::string code, std::string message, Opcode opcode) {
  return {.code = std::move(code), .message = std::move(message), .op = std::string(name(opcode))};
}

}  // namespace

std::uint16_t crc16(std::span<const std::byte> bytes) {
  unsigned crc = 0xffff;
  for (const std::byte b : bytes)
    crc = ((crc << 8) ^ kCrcTable[((crc >> 8) ^ std::to_integer<unsigned>(b)) & 0xffU]) & 0xffffU;
  return static_cast<std::uint16_t>(crc);
}

void seal(Word& word) {
  const std::uint16_t crc = crc16(std::span(word).first(kInstructionBytes - 2));
  word[kInstructionBytes - 2] = static_cast<std::byte>(crc & 0xff);
  word[kInstructionBytes - 1] = static_cast<std::byte>(crc >> 8);
}

Result<Word> encode(const Instruction& instruction) {
  Diagnostics findings;
  std::bitset<kFields> carried;
  Word word{};
  word[0] = static_cast<std::byte>(instruction.opcode);
  int bit = 8;
  for (const FieldSpec& spec : format(instruction.opcode)) {
    const std::int64_t value = instruction[spec.field];
    carried.set(static_cast<std::size_t>(spec.field));
    if (value < spec.low || value > spec.high)
      findings.push_back(bad_value(instruction.opcode, spec, value));
    else
      put(word, bit, spec.width, static_cast<std::uint64_t>(value));
    bit += spec.width;
  }
  for (std::size_t f = 0; f < kFields; ++f)
    if (!carried[f] && instruction.values[f] != 0)
      findings.push_back(
          {.code = "isa.field",
           .message = fmt::format("is {}, but {} has no such field", instruction.values[f], name(instruction.opcode)),
           .op = std::string(name(instruction.opcode)),
           .field = std::string(name(static_cast<Field>(f)))});
  if (!findings.empty()) return fail(std::move(findings));
  seal(word);
  return word;
}

Result<Instruction> decode(const Word& word) {
  const auto code = std::to_integer<std::size_t>(word[0]);
  if (code >= kOpcodes)
    return fail({.code = "isa.opcode", .message = fmt::format("opcode {} is unknown; legal are 0 ... 6", code)});
  Instruction instruction{.opcode = static_cast<Opcode>(code)};
  const std::uint64_t crc = crc16(std::span(word).first(kInstructionBytes - 2));
  if (get(word, kCrcBit, 16) != crc)
    return fail(bad_word("isa.crc",
                         fmt::format("CRC is {:#06x}, but the word has {:#06x}", get(word, kCrcBit, 16), crc),
                         instruction.opcode));
  Diagnostics findings;
  int bit = 8;
  for (const FieldSpec& spec : format(instruction.opcode)) {
    const std::uint64_t raw = get(word, bit, spec.width);
    const std::int64_t value = spec.is_signed ? sign_extend(raw, spec.width) : static_cast<std::int64_t>(raw);
    if (value < spec.low || value > spec.high) findings.push_back(bad_value(instruction.opcode, spec, value));
    instruction[spec.field] = value;
    bit += spec.width;
  }
  for (; bit < kCrcBit; ++bit)
    if (get(word, bit, 1) != 0) {
      findings.push_back(bad_word("isa.padding", fmt::format("bit {} is behind the last field and must be 0", bit),
                                  instruction.opcode));
      break;
    }
  if (!findings.empty()) return fail(std::move(findings));
  return instruction;
}

}  // namespace heddle::isa
