// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/tensor.h"
#include "kernels/operator.h"

/// The imported network: a typed DAG of values and operators (DNNVM's XGraph).
namespace heddle::ir {

using ValueId = std::int32_t;            ///< index into Graph::values
inline constexpr ValueId kNoValue = -1;  ///< an optional input that was left out

/// Affine quantisation, real = scale · (integer − zero_point), per tensor or along `axis`.
struct Quantization {
  DataType type = DataType::i8;
  std::vector<float> scale;              ///< one entry, or one per index of `axis`
  std::vector<std::int32_t> zero_point;  ///< as many entries as `scale`
  int axis = -1;                         ///< -1: per tensor
};

struct Value {
  std::string name;
  DataType type = DataType::f32;
  Shape shape;                               ///< -1: not bound yet
  std::optional<Tensor> constant;            ///< set for initialisers and folded values
  std::optional<Quantization> quantization;  ///< chosen or imported parameters of this activation or weight
};

struct Node {
  std::string op;    ///< name in the operator list ("Conv")
  std::string name;  ///< unique, for diagnostics; the model's own name where it has one
  kernels::Attributes attributes;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::vector<std::string> origins;  ///< names of all nodes of the model that were merged into this one
};

/// Nodes are kept in a topological order; every value has at most one producer. `verify` checks all invariants.
struct Graph {
  std::string name;
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<ValueId> inputs;   ///< graph inputs (initialisers excluded), in the model's order
  std::vector<ValueId> outputs;  ///< in the model's order

  [[nodiscard]] const Value& value(ValueId id) const { return values.at(static_cast<std::size_t>(id)); }
  [[nodiscard]] Value& value(ValueId id) { return values.at(static_cast<std::size_t>(id)); }
  ValueId add_value(Value value);
  ValueId add_constant(std::string name, Tensor tensor);
};

/// Index of the producing node per value (-1: none), and of the consuming nodes per value (a node that reads a value
/// twice is listed twice). A snapshot: stale after the graph changes.
struct Uses {
  explicit Uses(const Graph& graph);
  std::vector<int> producer;
  std::vector<std::vector<int>> consumers;
};

/// The constant behind a value, or nullptr.
[[nodiscard]] const Tensor* constant_of(const Graph& graph, ValueId id);
/// Drops nodes that reach no output, and values that nothing names; renumbers values.
void remove_dead(Graph& graph);
/// Restores the topological order after nodes were appended; false if the graph has a cycle.
[[nodiscard]] bool sort_topologically(Graph& graph);
/// Runs every node's infer function and writes types and shapes into the values; collects all findings.
[[nodiscard]] Status infer_shapes(Graph& graph);
/// Structure (order, single producer, ids in range, arity, known operators, unique names) and types.
[[nodiscard]] Status verify(const Graph& graph);
/// Readable text of the whole graph, one node a line; constants by shape and a content hash.
[[nodiscard]] std::string print(const Graph& graph);
/// Multiply-accumulates of a node (Conv, ConvTranspose, Gemm, MatMul and their quantised forms; 0 for others).
[[nodiscard]] std::int64_t macs(const Graph& graph, const Node& node);

}  // namespace heddle::ir
