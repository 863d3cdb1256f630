// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "tests/unit/ir/graph_builder.h"

namespace heddle::testing {

/// Runs a pass and asks of it what every pass promises: a graph that verifies, with the same inputs, outputs and
/// meaning. Returns whether it claims to have changed anything.
inline bool check_pass(ir::Graph& graph, Result<bool> (*pass)(ir::Graph&), float tolerance = 1e-4F) {
  const ir::Graph before = graph;
  const std::vector<Tensor> inputs = random_inputs(graph, 7);
  const std::vector<Tensor> wanted = evaluate(before, inputs);
  const Result<bool> changed = pass(graph);
  EXPECT_TRUE(changed) << (changed ? "" : changed.error().front().text());
  if (!changed) return false;
  const Status status = ir::verify(graph);
  EXPECT_TRUE(status) << (status ? "" : status.error().front().text()) << "\n" << ir::print(graph);
  EXPECT_EQ(before.outputs.size(), graph.outputs.size());
  for (std::size_t i = 0; i < graph.outputs.size(); ++i)
    EXPECT_EQ(before.value(before.outputs[i]).name, graph.value(graph.outputs[i]).name);
  const std::vector<Tensor> got = evaluate(graph, inputs);
  EXPECT_EQ(wanted.size(), got.size());
  for (std::size_t i = 0; i < std::min(wanted.size(), got.size()); ++i) expect_close(wanted[i], got[i], tolerance);
  return *changed;
}

}  // namespace heddle::testing
