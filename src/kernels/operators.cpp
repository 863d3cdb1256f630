// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <new>

#include "kernels/ops/ops.h"

namespace heddle::kernels {
namespace {

/// The one list: every family of operators; each defines its members in ops/FAMILY.cpp.
constexpr std::array kFamilies{
    ops::activations,    ops::arithmetic,
    ops::casts,          ops::clips,
    ops::comparisons,    ops::concatenations,
    ops::constants,      ops::convolutions,
    ops::gathers,        ops::group_normalizations,
    ops::layouts,        ops::local_normalizations,
    ops::math,           ops::matrices,
    ops::normalizations, ops::pads,
    ops::pools,          ops::quantized_layers,
    ops::quantizers,     ops::reductions,
    ops::resizes,        ops::selections,
    ops::shapes,         ops::slices,
    ops::softmaxes,      ops::unpools,
};

std::vector<OperatorDefinition> sorted_definitions() {
  std::vector<OperatorDefinition> all;
  for (const auto family : kFamilies) {
    const ops::Definitions members = family();
    all.insert(all.end(), members.begin(), members.end());
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

Result<std::vector<Tensor>> checked_run(const OperatorDefinition& definition, const Attributes& attributes,
                                        std::span<const Tensor> inputs, std::size_t output_count) {
  const auto count = static_cast<int>(inputs.size());
  if (count < definition.min_inputs || (definition.max_inputs >= 0 && count > definition.max_inputs))
    return fail(
        {.code = "op.arity",
         .message = text("has ", count, " inputs; ", definition.min_inputs, " to ",
                         definition.max_inputs < 0 ? std::string("any number") : std::to_string(definition.max_inputs),
                         " are allowed")});
  const auto infos = infer_run(definition.infer, attributes, inputs, output_count);
  if (!infos) return fail(infos.error());
  return definition.run(attributes, inputs, output_count);
}

}  // namespace

std::span<const OperatorDefinition> all_operators() {
  static const std::vector<OperatorDefinition> all = sorted_definitions();
  return all;
}

const OperatorDefinition* find_operator(std::string_view name) {
  const auto all = all_operators();
  const auto at = std::lower_bound(all.begin(), all.end(), name,
                                   [](const OperatorDefinition& d, std::string_view n) { return d.name < n; });
  return at != all.end() && at->name == name ? &*at : nullptr;
}

Result<std::vector<Tensor>> execute(const OperatorDefinition& definition, const Attributes& attributes,
                                    std::span<const Tensor> inputs, std::size_t output_count) {
  Result<std::vector<Tensor>> result;
  try {
    result = checked_run(definition, attributes, inputs, output_count);
  } catch (const std::bad_alloc&) {
    result = bad_value("", "not enough memory for the operator's tensors");
  }
  if (!result)
    for (Diagnostic& d : result.error()) d.op = definition.name;
  return result;
}

}  // namespace heddle::kernels
