// SPDX-License-Identifier: Apache-2.0
#include "frontend/functions.h"

#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "frontend/text.h"

namespace heddle::frontend {
namespace {

using wire::View;

// A function cannot call itself, so real models nest a few levels; the total bounds calls that double at each level.
constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxInlinedNodes = 1'000'000;

class Inliner {
 public:
  Inliner(const wire::Model& model, FlatNodes& out) : out_(out) {
    for (const wire::Function& function : model.functions)
      functions_.emplace(std::tuple(function.domain, function.name, function.overload), &function);
  }

  void expand(wire::Node node, std::int64_t opset, int depth) {
    const wire::Function* function = find(node);
    if (function == nullptr) {
      out_.nodes.push_back({std::move(node), opset});
    } else if (depth >= kMaxDepth || inlined_ >= kMaxInlinedNodes) {
      refuse(node);
    } else {
      inline_call(node, *function, opset, depth);
    }
  }

 private:
  const wire::Function* find(const wire::Node& node) const {
    if (functions_.empty()) return nullptr;
    const auto found = functions_.find(std::tuple(node.domain, node.op, node.overload));
    return found == functions_.end() ? nullptr : found->second;
  }

  void refuse(const wire::Node& node) {
    if (!out_.diagnostics.empty()) return;
    out_.diagnostics.push_back({.error_class = ErrorClass::unsupported,
                                .code = "onnx.function.depth",
                                .message = "function calls nest deeper than " + std::to_string(kMaxDepth) +
                                           " levels or expand to more than a million nodes",
                                .node = printable(node.name),
                                .op = printable(node.op)});
  }

  View own(std::string text) { return out_.names.emplace_back(std::move(text)); }

  void inline_call(const wire::Node& call, const wire::Function& function, std::int64_t opset, int depth) {
    const std::string prefix =
        (call.name.empty() ? std::string(call.op) + "_" + std::to_string(calls_) : std::string(call.name)) + "/";
    ++calls_;
    std::unordered_map<View, View> names;
    for (std::size_t i = 0; i < function.inputs.size(); ++i)
      names.emplace(function.inputs[i], i < call.inputs.size() ? call.inputs[i] : View{});
    for (std::size_t i = 0; i < function.outputs.size(); ++i)
      if (i < call.outputs.size() && !call.outputs[i].empty()) names.emplace(function.outputs[i], call.outputs[i]);
    const auto rename = [&](View& name) {
      if (name.empty()) return;
      const auto [entry, is_new] = names.try_emplace(name);
      if (is_new) entry->second = own(prefix + std::string(name));
      name = entry->second;
    };
    for (const wire::OpsetImport& import : function.opsets)
      if (is_default_domain(import.domain)) opset = import.version;
    for (const View message : function.nodes) {
      wire::Node node = wire::decode_node(message);
      ++inlined_;
      for (View& name : node.inputs) rename(name);
      for (View& name : node.outputs) rename(name);
      if (!node.name.empty()) node.name = own(prefix + std::string(node.name));
      bind_attributes(node, call, function);
      expand(std::move(node), opset, depth + 1);
      if (!out_.diagnostics.empty()) return;
    }
  }

  /// Replaces attributes that refer to the function's own by those of the call, or by their defaults.
  static void bind_attributes(wire::Node& node, const wire::Node& call, const wire::Function& function) {
    std::vector<wire::AttributeMessage> bound;
    for (const wire::AttributeMessage& attribute : node.attributes) {
      const wire::Attribute decoded = wire::decode_attribute(attribute.message);
      if (decoded.reference.empty()) {
        bound.push_back(attribute);
      } else if (const View value = argument(decoded.reference, call, function); !value.empty()) {
        bound.push_back({value, decoded.name});
      }
    }
    node.attributes = std::move(bound);
  }

  static View argument(View name, const wire::Node& call, const wire::Function& function) {
    for (const wire::AttributeMessage& given : call.attributes) {
      const View given_name = given.renamed.empty() ? wire::decode_attribute(given.message).name : given.renamed;
      if (given_name == name) return given.message;
    }
    for (const View message : function.default_attributes)
      if (wire::decode_attribute(message).name == name) return message;
    return {};
  }

  FlatNodes& out_;
  std::map<std::tuple<View, View, View>, const wire::Function*> functions_;
  std::size_t inlined_ = 0;
  std::size_t calls_ = 0;
};

}  // namespace

FlatNodes flatten(const wire::Model& model, const wire::Graph& graph, std::int64_t opset) {
  FlatNodes out;
  out.nodes.reserve(graph.nodes.size());
  Inliner inliner(model, out);
  for (const View message : graph.nodes) {
    inliner.expand(wire::decode_node(message), opset, 0);
    if (!out.diagnostics.empty()) break;
  }
  return out;
}

}  // namespace heddle::frontend
