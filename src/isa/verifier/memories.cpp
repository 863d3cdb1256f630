// SPDX-License-Identifier: Apache-2.0
#include "isa/verifier/memories.h"

#include <fmt/format.h>

#include "isa/names.h"

namespace heddle::isa::verifier {
namespace {

/// Some seconds of work; real programs stay far below it (ResNet-50: some 10^7).
constexpr std::int64_t kMaxVisits = std::int64_t{1} << 32;

std::int64_t cells(const SlotBox& box) {
  return box.blocks * box.rows * box.columns;
}

std::string who(Stamp stamp) {
  return instruction_name(stamp.engine(), stamp.index());
}

/// Why the access of an instruction of this engine is not ordered behind that of another.
const char* unordered(Engine engine, Stamp other) {
  return other.engine() == engine ? "with overlap it may start before the end of" : "no semaphore orders that behind";
}

/// May the instruction overwrite this operand in place? It reads each of these slots before it writes that slot, and
/// no other.
bool overwrites_in_place(const Instruction& i, const SlotBox& read, const SlotBox& written, bool is_operand) {
  if (read.empty() || !(read == written)) return false;
  if (i.opcode == Opcode::conv) return is_operand;
  if (i[Field::src_format] != i[Field::dst_format]) return false;
  switch (static_cast<StencilOp>(i[Field::stencil_op])) {
    case StencilOp::add:
    case StencilOp::multiply:
      return true;
    case StencilOp::identity:
      return i[Field::pad_top] == 0 && i[Field::pad_left] == 0 && i[Field::stride_h] == 1 && i[Field::stride_w] == 1;
    case StencilOp::depthwise:
    case StencilOp::maximum:
    case StencilOp::average:
    case StencilOp::global_average:
    case StencilOp::nearest:
    case StencilOp::bilinear:
    case StencilOp::fill:
      return false;
  }
  return false;
}

}  // namespace

Memories::Memories(Context& context, const Bounds& bounds)
    : c_(context),
      bounds_(bounds),
      features_(context.overlay.feature_slots()),
      scratch_(context.segment.scratch_bytes / context.overlay.N),
      outputs_(context.segment.output_bytes / context.overlay.N),
      conv_params_(context.overlay.param_words, kParamWordBytes),
      stencil_params_(context.overlay.stencil_param_words, kParamWordBytes),
      tables_(context.overlay.tables, kTableBytes) {
  for (const Space space :
       {Space::weights, Space::conv_params, Space::stencil_params, Space::coefficients, Space::tables})
    shadow(space) = Shadow<2>(word_count(context.overlay, space));
}

void Memories::count(Place place, std::int64_t cells) {
  visited_ += cells;
  if (visited_ > kMaxVisits)
    c_.add(place, "isa.limit", "", fmt::format("the program touches more than {} slots in sum", kMaxVisits));
}

void Memories::report(Place place, const Finding& finding, Field field, std::string_view memory) {
  if (!finding) return;
  const std::string cell = fmt::format("{} {}", memory, finding->cell);
  switch (finding->kind) {
    case Hazard::Kind::unwritten:
      return c_.add(place, "isa.unwritten", name(field), cell + " is read, but nothing wrote it before");
    case Hazard::Kind::read_after_write:
      return c_.add(place, "isa.hazard", name(field),
                    fmt::format("{} is read, but {} {}, which writes it", cell, unordered(place.engine, finding->other),
                                who(finding->other)));
    case Hazard::Kind::write_after_write:
      return c_.add(place, "isa.hazard", name(field),
                    fmt::format("{} is written, but {} {}, which writes it too", cell,
                                unordered(place.engine, finding->other), who(finding->other)));
    case Hazard::Kind::write_after_read:
      return c_.add(place, "isa.hazard", name(field),
                    fmt::format("{} is overwritten, but {} {}, which reads it", cell,
                                unordered(place.engine, finding->other), who(finding->other)));
    case Hazard::Kind::in_place:
      return c_.add(place, "isa.in_place", name(field),
                    cell + " is a source of the same instruction, which may read it again");
  }
}

void Memories::access(Place place, const Observer& observer) {
  const Instruction& i = c_.at(place);
  Accesses a = accesses(i, c_.overlay);
  if (a.parameters.count > 0) parameters(place, a, observer);
  if (!c_.findings.empty()) return;
  read_words(place, a.weights, Field::weight_address, observer);
  read_words(place, a.coefficients, Field::coefficient_address, observer);
  load_constants(place, a, observer);
  features(place, a, observer);
  ddr(place, a, observer);
}

void Memories::features(Place place, const Accesses& a, const Observer& observer) {
  count(place, cells(a.source) + cells(a.operand) + cells(a.destination));
  if (!c_.findings.empty()) return;
  const auto read = [&](const SlotBox& box, Field field, bool is_operand) {
    const bool in_place = overwrites_in_place(c_.at(place), box, a.destination, is_operand);
    report(place, in_place ? features_.peek(box, observer) : features_.read(box, observer), field, "slot");
  };
  read(a.source, Field::src_word, false);
  read(a.operand, Field::operand_word, true);
  report(place, features_.write(a.destination, observer), Field::dst_word, "slot");
}

void Memories::ddr(Place place, const Accesses& a, const Observer& observer) {
  if (a.loaded.count > 0 || a.ddr.empty() || a.ddr.base == kConstants || a.ddr.base == kInputs) return;
  Shadow<1>& memory = a.ddr.base == kScratch ? scratch_ : outputs_;
  const std::int64_t n = c_.overlay.N;
  const SlotBox box{.first = a.ddr.offset / n,
                    .blocks = a.ddr.blocks,
                    .block_stride = a.ddr.block_stride / n,
                    .rows = a.ddr.rows,
                    .row_stride = a.ddr.row_stride / n,
                    .columns = a.ddr.run / n,
                    .step = 1};
  report(place, a.ddr_write ? memory.write(box, observer) : memory.read(box, observer), Field::ddr_offset,
         a.ddr.base == kScratch ? "scratch slot" : "output slot");
}

void Memories::load_constants(Place place, const Accesses& a, const Observer& observer) {
  if (a.loaded.count == 0) return;
  count(place, a.loaded.count);
  report(place, shadow(a.loaded.space).write(a.loaded.first, a.loaded.count, observer), Field::address,
         name(a.loaded.space));
  switch (a.loaded.space) {
    case Space::conv_params:
      return conv_params_.load(a.loaded.first, a.loaded.count, a.ddr.offset);
    case Space::stencil_params:
      return stencil_params_.load(a.loaded.first, a.loaded.count, a.ddr.offset);
    case Space::tables:
      return tables_.load(a.loaded.first, a.loaded.count, a.ddr.offset);
    case Space::weights:
    case Space::coefficients:
      return;
  }
}

void Memories::read_words(Place place, const WordRange& range, Field field, const Observer& observer) {
  count(place, range.count);
  if (!c_.findings.empty()) return;
  report(place, shadow(range.space).read(range.first, range.count, observer), field, name(range.space));
}

void Memories::parameters(Place place, Accesses& a, const Observer& observer) {
  const Instruction& i = c_.at(place);
  const ConstantMemory& memory = a.parameters.space == Space::conv_params ? conv_params_ : stencil_params_;
  read_words(place, {a.parameters.space, a.parameters.first, 2}, Field::param_address, observer);
  if (!c_.findings.empty()) return;
  const PostDescriptor descriptor =
      read_descriptor(memory.word(c_.segment, a.parameters.first), memory.word(c_.segment, a.parameters.first + 1));
  const DataType type = format_type(i[Field::dst_format]);
  const bool adds = i.opcode == Opcode::conv ? i[Field::use_operand] != 0 : !drains(i);
  const std::string error = descriptor_error(descriptor, type, drains(i), adds);
  if (!error.empty()) return c_.add(place, "isa.parameters", "param_address", "post descriptor: " + error);

  a = accesses(i, c_.overlay, &descriptor);
  if (a.parameters.first + a.parameters.count > word_count(c_.overlay, a.parameters.space))
    return c_.add(place, "isa.address", "param_address",
                  fmt::format("{} words from {} on end behind {}", a.parameters.count, a.parameters.first,
                              word_count(c_.overlay, a.parameters.space)));
  read_words(place, a.parameters, Field::param_address, observer);
  if (!c_.findings.empty()) return;
  channels(place, memory, a.parameters);
  if (a.table.count == 0) return;
  if (!c_.overlay.has_unit("table"))
    return c_.add(place, "isa.unit", "param_address",
                  fmt::format("the post descriptor names a table; overlay '{}' has no unit 'table'", c_.overlay.name));
  if (a.table.first >= c_.overlay.tables)
    return c_.add(place, "isa.address", "param_address",
                  fmt::format("the post descriptor names table {}; there are {}", a.table.first, c_.overlay.tables));
  read_words(place, a.table, Field::param_address, observer);
  if (!c_.findings.empty()) return;
  const std::string table = table_error(tables_.word(c_.segment, a.table.first), type);
  if (!table.empty())
    c_.add(place, "isa.parameters", "param_address", fmt::format("table {}: {}", a.table.first, table));
}

void Memories::channels(Place place, const ConstantMemory& memory, const WordRange& words) {
  const std::int64_t bound = (place.engine == Engine::conv ? bounds_.conv : bounds_.stencil)[place.index];
  for (std::int64_t w = words.first + 2; w < words.first + words.count; ++w) {
    const std::string error = channel_error(memory.word(c_.segment, w), bound);
    if (!error.empty())
      return c_.add(place, "isa.parameters", "param_address",
                    fmt::format("channel word {}: {}", w - words.first - 2, error));
  }
}

void Memories::check_outputs() {
  const std::int64_t n = c_.overlay.N;
  for (const Binding& b : c_.segment.outputs) {
    count({}, b.blocks * b.height * b.width);
    if (!c_.findings.empty()) return;
    for (std::int64_t block = 0; block < b.blocks; ++block)
      for (std::int64_t y = 0; y < b.height; ++y) {
        const std::int64_t slot = outputs_.unwritten(b.offset / n + block * b.plane_slots + y * b.row_slots, b.width);
        if (slot >= 0)
          return c_.add("isa.unwritten", "output '" + b.tensor + "'",
                        fmt::format("slot ({}, {}, {}) is never saved", block, y,
                                    slot - b.offset / n - block * b.plane_slots - y * b.row_slots));
      }
  }
}

}  // namespace heddle::isa::verifier
