// SPDX-License-Identifier: Apache-2.0
#include "kernels/check.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <utility>

#include "kernels/convert.h"

namespace heddle::kernels {
namespace {

std::string names_of(TypeSet set) {
  std::string result;
  for (std::uint8_t code = 1; data_type_from_code(code); ++code) {
    const DataType type = *data_type_from_code(code);
    if (contains(set, type)) result += (result.empty() ? "" : ", ") + std::string(name(type));
  }
  return result;
}

}  // namespace

std::string to_text(std::int64_t value) {
  return std::to_string(value);
}
std::string to_text(std::size_t value) {
  return std::to_string(value);
}
std::string to_text(int value) {
  return std::to_string(value);
}
std::string to_text(double value) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%g", value);
  return buffer.data();
}
std::string to_text(std::string_view value) {
  return std::string(value);
}
std::string to_text(DataType value) {
  return std::string(name(value));
}
std::string to_text(const Shape& value) {
  std::string result = "[";
  for (const std::int64_t d : value)
    result += (result.size() > 1 ? ", " : "") + (d == kUnknown ? std::string("?") : std::to_string(d));
  return result + "]";
}

const Tensor& input(std::span<const Tensor> inputs, std::size_t index) {
  static const Tensor absent;
  return index < inputs.size() ? inputs[index] : absent;
}

bool has(std::span<const Tensor> inputs, std::size_t index) {
  return !input(inputs, index).empty();
}

Check::Check(const Attributes& attributes, std::span<const TensorInfo> inputs, std::size_t output_count)
    : attributes_(attributes), inputs_(inputs), output_count_(output_count) {
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].present) check_size(text("input ", i), inputs[i].type, inputs[i].shape);
}

void Check::check_size(std::string_view name, DataType type, const Shape& shape) {
  Shape known = shape;
  std::replace(known.begin(), known.end(), kUnknown, std::int64_t{1});
  // Dimensions of 0 do not excuse absurd ones beside them: strides are products of those.
  std::replace(known.begin(), known.end(), std::int64_t{0}, std::int64_t{1});
  if (checked_element_count(known, kMaxTensorBytes / static_cast<std::int64_t>(host_bytes(type))) >= 0) return;
  error("op.size", name,
        text("a tensor of ", type, " with the shape ", shape, " would take more than ", kMaxTensorBytes >> 30, " GiB"));
}

const TensorInfo& Check::in(std::size_t index) const {
  static const TensorInfo absent{.type = DataType::f32, .shape = {}, .value = nullptr, .present = false};
  return index < inputs_.size() ? inputs_[index] : absent;
}

void Check::error(std::string code, std::string_view field, std::string message, std::string hint,
                  ErrorClass error_class) {
  findings_.push_back({.error_class = error_class,
                       .code = std::move(code),
                       .message = std::move(message),
                       .field = std::string(field),
                       .hint = std::move(hint)});
}

void Check::unsupported(std::string code, std::string_view field, std::string message, std::string hint) {
  error(std::move(code), field, std::move(message), std::move(hint), ErrorClass::unsupported);
}

bool Check::type(std::size_t index, std::string_view name, TypeSet allowed) {
  if (!has(index)) {
    error("op.input.missing", name, "the input is required but was left out");
    return false;
  }
  return optional_type(index, name, allowed);
}

bool Check::optional_type(std::size_t index, std::string_view name, TypeSet allowed) {
  if (!has(index) || contains(allowed, in(index).type)) return true;
  error("op.type", name, text("the element type is ", in(index).type, "; allowed are ", names_of(allowed)),
        "insert a Cast");
  return false;
}

bool Check::same_type(std::size_t index, std::string_view name, std::size_t other) {
  if (!has(index) || !has(other) || in(index).type == in(other).type) return true;
  error("op.type", name, text("the element type is ", in(index).type, ", but input ", other, " has ", in(other).type),
        "insert a Cast");
  return false;
}

bool Check::rank_at_least(std::size_t index, std::string_view name, std::int64_t lowest) {
  if (rank(index) >= lowest) return true;
  error("op.rank", name, text("the shape ", shape(index), " has fewer than ", lowest, " dimensions"));
  return false;
}

bool Check::rank_is(std::size_t index, std::string_view name, std::int64_t expected) {
  if (rank(index) == expected) return true;
  error("op.rank", name, text("the shape ", shape(index), " has ", rank(index), " dimensions instead of ", expected));
  return false;
}

bool Check::vector_of(std::size_t index, std::string_view name, std::int64_t length) {
  if (!has(index)) return true;
  return rank_is(index, name, 1) && same_dim(name, shape(index)[0], length, "elements");
}

bool Check::same_dim(std::string_view name, std::int64_t actual, std::int64_t expected, std::string_view meaning) {
  if (actual == expected || actual == kUnknown || expected == kUnknown) return true;
  error("op.shape", name, text("has ", actual, " ", meaning, " instead of ", expected));
  return false;
}

