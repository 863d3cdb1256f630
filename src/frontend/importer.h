// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "frontend/external_data.h"
#include "frontend/functions.h"
#include "frontend/onnx.h"
#include "frontend/wire.h"
#include "ir/graph.h"
#include "ir/graph_inference.h"
#include "ir/name_table.h"

namespace heddle::frontend {

/// Builds a Graph from a decoded model: values by name, nodes in order, each lifted, checked and inferred as it comes.
class Importer {
 public:
  Importer(const wire::Model& model, const std::string& directory, const ReadOptions& options)
      : model_(model), options_(options), external_(directory) {}

  /// The graph, or all findings (without the file's name). Throws wire::Malformed.
  Result<ir::Graph> run();

 private:
  void add(Diagnostic finding);
  std::int64_t opset();
  void read_initializers(const wire::Graph& graph);
  void read_inputs(const wire::Graph& graph);
  void read_input(const wire::ValueInfo& info);
  Shape bind_dimensions(const wire::ValueInfo& info);
  void check_shape_options();
  void read_nodes(const wire::Graph& graph, std::int64_t opset);
  std::vector<std::size_t> ordered(const std::vector<FlatNode>& nodes);
  void read_node(const FlatNode& flat, std::size_t index);
  bool read_constant(const wire::Node& message, const ir::Node& node);
  void connect(const wire::Node& message, ir::Node& node);
  void read_outputs(const wire::Graph& graph);
  /// Registers a new value under its name; reports a second definition.
  ir::ValueId define(wire::View name, ir::Value value, const ir::Node* producer);
  bool check_name(wire::View name, const char* what);

  const wire::Model& model_;
  const ReadOptions& options_;
  ExternalData external_;
  ir::Graph graph_;
  ir::ShapeInference inference_{graph_};
  std::unordered_map<std::string_view, ir::ValueId> ids_;
  ir::NameTable value_names_, node_names_;
  FlatNodes flat_;
  Diagnostics findings_;
  std::size_t dropped_findings_ = 0;
};

}  // namespace heddle::frontend
