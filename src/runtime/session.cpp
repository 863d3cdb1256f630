// SPDX-License-Identifier: Apache-2.0
#include "runtime/session.h"

#include <algorithm>
#include <set>
#include <utility>

#include "isa/program_check.h"
#include "runtime/border.h"
#include "runtime/overlay_runner.h"

namespace heddle::runtime {
namespace {

using Values = std::map<std::string, Tensor>;
using TensorTable = std::map<std::string, const isa::ProgramTensor*, std::less<>>;

Diagnostic finding(const char* code, std::string node, std::string message, std::string hint = "") {
  Diagnostic d;
  d.code = code;
  d.node = std::move(node);
  d.message = std::move(message);
  d.hint = std::move(hint);
  return d;
}

TensorTable table_of(const isa::Program& program) {
  TensorTable table;
  for (const auto& tensor : program.tensors) table.emplace(tensor.name, &tensor);
  return table;
}

/// "[1, 3, 224, 224]".
std::string shape_text(const Shape& shape) {
  std::string text = "[";
  for (std::size_t axis = 0; axis < shape.size(); ++axis) text += (axis == 0 ? "" : ", ") + std::to_string(shape[axis]);
  return text + "]";
}

/// What only the program's tensors and this device together show; `device.load` verifies the instructions.
Diagnostics check_fit(const isa::Program& program, const TensorTable& table, const overlay::Overlay& overlay) {
  Diagnostics found;
  if (program.overlay_fingerprint != overlay::fingerprint(overlay))
    found.push_back(finding("session.overlay", "",
                            "the program was compiled for another overlay than the device's '" + overlay.name + "'",
                            "compile the model for this overlay"));
  const auto check = [&](const isa::Binding& binding) {
    const DataType type = table.find(binding.tensor)->second->type;
    if (!crosses_border(type))
      found.push_back(
          finding("session.border.type", binding.tensor,
                  "tensors of type " + std::string(name(type)) + " cannot cross the border between host and overlay"));
  };
  for (const auto& segment : program.segments)
    if (const auto* overlay_segment = std::get_if<isa::OverlaySegment>(&segment))
      for (const auto* bindings : {&overlay_segment->inputs, &overlay_segment->outputs})
        std::ranges::for_each(*bindings, check);
  return found;
}

/// For each segment, the tensors that nobody reads afterwards.
std::vector<std::vector<std::string>> last_uses(const isa::Program& program) {
  std::vector<std::vector<std::string>> dead(program.segments.size());
  std::set<std::string> alive(program.outputs.begin(), program.outputs.end());
  for (std::size_t s = program.segments.size(); s-- > 0;) {
    const auto use = [&](const std::string& name) {
      if (!name.empty() && alive.insert(name).second) dead[s].push_back(name);
    };
    if (const auto* segment = std::get_if<isa::OverlaySegment>(&program.segments[s]))
      for (const auto* bindings : {&segment->inputs, &segment->outputs})
        for (const auto& binding : *bindings) use(binding.tensor);
    if (const auto* host = std::get_if<isa::HostSegment>(&program.segments[s]))
      for (const auto& op : host->operators)
        for (const auto* names : {&op.inputs, &op.outputs}) std::ranges::for_each(*names, use);
  }
  return dead;
}

}  // namespace

class Session::Impl {
 public:
  Impl(std::shared_ptr<const isa::Program> program, std::shared_ptr<Device> device)
      : program_(std::move(program)), device_(std::move(device)), table_(table_of(*program_)) {}

  Status load();
  [[nodiscard]] Result<Values> run(const Values& inputs);
  [[nodiscard]] const isa::Program& program() const { return *program_; }

 private:
  Diagnostics check_inputs(const Values& inputs) const;
  Status run_overlay(std::size_t segment, Values& values);
  Status run_host(const isa::HostOperator& op, Values& values);

