// SPDX-License-Identifier: Apache-2.0
#include "isa/verifier.h"

#include <fmt/format.h>

#include "isa/codec.h"
#include "isa/names.h"
#include "isa/verifier/context.h"

namespace heddle::isa {
namespace verifier {
namespace {

/// Name of the layer that an instruction belongs to, or "".
std::string layer_of(const OverlaySegment& segment, Place place) {
  const auto index = static_cast<std::int64_t>(place.index);
  for (const LayerSpan& span : segment.spans[static_cast<std::size_t>(place.engine)])
    if (span.begin <= index && index < span.end && span.layer >= 0 &&
        static_cast<std::size_t>(span.layer) < segment.layers.size())
      return segment.layers[static_cast<std::size_t>(span.layer)].name;
  return "";
}

}  // namespace

void Context::add(Place place, std::string code, std::string_view field, std::string message, std::string hint) {
  if (full()) return;
  const auto& stream = streams[static_cast<std::size_t>(place.engine)];
  const std::string layer = layer_of(segment, place);
  if (!layer.empty()) message += " (layer '" + layer + "')";
  findings.push_back({.code = std::move(code),
                      .message = std::move(message),
                      .node = instruction_name(place.engine, place.index),
                      .op = place.index < stream.size() ? std::string(name(stream[place.index].opcode)) : "",
                      .field = std::string(field),
                      .hint = std::move(hint)});
}

void Context::add(std::string code, std::string field, std::string message) {
  if (full()) return;
  findings.push_back({.code = std::move(code), .message = std::move(message), .field = std::move(field)});
}

std::int64_t base_bytes(const OverlaySegment& segment, std::int64_t base) {
  switch (base) {
    case kConstants:
      return static_cast<std::int64_t>(segment.constants.size());
    case kScratch:
      return segment.scratch_bytes;
    case kInputs:
      return segment.input_bytes;
    case kOutputs:
      return segment.output_bytes;
    default:
      return 0;
  }
}

void decode_streams(Context& context) {
  for (const Engine engine : kAllEngines) {
    const auto& words = context.segment.streams[static_cast<std::size_t>(engine)];
    auto& stream = context.streams[static_cast<std::size_t>(engine)];
    stream.reserve(words.size());
    for (std::size_t index = 0; index < words.size() && !context.full(); ++index) {
      auto instruction = decode(words[index]);
      if (instruction) {
        stream.push_back(*instruction);
        continue;
      }
      for (const Diagnostic& d : instruction.error()) {
        context.add({engine, index}, d.code, d.field, d.message);
        context.findings.back().op = d.op;
      }
      stream.emplace_back();
    }
  }
}

}  // namespace verifier

Status verify(const OverlaySegment& segment, const overlay::Overlay& overlay) {
  verifier::Context context{.segment = segment, .overlay = overlay};
  if (overlay.format != overlay::NumberFormat::integer)
    return fail(
        {.error_class = ErrorClass::unsupported,
         .code = "isa.format",
         .message = fmt::format("programs for overlays of format {} cannot be verified", name(overlay.format))});
  const auto done = [&] { return !context.findings.empty(); };
  verifier::check_segment(context);
  if (!done()) verifier::decode_streams(context);
  if (!done()) verifier::check_structure(context);
  if (!done()) verifier::check_fields(context);
  if (!done()) verifier::check_bounds(context);
  if (!done()) {
    const verifier::Bounds bounds = verifier::check_accumulators(context);
    if (!done()) verifier::check_schedule(context, bounds);
  }
  if (done()) return fail(std::move(context.findings));
  return {};
}

}  // namespace heddle::isa
