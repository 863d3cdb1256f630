// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "isa/assembly.h"
#include "isa/names.h"
#include "isa/text.h"

namespace heddle::isa {
namespace {

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const std::string near = nearest(std::string(word), known);
  return near.empty() ? "" : "did you mean '" + near + "'?";
}

std::vector<std::string> opcode_names() {
  std::vector<std::string> names;
  for (const Opcode opcode : kAllOpcodes) names.emplace_back(name(opcode));
  return names;
}

/// Applies "field=value"; adds a finding if that is not possible.
void apply(std::string_view token, Instruction& instruction, Diagnostics& findings) {
  const std::size_t equals = token.find('=');
  const std::string_view key = token.substr(0, equals);
  const auto fields = format(instruction.opcode);
  const auto spec =
      std::find_if(fields.begin(), fields.end(), [&](const FieldSpec& f) { return name(f.field) == key; });
  Diagnostic d{.code = "asm.field", .op = std::string(name(instruction.opcode)), .field = std::string(key)};
  if (spec == fields.end()) {
    std::vector<std::string> names;
    for (const FieldSpec& f : fields) names.emplace_back(name(f.field));
    d.message = "the instruction has no such field";
    d.hint = did_you_mean(key, names);
    findings.push_back(std::move(d));
    return;
  }
  const auto value =
      equals == std::string_view::npos ? std::nullopt : value_from_text(spec->field, token.substr(equals + 1));
  if (value) {
    instruction[spec->field] = *value;
    return;
  }
  d.message = "'" + std::string(token) + "' gives it no value";
  findings.push_back(std::move(d));
}

}  // namespace

std::string to_text(const Instruction& instruction) {
  std::string out(name(instruction.opcode));
  for (const FieldSpec& spec : format(instruction.opcode)) {
    const std::int64_t value = instruction[spec.field];
    if (default_value(spec) == value) continue;
    out += ' ';
    out += name(spec.field);
    out += '=';
    out += value_text(spec.field, value);
  }
  return out;
}

Result<Instruction> instruction_from_text(std::string_view line) {
  std::vector<std::string_view> tokens;
  if (!text::split(line, tokens) || tokens.empty())
    return fail(Diagnostic{.code = "asm.syntax", .message = "is not an instruction"});
  const auto opcode = opcode_from_name(tokens.front());
  if (!opcode)
    return fail({.code = "asm.opcode",
                 .message = "'" + std::string(tokens.front()) + "' is no instruction",
                 .hint = did_you_mean(tokens.front(), opcode_names())});
  Instruction instruction{.opcode = *opcode};
  for (const FieldSpec& spec : format(*opcode)) instruction[spec.field] = default_value(spec).value_or(0);
  Diagnostics findings;
  for (std::size_t i = 1; i < tokens.size(); ++i) apply(tokens[i], instruction, findings);
  if (!findings.empty()) return fail(std::move(findings));
  return instruction;
}

}  // namespace heddle::isa
