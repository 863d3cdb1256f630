// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "frontend/wire.h"

namespace heddle::frontend {

/// True for the two spellings of ONNX's own domain.
[[nodiscard]] inline bool is_default_domain(std::string_view domain) {
  return domain.empty() || domain == "ai.onnx";
}

/// A node of the main graph or of an inlined function body, with the operator set that gives it its meaning.
struct FlatNode {
  wire::Node node;
  std::int64_t opset = 0;
};

/// The model's nodes with every call of a model-local function replaced by its body, in the model's order.
struct FlatNodes {
  std::vector<FlatNode> nodes;
  std::deque<std::string> names;  ///< owns the names that inlining made
  Diagnostics diagnostics;        ///< calls nested too deeply or expanding to too many nodes
};

/// Decodes and inlines. Throws wire::Malformed.
[[nodiscard]] FlatNodes flatten(const wire::Model& model, const wire::Graph& graph, std::int64_t opset);

}  // namespace heddle::frontend
