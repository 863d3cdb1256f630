// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "ir/graph.h"
#include "ir/graph_inference.h"

namespace heddle::ir {
namespace {

/// Collects findings of one verification; every finding is our own mistake, since readers check their input.
class GraphChecker {
 public:
  explicit GraphChecker(const Graph& graph) : graph_(graph), defined_(graph.values.size(), false) {}

  Diagnostics run() {
    check_values();
    check_inputs();
    for (const Node& node : graph_.nodes) check_node(node);
    check_outputs();
    if (findings_.empty()) check_types();  // ids can be followed, and nodes come in order
    return std::move(findings_);
  }

 private:
  void add(std::string code, std::string message, const Node* node = nullptr, std::string field = {}) {
    if (findings_.size() >= 100) return;
    Diagnostic finding;
    finding.error_class = ErrorClass::internal;
    finding.code = "graph.verify." + std::move(code);
    finding.message = std::move(message);
    finding.field = std::move(field);
    if (node != nullptr) {
      finding.node = node->name;
      finding.op = node->op;
    }
    findings_.push_back(std::move(finding));
  }

  [[nodiscard]] bool in_range(ValueId id) const {
    return id >= 0 && static_cast<std::size_t>(id) < graph_.values.size();
  }

  void check_quantization(const Value& value) {
    const Quantization& q = *value.quantization;
    const auto rank = static_cast<int>(value.shape.size());
    const bool per_axis = q.axis >= 0;
    std::size_t expected = 1;
    if (q.axis < -1 || (per_axis && q.axis >= rank)) {
      add("quantization", "quantisation axis " + std::to_string(q.axis) + " of '" + value.name + "' is out of range");
    } else if (per_axis) {
      expected = static_cast<std::size_t>(value.shape[static_cast<std::size_t>(q.axis)]);
    }
    if (q.scale.size() != expected || q.zero_point.size() != expected)
      add("quantization", "'" + value.name + "' needs " + std::to_string(expected) + " scales and zero points");
    if (!std::all_of(q.scale.begin(), q.scale.end(), [](float s) { return s > 0.0F && s < 3.0e38F; }))
      add("quantization", "'" + value.name + "' has a scale that is not positive and finite");
  }

  void check_values() {
    std::unordered_set<std::string_view> names;
    for (std::size_t v = 0; v < graph_.values.size(); ++v) {
      const Value& value = graph_.values[v];
      if (value.name.empty()) add("name", "value " + std::to_string(v) + " has no name");
      if (!names.insert(value.name).second) add("name", "two values are named '" + value.name + "'");
      if (value.constant) {
        defined_[v] = true;
        if (value.constant->empty() || value.constant->type() != value.type || value.constant->shape() != value.shape)
          add("constant", "'" + value.name + "' differs in type or shape from its constant");
      }
      if (value.quantization) check_quantization(value);
    }
  }

  void check_inputs() {
    for (const ValueId id : graph_.inputs) {
      if (!in_range(id)) {
        add("range", "a graph input names value " + std::to_string(id) + ", which does not exist");
      } else if (defined_[static_cast<std::size_t>(id)]) {
        add("input", "graph input '" + graph_.value(id).name + "' is listed twice or constant");
      } else {
        defined_[static_cast<std::size_t>(id)] = true;
      }
    }
  }

  void check_outputs() {
    for (const ValueId id : graph_.outputs) {
      if (!in_range(id))
        add("range", "a graph output names value " + std::to_string(id) + ", which does not exist");
      else if (!defined_[static_cast<std::size_t>(id)])
        add("undefined", "graph output '" + graph_.value(id).name + "' has no producer");
    }
  }

  void check_node_inputs(const Node& node) {
    for (const ValueId id : node.inputs) {
      if (id == kNoValue) continue;
      if (!in_range(id)) {
        add("range", "an input names value " + std::to_string(id) + ", which does not exist", &node);
      } else if (!defined_[static_cast<std::size_t>(id)]) {
        add("order", "reads '" + graph_.value(id).name + "' before it is produced", &node);
      }
    }
  }

  void check_node_outputs(const Node& node) {
    if (node.outputs.empty()) add("outputs", "has no output", &node);
    for (const ValueId id : node.outputs) {
      if (id == kNoValue) continue;
      if (!in_range(id)) {
        add("range", "an output names value " + std::to_string(id) + ", which does not exist", &node);
      } else if (defined_[static_cast<std::size_t>(id)]) {
        add("producer", "produces '" + graph_.value(id).name + "', which has another producer", &node);
      } else {
        defined_[static_cast<std::size_t>(id)] = true;
      }
    }
  }

  /// Infers a copy from its inputs on, as the importer did, so that shapes computed by nodes are known here, too.
  void check_types() {
    Graph copy = graph_;
    ShapeInference inference(copy);
    for (const Node& node : graph_.nodes) {
      if (!inference.visit(node)) continue;
      for (const ValueId id : node.outputs) {
        if (id == kNoValue) continue;
        const Value& stated = graph_.value(id);
        if (stated.type != copy.value(id).type || stated.shape != copy.value(id).shape)
          add("type", "'" + stated.name + "' does not have the type and shape that the operator gives", &node);
      }
    }
    for (Diagnostic& finding : inference.take_diagnostics()) {
      if (finding.code == "graph.input.unbound") continue;  // a graph may be read with open dimensions
      finding.error_class = ErrorClass::internal;
      finding.code = "graph.verify.infer";
      findings_.push_back(std::move(finding));
    }
  }

  void check_node(const Node& node) {
    if (node.name.empty())
      add("name", "a node has no name", &node);
    else if (!node_names_.insert(node.name).second)
      add("name", "two nodes have this name", &node);
    const kernels::OperatorDefinition* definition = kernels::find_operator(node.op);
    if (definition == nullptr) add("operator", "unknown operator", &node);
    check_node_inputs(node);
    check_node_outputs(node);
  }

  const Graph& graph_;
  std::vector<bool> defined_;
  std::unordered_set<std::string_view> node_names_;
  Diagnostics findings_;
};

}  // namespace

Status verify(const Graph& graph) {
  Diagnostics findings = GraphChecker(graph).run();
  if (!findings.empty()) return fail(std::move(findings));
  return {};
}

}  // namespace heddle::ir
