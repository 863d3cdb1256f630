// SPDX-License-Identifier: Apache-2.0
#include "quant/plan.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>

#include "quant/lowering/partition.h"
#include "quant/lowering/rules.h"

namespace heddle::quant {
namespace {

class UnionFind {
 public:
  explicit UnionFind(std::size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), 0); }
  int find(int i) {
    while (parent_[static_cast<std::size_t>(i)] != i) {
      int& p = parent_[static_cast<std::size_t>(i)];
      p = parent_[static_cast<std::size_t>(p)];
      i = p;
    }
    return i;
  }
  void join(int a, int b) {
    a = find(a);
    b = find(b);
    parent_[static_cast<std::size_t>(std::max(a, b))] = std::min(a, b);
  }

 private:
  std::vector<int> parent_;
};

constexpr std::array<std::string_view, 14> kSameFormat{
    "MaxPool", "GlobalMaxPool", "Reshape", "Flatten",   "Squeeze", "Unsqueeze",    "Identity",
    "Dropout", "Slice",         "Split",   "Transpose", "Pad",     "SpaceToDepth", "DepthToSpace"};
constexpr std::array<std::string_view, 4> kSameWidth{"Add", "Sub", "Mul", "Sum"};

bool one_of(std::string_view op, std::span<const std::string_view> list) {
  return std::ranges::find(list, op) != list.end();
}

bool shares_format(const ir::Node& node) {
  if (node.op == "Resize") return kernels::get_string(node.attributes, "mode", "nearest") == "nearest";
  return node.op == "Concat" || one_of(node.op, kSameFormat);
}

/// The graph with int8 on everything, so that the lowering rules say what structure allows.
ir::Graph pretend_quantized(const ir::Graph& graph) {
  ir::Graph copy = graph;
  for (ir::Value& value : copy.values)
    if (value.type == DataType::f32) value.quantization = ir::Quantization{DataType::i8, {1.0F}, {0}, -1};
  return copy;
}

/// Conv and Relu (or Clip) are one layer; the value between them has no integers of its own.
bool is_inside_layer(const ir::Graph& graph, const ir::Uses& uses, const std::vector<bool>& on_overlay,
                     ir::ValueId id) {
  const auto& readers = uses.consumers[static_cast<std::size_t>(id)];
  if (readers.size() != 1 || !on_overlay[static_cast<std::size_t>(readers[0])]) return false;
  if (std::ranges::find(graph.outputs, id) != graph.outputs.end()) return false;
  const std::string& reader = graph.nodes[static_cast<std::size_t>(readers[0])].op;
  if (reader != "Relu" && reader != "Clip") return false;
  const int producer = uses.producer[static_cast<std::size_t>(id)];
  if (producer < 0 || !on_overlay[static_cast<std::size_t>(producer)]) return false;
  const ir::Node& maker = graph.nodes[static_cast<std::size_t>(producer)];
  return maker.op == "MaxPool" || !shares_format(maker);
}

class Planner {
 public:
  explicit Planner(const ir::Graph& graph)
      : graph_(graph), uses_(graph), same_format_(graph.values.size()), same_width_(graph.values.size()) {}

