// SPDX-License-Identifier: Apache-2.0
#include "isa/program_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "isa/verifier.h"

namespace heddle::isa {
namespace {

/// 1 GiB of binary32: far above any image network, far below what hurts.
constexpr std::int64_t kMaxElements = std::int64_t{1} << 28;

class Checker {
 public:
  explicit Checker(const Program& program) : p_(program) {}

  Diagnostics run() {
    check_overlay();
    check_tensors();
    if (!findings_.empty()) return std::move(findings_);
    for (const std::string& name : p_.inputs) check_input(name);
    for (std::size_t i = 0; i < p_.segments.size(); ++i) {
      segment_ = fmt::format("segment {}", i);
      std::visit([&](const auto& segment) { check_segment(segment); }, p_.segments[i]);
    }
    for (const std::string& name : p_.outputs) require_available(name, "outputs", "");
    if (p_.preprocessing) check_preprocessing(*p_.preprocessing);
    return std::move(findings_);
  }

 private:
  struct Entry {
    const ProgramTensor* tensor = nullptr;
    bool available = false;
  };

  void add(std::string code, std::string field, std::string message, std::string node = "", std::string op = "") {
    if (findings_.size() < 50)
      findings_.push_back({.code = std::move(code),
                           .message = std::move(message),
                           .node = std::move(node),
                           .op = std::move(op),
                           .field = std::move(field)});
  }

  void check_overlay() {
    auto overlay = overlay_of(p_);
    if (!overlay) {
      findings_ = std::move(overlay.error());
      return;
    }
    overlay_ = std::move(*overlay);
    if (fingerprint(overlay_) != p_.overlay_fingerprint)
      add("program.fingerprint", "overlay_fingerprint",
          fmt::format("is {:016x}; that of the embedded overlay is {:016x}", p_.overlay_fingerprint,
                      fingerprint(overlay_)));
  }

  void check_tensors() {
    for (const ProgramTensor& t : p_.tensors) {
      if (t.name.empty()) add("program.tensor", "tensors", "a tensor has no name");
      if (checked_element_count(t.shape, kMaxElements) < 0)
        add("program.tensor", t.name, fmt::format("its shape is not a shape of at most {} elements", kMaxElements));
      if (t.constant && (t.constant->type() != t.type || t.constant->shape() != t.shape))
        add("program.tensor", t.name, "its constant has another type or shape");
      if (!entries_.try_emplace(t.name, Entry{&t, t.constant.has_value()}).second)
        add("program.tensor", t.name, "is defined twice");
    }
  }

  /// The tensor of this name, or nullptr with a finding.
  Entry* find(const std::string& name, const std::string& field, const std::string& node) {
    const auto found = entries_.find(name);
    if (found != entries_.end()) return &found->second;
    add("program.name", field, "no tensor is called '" + name + "'", node);
    return nullptr;
  }

  const ProgramTensor* require_available(const std::string& name, const std::string& field, const std::string& node) {
    const Entry* entry = find(name, field, node);
    if (entry == nullptr) return nullptr;
    if (!entry->available) add("program.order", field, "'" + name + "' is read before anything produces it", node);
    return entry->tensor;
  }

  const ProgramTensor* produce(const std::string& name, const std::string& field, const std::string& node) {
    Entry* entry = find(name, field, node);
    if (entry == nullptr) return nullptr;
    if (entry->available) add("program.order", field, "'" + name + "' is produced twice, or a constant", node);
    entry->available = true;
    return entry->tensor;
  }

  void check_input(const std::string& name) { (void)produce(name, "inputs", ""); }

  void check_binding(const Binding& b, const ProgramTensor* tensor, std::int64_t& images) {
    if (tensor == nullptr) return;
    const std::int64_t own = images_of(b, tensor->shape);
    if (own == 0)
      add("program.binding", b.tensor,
          fmt::format("has {} elements; the overlay moves {} x {} x {}", element_count(tensor->shape), b.channels,
                      b.height, b.width),
          segment_);
    else if (images != 0 && own != images)
      add("program.binding", b.tensor, fmt::format("holds {} images, another tensor of its segment {}", own, images),
          segment_);
    images = own;
    if (!std::isfinite(b.scale) || b.scale <= 0)
      add("program.binding", b.tensor, fmt::format("scale is {}; it must be positive", b.scale), segment_);
    const bool legal_zero = b.type == DataType::i8 ? -128 <= b.zero_point && b.zero_point <= 127 : b.zero_point == 0;
    if (!legal_zero)
      add("program.binding", b.tensor, fmt::format("zero point {} is not one of its type", b.zero_point), segment_);
  }

  void check_segment(const OverlaySegment& segment) {
    std::int64_t images = 0;
    for (const Binding& b : segment.inputs) check_binding(b, require_available(b.tensor, "inputs", segment_), images);
    for (const Binding& b : segment.outputs) check_binding(b, produce(b.tensor, "outputs", segment_), images);
  }

  void check_segment(const HostSegment& segment) {
    for (const HostOperator& op : segment.operators) check_operator(op);
  }

