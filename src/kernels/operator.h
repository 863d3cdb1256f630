// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/diagnostic.h"
#include "base/tensor.h"

/// Host operators on plain tensors: what an operator means, without any graph around it.
///
/// An operator has the name and the meaning of the *newest* ONNX operator set; the front end lifts older forms to it
/// (attributes that became inputs, Upsample to Resize, …). Parameters such as Clip's limits or Reshape's shape stay
/// ordinary inputs; they are usually constants.
namespace heddle::kernels {

using AttributeValue = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>, std::vector<float>,
                                    std::vector<std::string>, Tensor>;
using Attributes = std::map<std::string, AttributeValue, std::less<>>;

/// Typed look-ups with the operator's default; a value of another type reads as the default (the front end has
/// checked the types against the operator's attribute list before).
[[nodiscard]] std::int64_t get_int(const Attributes& attributes, std::string_view name, std::int64_t fallback);
[[nodiscard]] float get_float(const Attributes& attributes, std::string_view name, float fallback);
[[nodiscard]] std::string get_string(const Attributes& attributes, std::string_view name, std::string_view fallback);
[[nodiscard]] std::vector<std::int64_t> get_ints(const Attributes& attributes, std::string_view name,
                                                 std::vector<std::int64_t> fallback = {});
[[nodiscard]] std::vector<float> get_floats(const Attributes& attributes, std::string_view name,
                                            std::vector<float> fallback = {});

/// What is known of an operand before anything runs.
struct TensorInfo {
  DataType type = DataType::f32;
  Shape shape;
  const Tensor* value = nullptr;  ///< the constant behind it, if any
  bool present = true;            ///< false: an optional input was left out
};

/// Types and shapes of the outputs, or why there are none. Diagnostics carry code, field, message and hint;
/// the caller fills in node and file. `output_count` is the number of outputs the node names.
using InferFunction = Result<std::vector<TensorInfo>> (*)(const Attributes&, std::span<const TensorInfo> inputs,
                                                          std::size_t output_count);
/// Computes the outputs. An absent optional input is an `empty()` tensor. Types and shapes have passed the infer
/// function, so only values can still be wrong.
using RunFunction = Result<std::vector<Tensor>> (*)(const Attributes&, std::span<const Tensor> inputs,
                                                    std::size_t output_count);

struct OperatorDefinition {
  std::string_view name;                         ///< ONNX operator type
  int min_inputs, max_inputs;                    ///< max_inputs -1: variadic
  std::span<const std::string_view> attributes;  ///< every attribute that it knows
  InferFunction infer;
  RunFunction run;
};

/// The definition of an operator, or nullptr. All of them stand in one list in `operators.cpp`.
[[nodiscard]] const OperatorDefinition* find_operator(std::string_view name);
[[nodiscard]] std::span<const OperatorDefinition> all_operators();

/// Infers with the values at hand and then runs: safe for any inputs. Fills in `op`; running out of memory is a
/// diagnostic too.
[[nodiscard]] Result<std::vector<Tensor>> execute(const OperatorDefinition& definition, const Attributes& attributes,
                                                  std::span<const Tensor> inputs, std::size_t output_count);

}  // namespace heddle::kernels
