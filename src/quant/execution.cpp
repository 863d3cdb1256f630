// SPDX-License-Identifier: Apache-2.0
#include "quant/execution.h"

#include <fmt/format.h>
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>

namespace heddle::quant {
namespace {

Tensor operand_of(const ir::Graph& graph, const Values& values, ir::ValueId id) {
  if (id == ir::kNoValue) return {};
  const Tensor& tensor = values[static_cast<std::size_t>(id)];
  if (!tensor.empty()) return tensor;
  const Tensor* constant = ir::constant_of(graph, id);
  return constant != nullptr ? *constant : Tensor{};
}

tl::unexpected<Diagnostics> refuse_input(const ir::Value& value, const std::string& message) {
  return fail({.error_class = ErrorClass::bad_input,
               .code = "quant.sample",
               .message = message,
               .file = {},
               .node = value.name,
               .op = {},
               .field = {},
               .hint = {}});
}

bool is_finite(const Tensor& tensor) {
  return tensor.type() != DataType::f32 ||
         std::ranges::all_of(tensor.data<float>(), [](float v) { return std::isfinite(v); });
}

}  // namespace

Status run_node(const ir::Graph& graph, const ir::Node& node, Values& values) {
  const kernels::OperatorDefinition* op = kernels::find_operator(node.op);
  if (op == nullptr || op->run == nullptr)
    return fail({.error_class = ErrorClass::unsupported,
                 .code = "quant.operator",
                 .message = "there is no kernel for this operator",
                 .file = {},
                 .node = node.name,
                 .op = node.op,
                 .field = {},
                 .hint = {}});
  std::vector<Tensor> operands;
  for (const ir::ValueId id : node.inputs) operands.push_back(operand_of(graph, values, id));
  auto results = op->run(node.attributes, operands, node.outputs.size());
  if (!results) {
    for (Diagnostic& finding : results.error()) {
      finding.node = node.name;
      finding.op = node.op;
    }
    return fail(results.error());
  }
  for (std::size_t i = 0; i < node.outputs.size() && i < results->size(); ++i)
    if (node.outputs[i] != ir::kNoValue) values[static_cast<std::size_t>(node.outputs[i])] = (*results)[i];
  return {};
}

Result<Values> start_values(const ir::Graph& graph, std::span<const Tensor> inputs) {
  if (inputs.size() != graph.inputs.size())
    return fail(
        {.error_class = ErrorClass::bad_input,
         .code = "quant.sample",
         .message = fmt::format("a sample has {} tensors, the model {} inputs", inputs.size(), graph.inputs.size()),
         .file = {},
         .node = graph.name,
         .op = {},
         .field = {},
         .hint = {}});
  Values values(graph.values.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const ir::Value& value = graph.value(graph.inputs[i]);
    if (inputs[i].type() != value.type)
      return refuse_input(value, fmt::format("a sample is {}, the input {}", name(inputs[i].type()), name(value.type)));
    if (inputs[i].shape() != value.shape) return refuse_input(value, "a sample has another shape than the input");
    if (!is_finite(inputs[i])) return refuse_input(value, "a sample holds a value that is not finite");
    values[static_cast<std::size_t>(graph.inputs[i])] = inputs[i];
  }
  return values;
}

Lifetimes::Lifetimes(const ir::Graph& graph) : readers_(graph.values.size(), 0) {
  for (const ir::Node& node : graph.nodes)
    for (const ir::ValueId id : node.inputs)
      if (id != ir::kNoValue) ++readers_[static_cast<std::size_t>(id)];
  for (const ir::ValueId id : graph.outputs) ++readers_[static_cast<std::size_t>(id)];
}

void Lifetimes::release(const ir::Node& node, Values& values) {
  for (const ir::ValueId id : node.inputs)
    if (id != ir::kNoValue && --readers_[static_cast<std::size_t>(id)] == 0) values[static_cast<std::size_t>(id)] = {};
  for (const ir::ValueId id : node.outputs)
    if (id != ir::kNoValue && readers_[static_cast<std::size_t>(id)] == 0) values[static_cast<std::size_t>(id)] = {};
}

Status run(const ir::Graph& graph, std::span<const Tensor> inputs,
           const std::function<Tensor(ir::ValueId, const Tensor&)>& after) {
  auto values = start_values(graph, inputs);
  if (!values) return fail(values.error());
  Lifetimes lifetimes(graph);
  const auto replace = [&](ir::ValueId id) {
    if (id == ir::kNoValue) return;
    Tensor& tensor = (*values)[static_cast<std::size_t>(id)];
    if (!tensor.empty()) tensor = after(id, tensor);
  };
  std::ranges::for_each(graph.inputs, replace);
  for (const ir::Node& node : graph.nodes) {
    if (auto status = run_node(graph, node, *values); !status) return status;
    std::ranges::for_each(node.outputs, replace);
    lifetimes.release(node, *values);
  }
  return {};
}

Tensor fake_quantize(const Tensor& tensor, const Format& format) {
  Tensor result(DataType::f32, tensor.shape());
  const auto from = tensor.data<float>();
  const auto to = result.mutable_data<float>();
  const float inverse = 1.0F / format.scale, scale = format.scale;
  const auto lo = static_cast<float>(format.lo() - format.zero), hi = static_cast<float>(format.hi() - format.zero);
  constexpr float kRound = 12582912.0F;  // 1.5·2^23: adding and subtracting it rounds to nearest even
  tbb::parallel_for(tbb::blocked_range<std::size_t>(0, from.size(), 16384), [&](const auto& range) {
    for (std::size_t i = range.begin(); i != range.end(); ++i) {
      const float steps = std::min(std::max(from[i] * inverse, lo), hi);
      to[i] = ((steps + kRound) - kRound) * scale;
    }
  });
  return result;
}

}  // namespace heddle::quant
