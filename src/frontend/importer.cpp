// SPDX-License-Identifier: Apache-2.0
#include "frontend/importer.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>
#include <utility>

#include "frontend/attributes.h"
#include "frontend/lift.h"
#include "frontend/tensor_data.h"
#include "frontend/text.h"

namespace heddle::frontend {
namespace {

using ir::kNoValue;
using ir::ValueId;
using wire::View;

// A person reads a few; a hostile model has a million.
constexpr std::size_t kMaxFindings = 200;

std::vector<std::string> operator_names() {
  std::vector<std::string> names;
  for (const kernels::OperatorDefinition& definition : kernels::all_operators()) names.emplace_back(definition.name);
  return names;
}

using Producers = std::unordered_map<View, std::size_t>;

/// True if every node comes behind the producers of its inputs, as ONNX demands.
bool is_ordered(const std::vector<FlatNode>& nodes, const Producers& producer) {
  for (std::size_t n = 0; n < nodes.size(); ++n)
    for (const View name : nodes[n].node.inputs)
      if (const auto found = producer.find(name); found != producer.end() && found->second >= n) return false;
  return true;
}

Diagnostic unknown_operator(const ir::Node& node, const wire::Node& message) {
  Diagnostic finding;
  finding.error_class = ErrorClass::unsupported;
  finding.code = "onnx.operator.unknown";
  finding.node = node.name;
  finding.op = node.op;
  const bool own = is_default_domain(message.domain);
  const bool control = own && (node.op == "If" || node.op == "Loop" || node.op == "Scan");
  finding.message = control ? "control flow with sub-graphs is not supported"
                    : own   ? "the operator is not supported"
                            : "operators of domain '" + printable(message.domain) + "' are not supported";
  if (own && !control) {
    static const std::vector<std::string> names = operator_names();
    if (const std::string near = nearest(node.op.substr(0, 64), names); !near.empty() && near != node.op)
      finding.hint = "the nearest operator that is supported is '" + near + "'";
  }
  return finding;
}

}  // namespace

void Importer::add(Diagnostic finding) {
  if (findings_.size() < kMaxFindings)
    findings_.push_back(std::move(finding));
  else
    ++dropped_findings_;
}

bool Importer::check_name(View name, const char* what) {
  if (is_utf8(name)) return true;
  add({.code = "onnx.name.utf8",
       .message = std::string("the name of ") + what + " '" + printable(name) + "' is not valid UTF-8"});
  return false;
}

std::int64_t Importer::opset() {
  std::int64_t version = -1;
  for (const wire::OpsetImport& import : model_.opsets)
    if (is_default_domain(import.domain)) version = std::max(version, import.version);
  if (version < kOldestOpset || version > kNewestOpset) {
    Diagnostic finding;
    finding.error_class = version < 0 ? ErrorClass::bad_input : ErrorClass::unsupported;
    finding.code = "onnx.opset";
    finding.field = "opset_import";
    finding.message = version < 0 ? std::string("the model states no operator set of the default domain")
                                  : "operator set " + std::to_string(version) + " is not supported; read are " +
                                        std::to_string(kOldestOpset) + " to " + std::to_string(kNewestOpset);
    if (version >= 0) finding.hint = "convert the model with onnx.version_converter, or export it again";
    add(std::move(finding));
  }
  return version;
}

ValueId Importer::define(View name, ir::Value value, const ir::Node* producer) {
  value.name = std::string(name);
  if (!value_names_.claim(value.name)) {
    Diagnostic finding;
    finding.code = "onnx.value.duplicate";
    finding.message = "value '" + printable(name) + "' is defined twice";
    if (producer != nullptr) {
      finding.node = producer->name;
      finding.op = producer->op;
    }
    add(std::move(finding));
    value.name = value_names_.unique(value.name);
  }
  const ValueId id = graph_.add_value(std::move(value));
  ids_.insert_or_assign(name, id);
  return id;
}

void Importer::read_initializers(const wire::Graph& graph) {
  for (const View bytes : graph.initializers) {
    const wire::TensorMessage message = wire::decode_tensor(bytes);
    if (!check_name(message.name, "tensor")) continue;
    if (message.name.empty()) {
      add({.code = "onnx.tensor.name", .message = "an initializer has no name"});
      continue;
    }
    ir::Value value;
    Result<Tensor> tensor = read_tensor(message, external_);
    if (!tensor) {
      for (Diagnostic& finding : tensor.error()) add(std::move(finding));
    } else {
      value.type = tensor->type();
      value.shape = tensor->shape();
      value.constant = std::move(*tensor);
    }
    define(message.name, std::move(value), nullptr);
  }
  if (!graph.sparse_initializers.empty())
    add({.error_class = ErrorClass::unsupported,
         .code = "onnx.tensor.sparse",
         .message = std::to_string(graph.sparse_initializers.size()) + " sparse initializers are not supported",
         .field = "sparse_initializer"});
}

/// Dimensions of an input with the caller's bindings and the default batch filled in; -1 where nothing binds.
Shape Importer::bind_dimensions(const wire::ValueInfo& info) {
  const auto bound = options_.shapes.find(std::string(info.name));
  Shape shape;
  for (const std::optional<std::int64_t>& d : info.dims) shape.push_back(d && *d >= 0 ? *d : -1);
  const std::string stated = info.has_shape ? shape_text(shape) : "unknown";
  if (bound == options_.shapes.end()) {
    if (!shape.empty() && shape[0] < 0) shape[0] = options_.default_batch;
    return shape;
  }
  bool agrees = !info.has_shape || bound->second.size() == shape.size();
  for (std::size_t i = 0; agrees && info.has_shape && i < shape.size(); ++i)
    agrees = shape[i] < 0 || shape[i] == bound->second[i];
  if (!agrees || checked_element_count(bound->second) < 0)
    add({.code = "onnx.input.binding",
         .message = "input '" + printable(info.name) + "' of shape " + stated + " cannot be bound to " +
                    shape_text(bound->second),
         .field = "--shape",
         .hint = "fixed dimensions must stay as they are"});
  return bound->second;
}

void Importer::read_input(const wire::ValueInfo& info) {
  const std::string shown = printable(info.name);
  const std::optional<DataType> type = wire::element_type(info.element_type);
  if (info.kind != "tensor" || !type) {
    add({.error_class = info.kind.empty() ? ErrorClass::bad_input : ErrorClass::unsupported,
         .code = "onnx.input.type",
         .message = "input '" + shown + "' " +
                    (info.kind.empty() ? "has no type"
                     : info.kind != "tensor"
                         ? "is a " + std::string(info.kind) + ", which is not supported"
                         : "has element type " + std::to_string(info.element_type) + ", which is not supported"),
         .field = shown});
  }
  ir::Value value;
  value.type = type.value_or(DataType::f32);
  if (info.kind != "tensor" || !type) {
    value.shape = {-1};
    graph_.inputs.push_back(define(info.name, std::move(value), nullptr));
    return;
  }
  value.shape = bind_dimensions(info);
  const bool unknown_rank = !info.has_shape && options_.shapes.count(std::string(info.name)) == 0;
  const bool unbound = std::any_of(value.shape.begin(), value.shape.end(), [](std::int64_t d) { return d < 0; });
  if (options_.require_static && (unknown_rank || unbound)) {
    Shape example = value.shape;
    std::replace_if(example.begin(), example.end(), [](std::int64_t d) { return d < 0; }, 224);
    if (unknown_rank) example = {1, 3, 224, 224};
    add({.code = "onnx.input.dynamic",
         .message = "input '" + shown + "' has " +
                    (unknown_rank ? std::string("no shape") : "the dynamic shape " + shape_text(value.shape)),
         .field = shown,
         .hint = "bind it, for example by --shape " + shown + "=" + shape_text(example)});
  } else if (!unbound && checked_element_count(value.shape) < 0) {
    add({.code = "onnx.input.size",
         .message = "input '" + shown + "' of shape " + shape_text(value.shape) + " has more than 2^40 elements",
         .field = shown});
    value.shape.assign(value.shape.size(), -1);
  }
  if (unknown_rank) value.shape = {-1};
  graph_.inputs.push_back(define(info.name, std::move(value), nullptr));
}

void Importer::read_inputs(const wire::Graph& graph) {
  const auto initializers = static_cast<ValueId>(graph_.values.size());
  for (const View bytes : graph.inputs) {
    const wire::ValueInfo info = wire::decode_value_info(bytes);
    if (!check_name(info.name, "input")) continue;
    // Before IR version 4 every initializer was listed as an input, too.
    const auto known = ids_.find(info.name);
    const bool initializer = known != ids_.end() && known->second < initializers;
    if (info.name.empty())
      add({.code = "onnx.input.name", .message = "an input has no name"});
    else if (!initializer)
      read_input(info);
  }
}

void Importer::check_shape_options() {
  std::vector<std::string> names;
  for (const ValueId id : graph_.inputs) names.push_back(graph_.value(id).name);
  for (const auto& [name, shape] : options_.shapes) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const std::string near = nearest(name, names);
    add({.code = "onnx.input.unknown",
         .message = "the model has no input '" + name + "'",
         .field = "--shape",
         .hint = !near.empty()   ? "did you mean '" + near + "'?"
                 : names.empty() ? std::string()
                                 : "its first input is '" + names.front() + "'"});
  }
}

