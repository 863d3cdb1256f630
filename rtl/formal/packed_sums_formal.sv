// SPDX-License-Identifier: Apache-2.0
// packed_sums: whatever sums of eight int8 products two chains hold, both sums of channels come out; in wide mode the totals' sum.
module packed_sums_formal
  import mac_pkg::*;
(
    input logic                                clk,
    input logic                                wide,
    input logic signed [1:0][SHIFT:0]          low_sum,   // of each chain
    input logic signed [1:0][SHIFT:0]          high_sum,
    input logic signed [CHAIN-1:0][15:0]       product    // of one chain
);
  localparam int LEAST = -CHAIN * 128 * 127, MOST = CHAIN * 128 * 128;

  function automatic logic signed [47:0] wider(logic [SHIFT:0] value);
    wider = 48'($signed(value));
  endfunction
  function automatic logic holds(logic [SHIFT:0] value);
    holds = wider(value) >= 48'(LEAST) && wider(value) <= 48'(MOST);
  endfunction

  logic [1:0][47:0] total;
  logic [47:0] low_d, high_d;
  always_comb begin
    for (int k = 0; k < 2; k++) total[k] = (wider(high_sum[k]) << SHIFT) + wider(low_sum[k]) - 48'd1;
    low_d  = wide ? total[0] + total[1] + 48'd2 : wider(low_sum[0]) + wider(low_sum[1]);
    high_d = wide ? low_d : wider(high_sum[0]) + wider(high_sum[1]);
  end

  logic [63:0] low, high;
  packed_sums #(.CHAINS(2)) dut (.clk, .wide, .total, .low, .high);

  logic past = 1'b0;
  logic [63:0] low_q, high_q;
  always_ff @(posedge clk) begin
    past   <= 1'b1;
    low_q  <= 64'($signed(low_d));
    high_q <= 64'($signed(high_d));
  end

  // A chain's sum has its place.
  logic signed [47:0] chain;
  logic int8_products;
  always_comb begin
    chain = '0;
    int8_products = 1'b1;
    for (int i = 0; i < CHAIN; i++) begin
      chain = chain + 48'($signed(product[i]));
      int8_products = int8_products && $signed(product[i]) >= -16'sd16256 && $signed(product[i]) <= 16'sd16384;
    end
  end

  always_comb begin
    assume (holds(low_sum[0]) && holds(low_sum[1]) && holds(high_sum[0]) && holds(high_sum[1]));
    if (int8_products) range: assert (chain >= 48'(LEAST) && chain <= 48'(MOST));
    if (past) begin
      lower: assert (low == low_q);
      upper: assert (high == high_q);
    end
    extreme: cover (past && low == 64'(2 * MOST) && high == 64'($signed(2 * LEAST)));
  end
endmodule
