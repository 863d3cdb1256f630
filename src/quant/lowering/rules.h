// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>
#include <string_view>

#include "quant/lowering/emitter.h"
#include "quant/lowering/site.h"

/// How each operator becomes layers. One row an operator; all rows stand in rules.cpp.
namespace heddle::quant {

/// Where the result of an operator lies.
enum class Placing : std::uint8_t {
  natural,   ///< as its shape says; operands must be plain
  as_input,  ///< like the first operand, whatever its shape (elementwise)
  view,      ///< in the same bytes under another shape
};

struct Rule {
  std::string_view op;
  Placing placing;
  bool takes_views;                     ///< operands need not be plain
  Refusal (*check)(const Site&);        ///< beyond what `refusal` asks of every node
  void (*emit)(Emitter&, const Site&);  ///< only called on nodes that passed
};

[[nodiscard]] const Rule* find_rule(std::string_view op);
/// Why the node is not for the overlay, or nullopt. Placements of its inputs are known.
[[nodiscard]] Refusal refusal(const Site& site);
/// Where the results of an overlay node lie.
[[nodiscard]] Placement place(const Site& site, std::size_t output);

// The rules by family; see the file of that name.
Refusal check_conv(const Site& site);
void emit_conv(Emitter& emitter, const Site& site);
Refusal check_conv_transpose(const Site& site);
void emit_conv_transpose(Emitter& emitter, const Site& site);
Refusal check_gemm(const Site& site);
void emit_gemm(Emitter& emitter, const Site& site);
Refusal check_matmul(const Site& site);
void emit_matmul(Emitter& emitter, const Site& site);

Refusal check_max_pool(const Site& site);
void emit_max_pool(Emitter& emitter, const Site& site);
Refusal check_average_pool(const Site& site);
void emit_average_pool(Emitter& emitter, const Site& site);
Refusal check_global_pool(const Site& site);
void emit_global_max(Emitter& emitter, const Site& site);
void emit_global_average(Emitter& emitter, const Site& site);
Refusal check_reduce_mean(const Site& site);

Refusal check_add(const Site& site);
void emit_add(Emitter& emitter, const Site& site);
Refusal check_multiply(const Site& site);
void emit_multiply(Emitter& emitter, const Site& site);
Refusal check_divide(const Site& site);
Refusal check_batch_norm(const Site& site);
void emit_batch_norm(Emitter& emitter, const Site& site);

Refusal check_clamp(const Site& site);
void emit_clamp(Emitter& emitter, const Site& site);
Refusal check_table(const Site& site);
void emit_table(Emitter& emitter, const Site& site);

Refusal check_view(const Site& site);
Refusal check_transpose(const Site& site);
void emit_view(Emitter& emitter, const Site& site);
Refusal check_concat(const Site& site);
void emit_concat(Emitter& emitter, const Site& site);
Refusal check_slice(const Site& site);
void emit_slice(Emitter& emitter, const Site& site);
Refusal check_split(const Site& site);
void emit_split(Emitter& emitter, const Site& site);
Refusal check_pad(const Site& site);
void emit_pad(Emitter& emitter, const Site& site);
Refusal check_resize(const Site& site);
void emit_resize(Emitter& emitter, const Site& site);

Refusal check_space_to_depth(const Site& site);
void emit_space_to_depth(Emitter& emitter, const Site& site);
Refusal check_depth_to_space(const Site& site);
void emit_depth_to_space(Emitter& emitter, const Site& site);

}  // namespace heddle::quant
