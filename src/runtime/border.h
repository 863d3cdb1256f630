// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/tensor.h"
#include "isa/program.h"

/// The border between host tensors and DDR: quantisation, channel map and lane layout of a Binding.
namespace heddle::runtime {

/// Can host tensors of this type be packed and unpacked?
[[nodiscard]] bool crosses_border(DataType type);

/// Writes image `image` of `tensor` ([n][channels][height][width]) into `memory`, the binding's base register. Real
/// types: kernels::quantize_value. Integer types: the number itself (unsigned ones shifted
/// by half their range), clamped. Every slot of the binding is written; holes become 0.
/// Preconditions: the binding has passed isa::verify and fits the tensor (isa::check_parts), `memory` holds the base
/// register's bytes, the type crosses_border.
void pack(const isa::Binding& binding, const Tensor& tensor, std::int64_t image, std::int64_t slot_bytes,
          std::span<std::byte> memory);

/// The reverse: real types get kernels::dequantize_value, integer types the number.
void unpack(const isa::Binding& binding, std::span<const std::byte> memory, std::int64_t slot_bytes, std::int64_t image,
            Tensor& tensor);

}  // namespace heddle::runtime