  Plan make() {
    find_overlay_nodes();
    find_points();
    join_values();
    number_groups();
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) add_dense(static_cast<int>(n));
    count_work();
    return std::move(plan_);
  }

 private:
  [[nodiscard]] bool is_point(ir::ValueId id) const {
    return id != ir::kNoValue && points_[static_cast<std::size_t>(id)];
  }

  /// The value that leaves the layer: behind the activation if that belongs to it.
  [[nodiscard]] ir::ValueId layer_result(ir::ValueId id) const {
    if (id == ir::kNoValue || is_point(id) || !is_inside_layer(graph_, uses_, on_overlay_, id)) return id;
    return graph_.nodes[static_cast<std::size_t>(uses_.consumers[static_cast<std::size_t>(id)][0])].outputs[0];
  }

  void find_overlay_nodes() {
    const ir::Graph pretended = pretend_quantized(graph_);
    const ir::Uses uses(pretended);
    Scene scene{pretended, uses, {}, {}};
    (void)partition(scene);
    on_overlay_ = scene.on_overlay;
  }

  void find_points() {
    points_.assign(graph_.values.size(), false);
    const auto add = [&](ir::ValueId id) {
      if (id == ir::kNoValue || ir::constant_of(graph_, id) != nullptr) return;
      if (graph_.value(id).type == DataType::f32 && !is_inside_layer(graph_, uses_, on_overlay_, id))
        points_[static_cast<std::size_t>(id)] = true;
    };
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (!on_overlay_[n]) continue;
      std::ranges::for_each(graph_.nodes[n].inputs, add);
      std::ranges::for_each(graph_.nodes[n].outputs, add);
    }
  }

  void join_values() {
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      const ir::Node& node = graph_.nodes[n];
      if (!on_overlay_[n]) continue;
      std::vector<ir::ValueId> members;
      for (const auto& list : {node.inputs, node.outputs})
        for (const ir::ValueId id : list)
          if (is_point(layer_result(id))) members.push_back(layer_result(id));
      for (std::size_t i = 1; i < members.size(); ++i) {
        if (shares_format(node)) same_format_.join(members[0], members[i]);
        if (shares_format(node) || one_of(node.op, kSameWidth)) same_width_.join(members[0], members[i]);
      }
    }
  }

  void number_groups() {
    plan_.group_of.assign(graph_.values.size(), -1);
    std::vector<int> group_number(graph_.values.size(), -1), unit_number(graph_.values.size(), -1);
    for (std::size_t v = 0; v < graph_.values.size(); ++v) {
      if (!points_[v]) continue;
      const auto id = static_cast<ir::ValueId>(v);
      int& group = group_number[static_cast<std::size_t>(same_format_.find(id))];
      int& unit = unit_number[static_cast<std::size_t>(same_width_.find(id))];
      if (unit < 0) {
        unit = static_cast<int>(plan_.units.size());
        plan_.units.emplace_back();
      }
      if (group < 0) {
        group = static_cast<int>(plan_.groups.size());
        plan_.groups.push_back({{}, unit});
        plan_.units[static_cast<std::size_t>(unit)].groups.push_back(group);
      }
      plan_.group_of[v] = group;
      plan_.groups[static_cast<std::size_t>(group)].values.push_back(id);
    }
  }

  void add_dense(int n) {
    if (plan_.dense_of.empty()) plan_.dense_of.assign(graph_.nodes.size(), -1);
    const ir::Node& node = graph_.nodes[static_cast<std::size_t>(n)];
    const bool dense = node.op == "Conv" || node.op == "ConvTranspose" || node.op == "Gemm" || node.op == "MatMul";
    if (!dense || !on_overlay_[static_cast<std::size_t>(n)]) return;
    Dense d{n, node.inputs[0],        node.inputs[1], node.outputs[0], layer_result(node.outputs[0]),
            1, ir::macs(graph_, node)};
    if (node.op == "Conv" || (node.op == "Gemm" && kernels::get_int(node.attributes, "transB", 0) != 0))
      d.channel_axis = 0;
    plan_.dense_of[static_cast<std::size_t>(n)] = static_cast<int>(plan_.dense.size());
    plan_.dense.push_back(d);
  }

  void count_work() {
    for (std::size_t d = 0; d < plan_.dense.size(); ++d) {
      Unit& unit = plan_.units[static_cast<std::size_t>(plan_.unit_of(plan_.dense[d].input))];
      unit.dense.push_back(static_cast<int>(d));
      unit.macs += plan_.dense[d].macs;
    }
    for (const Group& group : plan_.groups)
      for (const ir::ValueId id : group.values)
        plan_.units[static_cast<std::size_t>(group.unit)].elements += element_count(graph_.value(id).shape);
  }

  const ir::Graph& graph_;
  ir::Uses uses_;
  UnionFind same_format_, same_width_;
  std::vector<bool> on_overlay_, points_;
  Plan plan_;
};

}  // namespace

std::int64_t Plan::macs() const {
  std::int64_t sum = 0;
  for (const Dense& d : dense) sum += d.macs;
  return sum;
}

Plan make_plan(const ir::Graph& graph) {
  return Planner(graph).make();
}

Widths uniform(const Plan& plan, bool wide) {
  return {std::vector<bool>(plan.units.size(), wide), std::vector<bool>(plan.dense.size(), wide)};
}

void set_unit(const Plan& plan, Widths& widths, int unit, bool wide) {
  widths.wide_unit[static_cast<std::size_t>(unit)] = wide;
  for (const int d : plan.units[static_cast<std::size_t>(unit)].dense)
    widths.wide_weights[static_cast<std::size_t>(d)] = wide;
}

std::int64_t wide_macs(const Plan& plan, const Widths& widths) {
  std::int64_t sum = 0;
  for (std::size_t d = 0; d < plan.dense.size(); ++d) {
    const auto unit = static_cast<std::size_t>(plan.unit_of(plan.dense[d].input));
    if (widths.wide_unit[unit] || widths.wide_weights[d]) sum += plan.dense[d].macs;
  }
  return sum;
}

}  // namespace heddle::quant
