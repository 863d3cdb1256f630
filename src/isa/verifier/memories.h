// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "isa/verifier/context.h"
#include "isa/verifier/post.h"
#include "isa/verifier/shadow.h"

namespace heddle::isa::verifier {

/// The state of all memories while `check_schedule` runs the streams. Findings go to the context.
class Memories {
 public:
  Memories(Context& context, const Bounds& bounds);

  /// All accesses of the instruction at `place`, by an observer that knows what is ordered before it.
  void access(Place place, const Observer& who);
  /// Every slot of every output binding was written.
  void check_outputs();

 private:
  void features(Place place, const Accesses& a, const Observer& who);
  void ddr(Place place, const Accesses& a, const Observer& who);
  void load_constants(Place place, const Accesses& a, const Observer& who);
  void read_words(Place place, const WordRange& range, Field field, const Observer& who);
  /// The parameters of an instruction that drains; completes `a` with what its descriptor says.
  void parameters(Place place, Accesses& a, const Observer& who);
  void channels(Place place, const ConstantMemory& memory, const WordRange& words);
  void count(Place place, std::int64_t cells);
  void report(Place place, const Finding& finding, Field field, std::string_view memory);
  [[nodiscard]] Shadow<2>& shadow(Space space) { return spaces_[static_cast<std::size_t>(space)]; }

  Context& c_;
  const Bounds& bounds_;
  Shadow<3> features_;
  std::array<Shadow<2>, 5> spaces_;
  Shadow<1> scratch_, outputs_;
  ConstantMemory conv_params_, stencil_params_, tables_;
  std::int64_t visited_ = 0;  ///< cells so far
};

}  // namespace heddle::isa::verifier
