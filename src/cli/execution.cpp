// SPDX-License-Identifier: Apache-2.0
#include "cli/execution.h"

#include <utility>

#include "compiler/execute.h"
#include "reference/graph.h"
#include "runtime/backends.h"
#include "runtime/session.h"

namespace heddle::cli {

Execute execute_float(ir::Graph graph) {
  return [graph = std::move(graph)](std::span<const Tensor> inputs) { return reference::run_graph(graph, inputs); };
}

Execute execute_reference(ir::Deployment deployment) {
  return [deployment = std::move(deployment)](std::span<const Tensor> inputs) {
    return compiler::run_reference(deployment, inputs);
  };
}

Result<Execute> execute_program(std::shared_ptr<const isa::Program> program, const std::string& backend, int threads) {
  const Result<overlay::Overlay> overlay = overlay::parse_overlay(program->overlay_toml, "the program's overlay");
  if (!overlay) return fail(overlay.error());
  Result<std::shared_ptr<runtime::Device>> device = runtime::make_device(backend, *overlay, {.threads = threads});
  if (!device) return fail(std::move(device.error()));
  Result<runtime::Session> session = runtime::Session::create(std::move(program), std::move(*device));
  if (!session) return fail(std::move(session.error()));
  auto shared = std::make_shared<runtime::Session>(std::move(*session));
  return [shared](std::span<const Tensor> inputs) { return shared->run(inputs); };
}

}  // namespace heddle::cli
