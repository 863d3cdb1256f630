// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "cli/command.h"
#include "isa/assembly.h"
#include "isa/container.h"
#include "isa/verifier.h"

namespace heddle::cli {
namespace {

struct AsmOptions {
  std::string input, output;
};

Result<int> assemble_file(const AsmOptions& options) {
  std::ifstream file(options.input);
  if (!file) return fail({.code = "file.open", .message = "cannot open the assembly", .file = options.input});
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const Result<isa::Program> program = isa::assemble(text, options.input);
  if (!program) return fail(program.error());
  if (const Status written = isa::write_program(*program, options.output); !written) return fail(written.error());
  return 0;
}

Result<int> disassemble_file(const AsmOptions& options) {
  const Result<isa::Program> program = isa::read_program(options.input);
  if (!program) return fail(program.error());
  const std::string text = isa::disassemble(*program);
  if (options.output.empty()) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return 0;
  }
  std::ofstream file(options.output);
  file << text;
  file.close();
  if (!file) return fail({.code = "file.write", .message = "cannot write the assembly", .file = options.output});
  return 0;
}

/// Reading verifies: no unverified program is ever accepted.
Result<int> verify_file(const AsmOptions& options) {
  const Result<isa::Program> program = isa::read_program(options.input);
  if (!program) return fail(program.error());
  std::size_t instructions = 0, overlay_segments = 0;
  for (const isa::Segment& segment : program->segments)
    if (const auto* overlay = std::get_if<isa::OverlaySegment>(&segment)) {
      ++overlay_segments;
      for (const auto& stream : overlay->streams) instructions += stream.size();
    }
  fmt::print("{}: legal; {} overlay segments, {} instructions, no hazard, no deadlock\n", options.input,
             overlay_segments, instructions);
  return 0;
}

}  // namespace

void add_asm(CLI::App& app, Outcome& outcome) {
  auto options = std::make_shared<AsmOptions>();
  CLI::App* command = add_command(app, outcome, "asm", "Assembly text to a program file.", assemble_file, options);
  command->add_option("assembly", options->input, "text, as `heddle disasm` writes it")->required();
  command->add_option("-o,--output", options->output, "program file to write")->required();
}

void add_disasm(CLI::App& app, Outcome& outcome) {
  auto options = std::make_shared<AsmOptions>();
  CLI::App* command = add_command(app, outcome, "disasm", "Program file to assembly text.", disassemble_file, options);
  command->add_option("program", options->input, "program file")->required();
  command->add_option("-o,--output", options->output, "text file to write (default: standard output)");
}

void add_verify(CLI::App& app, Outcome& outcome) {
  auto options = std::make_shared<AsmOptions>();
  add_command(app, outcome, "verify", "Prove that a program file is legal: addresses, hazards, semaphores.",
              verify_file, options)
      ->add_option("program", options->input, "program file")
      ->required();
}

}  // namespace heddle::cli
