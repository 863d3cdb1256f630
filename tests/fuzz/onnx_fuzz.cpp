// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "frontend/onnx.h"
#include "passes/pass.h"
#include "tests/fuzz/protobuf_mutator.h"

// libFuzzer's own mutation; it has no header that declares it.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

using heddle::fuzz::Message;
using heddle::fuzz::Random;

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

void mutate_bytes(std::string& bytes, std::size_t capacity, Random& /*random*/) {
  const std::size_t size = bytes.size();
  bytes.resize(capacity);
  bytes.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(bytes.data()), size, capacity));
}

std::optional<Message> parse(const std::uint8_t* data, std::size_t size) {
  return heddle::fuzz::parse({reinterpret_cast<const char*>(data), size});
}

/// Writes the message over `out`; 0 if there is no room for it.
std::size_t store(const Message& message, std::uint8_t* out, std::size_t capacity) {
  const std::string bytes = heddle::fuzz::serialize(message);
  if (bytes.size() > capacity) return 0;
  std::copy(bytes.begin(), bytes.end(), out);
  return bytes.size();
}

}  // namespace

/// One in eight inputs is changed blindly, the others stay messages.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t capacity,
                                               unsigned seed) {
  Random random(seed);
  std::optional<Message> message = parse(data, size);
  if (!message || random() % 8 == 0) return LLVMFuzzerMutate(data, size, capacity);
  for (auto changes = 1 + random() % 3; changes > 0; --changes) heddle::fuzz::mutate(*message, random, mutate_bytes);
  const std::size_t written = store(*message, data, capacity);
  return written > 0 ? written : LLVMFuzzerMutate(data, size, capacity);
}

extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* one, std::size_t one_size, const std::uint8_t* two,
                                                 std::size_t two_size, std::uint8_t* out, std::size_t capacity,
                                                 unsigned seed) {
  Random random(seed);
  std::optional<Message> message = parse(one, one_size);
  std::optional<Message> donor = parse(two, two_size);
  if (!message || !donor) return 0;
  heddle::fuzz::cross_over(*message, std::move(*donor), random);
  return store(*message, out, capacity);
}

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
