// SPDX-License-Identifier: Apache-2.0
#include "quant/search.h"

#include <algorithm>
#include <numeric>

namespace heddle::quant {
namespace {

/// Most samples that a candidate is tried on, and that the noise of single units is measured on.
constexpr std::size_t kTrialSamples = 8, kNoiseSamples = 2;
/// Trials that make a unit narrow again after the search.
constexpr int kRefinements = 24;

class Search {
 public:
  Search(Simulation& simulation, const Plan& plan, const Pinned& pinned, std::span<const Simulation::Sample> samples,
         double target)
      : simulation_(simulation), plan_(plan), pinned_(pinned), samples_(samples), target_(target) {}

  Result<Precisions> run() {
    if (auto done = try_uniform(false); !done || done->target_reached) return done;
    if (auto best = try_uniform(true); !best || !best->target_reached) return best;
    if (auto status = order_units(); !status) return fail(status.error());
    auto found = shortest_prefix();
    if (!found) return found;
    return refine(std::move(*found));
  }

 private:
  [[nodiscard]] std::span<const Simulation::Sample> first(std::size_t n) const {
    return samples_.first(std::min(n, samples_.size()));
  }
  Result<Precisions> evaluate(Widths widths) {
    const auto db = simulation_.evaluate(widths, first(kTrialSamples));
    if (!db) return fail(db.error());
    return Precisions{std::move(widths), *db, *db >= target_};
  }
  Result<Precisions> try_uniform(bool wide) { return evaluate(pinned_widths(plan_, pinned_, wide)); }

  [[nodiscard]] double cost(int unit) const {
    const Unit& u = plan_.units[static_cast<std::size_t>(unit)];
    return static_cast<double>(u.macs + u.elements);
  }

  /// Free units, most noise per operation first.
  Status order_units() {
    const auto noise = simulation_.unit_noise(first(kNoiseSamples));
    if (!noise) return fail(noise.error());
    order_.clear();
    for (std::size_t u = 0; u < plan_.units.size(); ++u)
      if (!pinned_.unit[u]) order_.push_back(static_cast<int>(u));
    const auto gain = [&](int u) { return (*noise)[static_cast<std::size_t>(u)] / cost(u); };
    std::ranges::stable_sort(order_, [&](int a, int b) { return gain(a) > gain(b); });
    return {};
  }

  [[nodiscard]] Widths prefix(std::size_t count) const {
    Widths widths = pinned_widths(plan_, pinned_, false);
    for (std::size_t i = 0; i < count; ++i) raise(widths, order_[i], true);
    return widths;
  }
  void raise(Widths& widths, int unit, bool wide) const {
    set_unit(plan_, widths, unit, wide);
    for (const int d : plan_.units[static_cast<std::size_t>(unit)].dense)
      if (const auto fixed = pinned_.weights[static_cast<std::size_t>(d)])
        widths.wide_weights[static_cast<std::size_t>(d)] = *fixed;
  }

  /// Noise falls with every unit that is raised, so that bisection finds the fewest of the order that suffice.
  Result<Precisions> shortest_prefix() {
    std::size_t low = 0, high = order_.size();
    auto best = evaluate(prefix(high));
    while (best && high - low > 1) {
      const std::size_t middle = (low + high) / 2;
      auto tried = evaluate(prefix(middle));
      if (!tried) return tried;
      (tried->target_reached ? high : low) = middle;
      if (tried->target_reached) best = std::move(tried);
    }
    raised_ = high;
    return best;
  }

  /// What was raised early may have become needless; the largest units are tried first.
  Result<Precisions> refine(Precisions best) {
    std::vector<int> candidates(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(raised_));
    std::ranges::stable_sort(candidates, [&](int a, int b) { return cost(a) > cost(b); });
    candidates.resize(std::min<std::size_t>(candidates.size(), kRefinements));
    for (const int unit : candidates) {
      Widths widths = best.widths;
      raise(widths, unit, false);
      auto tried = evaluate(std::move(widths));
      if (!tried) return tried;
      if (tried->target_reached) best = std::move(*tried);
    }
    return best;
  }

  Simulation& simulation_;
  const Plan& plan_;
  const Pinned& pinned_;
  std::span<const Simulation::Sample> samples_;
  double target_;
  std::vector<int> order_;
  std::size_t raised_ = 0;
};

}  // namespace

Widths pinned_widths(const Plan& plan, const Pinned& pinned, bool wide) {
  Widths widths = uniform(plan, wide);
  for (std::size_t u = 0; u < plan.units.size(); ++u)
    if (pinned.unit[u]) set_unit(plan, widths, static_cast<int>(u), *pinned.unit[u]);
  for (std::size_t d = 0; d < plan.dense.size(); ++d)
    if (pinned.weights[d]) widths.wide_weights[d] = *pinned.weights[d];
  return widths;
}

Result<Precisions> search_precisions(Simulation& simulation, const Plan& plan, const Pinned& pinned,
                                     std::span<const Simulation::Sample> samples, double target_db) {
  return Search(simulation, plan, pinned, samples, target_db).run();
}

}  // namespace heddle::quant
