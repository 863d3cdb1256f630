// SPDX-License-Identifier: Apache-2.0
#include "hardware/packages.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <vector>

#include "isa/instruction.h"
#include "isa/names.h"
#include "isa/program.h"
#include "overlay/estimate.h"

namespace heddle::hardware {
namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

std::string constant(std::string_view name, std::int64_t value) {
  return fmt::format("  localparam int {} = {};\n", name, value);
}

template <class Code>
std::string enumeration(std::string_view type, std::string_view prefix, int width, int count) {
  std::string out = fmt::format("  typedef enum logic [{}:0] {{\n", width - 1);
  for (int i = 0; i < count; ++i)
    out += fmt::format("    {}_{} = {}{}\n", prefix, upper(name(static_cast<Code>(i))), i, i + 1 < count ? "," : "");
  return out + fmt::format("  }} {};\n\n", type);
}

std::string member(std::string_view name, int width, bool is_signed) {
  if (width == 1) return fmt::format("    logic {};\n", name);
  return fmt::format("    logic {}[{}:0] {};\n", is_signed ? "signed " : "", width - 1, name);
}

/// Fields stand in the reverse order: the first member of a packed struct has the highest bits.
std::string instruction_struct(isa::Opcode opcode) {
  std::vector<std::string> members{member("opcode", 8, false)};
  int bits = 8;
  for (const isa::FieldSpec& spec : format(opcode)) {
    members.push_back(member(name(spec.field), spec.width, spec.is_signed));
    bits += spec.width;
  }
  if (bits < 496) members.push_back(member("padding", 496 - bits, false));
  members.push_back(member("crc", 16, false));
  std::ranges::reverse(members);
  std::string out = "  typedef struct packed {\n";
  for (const std::string& text : members) out += text;
  return out + fmt::format("  }} {}_t;\n\n", name(opcode));
}

std::string head(std::string_view package, std::string_view what) {
  return fmt::format("// SPDX-License-Identifier: Apache-2.0\n// {} Generated; do not edit.\npackage {};\n", what,
                     package);
}

/// What the rest of the array must know of the dot products.
std::string dot_constants(const overlay::Overlay& o, std::string_view family) {
  const std::int64_t weights = std::int64_t{o.M} * o.N;
  const auto both = [](std::int64_t latency, std::int64_t bits) {
    return constant("MAC_LATENCY", latency) + constant("DOT_OPERAND_BITS", bits);
  };
  // Registers of rtl/device/dsp48: a chain of DSPs and four beside it; of rtl/device/ecp5: two and a tree of adders.
  if (family == "xcup") return both(std::min(o.N, 8) + 4, weights / 2 * 27);
  if (family == "xc7") return both(std::min(o.N, 4) + 4, weights / 2 * 25);
  if (family == "ecp5") return both(2 + std::countr_zero(static_cast<unsigned>(o.N)), weights * 16);
  return both(2, weights * 16);
}

/// Which multipliers are DSPs.
std::string dsp_constants(const overlay::Overlay& o, const overlay::Device& device) {
  const overlay::DspPlan plan = plan_dsps(o, device);
  std::string out = constant("REQUANTIZE_PIECE", device.family == "ecp5" ? 16 : 24);
  const auto bit = [&](std::string_view name, bool value) {
    out += fmt::format("  localparam bit {} = {};\n", name, value ? 1 : 0);
  };
  bit("DSP_REQUANTIZE", !device.family.empty());
  bit("DSP_POST", plan.post);
  bit("DSP_STENCIL_POST", plan.stencil_post);
  bit("DSP_STENCIL", plan.stencil);
  return out;
}

}  // namespace

std::string overlay_package(const overlay::Overlay& o, const overlay::Device* device) {
  std::string out = head("overlay_pkg", fmt::format("Parameters of the overlay '{}'.", o.name));
  out += constant("P", o.P) + constant("M", o.M) + constant("N", o.N);
  out += constant("ACC_DEPTH", o.acc_depth) + constant("WEIGHT_CYCLES", o.weight_cycles);
  out += constant("STENCIL_PIXELS", o.stencil_pixels) + constant("POST_LANES", o.post_lanes);
  out += constant("REGIONS", o.regions) + constant("REGION_WORDS", o.region_words);
  out += constant("WEIGHT_WORDS", o.weight_words);
  out += constant("PARAM_WORDS", o.param_words) + constant("STENCIL_PARAM_WORDS", o.stencil_param_words);
  out += constant("COEFFICIENT_WORDS", o.coefficient_words) + constant("TABLES", o.tables);
  out += constant("AXI_PORTS", o.axi_ports) + constant("AXI_BYTES", o.axi_bytes);
  for (const char* unit : {"upsample", "average", "table", "multiply"})
    out += fmt::format("  localparam bit UNIT_{} = {};\n", upper(unit), o.has_unit(unit) ? 1 : 0);
  const overlay::Device target = device == nullptr ? overlay::Device{} : *device;
  out += "  // Of the device: the dot products (cycles, bits of all weights as the rows take them), what is in DSPs.\n";
  out += dot_constants(o, target.family) + dsp_constants(o, target);
  out += fmt::format("  localparam logic [63:0] FINGERPRINT = 64'h{:016x};\n", fingerprint(o));
  return out + "endpackage\n";
}

std::string isa_package() {
  std::string out = head("isa_pkg", "Instruction formats, as in docs/isa.md.");
  out += constant("INSTRUCTION_BYTES", isa::kInstructionBytes) + constant("SEMAPHORES", isa::kSemaphores);
  out += constant("SEMAPHORE_MAX", isa::kSemaphoreMax) + constant("BASE_REGISTERS", isa::kBaseRegisters);
  out += constant("ENGINES", isa::kEngines) + constant("PARAM_WORD_BYTES", isa::kParamWordBytes);
  out += constant("TABLE_BYTES", isa::kTableBytes) + "\n";
  out += enumeration<isa::Engine>("engine_e", "ENGINE", 3, static_cast<int>(isa::kEngines));
  out += enumeration<isa::Opcode>("opcode_e", "OP", 8, static_cast<int>(isa::kOpcodes));
  out += enumeration<isa::Space>("space_e", "SPACE", 3, 5);
  out += enumeration<isa::StencilOp>("stencil_op_e", "STENCIL", 4, 10);
  out += enumeration<isa::Dataflow>("dataflow_e", "DATAFLOW", 2, 3);
  out += "  typedef enum logic [4:0] {\n";
  for (const DataType type : {DataType::i8, DataType::i16})
    out += fmt::format("    FORMAT_{} = {}{}\n", upper(name(type)), static_cast<int>(type),
                       type == DataType::i16 ? "" : ",");
  out += "  } format_e;\n\n";
  for (const isa::Opcode opcode : isa::kAllOpcodes) out += instruction_struct(opcode);
  return out + "endpackage\n";
}

}  // namespace heddle::hardware