/// Indices of the nodes in a topological order that keeps the model's where it can. Nodes of a cycle are missing.
std::vector<std::size_t> Importer::ordered(const std::vector<FlatNode>& nodes) {
  Producers producer;
  producer.reserve(nodes.size());
  for (std::size_t n = 0; n < nodes.size(); ++n)
    for (const View name : nodes[n].node.outputs)
      if (!name.empty()) producer.emplace(name, n);
  if (is_ordered(nodes, producer)) {
    std::vector<std::size_t> order(nodes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    return order;
  }
  std::vector<std::size_t> missing(nodes.size(), 0);
  std::vector<std::vector<std::size_t>> consumers(nodes.size());
  for (std::size_t n = 0; n < nodes.size(); ++n)
    for (const View name : nodes[n].node.inputs)
      if (const auto found = producer.find(name); found != producer.end()) {
        ++missing[n];
        consumers[found->second].push_back(n);
      }
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t n = 0; n < nodes.size(); ++n)
    if (missing[n] == 0) ready.push(n);
  std::vector<std::size_t> order;
  order.reserve(nodes.size());
  while (!ready.empty()) {
    const std::size_t n = ready.top();
    ready.pop();
    order.push_back(n);
    for (const std::size_t consumer : consumers[n])
      if (--missing[consumer] == 0) ready.push(consumer);
  }
  return order;
}

