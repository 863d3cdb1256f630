// SPDX-License-Identifier: Apache-2.0
#include "isa/names.h"

#include <charconv>

namespace heddle::isa {
namespace {

using namespace std::string_view_literals;

// In the order of the enumerations.
constexpr std::array kFieldNames{
    "wait0"sv,         "wait1"sv,
    "signal0"sv,       "signal1"sv,
    "overlap"sv,       "ddr_base"sv,
    "ddr_offset"sv,    "ddr_row"sv,
    "ddr_plane"sv,     "bytes"sv,
    "space"sv,         "address"sv,
    "blocks"sv,        "rows"sv,
    "columns"sv,       "src_word"sv,
    "src_bank"sv,      "src_pitch"sv,
    "src_plane"sv,     "src_height"sv,
    "src_width"sv,     "operand_word"sv,
    "operand_bank"sv,  "operand_pitch"sv,
    "operand_plane"sv, "operand_broadcast"sv,
    "dst_word"sv,      "dst_bank"sv,
    "dst_pitch"sv,     "dst_plane"sv,
    "dst_step"sv,      "out_height"sv,
    "out_width"sv,     "kernel_h"sv,
    "kernel_w"sv,      "stride_h"sv,
    "stride_w"sv,      "dilation_h"sv,
    "dilation_w"sv,    "pad_top"sv,
    "pad_left"sv,      "pad_value"sv,
    "in_blocks"sv,     "out_blocks"sv,
    "src_format"sv,    "weight_format"sv,
    "dst_format"sv,    "encoding"sv,
    "algorithm"sv,     "dataflow"sv,
    "first"sv,         "last"sv,
    "use_operand"sv,   "weight_address"sv,
    "param_address"sv, "coefficient_address"sv,
    "stencil_op"sv,    "start_y"sv,
    "start_x"sv,       "step_y"sv,
    "step_x"sv,
};
static_assert(kFieldNames.size() == kFields);
constexpr std::array kOpcodeNames{"end"sv, "fence"sv, "load"sv, "load_const"sv, "conv"sv, "stencil"sv, "save"sv};
static_assert(kOpcodeNames.size() == kOpcodes);
constexpr std::array kEngineNames{"load_features"sv, "load_weights"sv, "conv"sv, "stencil"sv, "save"sv};
static_assert(kEngineNames.size() == kEngines);
constexpr std::array kStencilNames{"depthwise"sv, "maximum"sv, "average"sv,  "global_average"sv, "nearest"sv,
                                   "bilinear"sv,  "add"sv,     "multiply"sv, "identity"sv,       "fill"sv};
constexpr std::array kSpaceNames{"weights"sv, "conv_params"sv, "stencil_params"sv, "coefficients"sv, "tables"sv};
constexpr std::array kDataflowNames{"output_stationary"sv, "weight_stationary"sv, "input_stationary"sv};

template <class Names>
std::optional<std::int64_t> index_of(const Names& names, std::string_view text) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == text) return static_cast<std::int64_t>(i);
  return std::nullopt;
}

template <class Names>
std::string name_or_number(const Names& names, std::int64_t value) {
  const bool known = value >= 0 && static_cast<std::size_t>(value) < names.size();
  return known ? std::string(names[static_cast<std::size_t>(value)]) : std::to_string(value);
}

bool is_semaphore(Field field) {
  return field == Field::wait0 || field == Field::wait1 || field == Field::signal0 || field == Field::signal1;
}

bool is_type(Field field) {
  return field == Field::src_format || field == Field::weight_format || field == Field::dst_format;
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string_view name(Opcode opcode) {
  return kOpcodeNames.at(static_cast<std::size_t>(opcode));
}

std::string_view name(Engine engine) {
  return kEngineNames.at(static_cast<std::size_t>(engine));
}

std::string_view name(Field field) {
  return kFieldNames.at(static_cast<std::size_t>(field));
}

std::string_view name(StencilOp op) {
  return kStencilNames.at(static_cast<std::size_t>(op));
}

std::string_view name(Space space) {
  return kSpaceNames.at(static_cast<std::size_t>(space));
}

std::string_view name(Dataflow dataflow) {
  return kDataflowNames.at(static_cast<std::size_t>(dataflow));
}

std::optional<Opcode> opcode_from_name(std::string_view text) {
  const auto index = index_of(kOpcodeNames, text);
  return index ? std::optional(static_cast<Opcode>(*index)) : std::nullopt;
}

std::optional<Engine> engine_from_name(std::string_view text) {
  const auto index = index_of(kEngineNames, text);
  return index ? std::optional(static_cast<Engine>(*index)) : std::nullopt;
}

std::string value_text(Field field, std::int64_t value) {
  if (is_semaphore(field)) return "s" + std::to_string(value);
  if (is_type(field)) {
    const auto type = data_type_from_code(static_cast<std::uint8_t>(value));
    return type ? std::string(name(*type)) : std::to_string(value);
  }
  if (field == Field::space) return name_or_number(kSpaceNames, value);
  if (field == Field::stencil_op) return name_or_number(kStencilNames, value);
  if (field == Field::dataflow) return name_or_number(kDataflowNames, value);
  return std::to_string(value);
}

std::optional<std::int64_t> value_from_text(Field field, std::string_view text) {
  if (const auto value = number(text)) return value;
  if (is_semaphore(field) && text.starts_with('s')) return number(text.substr(1));
  if (is_type(field)) {
    const auto type = data_type_from_name(text);
    return type ? std::optional(static_cast<std::int64_t>(*type)) : std::nullopt;
  }
  if (field == Field::space) return index_of(kSpaceNames, text);
  if (field == Field::stencil_op) return index_of(kStencilNames, text);
  if (field == Field::dataflow) return index_of(kDataflowNames, text);
  return std::nullopt;
}

std::optional<std::int64_t> default_value(const FieldSpec& spec) {
  if (is_type(spec.field)) return std::nullopt;
  return spec.low > 0 ? spec.low : 0;
}

std::string instruction_name(Engine engine, std::size_t index) {
  return std::string(name(engine)) + '[' + std::to_string(index) + ']';
}

}  // namespace heddle::isa
