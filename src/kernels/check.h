// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/operator.h"

/// What the infer functions share: typed access to operands, checks that leave a diagnostic, shape arithmetic.
namespace heddle::kernels {

inline constexpr std::int64_t kUnknown = -1;  ///< a dimension that is not bound yet
/// Larger tensors are refused before anything is allocated.
inline constexpr std::int64_t kMaxTensorBytes = std::int64_t{4} << 30;

/// A set of element types, one bit each.
using TypeSet = std::uint32_t;
[[nodiscard]] constexpr TypeSet types(std::initializer_list<DataType> list) {
  TypeSet set = 0;
  for (const DataType t : list) set |= TypeSet{1} << static_cast<unsigned>(t);
  return set;
}
inline constexpr TypeSet kReal = types({DataType::f32, DataType::f64, DataType::f16, DataType::bf16});
inline constexpr TypeSet kSigned = types({DataType::i8, DataType::i16, DataType::i32, DataType::i64});
inline constexpr TypeSet kUnsigned = types({DataType::u8, DataType::u16, DataType::u32, DataType::u64});
inline constexpr TypeSet kSubByte = types({DataType::i1, DataType::i2, DataType::i4, DataType::u2, DataType::u4});
inline constexpr TypeSet kBool = types({DataType::boolean});
inline constexpr TypeSet kByte = types({DataType::i8, DataType::u8});
inline constexpr TypeSet kIndex = types({DataType::i32, DataType::i64});
inline constexpr TypeSet kInt64 = types({DataType::i64});
inline constexpr TypeSet kInteger = kSigned | kUnsigned;
inline constexpr TypeSet kNumber = kReal | kInteger;
inline constexpr TypeSet kAny = kNumber | kSubByte | kBool;
[[nodiscard]] constexpr bool contains(TypeSet set, DataType type) {
  return (set & types({type})) != 0;
}

/// Pieces of a message: numbers, names, element types and shapes ("[1, 3, 224, 224]") in a row.
[[nodiscard]] std::string to_text(std::int64_t value);
[[nodiscard]] std::string to_text(std::size_t value);
[[nodiscard]] std::string to_text(int value);
[[nodiscard]] std::string to_text(double value);
[[nodiscard]] std::string to_text(std::string_view value);
[[nodiscard]] std::string to_text(DataType value);
[[nodiscard]] std::string to_text(const Shape& value);
template <class... Parts>
[[nodiscard]] std::string text(const Parts&... parts) {
  std::string result;
  ((result += to_text(parts)), ...);
  return result;
}

/// The i-th input of a run function; an empty tensor if it was left out.
[[nodiscard]] const Tensor& input(std::span<const Tensor> inputs, std::size_t index);
[[nodiscard]] bool has(std::span<const Tensor> inputs, std::size_t index);

/// One infer call: reads operands and collects everything that is wrong with them.
///
/// The testing functions return false and record a diagnostic when the condition does not hold, so that a caller
/// can go on with checks that do not depend on it.
class Check {
 public:
  /// Records inputs that are too large, so that shape arithmetic after `ok()` cannot overflow.
  Check(const Attributes& attributes, std::span<const TensorInfo> inputs, std::size_t output_count);

  [[nodiscard]] const TensorInfo& in(std::size_t index) const;
  [[nodiscard]] std::size_t count() const { return inputs_.size(); }
  [[nodiscard]] std::size_t output_count() const { return output_count_; }
  [[nodiscard]] bool has(std::size_t index) const { return in(index).present; }
  [[nodiscard]] const Shape& shape(std::size_t index) const { return in(index).shape; }
  [[nodiscard]] std::int64_t rank(std::size_t index) const { return static_cast<std::int64_t>(shape(index).size()); }
  [[nodiscard]] const Attributes& attributes() const { return attributes_; }
  [[nodiscard]] bool ok() const { return findings_.empty(); }

  void error(std::string code, std::string_view field, std::string message, std::string hint = {},
             ErrorClass error_class = ErrorClass::bad_input);
  /// Legal ONNX that heddle does not do.
  void unsupported(std::string code, std::string_view field, std::string message, std::string hint = {});

  /// The operand is there and has one of the types.
  bool type(std::size_t index, std::string_view name, TypeSet allowed);
  /// As `type`, but the operand may be left out.
  bool optional_type(std::size_t index, std::string_view name, TypeSet allowed);
  /// Both operands, if there, have equal types.
  bool same_type(std::size_t index, std::string_view name, std::size_t other);
  bool rank_at_least(std::size_t index, std::string_view name, std::int64_t lowest);
  bool rank_is(std::size_t index, std::string_view name, std::int64_t rank);
  /// Operand `index`, if there, is a vector of `length` elements (either may be unknown).
  bool vector_of(std::size_t index, std::string_view name, std::int64_t length);
  /// Dimensions agree; unknown agrees with all.
  bool same_dim(std::string_view name, std::int64_t actual, std::int64_t expected, std::string_view meaning);

  /// An attribute within limits; reports it and returns nothing otherwise.
  std::optional<std::int64_t> int_in(std::string_view name, std::int64_t fallback, std::int64_t lo, std::int64_t hi);
  /// An axis of a tensor of `rank` dimensions, with negative ones counted from the end.
  std::optional<std::int64_t> axis(std::string_view name, std::int64_t value, std::int64_t rank);
  /// Several distinct axes.
  std::optional<std::vector<std::int64_t>> axes(std::string_view name, std::span<const std::int64_t> values,
                                                std::int64_t rank);
  /// A string attribute out of a list.
  std::optional<std::size_t> choice(std::string_view name, std::string_view fallback,
                                    std::span<const std::string_view> allowed);
  /// The values of an integer operand, or nothing if they are not known yet.
  [[nodiscard]] std::optional<std::vector<std::int64_t>> ints(std::size_t index) const;

  /// Numpy's broadcast of two shapes; reports dimensions that do not fit.
  Shape broadcast(const Shape& a, const Shape& b, std::string_view name);

  /// Refuses a shape that would take more than kMaxTensorBytes.
  void check_size(std::string_view name, DataType type, const Shape& shape);
  /// The outputs, unless anything was wrong or one of them is too large; as many as the node names.
  [[nodiscard]] Result<std::vector<TensorInfo>> done(std::vector<TensorInfo> outputs);
  [[nodiscard]] tl::unexpected<Diagnostics> failed() { return fail(std::move(findings_)); }

 private:
  const Attributes& attributes_;
  std::span<const TensorInfo> inputs_;
  std::size_t output_count_;
  Diagnostics findings_;
};

/// Element count (the largest number if it does not fit), or kUnknown if a dimension is unknown.
[[nodiscard]] std::int64_t count_of(const Shape& shape);
[[nodiscard]] bool is_known(const Shape& shape);
/// Integers behind a tensor of an integer type.
[[nodiscard]] std::vector<std::int64_t> ints_of(const Tensor& tensor);

/// What is known of actual tensors: everything. The result points at them.
[[nodiscard]] std::vector<TensorInfo> infos_of(std::span<const Tensor> inputs);
/// Infers again with the values at hand, so that a run function knows every output shape and refuses bad parameters.
[[nodiscard]] Result<std::vector<TensorInfo>> infer_run(InferFunction infer, const Attributes& attributes,
                                                        std::span<const Tensor> inputs, std::size_t output_count);
/// A diagnostic about a value that only the run shows.
[[nodiscard]] tl::unexpected<Diagnostics> bad_value(std::string_view field, std::string message, std::string hint = {});

}  // namespace heddle::kernels
