// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"

/// Passes: Graph to Graph, same meaning. One function a file, one list, one wrapper that runs them.
namespace heddle::passes {

struct Pass {
  std::string_view name;            ///< for --dump-ir=after:NAME and --disable-pass=NAME
  std::string_view what;            ///< one sentence
  Result<bool> (*run)(ir::Graph&);  ///< true if the graph changed
};

struct PassTiming {
  std::string_view name;
  double seconds = 0.0;
  bool changed = false;
};

struct PassOptions {
  std::vector<std::string> dump_after;           ///< pass names, or "all"
  std::vector<std::string> disable;              ///< pass names
  std::function<void(const std::string&)> sink;  ///< receives each dump: a header line and the printed graph
  bool verify_each = false;                      ///< run the verifier after every pass that changed something
  std::vector<PassTiming>* timings = nullptr;    ///< filled in, if given
};

/// What every model goes through before quantisation, in order.
[[nodiscard]] std::span<const Pass> standard_pipeline();

/// Runs the passes in order. Errors: names in the options that no pass has ("did you mean"); findings of a pass;
/// findings of the verifier, with the name of the pass.
[[nodiscard]] Status run_pipeline(ir::Graph& graph, std::span<const Pass> passes, const PassOptions& options = {});

}  // namespace heddle::passes