std::optional<std::int64_t> Check::int_in(std::string_view name, std::int64_t fallback, std::int64_t lo,
                                          std::int64_t hi) {
  const std::int64_t value = get_int(attributes_, name, fallback);
  if (value >= lo && value <= hi) return value;
  error("op.attribute", name, text("the value ", value, " is outside ", lo, " … ", hi),
        text("nearest legal value: ", std::clamp(value, lo, hi)));
  return std::nullopt;
}

std::optional<std::int64_t> Check::axis(std::string_view name, std::int64_t value, std::int64_t rank) {
  if (value >= -rank && value < rank) return value < 0 ? value + rank : value;
  error("op.axis", name, text("axis ", value, " is outside ", -rank, " … ", rank - 1, " (", rank, " dimensions)"));
  return std::nullopt;
}

std::optional<std::vector<std::int64_t>> Check::axes(std::string_view name, std::span<const std::int64_t> values,
                                                     std::int64_t rank) {
  std::vector<std::int64_t> result;
  for (const std::int64_t value : values) {
    const auto normal = axis(name, value, rank);
    if (!normal) return std::nullopt;
    if (std::find(result.begin(), result.end(), *normal) != result.end()) {
      error("op.axis", name, text("axis ", value, " is named twice"));
      return std::nullopt;
    }
    result.push_back(*normal);
  }
  return result;
}

std::optional<std::size_t> Check::choice(std::string_view name, std::string_view fallback,
                                         std::span<const std::string_view> allowed) {
  const std::string value = get_string(attributes_, name, fallback);
  for (std::size_t i = 0; i < allowed.size(); ++i)
    if (allowed[i] == value) return i;
  std::string list;
  for (const std::string_view a : allowed) list += (list.empty() ? "" : ", ") + std::string(a);
  const std::string near = nearest(value, std::vector<std::string>(allowed.begin(), allowed.end()));
  error("op.attribute", name, "the value '" + value + "' is none of " + list,
        near.empty() ? "" : "did you mean '" + near + "'?");
  return std::nullopt;
}

std::optional<std::vector<std::int64_t>> Check::ints(std::size_t index) const {
  const TensorInfo& info = in(index);
  if (!info.present || info.value == nullptr || !contains(kInteger, info.type)) return std::nullopt;
  return ints_of(*info.value);
}

Shape Check::broadcast(const Shape& a, const Shape& b, std::string_view name) {
  Shape result(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::int64_t da = i < a.size() ? a[a.size() - 1 - i] : 1, db = i < b.size() ? b[b.size() - 1 - i] : 1;
    std::int64_t& out = result[result.size() - 1 - i];
    if (da != db && da != 1 && db != 1 && da != kUnknown && db != kUnknown) {
      error("op.shape", name, text("the shapes ", a, " and ", b, " do not broadcast: ", da, " against ", db));
      return result;
    }
    out = da == 1 ? db : db == 1 ? da : std::max(da, db);
  }
  return result;
}

Result<std::vector<TensorInfo>> Check::done(std::vector<TensorInfo> outputs) {
  if (output_count_ > outputs.size())
    error("op.outputs", "", text("the node names ", output_count_, " outputs; the operator has ", outputs.size()));
  for (const TensorInfo& output : outputs) check_size("", output.type, output.shape);
  if (!ok()) return failed();
  outputs.resize(output_count_);
  return outputs;
}

std::int64_t count_of(const Shape& shape) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  if (!is_known(shape)) return kUnknown;
  const std::int64_t count = checked_element_count(shape, most);
  return count < 0 ? most : count;
}

bool is_known(const Shape& shape) {
  return std::find(shape.begin(), shape.end(), kUnknown) == shape.end();
}

std::vector<std::int64_t> ints_of(const Tensor& tensor) {
  const Tensor wide = cast(tensor, DataType::i64);
  const auto values = wide.data<std::int64_t>();
  return {values.begin(), values.end()};
}

std::vector<TensorInfo> infos_of(std::span<const Tensor> inputs) {
  std::vector<TensorInfo> infos(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    infos[i].type = inputs[i].type();
    infos[i].shape = inputs[i].shape();
    infos[i].value = &inputs[i];
    infos[i].present = !inputs[i].empty();
  }
  return infos;
}

Result<std::vector<TensorInfo>> infer_run(InferFunction infer, const Attributes& attributes,
                                          std::span<const Tensor> inputs, std::size_t output_count) {
  return infer(attributes, infos_of(inputs), output_count);
}

tl::unexpected<Diagnostics> bad_value(std::string_view field, std::string message, std::string hint) {
  return fail(
      {.code = "op.value", .message = std::move(message), .field = std::string(field), .hint = std::move(hint)});
}

}  // namespace heddle::kernels
