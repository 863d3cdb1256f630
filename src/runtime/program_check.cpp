// SPDX-License-Identifier: Apache-2.0
#include "runtime/program_check.h"

#include <algorithm>
#include <set>
#include <vector>

#include "runtime/border.h"

namespace heddle::runtime {
namespace {

Diagnostic finding(const char* code, std::string node, std::string field, std::string message) {
  Diagnostic d;
  d.code = code;
  d.node = std::move(node);
  d.field = std::move(field);
  d.message = std::move(message);
  return d;
}

bool fits(const Shape& declared, const Shape& actual) {
  if (declared.size() != actual.size()) return false;
  for (std::size_t axis = 0; axis < declared.size(); ++axis)
    if (declared[axis] >= 0 && actual[axis] >= 0 && declared[axis] != actual[axis]) return false;
  return true;
}

void append(Diagnostics& to, Diagnostics from) {
  std::ranges::move(from, std::back_inserter(to));
}

/// Walks the segments in order and knows which tensors have a value by then.
class ProgramChecker {
 public:
  ProgramChecker(const isa::Program& program, const overlay::Overlay& overlay)
      : program_(program), overlay_(overlay), table_(table_of(program)) {}

  Diagnostics check();

 private:
  void check_tensors();
  void check_overlay(const isa::OverlaySegment& segment);
  void check_host(const isa::HostOperator& op);
  const isa::ProgramTensor* known(const std::string& name, const std::string& node, const char* field);
  bool readable(const std::string& name, const std::string& node, const char* field);
  void check_border(const isa::OverlaySegment& segment, const isa::Binding& binding, bool input);

