// SPDX-License-Identifier: Apache-2.0
#include "isa/isa_page.h"

#include <fmt/format.h>

#include "isa/access.h"
#include "isa/names.h"

namespace heddle::isa {
namespace {

std::string range(const FieldSpec& spec) {
  if (value_text(spec.field, spec.low) != std::to_string(spec.low))
    return value_text(spec.field, spec.low) + " … " + value_text(spec.field, spec.high);
  return fmt::format("{} … {}", spec.low, spec.high);
}

std::string engines_of(Opcode opcode) {
  std::string out;
  for (const Engine engine : kAllEngines)
    if (executes(engine, opcode)) out += (out.empty() ? "" : ", ") + std::string(name(engine));
  return out;
}

std::string format_table(Opcode opcode) {
  std::string out =
      fmt::format("### {} (opcode {})\n\nEngines: {}.\n\n", name(opcode), static_cast<int>(opcode), engines_of(opcode));
  out += "| bits | field | width | legal | unit | meaning |\n| --- | --- | --- | --- | --- | --- |\n";
  out += fmt::format("| 0 – 7 | opcode | 8 | {} | | |\n", static_cast<int>(opcode));
  int bit = 8;
  for (const FieldSpec& spec : format(opcode)) {
    out += fmt::format("| {} – {} | {} | {}{} | {} | {} | {} |\n", bit, bit + spec.width - 1, name(spec.field),
                       spec.width, spec.is_signed ? ", signed" : "", range(spec), spec.unit, spec.doc);
    bit += spec.width;
  }
  if (bit < 496) out += fmt::format("| {} – 495 | | {} | 0 | | padding |\n", bit, 496 - bit);
  out += "| 496 – 511 | crc | 16 | | | CRC-16/CCITT (0x1021, start 0xffff) of bytes 0 to 61 |\n\n";
  return out;
}

template <class Code>
std::string code_list(std::string_view title, int count) {
  std::string out = fmt::format("- **{}**:", title);
  for (int i = 0; i < count; ++i) out += fmt::format("{} {} {}", i == 0 ? "" : ",", i, name(static_cast<Code>(i)));
  return out + "\n";
}

}  // namespace

std::string isa_page(std::string_view semantics) {
  std::string out =
      "<!-- Generated from docs/isa_semantics.md and src/isa/table.cpp by isa_page(); do not edit. -->\n\n";
  out += semantics;
  out +=
      "\n## Formats\n\nAn instruction has 64 bytes. Bit 0 is bit 0 of byte 0; fields follow each other without gaps; "
      "signed fields are\n"
      "two's complement. Values outside the legal range and padding bits that are set are refused.\n\n";
  for (const Opcode opcode : kAllOpcodes) out += format_table(opcode);
  out += "## Codes\n\n";
  out += code_list<Space>("space", 5);
  out += code_list<StencilOp>("stencil_op", 10);
  out += code_list<Dataflow>("dataflow", 3);
  out += "- **formats**:";
  for (std::uint8_t code = 1; code <= 7; ++code)
    out += fmt::format("{} {} {}", code == 1 ? "" : ",", code, name(format_type(code)));
  out += "\n\nThe integer overlay takes i8 and i16; the other types are reserved.\n";
  return out;
}

}  // namespace heddle::isa
