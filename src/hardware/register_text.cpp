// SPDX-License-Identifier: Apache-2.0
// The register map in other languages: SystemVerilog and Markdown.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "hardware/registers.h"
#include "isa/names.h"

namespace heddle::hardware {
namespace {

std::string constant_name(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

/// The counter's name without the engine.
std::string category_name(int category) {
  const std::string full = counter_name(isa::Engine::conv, category);
  return full.substr(full.find('.') + 1);
}

std::string_view access_text(Access access) {
  switch (access) {
    case Access::read_only:
      return "read";
    case Access::read_write:
      return "read, write";
    case Access::trigger:
      return "write 1 to act";
    case Access::write_1_clear:
      return "read, write 1 to clear";
  }
  return "";
}

std::string reset_text(const Register& r) {
  return r.reset < 10 ? std::to_string(r.reset) : fmt::format("{:#x}", r.reset);
}

std::string row(const Register& r) {
  std::string offset = fmt::format("0x{:03x}", r.offset);
  if (r.count > 1) offset += fmt::format(" + {}·i, i < {}", r.stride, r.count);
  const std::string reset = r.access == Access::read_only && r.reset == 0 ? "" : reset_text(r);
  return fmt::format("| {} | {} | {} | {} | {} | {} |\n", offset, r.name, r.width, access_text(r.access), reset, r.doc);
}

std::string fields_table(const Register& r) {
  std::string out = fmt::format("### {}\n\n| bits | field | meaning |\n| --- | --- | --- |\n", r.name);
  for (const RegisterField& f : r.fields) {
    const std::string bits = f.width == 1 ? std::to_string(f.bit) : fmt::format("{} – {}", f.bit, f.bit + f.width - 1);
    out += fmt::format("| {} | {} | {} |\n", bits, f.name, f.doc);
  }
  return out + "\n";
}

}  // namespace

std::string registers_package() {
  std::string out =
      "// SPDX-License-Identifier: Apache-2.0\n// Registers, as in docs/hardware/registers.md. Generated; do not "
      "edit.\npackage registers_pkg;\n";
  out += fmt::format("  localparam int REGISTER_ADDRESS_BITS = {};\n", kRegisterAddressBits);
  for (const Register* r : all_registers()) {
    out += fmt::format("  localparam logic [{}:0] REG_{} = 12'h{:03x};\n", kRegisterAddressBits - 1,
                       constant_name(r->name), r->offset);
    if (r->reset != 0)
      out += fmt::format("  localparam logic [31:0] RESET_{} = 32'h{:08x};\n", constant_name(r->name), r->reset);
    for (const RegisterField& f : r->fields)
      out += fmt::format("  localparam int {}_{} = {};\n", constant_name(r->name), constant_name(f.name), f.bit);
  }
  out += fmt::format("\n  localparam int CATEGORIES = {};\n", kCategories);
  out += "  // WAIT_FIRST and WAIT_SECOND become the WAIT of the engine that gives the semaphore.\n";
  out += "  typedef enum logic [4:0] {\n";
  for (int c = 0; c < kCategories; ++c) out += fmt::format("    COUNT_{} = {},\n", constant_name(category_name(c)), c);
  out += "    COUNT_WAIT_FIRST = 16,\n    COUNT_WAIT_SECOND = 17\n  } category_e;\n";
  return out + "endpackage\n";
}

std::string registers_page() {
  std::string out =
      "<!-- Generated from src/hardware/registers.cpp by registers_page(); do not edit. -->\n\n# Registers\n\n"
      "One AXI4-Lite slave of 4 KB. Registers are 32 bits wide; 64-bit ones are two words, the low one first. Writes "
      "must "
      "be whole\nwords; other addresses read 0 and ignore writes.\n\n"
      "A run: write streams and bases, write `start`, wait for the interrupt or for `running` = 0, read `status`. "
      "After "
      "an error or\n`stop` nothing more starts; AXI transfers in flight are drained and the engines are reset; then "
      "`running` falls and the next\nrun begins afresh. While a slave owes a response, `draining` stays 1.\n\n"
      "| offset | register | bits | access | reset | meaning |\n| --- | --- | --- | --- | --- | --- |\n";
  for (const Register* r : all_registers()) out += row(*r);
  out += "\n";
  for (const Register* r : all_registers())
    if (!r->fields.empty()) out += fields_table(*r);
  out +=
      "### counters\n\nCounter i of engine e lies at 0x400 + 128·e + 8·i. Each cycle of a run is in exactly one "
      "counter of each engine, so that\nan engine's counters sum up to `cycles`. Names are those of the runtime's "
      "`Completion::counters`, for instance `conv.busy`.\n\n| i | name | cycles in which … |\n| --- | --- | --- |\n";
  for (int c = 0; c < kCategories; ++c) out += fmt::format("| {} | {} | {} |\n", c, category_name(c), counter_doc(c));
  return out;
}

}  // namespace heddle::hardware
