// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "sim/cycle/banks.h"
#include "sim/cycle/timing.h"
#include "sim/layout.h"

// STENCIL (rtl/stencil): a group of slots a cycle, however they are walked over. docs/hardware/stencil.md states the
// counts.
namespace heddle::sim::cycle {
namespace {

using isa::Field;
using isa::StencilOp;

constexpr double kReadLead = 5;  ///< from the start to the first request
/// Reads of parameters and of coefficients that may be left when a pass begins (stencil_fetch).
constexpr double kParamsEarly = 10, kCoefficientsEarly = 7;
constexpr double kFirstParams = 4;  ///< cycles by which they come later than the first group
constexpr double kSumsKept = 7;     ///< from the last request to `done` where sums are kept

bool is_window_op(StencilOp op) {
  return op == StencilOp::depthwise || op == StencilOp::maximum || op == StencilOp::average;
}

/// Rows of the source that a window walks over, and those below it whose outputs need it nevertheless.
struct WindowRows {
  std::int64_t rows = 0, lead = 0, trail = 0;
  bool sane = false;
};

WindowRows window_rows(const isa::Instruction& i) {
  const std::int64_t pad = i[Field::pad_top], kernel = i[Field::kernel_h];
  const std::int64_t first_end = kernel - 1 - pad, bottom = i[Field::src_height] - 1;
  const std::int64_t last_start = (i[Field::out_height] - 1) * i[Field::stride_h] - pad;
  const std::int64_t last_end = last_start + kernel - 1;
  const std::int64_t read_first = std::max<std::int64_t>(0, -pad), read_last = std::min(last_end, bottom);
  return {.rows = read_last - read_first + 1,
          .lead = kernel - 1 - std::max<std::int64_t>(0, pad),
          .trail = last_end - read_last,
          .sane = first_end >= 0 && first_end <= bottom && last_start <= bottom};
}

/// The widest strip for the fewest groups of P columns an output (stencil_setup).
struct Strip {
  std::int64_t width = 1, groups = 1;
};
Strip window_strip(std::int64_t stride, std::int64_t kernel, const Parameters& p) {
  const auto groups = [&](std::int64_t width) { return ceil_div((width - 1) * stride + kernel, p.banks); };
  Strip best{1, groups(1)};
  for (std::int64_t width = 2; width <= p.stencil_pixels; ++width)
    if (groups(width) * best.width <= best.groups * width) best = {width, groups(width)};
  return best;
}

struct Walk {
  double strip = 0, passes = 0, strips = 0;  ///< groups of a strip; passes; strips of a pass
  double extra = 0;                          ///< groups beside those of the strips
  [[nodiscard]] double pass() const { return strip * strips; }
};

std::int64_t taps_of(const isa::Instruction& i) {
  switch (static_cast<StencilOp>(i[Field::stencil_op])) {
    case StencilOp::depthwise:
    case StencilOp::maximum:
    case StencilOp::average:
      return i[Field::kernel_h] * i[Field::kernel_w];
    case StencilOp::bilinear:
      return 4;
    case StencilOp::add:
    case StencilOp::multiply:
      return 2;
    case StencilOp::global_average:
    case StencilOp::nearest:
    case StencilOp::identity:
    case StencilOp::fill:
      return 1;
  }
  return 1;
}

/// Rounds of bank conflicts over `width` pixels that lie `stride` slots apart, a strip of lanes at a time.
std::int64_t lane_rounds(std::int64_t width, std::int64_t stride, const Parameters& p) {
  const std::int64_t different = p.banks / std::gcd(p.banks, std::max<std::int64_t>(1, stride));
  const std::int64_t strips = width / p.stencil_pixels, rest = width % p.stencil_pixels;
  return strips * ceil_div(p.stencil_pixels, different) + ceil_div(rest, different);
}

Walk walk_of(const isa::Instruction& i, StencilPath path, const Parameters& p) {
  const bool halves = isa::format_type(i[Field::src_format]) != DataType::i16 &&
                      isa::format_type(i[Field::dst_format]) == DataType::i16;
  Walk walk;
  walk.passes = static_cast<double>(i[Field::in_blocks] * (halves ? 2 : 1));
  if (path == StencilPath::window) {
    const WindowRows rows = window_rows(i);
    const Strip strip = window_strip(i[Field::stride_w], i[Field::kernel_w], p);
    walk.strips = static_cast<double>(ceil_div(i[Field::out_width], strip.width));
    walk.strip = static_cast<double>(rows.rows * strip.groups + std::max<std::int64_t>(0, rows.trail - rows.lead));
    walk.extra = static_cast<double>(std::min(rows.trail, rows.lead));
    return walk;
  }
  const bool sum = path == StencilPath::sum;
  const bool strided = is_window_op(static_cast<StencilOp>(i[Field::stencil_op])) ||
                       static_cast<StencilOp>(i[Field::stencil_op]) == StencilOp::identity;
  const std::int64_t width = sum ? i[Field::src_width] : i[Field::out_width];
  walk.strips = static_cast<double>(ceil_div(width, p.stencil_pixels));
  walk.strip = static_cast<double>((sum ? i[Field::src_height] : i[Field::out_height]) * taps_of(i) *
                                   lane_rounds(width, strided ? i[Field::stride_w] : 1, p)) /
               walk.strips;
  return walk;
}

/// Groups before the first one that completes outputs.
double groups_ahead(const isa::Instruction& i, StencilPath path, const Parameters& p) {
  if (path != StencilPath::window) return static_cast<double>(taps_of(i) - 1);
  return static_cast<double>(window_rows(i).lead * window_strip(i[Field::stride_w], i[Field::kernel_w], p).groups);
}

double setup_cycles(const isa::Instruction& i, StencilPath path, const Parameters& p) {
  const auto op = static_cast<StencilOp>(i[Field::stencil_op]);
  const bool resize = op == StencilOp::nearest || op == StencilOp::bilinear;
  const bool two = isa::has_operand(op), strided = is_window_op(op) || op == StencilOp::identity;
  std::int64_t cycles = digits(i[Field::src_pitch]) + digits(two ? i[Field::operand_pitch] : 0) +
                        digits(i[Field::dst_pitch]) + digits(i[Field::dilation_w]) + digits(i[Field::dst_step]) +
                        digits(i[Field::dilation_h]);
  if (resize) {
    cycles += digits(i[Field::step_x] >> 16) + digits(i[Field::start_x] >> 16) + digits(i[Field::src_width] - 1) +
              digits(i[Field::step_y] >> 16) + digits(i[Field::start_y] >> 16) + digits(i[Field::src_height] - 1);
  } else if (strided) {
    const bool window = path == StencilPath::window;
    cycles += digits(i[Field::stride_w]) + digits(i[Field::pad_left]) + digits(window ? 1 : i[Field::stride_h]) +
              digits(window ? std::max<std::int64_t>(0, -i[Field::pad_top]) : i[Field::pad_top]);
  } else {
    cycles += 2;
  }
  return static_cast<double>(cycles + 17 + p.stencil_pixels);
}

}  // namespace

StencilPath stencil_path(const isa::Instruction& i, const Parameters& p) {
  const auto op = static_cast<StencilOp>(i[Field::stencil_op]);
  const std::int64_t h = i[Field::kernel_h], w = i[Field::kernel_w];
  if (op == StencilOp::global_average && p.has_average) return StencilPath::sum;
  const bool small = is_window_op(op) && h <= 3 && w <= 3 && h * w > 1 && i[Field::stride_h] <= 2 &&
                     i[Field::stride_w] <= 2 && !(h == 1 && i[Field::stride_h] == 2) &&
                     (i[Field::dilation_h] == 1 || h == 1) && (i[Field::dilation_w] == 1 || w == 1);
  return small && window_rows(i).sane ? StencilPath::window : StencilPath::point;
}

Timing stencil_timing(const isa::Instruction& i, const Parameters& p) {
  const StencilPath path = stencil_path(i, p);
  const Walk walk = walk_of(i, path, p);
  const auto op = static_cast<StencilOp>(i[Field::stencil_op]);
  const bool results = path != StencilPath::sum || i[Field::last] != 0;
  const bool few = isa::format_type(i[Field::src_format]) == DataType::i16 ||
                   isa::format_type(i[Field::dst_format]) == DataType::i16;
  // Only depthwise has a word for each channel.
  const double pairs =
      op == StencilOp::depthwise ? static_cast<double>(std::max<std::int64_t>(1, p.channels_in / (few ? 4 : 2))) : 1;
  const double params = results && op != StencilOp::add ? pairs : 0;
  const double coefficients =
      path == StencilPath::window && op == StencilOp::depthwise ? static_cast<double>(taps_of(i)) : 0;
  const double latency = path == StencilPath::window ? 34 : path == StencilPath::point ? 31 : 32;
  // Two banks of parameters: the pass after the next one waits until this one is through with its bank.
  const double late = std::max({0.0, params - kParamsEarly, coefficients - kCoefficientsEarly});
  const double free = (path == StencilPath::window ? 16 : path == StencilPath::point ? 14 : 13) + late;
  const double pass = std::max({walk.pass(), params + 1, coefficients + 1});
  const double waits = std::max(0.0, (walk.pass() + free) / 2 - pass) * std::max(0.0, walk.passes - 2);
  Timing t;
  t.setup = setup_cycles(i, path, p);
  t.lead = kReadLead + (results ? std::max(0.0, kFirstParams + late - groups_ahead(i, path, p)) : 0);
  t.chain = path == StencilPath::window ? Chain::window : path == StencilPath::point ? Chain::point : Chain::alone;
  t.work = pass * walk.passes + waits + walk.extra;
  t.front = std::min(t.work, 2.0);
  t.busy = walk.pass() * walk.passes + walk.extra;
  t.weights = t.work - t.busy;
  t.tail = results ? latency - (p.has_table ? 0 : 5) : kSumsKept;
  const SlotView source = source_view(i, p.banks), destination = destination_view(i, p.banks);
  t.read.regions = regions_of(
      {source.origin, i[Field::in_blocks], source.plane, i[Field::src_height], source.pitch, i[Field::src_width], 1},
      p);
  if (op == StencilOp::fill) t.read.regions = 0;
  t.read.rate = t.busy / t.work;
  if (isa::has_operand(op)) {
    const SlotView operand = operand_view(i, p.banks);
    t.read.regions |= regions_of({operand.origin, i[Field::in_blocks], operand.plane, i[Field::out_height],
                                  operand.pitch, i[Field::out_width], 1},
                                 p);
  }
  if (!results) return t;
  const auto pieces = static_cast<double>(i[Field::out_height]) * walk.strips * walk.passes;
  t.write.regions = regions_of({destination.origin, i[Field::in_blocks], destination.plane, i[Field::out_height],
                                destination.pitch, i[Field::out_width], destination.step},
                               p);
  t.write.rate = std::min(1.0, pieces / t.work);
  return t;
}

}  // namespace heddle::sim::cycle
