// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "isa/verifier.h"
#include "tests/unit/isa/sample.h"

namespace heddle::isa::sample {

/// x → overlay (three tiles) → y → host: Relu, then Concat with a constant → z. Every kind of content is in it.
inline Program program() {
  Program p;
  p.model_name = "sample \"quoted\" \\ \n\x01";
  p.overlay_toml = overlay::to_toml(small_overlay());
  p.overlay_fingerprint = overlay::fingerprint(small_overlay());
  const Shape map{1, 8, 9, 5};
  p.tensors = {{.name = "x", .type = DataType::f32, .shape = map, .constant = {}},
               {.name = "y", .type = DataType::f32, .shape = map, .constant = {}},
               {.name = "relu", .type = DataType::f32, .shape = map, .constant = {}},
               {.name = "c",
                .type = DataType::f32,
                .shape = {1, 1, 9, 5},
                .constant = Tensor::from<float>({1, 1, 9, 5}, std::vector<float>(45, 0.1F))},
               {.name = "z", .type = DataType::f32, .shape = {1, 9, 9, 5}, .constant = {}}};
  p.inputs = {"x"};
  p.outputs = {"z"};
  HostSegment host;
  host.operators = {{.op = "Relu", .node = "relu0", .attributes = {}, .inputs = {"y"}, .outputs = {"relu"}},
                    {.op = "Concat",
                     .node = "concat0",
                     .attributes = {{"axis", std::int64_t{1}}},
                     .inputs = {"relu", "c"},
                     .outputs = {"z"}}};
  p.segments = {segment(three_tiles()), host};
  p.preprocessing = Preprocessing{.height = 9, .width = 5, .mean = {1.5F, 0.1F, -3.0F}, .scale = {1, 2, 3}};
  p.labels = {"cat", "", "a \"dog\""};
  p.provenance = {{"compiler", "test"}, {"command", "a b"}};
  return p;
}

}  // namespace heddle::isa::sample
