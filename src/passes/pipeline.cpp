// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <chrono>

#include "passes/pass.h"
#include "passes/passes.h"

namespace heddle::passes {
namespace {

// Quantisation first: folding constants would turn integer weights into floats without a scale. Shapes before what
// matches patterns; patterns on single operators before patterns that fold them into convolutions.
constexpr std::array kStandard{
    Pass{"remove-dead", "drops what reaches no output", remove_dead_code},
    Pass{"expand-qlinear", "QLinearConv and QLinearMatMul become the float operator between quantise nodes",
         expand_qlinear},
    Pass{"absorb-qdq", "quantise and dequantise nodes become parameters of the values between them", absorb_qdq},
    Pass{"fold-shapes", "Shape and Size of known shapes become constants", fold_shapes},
    Pass{"fold-constants", "computes nodes whose operands are constants", fold_constants},
    Pass{"remove-identity", "drops nodes that return their operand", remove_identity},
    Pass{"explicit-padding", "auto_pad and output_shape become explicit pads", explicit_padding},
    Pass{"canonical-reshape", "Squeeze, Unsqueeze and Flatten become Reshape; consecutive ones merge",
         canonical_reshape},
    Pass{"push-transposes", "moves transposes towards the outputs until they cancel", push_transposes},
    Pass{"fold-constants-2", "computes what the transposes left", fold_constants},
    Pass{"matmul-to-gemm", "MatMul with constant weights (and bias) becomes Gemm", matmul_to_gemm},
    Pass{"fuse-activations", "recognises Swish, Mish, HardSwish, HardSigmoid, LeakyRelu", fuse_activations},
    Pass{"merge-clips", "Relu, Clip, Max and Min with constants become one Clip or Relu", merge_clips},
    Pass{"global-pool", "means over all pixels become GlobalAveragePool", global_pool},
    Pass{"absorb-pad", "zero padding moves into the convolution or pool that reads it", absorb_pad},
    Pass{"fold-batch-norm", "batch normalisation is folded into the operator before it", fold_batch_norm},
    Pass{"fold-channel-scale", "scales and offsets per channel are folded into a neighbouring convolution",
         fold_channel_scale},
    Pass{"merge-clips-2", "clips that became neighbours", merge_clips},
    Pass{"remove-identity-2", "what became an identity", remove_identity},
};

std::vector<std::string> names_of(std::span<const Pass> passes) {
  std::vector<std::string> names;
  for (const Pass& pass : passes) names.emplace_back(pass.name);
  return names;
}

void check_names(const std::vector<std::string>& given, const std::vector<std::string>& known, const char* field,
                 Diagnostics& findings) {
  for (const std::string& name : given) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    Diagnostic finding;
    finding.code = "pass.name";
    finding.message = "no pass is named '" + name + "'";
    finding.field = field;
    const std::string near = nearest(name, known);
    std::string all;
    for (const std::string& k : known) all += (all.empty() ? std::string() : std::string(", ")) + k;
    finding.hint = near.empty() ? "passes are " + all : "did you mean '" + near + "'?";
    findings.push_back(std::move(finding));
  }
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Status verify_after(const ir::Graph& graph, const Pass& pass) {
  Status status = ir::verify(graph);
  if (status) return status;
  Diagnostics findings = std::move(status).error();
  for (Diagnostic& finding : findings)
    finding.message = "after pass " + std::string(pass.name) + ": " + finding.message;
  return fail(std::move(findings));
}

Status run_one(ir::Graph& graph, const Pass& pass, const PassOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const Result<bool> changed = pass.run(graph);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  if (!changed) return fail(changed.error());
  if (options.timings != nullptr) options.timings->push_back({pass.name, elapsed.count(), *changed});
  if (options.sink && (contains(options.dump_after, pass.name) || contains(options.dump_after, "all")))
    options.sink("after " + std::string(pass.name) + (*changed ? "" : " (unchanged)") + "\n" + ir::print(graph));
  if (options.verify_each && *changed) return verify_after(graph, pass);
  return {};
}

}  // namespace

std::span<const Pass> standard_pipeline() {
  return kStandard;
}

Status run_pipeline(ir::Graph& graph, std::span<const Pass> passes, const PassOptions& options) {
  std::vector<std::string> known = names_of(passes);
  Diagnostics findings;
  check_names(options.disable, known, "disable-pass", findings);
  known.emplace_back("all");
  check_names(options.dump_after, known, "dump-ir", findings);
  if (!findings.empty()) return fail(std::move(findings));
  for (const Pass& pass : passes) {
    if (contains(options.disable, pass.name)) continue;
    if (Status status = run_one(graph, pass, options); !status) return status;
  }
  return {};
}

Result<bool> remove_dead_code(ir::Graph& graph) {
  const std::size_t before = graph.nodes.size() + graph.values.size();
  ir::remove_dead(graph);
  return graph.nodes.size() + graph.values.size() != before;
}

}  // namespace heddle::passes
