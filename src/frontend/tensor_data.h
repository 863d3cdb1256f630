// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/diagnostic.h"
#include "base/tensor.h"
#include "frontend/external_data.h"
#include "frontend/wire.h"

namespace heddle::frontend {

/// The numbers of a TensorProto: raw, typed or external data, in any element type that heddle has.
///
/// Errors name the tensor: unsupported element type, negative or absurd dimensions, a number of elements that differs
/// from the dimensions, more than one place for the data, NaN.
[[nodiscard]] Result<Tensor> read_tensor(const wire::TensorMessage& message, ExternalData& external);

}  // namespace heddle::frontend
