// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/diagnostic.h"
#include "base/tensor.h"
#include "isa/program.h"

/// The border between host tensors and DDR: quantisation, channel map and lane layout of a Binding.
namespace heddle::runtime {

/// Bytes behind the base register that the binding covers, from offset 0 of the register.
[[nodiscard]] std::int64_t binding_end(const isa::Binding& binding, std::int64_t slot_bytes);

/// Images of `tensor` for this binding: elements / (channels · height · width), or 0 if they do not divide.
[[nodiscard]] std::int64_t batch_of(const isa::Binding& binding, std::int64_t elements);

/// Can tensors of `type` cross this binding, does its channel map name every channel once and stay inside its blocks,
/// do its strides hold its rows? Diagnostics name the tensor. `limit`: bytes of the base register.
[[nodiscard]] Diagnostics check_binding(const isa::Binding& binding, const isa::ProgramTensor& tensor,
                                        std::int64_t slot_bytes, std::int64_t limit);

/// Writes image `image` of `tensor` ([n][channels][height][width]) into `memory`, the binding's base register. Real
/// types: round-half-even(x / scale) + zero_point, clamped. Integer types: the number itself (unsigned ones shifted
/// by half their range), clamped. Every slot of the binding is written; holes become 0.
/// Preconditions: check_binding found nothing, `memory` holds binding_end bytes.
void pack(const isa::Binding& binding, const Tensor& tensor, std::int64_t image, std::int64_t slot_bytes,
          std::span<std::byte> memory);

/// The reverse: real types get (q − zero_point) · scale, integer types the number.
void unpack(const isa::Binding& binding, std::span<const std::byte> memory, std::int64_t slot_bytes, std::int64_t image,
            Tensor& tensor);

}  // namespace heddle::runtime