void Importer::read_nodes(const wire::Graph& graph, std::int64_t opset) {
  flat_ = flatten(model_, graph, opset);
  for (Diagnostic& finding : flat_.diagnostics) add(std::move(finding));
  constexpr std::size_t most = 100'000;  // the largest published CNNs have some thousands
  if (flat_.nodes.size() > most) {
    add({.code = "onnx.size",
         .message = "the model has " + std::to_string(flat_.nodes.size()) + " nodes; more than " +
                    std::to_string(most) + " are no network that fits a device"});
    return;
  }
  const std::vector<std::size_t> order = ordered(flat_.nodes);
  graph_.nodes.reserve(order.size());
  for (const std::size_t index : order) read_node(flat_.nodes[index], index);
  if (order.size() == flat_.nodes.size()) return;
  std::vector<bool> placed(flat_.nodes.size(), false);
  for (const std::size_t index : order) placed[index] = true;
  const auto stuck = static_cast<std::size_t>(std::find(placed.begin(), placed.end(), false) - placed.begin());
  add({.code = "onnx.graph.cycle",
       .message = "the graph has a cycle; " + std::to_string(flat_.nodes.size() - order.size()) +
                  " nodes lie on it or behind it",
       .node = printable(flat_.nodes[stuck].node.name),
       .op = printable(flat_.nodes[stuck].node.op)});
}

/// Constant has no inputs and many spellings; it becomes a constant value here.
bool Importer::read_constant(const wire::Node& message, const ir::Node& node) {
  if (node.op != "Constant" || message.outputs.size() != 1 || node.attributes.size() != 1) return false;
  const auto& [name, attribute] = *node.attributes.begin();
  Tensor tensor;
  if (const auto* value = std::get_if<Tensor>(&attribute); value != nullptr && name == "value") tensor = *value;
  if (const auto* value = std::get_if<float>(&attribute); value != nullptr && name == "value_float")
    tensor = Tensor::from<float>({}, std::vector{*value});
  if (const auto* value = std::get_if<std::int64_t>(&attribute); value != nullptr && name == "value_int")
    tensor = Tensor::from<std::int64_t>({}, std::vector{*value});
  if (const auto* value = std::get_if<std::vector<float>>(&attribute); value != nullptr && name == "value_floats")
    tensor = Tensor::from<float>({static_cast<std::int64_t>(value->size())}, *value);
  if (const auto* value = std::get_if<std::vector<std::int64_t>>(&attribute); value && name == "value_ints")
    tensor = Tensor::from<std::int64_t>({static_cast<std::int64_t>(value->size())}, *value);
  if (tensor.empty()) return false;
  ir::Value value;
  value.type = tensor.type();
  value.shape = tensor.shape();
  value.constant = std::move(tensor);
  define(message.outputs.front(), std::move(value), &node);
  return true;
}

