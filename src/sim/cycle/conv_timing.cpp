// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>
#include <vector>

#include "sim/cycle/banks.h"
#include "sim/cycle/timing.h"
#include "sim/layout.h"

// CONV (rtl/conv): reader, weights, stepper and drain meet at the issue of steps. A pass takes as long as the slowest
// of them needs for it; it begins when the pass before is issued and one of two accumulator copies is free.
namespace heddle::sim::cycle {
namespace {

using isa::Dataflow;
using isa::Field;

constexpr std::int64_t kIssueLead = 4;   ///< from the start to the first step, if the weights are there
constexpr std::int64_t kAddDelay = 8;    ///< from a pass's last step to the first chunk of its drain
constexpr std::int64_t kWriteDelay = 5;  ///< beside POST: from the last chunk to `done`
constexpr std::int64_t kKeptDelay = 8;   ///< from the last step to `done` where sums are kept

struct Shape {
  std::int64_t groups, blocks, tail;     ///< of P pixels; of M output channels; pixels of the last group
  std::int64_t taps, sets, slots;        ///< kernel; of N input channels; slots of a pixel
  std::int64_t step_cycles, set_cycles;  ///< of a step; of a weight set
  std::int64_t out_blocks, blocks_of_m;  ///< channel blocks of the result, all and in M channels
  std::int64_t pair_reads;               ///< of parameter memory for a channel block
};

Shape shape_of(const isa::Instruction& i, const Parameters& p) {
  const bool wide_source = isa::format_type(i[Field::src_format]) == DataType::i16;
  const bool wide_weights = isa::format_type(i[Field::weight_format]) == DataType::i16;
  const bool wide_result = isa::format_type(i[Field::dst_format]) == DataType::i16;
  const std::int64_t pixels = i[Field::out_height] * i[Field::out_width];
  Shape s{};
  s.groups = ceil_div(pixels, p.banks);
  s.tail = pixels - (s.groups - 1) * p.banks;
  s.blocks_of_m = p.channels_out / p.channels_in * (wide_result ? 2 : 1);
  s.out_blocks = i[Field::out_blocks];
  s.blocks = ceil_div(s.out_blocks, s.blocks_of_m);
  s.taps = i[Field::kernel_h] * i[Field::kernel_w];
  s.slots = i[Field::in_blocks];
  s.sets = wide_source ? ceil_div(s.slots, 2) : s.slots;
  s.step_cycles = wide_source || wide_weights ? 2 : 1;
  s.set_cycles = p.weight_cycles * (wide_weights ? 2 : 1);
  s.pair_reads = std::max<std::int64_t>(1, p.channels_in / (wide_result ? 4 : 2));
  return s;
}

/// Rounds of bank conflicts of each group of pixels, summed over all taps.
std::vector<std::int64_t> tap_rounds(const isa::Instruction& i, const Shape& s, const Parameters& p) {
  std::vector<std::int64_t> rounds(static_cast<std::size_t>(s.groups), s.taps);
  const std::int64_t stride_w = i[Field::stride_w], stride_h = i[Field::stride_h], pitch = i[Field::src_pitch];
  const std::int64_t width = i[Field::out_width];
  // Banks go on evenly from pixel to pixel, into the next row, too.
  if (std::gcd(stride_w, p.banks) == 1 && (stride_h * pitch - width * stride_w) % p.banks == 0) return rounds;
  BankRounds banks(p.banks);
  std::int64_t x = 0, y = 0;
  for (std::int64_t g = 0; g < s.groups; ++g) {
    const std::int64_t count = g + 1 < s.groups ? p.banks : s.tail, x0 = x, y0 = y;
    for (std::int64_t l = 0; l < count; ++l) {
      banks.add(y * stride_h * pitch + x * stride_w);
      if (++x == width) x = 0, ++y;
    }
    if (banks.take() == 1) continue;
    std::int64_t sum = 0;  // without the lanes that lie in the padding
    for (std::int64_t ky = 0; ky < i[Field::kernel_h]; ++ky)
      for (std::int64_t kx = 0; kx < i[Field::kernel_w]; ++kx) {
        const std::int64_t dy = ky * i[Field::dilation_h] - i[Field::pad_top];
        const std::int64_t dx = kx * i[Field::dilation_w] - i[Field::pad_left];
        for (std::int64_t l = 0, lx = x0, ly = y0; l < count; ++l) {
          const std::int64_t sy = ly * stride_h + dy, sx = lx * stride_w + dx;
          if (sy >= 0 && sy < i[Field::src_height] && sx >= 0 && sx < i[Field::src_width]) banks.add(sy * pitch + sx);
          if (++lx == width) lx = 0, ++ly;
        }
        sum += banks.take();
      }
    rounds[static_cast<std::size_t>(g)] = sum;
  }
  return rounds;
}

/// Rounds that a chunk of POST's results takes on average, in rows of `width` pixels `step` slots apart.
double chunk_rounds(std::int64_t pitch, std::int64_t step, std::int64_t width, std::int64_t height,
                    const Parameters& p) {
  const bool even = std::gcd(step, p.banks) == 1 && p.post_pixels <= p.banks;
  if (even && (pitch - width * step) % p.banks == 0) return 1;
  BankRounds banks(p.banks);
  const std::int64_t pixels = std::min(width * height, 4 * width * p.post_pixels);  // the pattern repeats
  std::int64_t rounds = 0;
  for (std::int64_t first = 0; first < pixels; first += p.post_pixels) {
    for (std::int64_t k = first; k < std::min(first + p.post_pixels, pixels); ++k)
      banks.add(k / width * pitch + k % width * step);
    rounds += banks.take();
  }
  return static_cast<double>(rounds) / static_cast<double>(ceil_div(pixels, p.post_pixels));
}

/// The passes of an instruction, in order (conv_passes).
template <class Visit>
void for_passes(const isa::Instruction& i, const Shape& s, const Parameters& p, const Visit& visit) {
  const bool all = i[Field::first] == 0 || i[Field::last] == 0;
  const auto dataflow = static_cast<Dataflow>(i[Field::dataflow]);
  for (std::int64_t g = 0; g < s.groups;) {
    const std::int64_t left = s.groups - g;
    std::int64_t groups = 1;
    if (all)
      groups = left;
    else if (dataflow == Dataflow::weight_stationary)
      groups = left > 2 * p.acc_depth ? p.acc_depth : left > p.acc_depth ? (left + 1) / 2 : left;
    for (std::int64_t m = 0; m < s.blocks;) {
      std::int64_t blocks = 1;
      if (all)
        blocks = s.blocks;
      else if (dataflow == Dataflow::input_stationary)
        blocks = std::min(s.blocks - m, p.acc_depth);
      visit(g, groups, m, blocks);
      m += blocks;
    }
    g += groups;
  }
}

struct Issue {
  double issued = 0;            ///< cycles from the first step to behind the last one
  double steps = 0, reads = 0;  ///< cycles in which the array starts a step; requests of the reader
  double weights = 0, bank = 0;
  double drain = 0, drain_last = 0;  ///< cycles of POST, and of the last pass
  double chunks = 0, passes = 0;
};

Issue issue_of(const isa::Instruction& i, const Shape& s, const Parameters& p) {
  const std::vector<std::int64_t> rounds = tap_rounds(i, s, p);
  const double write_rounds =
      chunk_rounds(i[Field::dst_pitch], i[Field::dst_step], i[Field::out_width], i[Field::out_height], p);
  const double operand_rounds = i[Field::use_operand] != 0 ? chunk_rounds(i[Field::operand_pitch], 1,
                                                                          i[Field::out_width], i[Field::out_height], p)
                                                           : 1;
  const double chunk_cycles = std::max(write_rounds, operand_rounds);
  const auto pairs = static_cast<double>(s.pair_reads);
  Issue issue;
  double end = 0, drained = 0, released[2] = {0, 0};
  int copy = 0;
  for_passes(i, s, p, [&](std::int64_t g, std::int64_t groups, std::int64_t m, std::int64_t blocks) {
    std::int64_t vectors = 0;
    for (std::int64_t k = g; k < g + groups; ++k) vectors += rounds[static_cast<std::size_t>(k)];
    const std::int64_t sets = s.taps * s.sets * blocks;
    const auto steps = static_cast<double>(sets * groups * s.step_cycles);
    const auto weights = static_cast<double>(sets * std::max(groups * s.step_cycles, s.set_cycles));
    const auto reads = static_cast<double>(vectors * s.slots * (groups == 1 ? 1 : blocks));
    const double cycles = std::max({steps, weights, reads});
    const std::int64_t pixels = (groups - 1) * p.banks + (g + groups == s.groups ? s.tail : p.banks);
    const std::int64_t channel_blocks = std::min((m + blocks) * s.blocks_of_m, s.out_blocks) - m * s.blocks_of_m;
    const auto chunks = static_cast<double>(ceil_div(pixels, p.post_pixels));
    const double block = std::max({chunks * chunk_cycles, pairs, (pairs + 4 + chunks) / 2});
    const double drain = block * static_cast<double>(channel_blocks);
    const double begin = std::max(end, released[copy]);
    end = begin + cycles;
    drained = std::max(drained, end + kAddDelay - 1) + drain;
    released[copy] = drained + 1;
    copy ^= 1;
    issue.steps += steps;
    issue.reads += reads;
    issue.weights += std::max(0.0, weights - steps);
    issue.bank += std::max(0.0, cycles - std::max(steps, weights));
    issue.drain += drain;
    issue.drain_last = drain;
    ++issue.passes;
    issue.chunks += chunks * static_cast<double>(channel_blocks);
  });
  issue.issued = end;
  return issue;
}

isa::SlotBox box_of(const SlotView& view, std::int64_t blocks, std::int64_t rows, std::int64_t columns) {
  return {.first = view.origin,
          .blocks = blocks,
          .block_stride = view.plane,
          .rows = rows,
          .row_stride = view.pitch,
          .columns = columns,
          .step = view.step};
}

double setup_cycles(const isa::Instruction& i, const Parameters& p) {
  double cycles = 0;
  for (const Field factor : {Field::src_pitch, Field::stride_w, Field::stride_h, Field::out_width, Field::pad_top,
                             Field::pad_left, Field::dilation_h, Field::dilation_w, Field::out_width, Field::dst_pitch,
                             Field::out_height, Field::dst_step, Field::operand_pitch, Field::out_width})
    cycles += digits(i[factor]) + 1;
  return cycles + 1 + 1 + 2 + static_cast<double>(p.banks) + 3;
}

}  // namespace

Timing conv_timing(const isa::Instruction& i, const Parameters& p) {
  const Shape s = shape_of(i, p);
  const Issue issue = issue_of(i, s, p);
  const auto box_regions = [&](const SlotView& view) {
    return regions_of(box_of(view, s.out_blocks, i[Field::out_height], i[Field::out_width]), p);
  };
  Timing t;
  t.setup = setup_cycles(i, p);
  t.lead = static_cast<double>(std::max(kIssueLead, 2 + s.set_cycles));
  t.work = issue.issued;
  t.read.regions = regions_of(box_of(source_view(i, p.banks), s.slots, i[Field::src_height], i[Field::src_width]), p);
  double requests = issue.reads;
  if (i[Field::use_operand] != 0) {
    // Where they are in the same region, the reader and the operand take turns; nothing is read during the last drain.
    const double chance = meeting(box_regions(operand_view(i, p.banks)), t.read.regions);
    const double meanwhile = issue.chunks * (1 - 1 / issue.passes);
    requests += meanwhile * chance;
    t.work = std::max(t.work, issue.reads + meanwhile - (1 - chance) * t.work);
  }
  t.front = std::min(t.work, 4.0);
  t.read.rate = requests / t.work;
  t.busy = issue.steps;
  t.weights = issue.weights;
  t.bank = issue.bank;
  if (i[Field::last] == 0) {
    t.tail = kKeptDelay;
    return t;
  }
  t.drain = issue.drain;
  t.drain_last = issue.drain_last;
  t.drain_lead = static_cast<double>(p.banks + 12 + s.pair_reads);
  t.drain_tail = static_cast<double>(p.post_latency() + kWriteDelay);
  t.tail = kAddDelay - 1 + issue.drain_last + t.drain_tail;
  t.write.regions = box_regions(destination_view(i, p.banks));
  t.write.rate = std::min(1.0, issue.chunks / t.work);
  return t;
}

}  // namespace heddle::sim::cycle
