// SPDX-License-Identifier: Apache-2.0
// requantize: clamp(zero + ((product + 2^(shift−1)) >> shift), lo, hi), with every intermediate at full width and no early saturation, and
// product = (acc + bias)·mult from pieces. That pieces times their weights add up to the product is the distributive law; solvers do not
// find it at these widths. One lane is followed; all lanes are the same logic.
module requantize_formal
  import overlay_pkg::*, heddle_pkg::*;
(
    input logic                          clk,
    input logic                          rst,
    input logic                          in_valid,
    input logic [0:0][N-1:0][ACC_BITS-1:0] in_acc,
    input channel_param_t [N-1:0]        in_param,
    input logic                          in_bypass,
    input logic signed [15:0]            in_zero,
    input logic signed [15:0]            in_lo,
    input logic signed [15:0]            in_hi
);
  logic [0:0][N-1:0][15:0] out_value;
  requantize #(.PIXELS(1)) dut (.*);

  logic started = 1'b0;
  always_ff @(posedge clk) started <= 1'b1;

  logic signed [ACC_BITS:0] sum;
  always_comb begin
    if (!started) assume (rst);
    sum = $signed(in_acc[0][0]) + $signed(in_param[0].bias);
    if (in_valid) begin
      assume (in_lo <= in_hi);
      assume (in_param[0].shift >= 1 && in_param[0].shift <= 47);
      assume (sum[ACC_BITS] == sum[ACC_BITS-1]);  // the verifier's bound
      if (in_bypass) assume (in_acc[0][0] == ACC_BITS'($signed(in_acc[0][0][15:0])));
      assume (in_acc[0][1] == '0 && in_param[1] == '0);
    end
  end

  // What entered, in the stages that it has passed since.
  typedef struct packed {
    logic valid, bypass;
    logic signed [ACC_BITS-1:0] acc, sum;
    logic [15:0] mult;
    logic [5:0] shift;
    logic signed [15:0] zero, lo, hi;
  } entry_t;
  localparam int PIECE = REQUANTIZE_PIECE;
  localparam int PRODUCT = 4;  // stages to the product
  entry_t [REQUANTIZE_LATENCY:1] at;
  logic signed [REQUANTIZE_LATENCY:PRODUCT][63:0] product;
  always_ff @(posedge clk) begin
    at <= {at[REQUANTIZE_LATENCY-1:1],
           entry_t'{in_valid && !rst, in_bypass, in_acc[0][0], sum[ACC_BITS-1:0], in_param[0].mult, in_param[0].shift[5:0],
                    in_zero, in_lo, in_hi}};
    if (rst) for (int i = 1; i <= REQUANTIZE_LATENCY; i++) at[i].valid <= 1'b0;
    for (int i = PRODUCT + 1; i <= REQUANTIZE_LATENCY; i++) product[i] <= product[i-1];
  end
  assign product[PRODUCT] = dut.product[0][0];

  logic [63:0] low, high;  // products of the pieces, a stage ago
  logic [1:0][63:0] pieces;
  always_ff @(posedge clk) begin
    low    <= 64'(dut.biased[0][0][PIECE-1:0]) * 64'(dut.mult[0]);
    high   <= 64'($signed(dut.biased[0][0][ACC_BITS-1-:PIECE])) * 64'($signed({1'b0, dut.mult[0]}));
    pieces <= {dut.part_q[1][0][0], dut.part_q[0][0][0]};
  end

  // Rounding in two steps: v = product >> (shift − 1), then (v + 1) >> 1. `same_rounding` is that both ways are one.
  logic signed [65:0] value, once, twice, moved, expected;
  logic signed [64:0] shifted;  // v, stages ago
  logic signed [REQUANTIZE_LATENCY:5][63:0] v;
  always_ff @(posedge clk) for (int i = 6; i <= REQUANTIZE_LATENCY; i++) v[i] <= v[i-1];
  assign v[5] = dut.shifted[0][0];
  always_comb begin
    value    = 66'($signed(product[REQUANTIZE_LATENCY]));
    once     = (value + (66'sd1 <<< (at[REQUANTIZE_LATENCY].shift - 6'd1))) >>> at[REQUANTIZE_LATENCY].shift;
    twice    = ((value >>> (at[REQUANTIZE_LATENCY].shift - 6'd1)) + 66'sd1) >>> 1;
    shifted  = 65'($signed(v[REQUANTIZE_LATENCY]));
    moved    = 66'((shifted + 65'sd1) >>> 1) + 66'(at[REQUANTIZE_LATENCY].zero);
    expected = moved < 66'(at[REQUANTIZE_LATENCY].lo) ? 66'(at[REQUANTIZE_LATENCY].lo)
             : moved > 66'(at[REQUANTIZE_LATENCY].hi) ? 66'(at[REQUANTIZE_LATENCY].hi) : moved;
    if (started && !rst) begin
      if (at[1].valid && !at[1].bypass)
        operands: assert (dut.biased[0][0] == 64'($signed(at[1].sum)) && dut.mult[0] == at[1].mult);
      if (at[1].valid && at[1].bypass)
        doubles: assert (dut.biased[0][0] == 64'($signed(at[1].acc)) && dut.mult[0] == 16'd2);
      if (at[2].valid) of_pieces: assert (dut.part[0][0][0] == low && dut.part[1][0][0] == high);
      if (at[4].valid) adds_up: assert (dut.product[0][0] == pieces[0] + (pieces[1] << PIECE));
      if (at[5].valid && !at[5].bypass)
        shifts: assert (dut.shifted[0][0] == 64'($signed(product[5]) >>> (at[5].shift - 6'd1)));
      if (at[REQUANTIZE_LATENCY].valid && !at[REQUANTIZE_LATENCY].bypass) same_rounding: assert (once == twice);
      if (at[REQUANTIZE_LATENCY].valid && !at[REQUANTIZE_LATENCY].bypass)
        as_defined: assert (66'($signed(out_value[0][0])) == expected);
      if (at[REQUANTIZE_LATENCY].valid && at[REQUANTIZE_LATENCY].bypass &&
          product[REQUANTIZE_LATENCY] == 64'($signed(at[REQUANTIZE_LATENCY].acc)) << 1)
        passes: assert ($signed(out_value[0][0]) == at[REQUANTIZE_LATENCY].acc[15:0]);
      rounds_half_up: cover (at[REQUANTIZE_LATENCY].valid && !at[REQUANTIZE_LATENCY].bypass && value < 0 &&
                             value[2:0] == 3'b100 && at[REQUANTIZE_LATENCY].shift == 3);
      saturates: cover (at[REQUANTIZE_LATENCY].valid && !at[REQUANTIZE_LATENCY].bypass && moved > 66'sd1000000 &&
                        at[REQUANTIZE_LATENCY].hi > 16'sd100);
    end
  end
endmodule
