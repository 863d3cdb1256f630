// SPDX-License-Identifier: Apache-2.0
// factor · unit for a slot: shift and add from the factor's highest set bit on, one bit a cycle.
// With unit = slot 1 it splits a number of slots into word and bank, without a divider.
//
// `start` is taken when not busy. `result` is valid from the cycle in which `busy` falls until the next start.
`include "assert.svh"
module slot_scale
  import heddle_pkg::*;
#(
    parameter int FACTOR_BITS = 14
) (
    input  logic                   clk,
    input  logic                   rst,
    input  logic                   start,
    input  logic [FACTOR_BITS-1:0] factor,
    input  slot_t                  unit,
    output logic                   busy,
    output slot_t                  result
);
  localparam int COUNT_BITS = $clog2(FACTOR_BITS + 1);

  logic [FACTOR_BITS-1:0] factor_q;
  logic [COUNT_BITS-1:0] bits, bits_q;  // that remain
  slot_t unit_q, doubled;

  always_comb begin
    bits = '0;
    for (int i = 0; i < FACTOR_BITS; i++) if (factor[i]) bits = COUNT_BITS'(i + 1);
    doubled = slot_add(result, result);
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      bits_q <= '0;
    end else if (bits_q != 0) begin
      bits_q <= bits_q - 1'b1;
      result <= factor_q[bits_q-1'b1] ? slot_add(doubled, unit_q) : doubled;
    end else if (start) begin
      bits_q   <= bits;
      factor_q <= factor;
      unit_q   <= unit;
      result   <= '0;
    end
  end

  assign busy = bits_q != 0;
  `HEDDLE_ASSERT(start_when_idle, !(start && busy))
endmodule
