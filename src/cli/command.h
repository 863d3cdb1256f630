// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/diagnostic.h"

/// The command line: one file a command, all of them listed in main.cpp.
namespace heddle::cli {

/// What the chosen command found; set by its callback, turned into the exit code by main.
struct Outcome {
  Status status;
  int code = 0;  ///< exit code when `status` is fine (1: a check found a difference)
};

/// Adds one sub-command whose options live in a T and whose work is `run`. Returns the sub-command for its options.
template <class T>
CLI::App* add_command(CLI::App& app, Outcome& outcome, const std::string& name, const std::string& what,
                      Result<int> (*run)(const T&), std::shared_ptr<T> options) {
  CLI::App* command = app.add_subcommand(name, what);
  command->callback([&outcome, run, options] {
    const Result<int> code = run(*options);
    if (code)
      outcome.code = *code;
    else
      outcome.status = fail(code.error());
  });
  return command;
}

void add_doctor(CLI::App& app, Outcome& outcome);
void add_devices(CLI::App& app, Outcome& outcome);
void add_overlays(CLI::App& app, Outcome& outcome);
void add_inspect(CLI::App& app, Outcome& outcome);
void add_convert(CLI::App& app, Outcome& outcome);
void add_quantize(CLI::App& app, Outcome& outcome);
void add_compile(CLI::App& app, Outcome& outcome);
void add_run(CLI::App& app, Outcome& outcome);
void add_validate(CLI::App& app, Outcome& outcome);
void add_reduce(CLI::App& app, Outcome& outcome);
void add_asm(CLI::App& app, Outcome& outcome);
void add_disasm(CLI::App& app, Outcome& outcome);
void add_verify(CLI::App& app, Outcome& outcome);
void add_rtl(CLI::App& app, Outcome& outcome);
void add_synth(CLI::App& app, Outcome& outcome);
void add_pose(CLI::App& app, Outcome& outcome);
void add_bench(CLI::App& app, Outcome& outcome);

}  // namespace heddle::cli
