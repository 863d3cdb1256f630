// SPDX-License-Identifier: Apache-2.0
#include "reference/graph.h"

#include <string>
#include <utility>

#include "kernels/check.h"

namespace heddle::reference {
namespace {

using kernels::text;

/// Tensors by value, with the number of readers that are still to come.
struct Memory {
  std::vector<Tensor> tensors;
  std::vector<int> readers;

  void release(ir::ValueId id) {
    if (id == ir::kNoValue) return;
    const auto i = static_cast<std::size_t>(id);
    if (--readers[i] == 0) tensors[i] = Tensor();
  }
};

Memory prepare(const ir::Graph& graph, const RunOptions& options) {
  Memory memory{std::vector<Tensor>(graph.values.size()), std::vector<int>(graph.values.size(), 0)};
  const auto read = [&](ir::ValueId id) {
    if (id != ir::kNoValue) ++memory.readers[static_cast<std::size_t>(id)];
  };
  for (const ir::Node& node : graph.nodes)
    for (const ir::ValueId id : node.inputs) read(id);
  for (const ir::ValueId id : graph.outputs) read(id);
  for (const ir::ValueId id : options.keep) read(id);
  for (std::size_t i = 0; i < graph.values.size(); ++i)
    if (graph.values[i].constant) memory.tensors[i] = *graph.values[i].constant;
  return memory;
}

bool fits(const Shape& actual, const Shape& expected) {
  if (actual.size() != expected.size()) return false;
  for (std::size_t i = 0; i < actual.size(); ++i)
    if (expected[i] >= 0 && actual[i] != expected[i]) return false;
  return true;
}

Status take_inputs(const ir::Graph& graph, std::span<const Tensor> inputs, Memory& memory) {
  if (inputs.size() != graph.inputs.size())
    return fail({.code = "run.inputs",
                 .message = text(inputs.size(), " inputs are given; the network has ", graph.inputs.size())});
  Diagnostics findings;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const ir::Value& value = graph.value(graph.inputs[i]);
    if (inputs[i].empty() || inputs[i].type() != value.type || !fits(inputs[i].shape(), value.shape))
      findings.push_back({.code = "run.input",
                          .message = text("a tensor of ", inputs[i].type(), " ", inputs[i].shape(), " is given for ",
                                          value.type, " ", value.shape),
                          .field = value.name});
    memory.tensors[static_cast<std::size_t>(graph.inputs[i])] = inputs[i];
  }
  if (!findings.empty()) return fail(std::move(findings));
  return {};
}

/// Fills in whose fault it was.
Diagnostics located(Diagnostics findings, const ir::Node& node) {
  for (Diagnostic& d : findings) {
    d.node = node.name;
    d.op = node.op;
  }
  return findings;
}

Result<std::vector<Tensor>> run_node(const ir::Node& node, const Memory& memory) {
  const kernels::OperatorDefinition* definition = kernels::find_operator(node.op);
  if (definition == nullptr)
    return fail({.error_class = ErrorClass::unsupported, .code = "op.unknown", .message = "the operator is not known"});
  std::vector<Tensor> operands;
  for (const ir::ValueId id : node.inputs)
    operands.push_back(id == ir::kNoValue ? Tensor() : memory.tensors[static_cast<std::size_t>(id)]);
  return kernels::execute(*definition, node.attributes, operands, node.outputs.size());
}

std::vector<Tensor> collect(const ir::Graph& graph, const RunOptions& options, const Memory& memory) {
  std::vector<Tensor> result;
  for (const ir::ValueId id : graph.outputs) result.push_back(memory.tensors[static_cast<std::size_t>(id)]);
  for (const ir::ValueId id : options.keep) result.push_back(memory.tensors[static_cast<std::size_t>(id)]);
  return result;
}

}  // namespace

Result<std::vector<Tensor>> run_graph(const ir::Graph& graph, std::span<const Tensor> inputs,
                                      const RunOptions& options) {
  Memory memory = prepare(graph, options);
  if (auto status = take_inputs(graph, inputs, memory); !status) return fail(std::move(status.error()));
  for (const ir::Node& node : graph.nodes) {
    auto outputs = run_node(node, memory);
    if (!outputs) return fail(located(std::move(outputs.error()), node));
    if (options.observer) options.observer(node, *outputs);
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      const ir::ValueId id = node.outputs[i];
      if (id != ir::kNoValue && memory.readers[static_cast<std::size_t>(id)] > 0)
        memory.tensors[static_cast<std::size_t>(id)] = std::move((*outputs)[i]);
    }
    for (const ir::ValueId id : node.inputs) memory.release(id);
  }
  return collect(graph, options, memory);
}

}  // namespace heddle::reference
