// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

#include "isa/assembly.h"
#include "isa/codec.h"
#include "isa/container.h"
#include "isa/container_codec.h"
#include "isa/program_check.h"

namespace {

using heddle::isa::Program;

/// Stops the fuzzer: what was accepted must survive every other way through the library.
void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

void check_accepted(const Program& program) {
  const auto bytes = heddle::isa::program_bytes(program);
  require(bytes.has_value(), "an accepted program cannot be written");
  const auto again = heddle::isa::assemble(heddle::isa::disassemble(program), "fuzz.s");
  require(again.has_value(), "an accepted program cannot be assembled again");
  require(heddle::isa::to_payload(*again) == heddle::isa::to_payload(program), "assembly changed the program");
}

/// Makes the checksums of all instructions right, so that mutations get to the verifier.
void seal_instructions(Program& program) {
  for (auto& segment : program.segments)
    if (auto* overlay = std::get_if<heddle::isa::OverlaySegment>(&segment))
      for (auto& stream : overlay->streams)
        for (auto& word : stream) heddle::isa::seal(word);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::byte> bytes(size);
  if (size > 0) std::memcpy(bytes.data(), data, size);
  (void)heddle::isa::program_from_bytes(bytes, "fuzz");
  if (size < heddle::isa::kProgramHeaderBytes) return 0;
  heddle::isa::seal_program(bytes);
  if (const auto program = heddle::isa::program_from_bytes(bytes, "fuzz")) check_accepted(*program);

  // The header is 32 bytes, so the payload is aligned.
  auto program = heddle::isa::from_payload(std::span(bytes).subspan(heddle::isa::kProgramHeaderBytes));
  if (!program) return 0;
  seal_instructions(*program);
  if (heddle::isa::check_program(*program)) check_accepted(*program);
  return 0;
}
