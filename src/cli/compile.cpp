// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/command.h"
#include "cli/explain.h"
#include "cli/json.h"
#include "cli/model_options.h"
#include "cli/program_report.h"
#include "isa/container.h"

namespace heddle::cli {
namespace {

struct CompileOptions {
  ModelOptions model;
  QuantizeFlags quantize;
  std::string overlay = "zcu102", output;
  std::vector<std::string> explain;
  bool json = false, quiet = false;
};

Result<int> compile(const CompileOptions& options) {
  const Result<overlay::Overlay> overlay = overlay::find_overlay(options.overlay);
  if (!overlay) return fail(overlay.error());
  Result<compiler::Model> model = load(options.model);
  if (!model) return fail(std::move(model.error()));
  const Result<compiler::Quantized> quantized = quantize(std::move(*model), options.quantize, {});
  if (!quantized) return fail(quantized.error());
  const Result<compiler::Built> built = compiler::compile_model(*quantized, *overlay);
  if (!built) return fail(built.error());
  if (!options.output.empty())
    if (const Status written = isa::write_program(built->program, options.output); !written)
      return fail(written.error());
  for (const std::string& node : options.explain)
    if (const Status explained = explain(node, *quantized, *built); !explained) return fail(explained.error());
  if (options.json)
    print_json(program_json(built->program, *overlay));
  else if (!options.quiet)
    print_program(built->program, *overlay);
  return 0;
}

}  // namespace

void add_compile(CLI::App& app, Outcome& outcome) {
  auto options = std::make_shared<CompileOptions>();
  CLI::App* command =
      add_command(app, outcome, "compile",
                  "Compile a model into an overlay's instructions; prints latency (estimate), utilisation "
                  "and traffic per layer.",
                  compile, options);
  add_model_options(*command, options->model);
  add_quantize_options(*command, options->quantize);
  add_overlay_option(*command, options->overlay);
  command->add_option("-o,--output", options->output, "program file to write");
  command->add_option("--explain", options->explain, "say what became of this node of the model, and why (repeatable)");
  command->add_flag("--json", options->json, "print JSON");
  command->add_flag("--quiet", options->quiet, "print no table");
}

}  // namespace heddle::cli
