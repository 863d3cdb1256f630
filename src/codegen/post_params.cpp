// SPDX-License-Identifier: Apache-2.0
#include "codegen/lowering.h"
#include "ir/network_shape.h"

namespace heddle::codegen {

PostParams identity_post(DataType type) {
  const ir::IntegerRange range = ir::integer_range(type);
  PostParams params;
  params.descriptor.lo = static_cast<std::int16_t>(range.lo);
  params.descriptor.hi = static_cast<std::int16_t>(range.hi);
  params.channels = {{.bias = 0, .mult = 1U << 15, .shift = 15}};
  return params;
}

PostParams post_params(const ir::Post& post, const std::optional<kernels::AddParams>& addition) {
  PostParams params;
  isa::PostDescriptor& d = params.descriptor;
  d.lo = static_cast<std::int16_t>(post.lo);
  d.hi = static_cast<std::int16_t>(post.hi);
  d.zero_point = static_cast<std::int16_t>(post.zero_point);
  if (addition) {
    d.add_mult_a = addition->mult_a;
    d.add_mult_b = addition->mult_b;
    d.add_zero_a = addition->zero_a;
    d.add_zero_b = addition->zero_b;
    d.add_zero_y = addition->zero_y;
    d.add_lo = addition->lo;
    d.add_hi = addition->hi;
    d.add_shift = addition->shift;
  }
  params.channels = post.channels;
  if (params.channels.empty()) params.channels.push_back({});
  params.table = post.table;
  return params;
}

}  // namespace heddle::codegen