/// Resolves the names of the inputs; trailing omitted operands count as absent.
void Importer::connect(const wire::Node& message, ir::Node& node) {
  for (const View name : message.inputs) {
    if (name.empty()) {
      node.inputs.push_back(kNoValue);
      continue;
    }
    auto found = ids_.find(name);
    if (found == ids_.end()) {
      add({.code = "onnx.value.undefined",
           .message = "reads value '" + printable(name) + "', which nothing defines",
           .node = node.name,
           .op = node.op,
           .field = printable(name)});
      define(name, {}, &node);  // reported once; an unproduced value keeps what depends on it silent
      found = ids_.find(name);
    }
    node.inputs.push_back(found->second);
  }
  while (!node.inputs.empty() && node.inputs.back() == kNoValue) node.inputs.pop_back();
}

void Importer::read_node(const FlatNode& flat, std::size_t index) {
  const wire::Node& message = flat.node;
  ir::Node node;
  node.op = is_utf8(message.op) ? std::string(message.op) : printable(message.op);
  if (!check_name(message.name, "node")) return;
  node.name =
      node_names_.unique(message.name.empty() ? node.op + "_" + std::to_string(index) : std::string(message.name));
  node.origins = {node.name};
  Diagnostics found;
  read_attributes(message, node, external_, found);
  const bool own_domain = is_default_domain(message.domain);
  if (own_domain && found.empty() && read_constant(message, node)) return;
  connect(message, node);
  for (const View name : message.outputs) {
    const bool named = !name.empty() && check_name(name, "value");
    node.outputs.push_back(named ? define(name, {}, &node) : kNoValue);
  }
  while (!node.outputs.empty() && node.outputs.back() == kNoValue) node.outputs.pop_back();
  LiftContext context(graph_, inference_, value_names_, node_names_, found);
  if (own_domain && found.empty()) lift(context, node, flat.opset);
  const kernels::OperatorDefinition* definition = own_domain ? kernels::find_operator(node.op) : nullptr;
  if (definition == nullptr && findings_.size() >= kMaxFindings) {
    ++dropped_findings_;  // looking for similar names takes time
    return;
  }
  if (definition == nullptr)
    found = {unknown_operator(node, message)};
  else
    check_attributes(node, *definition, found);
  const bool good = found.empty();
  for (Diagnostic& finding : found) add(std::move(finding));
  if (good && !node.outputs.empty()) {
    inference_.visit(node);
    graph_.nodes.push_back(std::move(node));
  } else if (good) {
    add({.code = "onnx.node.outputs", .message = "has no output", .node = node.name, .op = node.op});
  }
}

void Importer::read_outputs(const wire::Graph& graph) {
  for (const View bytes : graph.outputs) {
    const wire::ValueInfo info = wire::decode_value_info(bytes);
    if (!check_name(info.name, "output")) continue;
    if (const auto found = ids_.find(info.name); found != ids_.end())
      graph_.outputs.push_back(found->second);
    else
      add({.code = "onnx.output.undefined",
           .message = "output '" + printable(info.name) + "' is not computed by any node"});
  }
  if (graph.outputs.empty()) add({.code = "onnx.output.none", .message = "the graph has no outputs"});
}

Result<ir::Graph> Importer::run() {
  if (!model_.graph)
    return fail(Diagnostic{.code = "onnx.graph", .message = "the file holds no graph; is it an ONNX model?"});
  const wire::Graph graph = wire::decode_graph(*model_.graph);
  const std::int64_t version = opset();
  if (!findings_.empty()) return fail(std::move(findings_));
  graph_.name = printable(graph.name);
  read_initializers(graph);
  read_inputs(graph);
  check_shape_options();
  read_nodes(graph, version);
  read_outputs(graph);
  for (Diagnostic& finding : inference_.take_diagnostics())
    if (finding.code != "graph.input.unbound") add(std::move(finding));
  if (dropped_findings_ > 0)
    findings_.push_back({.code = "onnx.more", .message = std::to_string(dropped_findings_) + " more findings"});
  if (!findings_.empty()) return fail(std::move(findings_));
  return std::move(graph_);
}

}  // namespace heddle::frontend
