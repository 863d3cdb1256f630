// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cstdlib>

#include "passes/freeze_batchnorm.h"
#include "passes/pass.h"
#include "passes/passes.h"
#include "tests/unit/passes/check_pass.h"
#include "tests/unit/passes/random_graph.h"

namespace heddle::passes {
namespace {

using heddle::testing::evaluate;
using heddle::testing::expect_close;
using heddle::testing::GraphBuilder;
using heddle::testing::RandomGraph;
using ::testing::HasSubstr;

TEST(Pipeline, RandomGraphsMeanTheSameAfterEachPass) {
  for (unsigned seed = 0; seed < 150; ++seed) {
    RandomGraph random(seed);
    ir::Graph& graph = random.graph();
    ASSERT_TRUE(ir::verify(graph)) << ir::print(graph);
    for (const Pass& pass : standard_pipeline()) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", pass " + std::string(pass.name));
      heddle::testing::check_pass(graph, pass.run, 1e-3F);
      if (HasFailure()) return;
    }
  }
}

TEST(Pipeline, ASecondRunChangesNothing) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    RandomGraph random(seed);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(run_pipeline(random.graph(), standard_pipeline()));
    const std::string once = ir::print(random.graph());
    ASSERT_TRUE(run_pipeline(random.graph(), standard_pipeline()));
    EXPECT_EQ(ir::print(random.graph()), once) << seed;
  }
}

TEST(Pipeline, DumpsTimesAndDisables) {
  GraphBuilder b;
  b.output(b.node("Relu", {b.node("Identity", {b.input("x", {2})})}));
  std::vector<std::string> dumps;
  std::vector<PassTiming> timings;
  PassOptions options;
  options.dump_after = {"remove-identity"};
  options.disable = {"merge-clips"};
  options.sink = [&](const std::string& text) { dumps.push_back(text); };
  options.verify_each = true;
  options.timings = &timings;
  ASSERT_TRUE(run_pipeline(b.graph, standard_pipeline(), options));
  ASSERT_EQ(dumps.size(), 1U);
  EXPECT_THAT(dumps[0], HasSubstr("after remove-identity\ngraph"));
  EXPECT_EQ(timings.size(), standard_pipeline().size() - 1);
  const auto changed = std::find_if(timings.begin(), timings.end(), [](const PassTiming& t) { return t.changed; });
  EXPECT_EQ(changed->name, "remove-identity");
  options.dump_after = {"all"};
  ASSERT_TRUE(run_pipeline(b.graph, standard_pipeline(), options));
  EXPECT_EQ(dumps.size(), standard_pipeline().size());
}

TEST(Pipeline, UnknownPassNames) {
  ir::Graph graph;
  PassOptions options;
  options.disable = {"fold-batchnorm"};
  options.dump_after = {"zzzzzzzzzzzzzz"};
  const Status status = run_pipeline(graph, standard_pipeline(), options);
  ASSERT_FALSE(status);
  ASSERT_EQ(status.error().size(), 2U);
  EXPECT_EQ(status.error()[0].hint, "did you mean 'fold-batch-norm'?");
  EXPECT_THAT(status.error()[1].hint, HasSubstr("passes are remove-dead, "));
}

TEST(Pipeline, ABrokenPassIsNamed) {
  GraphBuilder b;
  b.output(b.node("Relu", {b.input("x", {2})}));
  const std::array passes{Pass{"break", "forgets a name", [](ir::Graph& graph) -> Result<bool> {
                                 graph.nodes[0].name.clear();
                                 return true;
                               }}};
  PassOptions options;
  options.verify_each = true;
  const Status status = run_pipeline(b.graph, passes, options);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error()[0].message, HasSubstr("after pass break"));
  EXPECT_EQ(exit_code(status.error()), 2);
}

TEST(FreezeBatchnorm, ReplacesMeasuredStatistics) {
  GraphBuilder b;
  const auto conv = b.node("Conv", {b.input("x", {1, 2, 3, 3}), b.random({2, 2, 1, 1})});
  const auto outputs = b.nodes("BatchNormalization", {conv, b.random({2}), b.random({2}), b.random({2}), b.random({2})},
                               {{"training_mode", std::int64_t{1}}}, 3);
  b.output(outputs[0]);
  const std::string name = b.graph.nodes[1].name;
  EXPECT_EQ(training_batch_norms(b.graph), std::vector{1});
  const Diagnostics refused = refuse_training_batch_norms(b.graph);
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].node, name);
  EXPECT_EQ(exit_code(refused), 3);

  EXPECT_FALSE(freeze_batchnorm(b.graph, {}));
  const BatchNormStatistics wrong{name, {0.0F}, {1.0F}};
  EXPECT_FALSE(freeze_batchnorm(b.graph, std::span(&wrong, 1)));
  const BatchNormStatistics negative{name, {0.0F, 0.0F}, {1.0F, -1.0F}};
  EXPECT_FALSE(freeze_batchnorm(b.graph, std::span(&negative, 1)));

  const BatchNormStatistics measured{name, {0.5F, -0.5F}, {1.0F, 4.0F}};
  ASSERT_TRUE(freeze_batchnorm(b.graph, std::span(&measured, 1)));
  EXPECT_TRUE(ir::verify(b.graph));
  EXPECT_TRUE(training_batch_norms(b.graph).empty());
  EXPECT_TRUE(heddle::testing::check_pass(b.graph, fold_batch_norm));
  EXPECT_EQ(b.graph.nodes.size(), 1U);
}

TEST(FreezeBatchnorm, RefusesReadRunningStatistics) {
  GraphBuilder b;
  const auto outputs = b.nodes("BatchNormalization",
                               {b.input("x", {1, 2, 3, 3}), b.random({2}), b.random({2}), b.random({2}), b.random({2})},
                               {{"training_mode", std::int64_t{1}}}, 3);
  b.output(outputs[0]);
  b.output(outputs[1]);
  const BatchNormStatistics measured{b.graph.nodes[0].name, {0.5F, -0.5F}, {1.0F, 4.0F}};
  EXPECT_FALSE(freeze_batchnorm(b.graph, std::span(&measured, 1)));
}

}  // namespace
}  // namespace heddle::passes