  std::shared_ptr<const isa::Program> program_;
  std::shared_ptr<Device> device_;
  TensorTable table_;
  std::vector<std::unique_ptr<OverlayRunner>> runners_;  ///< by segment; null for host segments
  std::vector<std::vector<std::string>> dead_after_;
};

Status Session::Impl::load() {
  if (Status parts = isa::check_parts(*program_); !parts) return parts;
  Diagnostics found = check_fit(*program_, table_, device_->properties().overlay);
  if (!found.empty()) return fail(std::move(found));
  dead_after_ = last_uses(*program_);
  for (const auto& segment : program_->segments) {
    runners_.emplace_back();
    const auto* overlay_segment = std::get_if<isa::OverlaySegment>(&segment);
    if (overlay_segment == nullptr) continue;
    // Shares the ownership of the whole program.
    auto runner = OverlayRunner::create({program_, overlay_segment}, device_);
    if (!runner) return fail(std::move(runner.error()));
    runners_.back() = std::move(*runner);
  }
  return {};
}

Diagnostics Session::Impl::check_inputs(const Values& inputs) const {
  Diagnostics found;
  std::vector<std::string> missing;
  for (const auto& name : program_->inputs)
    if (!inputs.contains(name)) missing.push_back(name);
  for (const auto& [name, tensor] : inputs) {
    if (std::ranges::find(program_->inputs, name) == program_->inputs.end()) {
      const std::string near = nearest(name, missing.empty() ? program_->inputs : missing);
      found.push_back(finding("session.input.unknown", name, "the program has no input of this name",
                              near.empty() ? "" : "did you mean '" + near + "'?"));
      continue;
    }
    const isa::ProgramTensor& declared = *table_.find(name)->second;
    if (tensor.empty() || tensor.type() != declared.type)
      found.push_back(finding("session.input.type", name,
                              "the input has type " + std::string(heddle::name(tensor.type())) +
                                  ", the program takes " + std::string(heddle::name(declared.type))));
    if (tensor.shape() != declared.shape)
      found.push_back(finding(
          "session.input.shape", name,
          "the input has shape " + shape_text(tensor.shape()) + ", the program takes " + shape_text(declared.shape),
          "a program is compiled for fixed shapes: resize the input, or compile for this shape"));
  }
  for (const auto& name : missing)
    found.push_back(finding("session.input.missing", name,
                            "the input is missing; the program takes it as " +
                                std::string(heddle::name(table_.find(name)->second->type)) + " " +
                                shape_text(table_.find(name)->second->shape)));
  return found;
}

Status Session::Impl::run_overlay(std::size_t segment, Values& values) {
  const auto& overlay_segment = std::get<isa::OverlaySegment>(program_->segments[segment]);
  std::int64_t images = 1;
  const auto images_of = [&](const isa::Binding& binding) {
    images = isa::images_of(binding, table_.find(binding.tensor)->second->shape);
  };
  for (const auto& binding : overlay_segment.inputs) {
    images_of(binding);
    if (const auto& constant = table_.find(binding.tensor)->second->constant) values[binding.tensor] = *constant;
  }
  for (const auto& binding : overlay_segment.outputs) {
    const auto& declared = *table_.find(binding.tensor)->second;
    values[binding.tensor] = Tensor(declared.type, declared.shape);
    images_of(binding);
  }
  return runners_[segment]->run(values, images);
}

Status Session::Impl::run_host(const isa::HostOperator& op, Values& values) {
  std::vector<Tensor> inputs;
  for (const auto& name : op.inputs) {
    const auto constant = table_.find(name);
    const bool is_constant = constant != table_.end() && constant->second->constant.has_value();
    inputs.push_back(name.empty() ? Tensor() : is_constant ? *constant->second->constant : values.at(name));
  }
  auto outputs = kernels::find_operator(op.op)->run(op.attributes, inputs, op.outputs.size());
  if (!outputs) {
    for (Diagnostic& d : outputs.error()) {
      d.node = op.node;
      d.op = op.op;
    }
    return fail(std::move(outputs.error()));
  }
  for (std::size_t k = 0; k < op.outputs.size(); ++k) {
    if (op.outputs[k].empty()) continue;
    const isa::ProgramTensor& stated = *table_.find(op.outputs[k])->second;
    if (k >= outputs->size() || (*outputs)[k].type() != stated.type || (*outputs)[k].shape() != stated.shape)
      return fail(
          finding("session.operator.outputs", op.node,
                  "the host operator did not compute '" + stated.name + "' of shape " + shape_text(stated.shape)));
    values[op.outputs[k]] = std::move((*outputs)[k]);
  }
  return {};
}

Result<Values> Session::Impl::run(const Values& inputs) {
  if (Diagnostics found = check_inputs(inputs); !found.empty()) return fail(std::move(found));
  Values values = inputs;
  for (std::size_t s = 0; s < program_->segments.size(); ++s) {
    Status status;
    if (runners_[s] != nullptr) {
      status = run_overlay(s, values);
    } else {
      for (const auto& op : std::get<isa::HostSegment>(program_->segments[s]).operators)
        if (status) status = run_host(op, values);
    }
    if (!status) return fail(std::move(status.error()));
    for (const auto& name : dead_after_[s]) values.erase(name);
  }
  Values outputs;
  for (const auto& name : program_->outputs) {
    const auto& constant = table_.find(name)->second->constant;
    outputs[name] = constant ? *constant : values.at(name);
  }
  return outputs;
}

Result<Session> Session::create(std::shared_ptr<const isa::Program> program, std::shared_ptr<Device> device) {
  auto impl = std::make_shared<Impl>(std::move(program), std::move(device));
  if (Status status = impl->load(); !status) return fail(std::move(status.error()));
  return Session(std::move(impl));
}

Result<std::map<std::string, Tensor>> Session::run(const std::map<std::string, Tensor>& inputs) {
  return impl_->run(inputs);
}

Result<std::vector<Tensor>> Session::run(std::span<const Tensor> inputs) {
  const auto& names = impl_->program().inputs;
  if (inputs.size() != names.size())
    return fail(finding(
        "session.input.count", "",
        std::to_string(inputs.size()) + " inputs were given, the program takes " + std::to_string(names.size())));
  Values by_name;
  for (std::size_t k = 0; k < names.size(); ++k) by_name[names[k]] = inputs[k];
  auto results = impl_->run(by_name);
  if (!results) return fail(std::move(results.error()));
  std::vector<Tensor> outputs;
  for (const auto& name : impl_->program().outputs) outputs.push_back(results->at(name));
  return outputs;
}

const isa::Program& Session::program() const {
  return impl_->program();
}

}  // namespace heddle::runtime
