// SPDX-License-Identifier: Apache-2.0
// Arithmetic of gathered taps: one multiplier and one accumulator for each lane of each output. Rigid: `out_valid`,
// STENCIL_LANES_LATENCY cycles after a tap whose tag says `out`, with the accumulators.
//
// The factor is a depthwise coefficient, a bilinear weight, the second operand, or 1. Of two operands the first is held until the
// second comes; for `add` the second leaves beside the accumulators as `out_operand`.
module stencil_lanes
  import overlay_pkg::*, isa_pkg::*, heddle_pkg::*;
#(
    localparam int S = STENCIL_PIXELS
) (
    input  logic                               clk,
    input  logic                               rst,
    input  logic                               in_valid,
    input  logic [S-1:0][SLOT_BITS-1:0]        in_data,         // padding included
    input  stencil_tag_t                       in_tag,
    input  stencil_mode_t                      in_mode,
    input  logic [N-1:0][15:0]                 in_coefficient,
    input  logic signed [15:0]                 in_zero_a,
    input  logic signed [15:0]                 in_zero_b,
    output logic                               out_valid,
    output stencil_tag_t                       out_tag,
    output logic [S-1:0][N-1:0][ACC_BITS-1:0]  out_sum,
    output logic [S-1:0][SLOT_BITS-1:0]        out_operand
);
  function automatic logic signed [31:0] element(logic [15:0] half_word, logic [7:0] one_byte, logic wide);
    element = wide ? 32'($signed(half_word)) : 32'($signed(one_byte));
  endfunction

  logic two, takes;
  assign two   = in_mode.op == STENCIL_ADD || (UNIT_MULTIPLY && in_mode.op == STENCIL_MULTIPLY);
  assign takes = in_valid && (in_tag.second || !two);
  logic [S-1:0][SLOT_BITS-1:0] held;
  always_ff @(posedge clk) if (in_valid && two && !in_tag.second) held <= in_data;

  // 1: the operands of the multipliers, of 17 and 18 bits.
  logic [S-1:0][N-1:0][31:0] a, b;
  always_ff @(posedge clk)
    if (takes)
      for (int i = 0; i < S; i++)
        for (int n = 0; n < N; n++) begin
          a[i][n] <= element(in_data[i][16*(n%(N/2))+:16], in_data[i][8*n+:8], in_mode.wide);
          b[i][n] <= 32'd1;
          if (in_mode.op == STENCIL_DEPTHWISE) b[i][n] <= 32'($signed(in_coefficient[n]));
          if (UNIT_UPSAMPLE && in_mode.op == STENCIL_BILINEAR)
            b[i][n] <= 32'(in_tag.weight_y) * 32'(in_tag.weight_x[i]);
          if (in_mode.op == STENCIL_ADD) a[i][n] <= element(held[i][16*(n%(N/2))+:16], held[i][8*n+:8], in_mode.wide);
          if (UNIT_MULTIPLY && in_mode.op == STENCIL_MULTIPLY) begin
            a[i][n] <= element(held[i][16*(n%(N/2))+:16], held[i][8*n+:8], in_mode.wide) - 32'(in_zero_a);
            b[i][n] <= element(in_data[i][16*(n%(N/2))+:16], in_data[i][8*n+:8], in_mode.wide) - 32'(in_zero_b);
          end
        end

  // 2: products of 35 bits; 3: accumulators.
  logic [1:0] valid, first, largest;
  (* use_dsp = DSP_STENCIL ? "yes" : "no" *)
  logic [S-1:0][N-1:0][63:0] product;
  logic [S-1:0][N-1:0][ACC_BITS-1:0] sum_d;
  always_ff @(posedge clk)
    if (valid[0])
      for (int i = 0; i < S; i++)
        for (int n = 0; n < N; n++)
          product[i][n] <= 64'($signed(a[i][n][16:0])) * 64'($signed(b[i][n][17:0]));

  function automatic logic [ACC_BITS-1:0] gathered(logic signed [ACC_BITS-1:0] so_far, logic signed [ACC_BITS-1:0] value,
                                                   logic begins, logic maximum);
    if (begins || (maximum && value > so_far)) gathered = value;
    else gathered = maximum ? so_far : so_far + value;
  endfunction
  always_comb begin
    sum_d = '0;
    if (valid[1])
      for (int i = 0; i < S; i++)
        for (int n = 0; n < N; n++)
          sum_d[i][n] = gathered(out_sum[i][n], product[i][n][ACC_BITS-1:0], first[1], largest[1]);
  end
  always_ff @(posedge clk) if (valid[1]) out_sum <= sum_d;

  // Beside them.
  stencil_tag_t [1:0] tag;
  logic [S-1:0][SLOT_BITS-1:0] operand, operand_q;
  always_ff @(posedge clk) begin
    if (rst) {valid, out_valid} <= '0;
    else begin
      valid     <= {valid[0], takes};
      out_valid <= valid[1] && tag[1].out;
    end
    if (takes) begin
      tag[0]     <= in_tag;
      first[0]   <= in_tag.first || in_tag.second;
      largest[0] <= in_mode.op == STENCIL_MAXIMUM;
    end
    if (valid[0]) begin
      tag[1]     <= tag[0];
      first[1]   <= first[0];
      largest[1] <= largest[0];
    end
    if (valid[1]) out_tag <= tag[1];
  end
  always_ff @(posedge clk) if (valid[1]) out_operand <= operand_q;
  always_ff @(posedge clk) if (valid[0]) operand_q <= operand;
  always_ff @(posedge clk) if (takes && two) operand <= in_data;

  logic unused;
  assign unused = ^{in_mode, product};
endmodule
