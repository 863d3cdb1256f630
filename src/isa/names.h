// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "isa/instruction.h"

/// Names of codes in assembly, diagnostics and documentation; the other direction of `name` in instruction.h.
namespace heddle::isa {

inline constexpr std::array kAllEngines{Engine::load_features, Engine::load_weights, Engine::conv, Engine::stencil,
                                        Engine::save};
inline constexpr std::array kAllOpcodes{Opcode::end,  Opcode::fence,   Opcode::load, Opcode::load_const,
                                        Opcode::conv, Opcode::stencil, Opcode::save};

[[nodiscard]] std::optional<Opcode> opcode_from_name(std::string_view text);
[[nodiscard]] std::optional<Engine> engine_from_name(std::string_view text);

/// A field value as assembly writes it: "i8", "depthwise", "weights", "s3" (a semaphore), or a decimal number.
[[nodiscard]] std::string value_text(Field field, std::int64_t value);
/// The reverse; numbers are accepted for every field.
[[nodiscard]] std::optional<std::int64_t> value_from_text(Field field, std::string_view text);
/// The value that assembly may leave out: 0, or 1 where 0 is illegal; none for element types.
[[nodiscard]] std::optional<std::int64_t> default_value(const FieldSpec& spec);
/// "conv[12]": how diagnostics name an instruction.
[[nodiscard]] std::string instruction_name(Engine engine, std::size_t index);

}  // namespace heddle::isa
