// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "base/tensor.h"

/// NumPy's file formats: `.npy` (one array) and `.npz` (a zip of them, keyed by name).
namespace heddle::numpy {

/// Arrays by name, in the file's order.
using Arrays = std::vector<std::pair<std::string, Tensor>>;

/// Little-endian, C-ordered arrays of booleans, integers or floats. Fortran order and objects are refused.
[[nodiscard]] Result<Tensor> read_npy(const std::string& path);
[[nodiscard]] Result<Tensor> decode_npy(std::span<const std::byte> bytes, const std::string& name);
/// Integers of 4 bits and fewer are stored as bytes, bfloat16 as float32.
[[nodiscard]] std::vector<std::byte> encode_npy(const Tensor& tensor);
[[nodiscard]] Status write_npy(const Tensor& tensor, const std::string& path);

[[nodiscard]] Result<Arrays> read_npz(const std::string& path);
/// Writes through a temporary file, so that no half archive remains.
[[nodiscard]] Status write_npz(const Arrays& arrays, const std::string& path);

}  // namespace heddle::numpy