  void check_operator(const HostOperator& op) {
    const kernels::OperatorDefinition* definition = kernels::find_operator(op.op);
    if (definition == nullptr) return add("program.operator", "", "the operator is unknown", op.node, op.op);
    const auto inputs = static_cast<std::int64_t>(op.inputs.size());
    if (inputs < definition->min_inputs || (definition->max_inputs >= 0 && inputs > definition->max_inputs))
      return add("program.operator", "inputs", fmt::format("has {} inputs", inputs), op.node, op.op);
    for (const auto& [name, value] : op.attributes)
      if (std::find(definition->attributes.begin(), definition->attributes.end(), name) == definition->attributes.end())
        add("program.operator", name, "the operator has no such attribute", op.node, op.op);
    const std::size_t before = findings_.size();
    std::vector<kernels::TensorInfo> infos;
    for (const std::string& name : op.inputs) {
      const ProgramTensor* tensor = name.empty() ? nullptr : require_available(name, "inputs", op.node);
      infos.push_back(tensor == nullptr
                          ? kernels::TensorInfo{.shape = {}, .present = false}
                          : kernels::TensorInfo{.type = tensor->type,
                                                .shape = tensor->shape,
                                                .value = tensor->constant ? &*tensor->constant : nullptr});
    }
    std::vector<const ProgramTensor*> outputs;
    for (const std::string& name : op.outputs)
      outputs.push_back(name.empty() ? nullptr : produce(name, "outputs", op.node));
    if (findings_.size() == before) check_inference(op, *definition, infos, outputs);
  }

  void check_inference(const HostOperator& op, const kernels::OperatorDefinition& definition,
                       std::span<const kernels::TensorInfo> inputs, std::span<const ProgramTensor* const> outputs) {
    auto inferred = definition.infer(op.attributes, inputs, outputs.size());
    if (!inferred) {
      for (Diagnostic& d : inferred.error()) {
        d.node = op.node;
        d.op = op.op;
        findings_.push_back(std::move(d));
      }
      return;
    }
    if (inferred->size() < outputs.size())
      return add("program.operator", "outputs", fmt::format("has {} outputs", outputs.size()), op.node, op.op);
    for (std::size_t i = 0; i < outputs.size(); ++i)
      if (outputs[i] != nullptr &&
          (outputs[i]->type != (*inferred)[i].type || outputs[i]->shape != (*inferred)[i].shape))
        add("program.operator", outputs[i]->name, "has another type or shape than the operator computes", op.node,
            op.op);
  }

  void check_preprocessing(const Preprocessing& pre) {
    const auto one_of = [&](const std::string& value, std::vector<std::string> legal, const char* field) {
      if (std::find(legal.begin(), legal.end(), value) != legal.end()) return;
      std::string list;
      for (const std::string& l : legal) list += (list.empty() ? "" : ", ") + l;
      add("program.preprocessing", field, "is '" + value + "'; legal are " + list);
    };
    if (pre.height < 0 || pre.height > 65536 || pre.width < 0 || pre.width > 65536)
      add("program.preprocessing", "height", "height and width must lie in 0 ... 65536");
    one_of(pre.resize, {"nearest", "bilinear", "bicubic"}, "resize");
    one_of(pre.fit, {"stretch", "crop", "pad"}, "fit");
    one_of(pre.channels, {"rgb", "bgr", "gray"}, "channels");
    one_of(pre.layout, {"nchw", "nhwc"}, "layout");
    for (std::size_t i = 0; i < 3; ++i)
      if (!std::isfinite(pre.mean[i]) || !std::isfinite(pre.scale[i]))
        add("program.preprocessing", "mean", "mean and scale must be finite");
  }

  const Program& p_;
  overlay::Overlay overlay_{};
  std::unordered_map<std::string, Entry> entries_{};
  Diagnostics findings_{};
  std::string segment_{};
};

}  // namespace

Result<overlay::Overlay> overlay_of(const Program& program) {
  return overlay::parse_overlay(program.overlay_toml, "embedded overlay");
}

std::int64_t images_of(const Binding& binding, const Shape& shape) {
  const std::int64_t image = checked_element_count({binding.channels, binding.height, binding.width}, kMaxElements);
  const std::int64_t count = checked_element_count(shape, kMaxElements);
  if (image < 1 || count < 1) return 0;
  if (count == image) return 1;
  const bool is_batch = shape.size() > 1 && count % image == 0 && count / image == shape.front();
  return is_batch ? shape.front() : 0;
}

Status check_parts(const Program& program) {
  Diagnostics findings = Checker(program).run();
  if (findings.empty()) return {};
  return fail(std::move(findings));
}

Status check_program(const Program& program) {
  if (Status parts = check_parts(program); !parts) return parts;
  const Result<overlay::Overlay> overlay = overlay_of(program);
  if (!overlay) return fail(overlay.error());
  Diagnostics findings;
  for (const auto& segment : program.segments)
    if (const auto* instructions = std::get_if<OverlaySegment>(&segment))
      if (const Status status = verify(*instructions, *overlay); !status)
        findings.insert(findings.end(), status.error().begin(), status.error().end());
  if (findings.empty()) return {};
  return fail(std::move(findings));
}

}  // namespace heddle::isa
