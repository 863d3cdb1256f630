// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <random>

#include "tests/unit/ir/graph_builder.h"

namespace heddle::testing {

/// A random small network of the operators that passes rewrite: convolutions of all kinds, normalisations, activations
/// written out and fused, pads, pools, residual adds, concats, transposes and reshapes back and forth. Rank 4, f32,
/// one input "x", one or two outputs. Equal seeds give equal graphs.
class RandomGraph {
 public:
  explicit RandomGraph(unsigned seed) : generator_(seed) {
    const std::int64_t size = 5 + pick(4);
    maps_.push_back(b_.input("x", {1 + pick(2), 1 + pick(6), size, size + pick(3)}));
    const int steps = 4 + static_cast<int>(pick(10));
    for (int i = 0; i < steps; ++i) maps_.push_back(step(maps_[maps_.size() - 1 - (pick(4) == 0 ? pick_map() : 0)]));
    b_.output(maps_.back());
    if (pick(3) == 0 && maps_.size() > 3)
      b_.output(maps_[maps_.size() - 3] == maps_[0] ? maps_[1] : maps_[maps_.size() - 3]);
    if (b_.graph.outputs.size() == 2 && b_.graph.outputs[0] == b_.graph.outputs[1]) b_.graph.outputs.pop_back();
  }
  ir::Graph& graph() { return b_.graph; }

 private:
  using Ints = std::vector<std::int64_t>;
  std::int64_t pick(std::int64_t bound) {
    return static_cast<std::int64_t>(generator_() % static_cast<unsigned>(bound));
  }
  std::size_t pick_map() { return static_cast<std::size_t>(pick(static_cast<std::int64_t>(maps_.size()))); }
  const Shape& shape(ir::ValueId v) { return b_.graph.value(v).shape; }
  std::int64_t channels(ir::ValueId v) { return shape(v)[1]; }

  ir::ValueId convolution(ir::ValueId x) {
    const std::int64_t c = channels(x), kernel = shape(x)[2] < 4 || shape(x)[3] < 4 ? 1 : 1 + 2 * pick(2);
    const bool depthwise = pick(2) == 0;
    const std::int64_t out = depthwise ? c : 1 + pick(8);
    const std::int64_t pad = pick(2) * (kernel / 2);
    std::vector<ir::ValueId> inputs{x, b_.random({out, depthwise ? 1 : c, kernel, kernel})};
    if (pick(2) == 0) inputs.push_back(b_.random({out}));
    return b_.node("Conv", inputs, {{"group", depthwise ? c : 1}, {"pads", Ints{pad, pad, pad, pad}}});
  }
  ir::ValueId normalisation(ir::ValueId x) {
    const Shape c{channels(x)};
    const ir::ValueId var = b_.node("Abs", {b_.random(c)});
    return b_.node("BatchNormalization", {x, b_.random(c), b_.random(c), b_.random(c), var}, {{"epsilon", 0.1F}});
  }
  ir::ValueId activation(ir::ValueId x) {
    switch (pick(8)) {
      case 0:
        return b_.node("Relu", {x});
      case 1:
        return b_.node("Clip", {x, b_.scalar(0.0F), b_.scalar(1.0F + static_cast<float>(pick(6)))});
      case 2:
        return b_.node("Mul", {x, b_.node("Sigmoid", {x})});
      case 3:
        return b_.node("Mul", {b_.node("Tanh", {b_.node("Softplus", {x})}), x});
      case 4:
        return b_.node("Max", {x, b_.node("Mul", {x, b_.scalar(0.1F)})});
      case 5: {
        const ir::ValueId gate =
            b_.node("Clip", {b_.node("Add", {x, b_.scalar(3.0F)}), b_.scalar(0.0F), b_.scalar(6.0F)});
        return b_.node("Div", {b_.node("Mul", {x, gate}), b_.scalar(6.0F)});
      }
      case 6:
        return b_.node("Min", {b_.node("Max", {x, b_.scalar(-0.5F)}), b_.scalar(1.5F)});
      default:
        return b_.node("LeakyRelu", {x});
    }
  }
  ir::ValueId pool(ir::ValueId x) {
    const ir::ValueId padded = b_.node("Pad", {x, b_.ints({0, 0, pick(2), 1, 0, 0, 1, pick(2)})});
    const kernels::Attributes window{{"kernel_shape", Ints{2, 2}}, {"strides", Ints{1, 1}}};
    return b_.node(pick(2) == 0 ? "MaxPool" : "AveragePool", {padded}, window);
  }
  ir::ValueId layout(ir::ValueId x) {
    ir::ValueId y = b_.node("Transpose", {x}, {{"perm", Ints{0, 2, 3, 1}}});
    y = b_.node("Add", {y, b_.random({channels(x)})});
    if (pick(2) == 0) y = b_.node("Concat", {y, b_.node("Neg", {y})}, {{"axis", std::int64_t{3}}});
    if (pick(2) == 0) y = activation(y);
    return b_.node("Transpose", {y}, {{"perm", Ints{0, 3, 1, 2}}});
  }
  ir::ValueId elementwise(ir::ValueId x) {
    const char* const ops[] = {"Mul", "Add", "Sub", "Div"};
    const ir::ValueId c = b_.graph.add_constant("k" + std::to_string(b_.graph.values.size()),
                                                b_.random_tensor({1, channels(x), 1, 1}, 0.5F, 2.0F));
    return b_.node(ops[pick(4)], {x, c});
  }
  ir::ValueId reshaping(ir::ValueId x) {
    const Shape s = shape(x);
    return b_.node("Reshape", {b_.node("Flatten", {b_.node("Identity", {x})}), b_.ints(s)});
  }
  ir::ValueId step(ir::ValueId x) {
    switch (pick(9)) {
      case 0:
      case 1:
      case 2:
        return convolution(x);
      case 3:
        return normalisation(x);
      case 4:
        return activation(x);
      case 5:
        return pool(x);
      case 6:
        return layout(x);
      case 7:
        return reshaping(x);
      default:
        return pick(2) == 0 ? elementwise(x) : b_.node("Add", {x, activation(x)});
    }
  }

  std::mt19937 generator_;
  GraphBuilder b_;
  std::vector<ir::ValueId> maps_;
};

}  // namespace heddle::testing
