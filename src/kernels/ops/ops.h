// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <span>
#include <string_view>

#include "kernels/check.h"
#include "kernels/operator.h"

/// The families of operators; each file of this folder defines one, with shape inference and kernel of every operator.
namespace heddle::kernels::ops {

using Definitions = std::span<const OperatorDefinition>;
using Inferred = Result<std::vector<TensorInfo>>;
using Computed = Result<std::vector<Tensor>>;
using Infos = std::span<const TensorInfo>;
using Tensors = std::span<const Tensor>;
inline constexpr std::span<const std::string_view> kNoAttributes{};
inline constexpr std::array<std::string_view, 1> kAxis{"axis"};

Definitions activations();
Definitions arithmetic();
Definitions casts();
Definitions clips();
Definitions comparisons();
Definitions concatenations();
Definitions constants();
Definitions convolutions();
Definitions gathers();
Definitions group_normalizations();
Definitions layouts();
Definitions local_normalizations();
Definitions math();
Definitions matrices();
Definitions normalizations();
Definitions pads();
Definitions pools();
Definitions quantizers();
Definitions quantized_layers();
Definitions reductions();
Definitions resizes();
Definitions selections();
Definitions shapes();
Definitions slices();
Definitions softmaxes();
Definitions unpools();

/// One output with the type and shape of input 0, which is real.
[[nodiscard]] Inferred infer_same_real(const Attributes& attributes, Infos inputs, std::size_t outputs);

/// The outputs as a vector, without copying the list.
[[nodiscard]] inline Computed one(Tensor tensor) {
  std::vector<Tensor> result;
  result.push_back(std::move(tensor));
  return result;
}

}  // namespace heddle::kernels::ops
