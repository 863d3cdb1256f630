// SPDX-License-Identifier: Apache-2.0
// factor · unit, one bit of the factor a cycle from its highest set bit on: for set-up in the shadow of an instruction.
// `start` is taken when not busy; `result` is valid from the cycle in which `busy` falls until the next start.
`include "assert.svh"
module serial_multiply #(
    parameter int FACTOR_BITS = 13,
    parameter int UNIT_BITS = 26
) (
    input  logic                              clk,
    input  logic                              rst,
    input  logic                              start,
    input  logic [FACTOR_BITS-1:0]            factor,
    input  logic [UNIT_BITS-1:0]              unit,
    output logic                              busy,
    output logic [FACTOR_BITS+UNIT_BITS-1:0]  result
);
  localparam int BITS = FACTOR_BITS + UNIT_BITS;
  localparam int COUNT_BITS = $clog2(FACTOR_BITS + 1);

  logic [FACTOR_BITS-1:0] factor_q;
  logic [UNIT_BITS-1:0] unit_q;
  logic [COUNT_BITS-1:0] bits, bits_q;  // that remain

  always_comb begin
    bits = '0;
    for (int i = 0; i < FACTOR_BITS; i++) if (factor[i]) bits = COUNT_BITS'(i + 1);
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      bits_q <= '0;
    end else if (bits_q != '0) begin
      bits_q <= bits_q - 1'b1;
      result <= (result << 1) + (factor_q[bits_q-1'b1] ? BITS'(unit_q) : '0);
    end else if (start) begin
      bits_q   <= bits;
      factor_q <= factor;
      unit_q   <= unit;
      result   <= '0;
    end
  end

  assign busy = bits_q != '0;
  `HEDDLE_ASSERT(start_when_idle, !(start && busy))
endmodule
