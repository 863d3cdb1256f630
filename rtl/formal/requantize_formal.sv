// SPDX-License-Identifier: Apache-2.0
// requantize: the result is the integer nearest to (acc + bias)·mult / 2^shift (a half rounds up), moved and clamped. Stated as an
// inequality on the product, not as a shift. One lane is followed; all lanes are the same logic.
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

  // The product by halves of the sum: a·m = (a div 2^24)·m·2^24 + (a mod 2^24)·m is left to algebra.
  logic signed [ACC_BITS:0] sum;
  logic [63:0] low, high;
  always_comb begin
    low  = 64'(sum[23:0]) * 64'(in_param[0].mult);
    high = 64'($signed(sum[47:24])) * 64'($signed({1'b0, in_param[0].mult}));
  end
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

  // What entered, REQUANTIZE_LATENCY cycles ago.
  typedef struct packed {
    logic valid, bypass;
    logic signed [15:0] acc;
    logic signed [63:0] product;
    logic [5:0] shift;
    logic signed [15:0] zero, lo, hi;
  } entry_t;
  entry_t [REQUANTIZE_LATENCY-1:0] line;
  always_ff @(posedge clk) begin
    line <= {line[REQUANTIZE_LATENCY-2:0],
             entry_t'{in_valid && !rst, in_bypass, in_acc[0][0][15:0], low + {high[39:0], 24'd0},
                      in_param[0].shift[5:0], in_zero, in_lo, in_hi}};
    if (rst) for (int i = 0; i < REQUANTIZE_LATENCY; i++) line[i].valid <= 1'b0;
  end

  entry_t entered;
  logic signed [15:0] result;
  logic signed [81:0] doubled, step, below, above;
  logic signed [17:0] unmoved;
  always_comb begin
    entered = line[REQUANTIZE_LATENCY-1];
    result  = out_value[0][0];
    unmoved = 18'(result) - 18'(entered.zero);
    doubled = 82'(entered.product) <<< 1;
    step    = 82'sd1 <<< entered.shift;
    below   = (82'(unmoved) * 82'sd2 - 82'sd1) <<< entered.shift;  // 2·product lies in [below, above) if not clamped
    above   = below + (step <<< 1);
    if (started && !rst && entered.valid) begin
      if (entered.bypass) passes: assert (result == entered.acc);
      else begin
        in_range: assert (entered.lo <= result && result <= entered.hi);
        not_too_high: assert (result == entered.lo || doubled >= below);
        not_too_low: assert (result == entered.hi || doubled < above);
        rounds_half_up: cover (doubled == below && entered.product < 0 && result > entered.lo);
      end
    end
  end
endmodule
