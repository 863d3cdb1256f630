// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "frontend/onnx.h"
#include "passes/pass.h"

namespace {

/// Stops the fuzzer: what was accepted must be a graph.
void require(const heddle::Status& status, const char* when) {
  if (status || heddle::exit_code(status.error()) != 2) return;
  std::fprintf(stderr, "%s: %s\n", when, status.error().front().text().c_str());
  std::abort();
}

/// Operators run on their constant operands while a graph is folded; absurd ones are not worth the time.
bool is_small(const heddle::ir::Graph& graph) {
  std::int64_t total = 0;
  for (const heddle::ir::Value& value : graph.values) {
    const std::int64_t count = heddle::checked_element_count(value.shape);
    if (count < 0 || (total += count) > (1 << 22)) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  heddle::Result<heddle::ir::Graph> graph = heddle::frontend::read_onnx(bytes, "");
  if (!graph || !is_small(*graph)) return 0;
  require(heddle::ir::verify(*graph), "after import");
  heddle::passes::PassOptions options;
  options.verify_each = true;
  require(heddle::passes::run_pipeline(*graph, heddle::passes::standard_pipeline(), options), "pipeline");
  return 0;
}
