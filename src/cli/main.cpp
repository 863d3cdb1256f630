// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>

#include "cli/command.h"

namespace {

constexpr const char* kAbout =
    "heddle: from a trained CNN to an accelerator overlay on an FPGA, proven bit for bit.\n\n"
    "First steps (no FPGA needed):\n"
    "  heddle pose picture.jpg -o poses.png        find people with the built-in demo model\n"
    "  heddle inspect model.onnx                   what would run on the overlay, and why not the rest\n"
    "  heddle run model.onnx --input photo.jpg     quantise, compile and execute, all in one\n"
    "  heddle compile model.onnx -o model.heddle   a program file, with latency and traffic per layer\n";

constexpr void (*kCommands[])(CLI::App&, heddle::cli::Outcome&) = {
    heddle::cli::add_doctor,   heddle::cli::add_devices,  heddle::cli::add_overlays, heddle::cli::add_inspect,
    heddle::cli::add_convert,  heddle::cli::add_quantize, heddle::cli::add_compile,  heddle::cli::add_run,
    heddle::cli::add_validate, heddle::cli::add_reduce,   heddle::cli::add_asm,      heddle::cli::add_disasm,
    heddle::cli::add_verify,   heddle::cli::add_rtl,      heddle::cli::add_synth,    heddle::cli::add_pose,
    heddle::cli::add_bench};

int report(const heddle::Diagnostics& diagnostics) {
  // A hostile model can have a million faults; a person reads the first few.
  constexpr std::size_t kMost = 20;
  for (std::size_t i = 0; i < diagnostics.size() && i < kMost; ++i)
    std::fprintf(stderr, "error: %s\n", diagnostics[i].text().c_str());
  if (diagnostics.size() > kMost) std::fprintf(stderr, "… and %zu more\n", diagnostics.size() - kMost);
  return heddle::exit_code(diagnostics);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    CLI::App app(kAbout, "heddle");
    app.set_version_flag("--version", HEDDLE_VERSION);
    app.require_subcommand(1);
    app.set_help_all_flag("--help-all", "help of every command");
    heddle::cli::Outcome outcome;
    for (const auto add : kCommands) add(app, outcome);
    try {
      app.parse(argc, argv);
    } catch (const CLI::Success& asked_for_help) {
      return app.exit(asked_for_help);
    } catch (const CLI::ParseError& usage) {
      app.exit(usage);
      return 1;
    }
    return outcome.status ? outcome.code : report(outcome.status.error());
  } catch (const std::bad_alloc&) {
    std::fputs("error: out of memory\n", stderr);
  } catch (const std::exception& bug) {
    std::fprintf(stderr, "internal error: %s\n", bug.what());
  }
  return 2;
}
