// SPDX-License-Identifier: Apache-2.0
// mac_cell on the model of the DSP48E2: the operand of two int8 weights is their packed sum, the product is of operand and x,
// the cascade, or −1, is added; all in the cycles that are promised.
module mac_cell_formal
  import mac_pkg::*;
(
    input logic                    clk,
    input logic                    packs,       // the operand is that of two weights
    input logic signed [7:0]       high,
    input logic signed [7:0]       low,
    input logic [OPERAND_BITS-1:0] whole,
    input logic signed [15:0]      x,
    input logic [47:0]             cascade_in
);
  logic [OPERAND_BITS-1:0] operand;
  assign operand = packs ? pack(high, low) : whole;

  logic [47:0] sum, first_sum, cascade_out, first_out;
  mac_cell dut (.clk, .operand, .x(x), .cascade_in, .cascade_out, .sum);
  mac_cell #(.FIRST(1'b1)) first (.clk, .operand, .x(x), .cascade_in, .cascade_out(first_out), .sum(first_sum));

  // What was taken one, two and three cycles ago. The products are of the cells' registers, which `taken` compares.
  logic [1:0] age = 2'd0;
  logic signed [OPERAND_BITS-1:0] operand_q;
  logic signed [17:0] x_q;
  logic signed [44:0] product_q, first_product_q;
  logic [47:0] expected, first_expected;
  always_ff @(posedge clk) begin
    if (age != 2'd3) age <= age + 1'b1;
    operand_q       <= operand;
    x_q             <= 18'(x);
    product_q       <= $signed(dut.dsp.a) * $signed(dut.dsp.b);
    first_product_q <= $signed(first.dsp.a) * $signed(first.dsp.b);
    expected        <= 48'(product_q) + cascade_in;
    first_expected  <= 48'(first_product_q) - 48'd1;
  end

  always_comb begin
    // high·2^SHIFT + low, so that times x it is both products: 27 × 18 bits multiply without loss, and products distribute over sums.
    two_weights: assert ($signed(pack(high, low)) == (OPERAND_BITS'(high) <<< SHIFT) + OPERAND_BITS'(low));
    if (age >= 2'd1) taken: assert (dut.dsp.a == operand_q && dut.dsp.b == x_q && first.dsp.a == operand_q && first.dsp.b == x_q);
    if (age >= 2'd2) multiplied: assert (dut.dsp.m == product_q && first.dsp.m == first_product_q);
    if (age == 2'd3) begin
      added: assert (sum == expected && cascade_out == expected);
      started: assert (first_sum == first_expected && first_out == first_expected);
    end
    carried: cover (age == 2'd3 && packs && cascade_in[47] && sum == 48'd0);
  end
endmodule
