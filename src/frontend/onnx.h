// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "ir/graph.h"

/// ONNX in and out.
namespace heddle::frontend {

/// Operator sets of the default domain that can be read; older forms are lifted to the newest meaning.
inline constexpr std::int64_t kOldestOpset = 7;
inline constexpr std::int64_t kNewestOpset = 28;
/// What `write_onnx` states.
inline constexpr std::int64_t kWrittenOpset = 21;
inline constexpr std::int64_t kWrittenIrVersion = 10;

struct ReadOptions {
  std::map<std::string, Shape> shapes;  ///< binds dynamic dimensions, by input name; fixed ones must agree
  std::int64_t default_batch = 1;       ///< an unbound first dimension
  bool require_static = true;           ///< false: dimensions may stay -1, and then nothing is inferred from them
};

/// Reads a model and infers all types and shapes. Weights stored beside the model are found in its directory only.
/// Errors: everything that is wrong with the file, collected; exit class `unsupported` for operators that are not
/// known, each by name.
[[nodiscard]] Result<ir::Graph> read_onnx(const std::string& path, const ReadOptions& options = {});
/// The same from memory; external data is looked for in `directory` ("": external data is refused).
[[nodiscard]] Result<ir::Graph> read_onnx(std::span<const std::byte> bytes, const std::string& directory,
                                          const ReadOptions& options = {});

/// Writes the graph as ONNX, QuantizeLinear and DequantizeLinear as they stand in it; `Value::quantization` is not
/// written. Operators younger than `kWrittenOpset` are written in older ones. Errors: the file cannot be written;
/// larger than protobuf's 2 GiB.
[[nodiscard]] Status write_onnx(const ir::Graph& graph, const std::string& path);
[[nodiscard]] std::vector<std::byte> to_onnx(const ir::Graph& graph);

}  // namespace heddle::frontend
