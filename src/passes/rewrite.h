// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "ir/name_table.h"

/// What the passes share: one walk over the graph that may change what lies behind it.
namespace heddle::passes {

using ir::Graph;
using ir::kNoValue;
using ir::Node;
using ir::Value;
using ir::ValueId;

/// What becomes of the visited node.
enum class Fate : std::uint8_t {
  keep,     ///< it stays as it was
  changed,  ///< it stays, or something before it changed
  drop,     ///< its outputs were forwarded or became constants
};

/// A graph under one forward walk: visited nodes move from the graph to a list that rules may look back into and
/// change. Use counts are exact at every moment, so that "the only reader" is one comparison. Linear in the graph.
class Rewriter {
 public:
  explicit Rewriter(Graph& graph);

  /// Visits every node in order; `rule` sees it with its inputs already redirected. True if anything changed.
  /// Dead nodes and values are removed afterwards. Nodes whose first result is omitted stay as they are.
  template <class Rule>
  bool run(Rule rule) {
    begin();
    bool changed = false;
    for (Node& node : pending_) {
      if (!enter(node)) continue;
      const bool whole = !node.outputs.empty() && node.outputs.front() != ir::kNoValue;
      const Fate fate = whole ? rule(*this, node) : Fate::keep;
      changed = changed || fate != Fate::keep;
      if (fate == Fate::drop)
        discard(node);
      else
        append(std::move(node));
    }
    finish(changed);
    return changed;
  }

  [[nodiscard]] const Graph& graph() const { return graph_; }
  [[nodiscard]] Value& value(ValueId id) { return graph_.value(id); }
  [[nodiscard]] const Value& value(ValueId id) const { return graph_.value(id); }
  /// The visited node that produces the value, if it is `op` ("" for any), else nullptr. Valid until a node is added.
  [[nodiscard]] Node* producer(ValueId id, std::string_view op = {});
  /// Input `index` of a node, kNoValue if it is absent.
  [[nodiscard]] static ValueId input(const Node& node, std::size_t index);
  [[nodiscard]] const Tensor* constant(const Node& node, std::size_t index) const;
  /// Reads of the value by nodes, visited or not, plus its occurrences among the graph outputs.
  [[nodiscard]] int uses(ValueId id) const { return uses_.at(static_cast<std::size_t>(id)); }
  [[nodiscard]] bool is_output(ValueId id) const { return outputs_.at(static_cast<std::size_t>(id)); }
  /// True if the value is read exactly once and is no graph output.
  [[nodiscard]] bool has_one_reader(ValueId id) const { return uses(id) == 1 && !is_output(id); }
  /// Readers of a value that come later than the visited node or are it; positions are not kept.
  void set_inputs(Node& node, std::vector<ValueId> inputs);
  void set_input(Node& node, std::size_t index, ValueId id);

  /// A new constant with a unique name made from `name`.
  ValueId add_constant(const std::string& name, Tensor tensor);
  /// Appends a node before the visited one; types and shapes of its single output are inferred. nullopt if the
  /// operator refuses its operands (then nothing was added).
  std::optional<ValueId> add(std::string op, const std::string& name, std::vector<ValueId> inputs,
                             kernels::Attributes attributes, const Node& origin);

  /// True if later readers of `from` can read `to`: a graph output keeps its name, so `to` must be free to take it.
  [[nodiscard]] bool can_forward(ValueId from, ValueId to) const;
  /// Redirects all later readers of `from`, which the visited node produces, to `to`.
  void forward(ValueId from, ValueId to);
  /// Makes a visited node produce `to`, which the visited node (to be dropped) produces, instead of its own output.
  void take_output(Node& producer, ValueId to);
  /// Counts one read less; nodes that nobody reads any more die.
  void release(ValueId id);
  /// A value name that nobody has.
  std::string unique_value_name(const std::string& wanted);

 private:
  void begin();
  bool enter(Node& node);
  void append(Node node);
  void discard(const Node& node);
  void finish(bool changed);
  void retain(ValueId id);
  std::string unique_node_name(const std::string& wanted);
  void grow();

  Graph& graph_;
  std::vector<Node> done_;
  std::vector<int> producer_;                              ///< per value: index into done_, or -1
  std::vector<int> uses_;                                  ///< per value
  std::vector<ValueId> target_;                            ///< per value: what later readers read instead
  std::vector<bool> outputs_;                              ///< per value: is a graph output
  std::vector<bool> inputs_;                               ///< per value: is a graph input
  std::vector<bool> dead_;                                 ///< per entry of done_
  std::vector<Node> pending_;                              ///< all nodes of the graph; visited ones are empty
  std::optional<ir::NameTable> value_names_, node_names_;  ///< built when first needed
};

/// Adds the origins of `from`, which disappears, to those of `into`.
void merge_origins(Node& into, Node& from);

/// The one element of a constant as a float; nullopt if it is no constant, has several elements or is no f32.
[[nodiscard]] std::optional<float> scalar_of(const Graph& graph, ValueId id);
/// The elements of an i64 (or i32) constant; nullopt if it is none.
[[nodiscard]] std::optional<std::vector<std::int64_t>> ints_of(const Graph& graph, ValueId id);
/// True if both values carry the same quantisation, or none.
[[nodiscard]] bool same_quantization(const Value& a, const Value& b);

}  // namespace heddle::passes
