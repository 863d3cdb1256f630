// SPDX-License-Identifier: Apache-2.0
#include "reference/graph.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace heddle::reference {
namespace {

Status check_inputs(const ir::Graph& graph, std::span<const Tensor> inputs) {
  Diagnostics found;
  if (inputs.size() != graph.inputs.size())
    return fail(Diagnostic{
        .code = "run.inputs",
        .message = fmt::format("the model has {} inputs, {} were given", graph.inputs.size(), inputs.size())});
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const ir::Value& value = graph.value(graph.inputs[i]);
    if (inputs[i].type() == value.type && inputs[i].shape() == value.shape) continue;
    found.push_back(
        {.code = "run.input",
         .message = fmt::format("is {} of [{}], the model wants {} of [{}]", name(inputs[i].type()),
                                fmt::join(inputs[i].shape(), ", "), name(value.type), fmt::join(value.shape, ", ")),
         .field = value.name});
  }
  if (!found.empty()) return fail(std::move(found));
  return {};
}

/// The tensors that are alive, and how many readers each still has.
class Values {
 public:
  Values(const ir::Graph& graph, std::span<const ir::ValueId> results)
      : graph_(graph), tensors_(graph.values.size()), readers_(graph.values.size(), 0) {
    for (const ir::Node& node : graph.nodes)
      for (const ir::ValueId id : node.inputs)
        if (id != ir::kNoValue) ++readers(id);
    for (const ir::ValueId id : results) ++readers(id);
  }

  void set(ir::ValueId id, Tensor tensor) {
    if (readers(id) > 0) tensors_[static_cast<std::size_t>(id)] = std::move(tensor);
  }
  /// The tensor for one of its readers; after the last one it is gone.
  Tensor take(ir::ValueId id) {
    if (id == ir::kNoValue) return {};
    if (const Tensor* constant = ir::constant_of(graph_, id)) return *constant;
    Tensor& tensor = tensors_[static_cast<std::size_t>(id)];
    return --readers(id) == 0 ? std::exchange(tensor, {}) : tensor;
  }

 private:
  int& readers(ir::ValueId id) { return readers_[static_cast<std::size_t>(id)]; }

  const ir::Graph& graph_;
  std::vector<Tensor> tensors_;
  std::vector<int> readers_;
};

Result<std::vector<Tensor>> run_node(const ir::Node& node, Values& values) {
  const kernels::OperatorDefinition* definition = kernels::find_operator(node.op);
  if (definition == nullptr)
    return fail(Diagnostic{.error_class = ErrorClass::unsupported,
                           .code = "operator.unknown",
                           .message = "this operator is not known",
                           .node = node.name,
                           .op = node.op});
  std::vector<Tensor> inputs;
  inputs.reserve(node.inputs.size());
  for (const ir::ValueId id : node.inputs) inputs.push_back(values.take(id));
  Result<std::vector<Tensor>> outputs = definition->run(node.attributes, inputs, node.outputs.size());
  if (outputs) return outputs;
  for (Diagnostic& d : outputs.error()) {
    d.node = node.name;
    d.op = node.op;
  }
  return outputs;
}

}  // namespace

Result<std::vector<Tensor>> run_graph(const ir::Graph& graph, std::span<const Tensor> inputs,
                                      const RunOptions& options) {
  if (Status legal = check_inputs(graph, inputs); !legal) return fail(std::move(legal.error()));
  std::vector<ir::ValueId> results(graph.outputs.begin(), graph.outputs.end());
  results.insert(results.end(), options.keep.begin(), options.keep.end());
  Values values(graph, results);
  for (std::size_t i = 0; i < inputs.size(); ++i) values.set(graph.inputs[i], inputs[i]);
  for (const ir::Node& node : graph.nodes) {
    Result<std::vector<Tensor>> outputs = run_node(node, values);
    if (!outputs) return outputs;
    if (options.observer) options.observer(node, *outputs);
    for (std::size_t i = 0; i < node.outputs.size() && i < outputs->size(); ++i)
      if (node.outputs[i] != ir::kNoValue) values.set(node.outputs[i], std::move((*outputs)[i]));
  }
  std::vector<Tensor> kept;
  for (const ir::ValueId id : results) kept.push_back(values.take(id));
  return kept;
}

}  // namespace heddle::reference