  const isa::Program& program_;
  const overlay::Overlay& overlay_;
  const TensorTable table_;
  std::set<std::string, std::less<>> written_;
  Diagnostics found_;
};

const isa::ProgramTensor* ProgramChecker::known(const std::string& name, const std::string& node, const char* field) {
  const auto it = table_.find(name);
  if (it != table_.end()) return it->second;
  found_.push_back(finding("program.tensor.unknown", node, field, "the program has no tensor '" + name + "'"));
  return nullptr;
}

bool ProgramChecker::readable(const std::string& name, const std::string& node, const char* field) {
  if (known(name, node, field) == nullptr) return false;
  if (written_.contains(name)) return true;
  found_.push_back(finding("program.tensor.order", node, field, "tensor '" + name + "' is read before it is written"));
  return false;
}

void ProgramChecker::check_tensors() {
  if (table_.size() != program_.tensors.size())
    found_.push_back(finding("program.tensor.twice", "", "tensors", "two tensors have the same name"));
  for (const auto& tensor : program_.tensors) {
    if (tensor.constant && (tensor.constant->type() != tensor.type || tensor.constant->shape() != tensor.shape))
      found_.push_back(
          finding("program.tensor.constant", tensor.name, "constant", "its type or shape is not the tensor's"));
    if (tensor.constant) written_.insert(tensor.name);
  }
  for (const auto& name : program_.inputs) {
    const auto* tensor = known(name, "", "inputs");
    written_.insert(name);
    if (tensor != nullptr && checked_element_count(tensor->shape) < 0)
      found_.push_back(finding("program.tensor.shape", name, "shape",
                               "shape " + shape_text(tensor->shape) + " is not fixed or too large"));
  }
}

void ProgramChecker::check_border(const isa::OverlaySegment& segment, const isa::Binding& binding, bool input) {
  const auto* tensor = known(binding.tensor, binding.tensor, "tensor");
  if (tensor == nullptr) return;
  const auto base = input ? isa::kInputs : isa::kOutputs;
  if (binding.base != base)
    found_.push_back(finding(
        "program.binding", binding.tensor, "base",
        "base register " + std::to_string(binding.base) + " is not that of the " + (input ? "inputs" : "outputs")));
  append(found_, check_binding(binding, *tensor, overlay_.N, input ? segment.input_bytes : segment.output_bytes));
}

void ProgramChecker::check_overlay(const isa::OverlaySegment& segment) {
  if (segment.scratch_bytes < 0 || segment.input_bytes < 0 || segment.output_bytes < 0)
    found_.push_back(finding("program.segment.size", "", "scratch_bytes", "a memory has a negative size"));
  for (const auto& binding : segment.inputs) {
    readable(binding.tensor, binding.tensor, "tensor");
    check_border(segment, binding, true);
  }
  for (const auto& binding : segment.outputs) {
    check_border(segment, binding, false);
    written_.insert(binding.tensor);
  }
  std::set<std::int64_t> batches;
  for (const auto* bindings : {&segment.inputs, &segment.outputs})
    for (const auto& binding : *bindings)
      if (const auto it = table_.find(binding.tensor); it != table_.end())
        batches.insert(batch_of(binding, checked_element_count(it->second->shape)));
  if (batches.size() > 1)
    found_.push_back(finding("program.binding", segment.inputs.empty() ? "" : segment.inputs.front().tensor, "shape",
                             "the tensors at the border of a segment have different batches"));
}

void ProgramChecker::check_host(const isa::HostOperator& op) {
  std::vector<kernels::TensorInfo> inputs;
  bool complete = true;
  for (const auto& name : op.inputs) {
    kernels::TensorInfo info;
    info.present = !name.empty();
    if (info.present && (complete = readable(name, op.node, "inputs") && complete); complete && info.present) {
      const auto* tensor = table_.find(name)->second;
      info.type = tensor->type;
      info.shape = tensor->shape;
      info.value = tensor->constant ? &*tensor->constant : nullptr;
    }
    inputs.push_back(std::move(info));
  }
  for (const auto& name : op.outputs)
    if (!name.empty()) {
      complete = known(name, op.node, "outputs") != nullptr && complete;
      written_.insert(name);
    }
  if (complete) append(found_, check_host_operator(op, inputs, table_));
}

Diagnostics ProgramChecker::check() {
  if (program_.overlay_fingerprint != overlay::fingerprint(overlay_)) {
    Diagnostic d = finding("program.overlay", "", "overlay_fingerprint",
                           "the program was compiled for another overlay than the device's '" + overlay_.name + "'");
    d.hint = "compile the model for this overlay";
    found_.push_back(std::move(d));
  }
  check_tensors();
  for (const auto& segment : program_.segments) {
    if (const auto* overlay_segment = std::get_if<isa::OverlaySegment>(&segment)) check_overlay(*overlay_segment);
    if (const auto* host = std::get_if<isa::HostSegment>(&segment))
      for (const auto& op : host->operators) check_host(op);
  }
  for (const auto& name : program_.outputs) readable(name, "", "outputs");
  return std::move(found_);
}

}  // namespace

TensorTable table_of(const isa::Program& program) {
  TensorTable table;
  for (const auto& tensor : program.tensors) table.emplace(tensor.name, &tensor);
  return table;
}

Diagnostics check_program(const isa::Program& program, const overlay::Overlay& overlay) {
  return ProgramChecker(program, overlay).check();
}

Diagnostics check_host_operator(const isa::HostOperator& op, std::span<const kernels::TensorInfo> inputs,
                                const TensorTable& table) {
  Diagnostics found;
  const auto report = [&](const char* code, const char* field, std::string message) {
    found.push_back(finding(code, op.node, field, std::move(message)));
    found.back().op = op.op;
  };
  const auto* definition = kernels::find_operator(op.op);
  if (definition == nullptr) {
    report("program.operator.unknown", "op", "there is no host operator of this name");
    return found;
  }
  const auto count = static_cast<int>(inputs.size());
  if (count < definition->min_inputs || (definition->max_inputs >= 0 && count > definition->max_inputs)) {
    report("program.operator.inputs", "inputs", "it does not take " + std::to_string(count) + " inputs");
    return found;
  }
  const auto inferred = definition->infer(op.attributes, inputs, op.outputs.size());
  if (!inferred) {
    for (Diagnostic d : inferred.error()) {
      d.node = op.node;
      d.op = op.op;
      found.push_back(std::move(d));
    }
    return found;
  }
  for (std::size_t k = 0; k < op.outputs.size(); ++k) {
    if (op.outputs[k].empty()) continue;
    const auto& declared = *table.find(op.outputs[k])->second;
    if (k >= inferred->size() || (*inferred)[k].type != declared.type || !fits(declared.shape, (*inferred)[k].shape))
      report("program.operator.outputs", "outputs",
             "tensor '" + declared.name + "' of shape " + shape_text(declared.shape) +
                 " does not have the type and shape that the operator gives");
  }
  return found;
}

std::string shape_text(const Shape& shape) {
  std::string text = "[";
  for (std::size_t axis = 0; axis < shape.size(); ++axis) text += (axis == 0 ? "" : ", ") + std::to_string(shape[axis]);
  return text + "]";
}

}  // namespace heddle::runtime
