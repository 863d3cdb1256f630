// SPDX-License-Identifier: Apache-2.0
// clamp(zero_y + (((a − zero_a)·mult_a + (b − zero_b)·mult_b + 2^(shift−1)) >> shift), lo, hi) of all lanes: residual_add() of
// src/kernels/integer/arithmetic.h. Without `in_use_operand` the value passes unchanged.
//
// A rigid pipeline of ADD_LATENCY cycles. `in_operand` is a slot of 16-bit elements (`in_operand_wide`) or 8-bit ones,
// `out_slot` likewise (`in_wide`).
module residual_add
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int PIXELS = 1,
    parameter bit DSP = 1'b0  // multiply in DSPs
) (
    input  logic                             clk,
    input  logic                             rst,
    input  logic                             in_valid,
    input  logic                             in_wide,
    input  logic                             in_operand_wide,
    input  logic                             in_use_operand,
    input  post_descriptor_t                 in_descriptor,
    input  logic [PIXELS-1:0][N-1:0][15:0]   in_value,
    input  logic [PIXELS-1:0][SLOT_BITS-1:0] in_operand,
    output logic                             out_valid,
    output logic [PIXELS-1:0][SLOT_BITS-1:0] out_slot
);
  typedef struct packed {
    logic wide;
    logic [5:0] shift;  // less 1
    logic signed [15:0] zero, lo, hi;
  } settings_t;

  logic [ADD_LATENCY-1:0] valid;  // behind each stage
  settings_t [ADD_LATENCY-1:0] settings;
  always_ff @(posedge clk) begin
    if (rst) valid <= '0;
    else valid <= ADD_LATENCY'({valid, in_valid});
    if (in_valid)
      settings[0] <= in_use_operand
          ? '{in_wide, 6'(in_descriptor.add_shift - 8'd1), in_descriptor.add_zero_y, in_descriptor.add_lo, in_descriptor.add_hi}
          : '{in_wide, 6'd0, 16'sd0, -16'sd32768, 16'sd32767};
    for (int i = 1; i < ADD_LATENCY; i++) if (valid[i-1]) settings[i] <= settings[i-1];
  end
  assign out_valid = valid[ADD_LATENCY-1];

  // 1: differences; without an operand a is doubled, which the shift by 1 undoes.
  function automatic logic signed [31:0] element(logic [15:0] half_word, logic [7:0] one_byte, logic wide);
    element = wide ? 32'($signed(half_word)) : 32'($signed(one_byte));
  endfunction

  logic [PIXELS-1:0][N-1:0][31:0] a, b;  // 17 bits
  logic signed [15:0] mult_a, mult_b;
  always_ff @(posedge clk)
    if (in_valid) begin
      for (int p = 0; p < PIXELS; p++)
        for (int n = 0; n < N; n++) begin
          a[p][n] <= 32'($signed(in_value[p][n])) - (in_use_operand ? 32'(in_descriptor.add_zero_a) : 32'sd0);
          b[p][n] <= element(in_operand[p][16*(n%(N/2))+:16], in_operand[p][8*n+:8], in_operand_wide) - 32'(in_descriptor.add_zero_b);
        end
      mult_a <= in_use_operand ? in_descriptor.add_mult_a : 16'sd2;
      mult_b <= in_use_operand ? in_descriptor.add_mult_b : 16'sd0;
    end

  // 2: products; 3: registers of the multipliers; 4: their sum; 5: the shift but for its last bit; 6: round half up; 7: zero
  // point and clamp. The sum has 34 bits, behind the shift it is saturated where the clamp will hide it.
  function automatic logic signed [31:0] saturate(logic signed [63:0] value);
    saturate = value[63:18] == '0 || value[63:18] == '1 ? 32'(value) : 32'($signed({value[63], {18{!value[63]}}}));
  endfunction
  function automatic logic [15:0] clamp(logic signed [31:0] value, logic signed [15:0] lo, logic signed [15:0] hi);
    clamp = value < 32'(lo) ? lo : value > 32'(hi) ? hi : value[15:0];
  endfunction

  (* use_dsp = DSP ? "yes" : "no" *)
  logic [PIXELS-1:0][N-1:0][63:0] product_a, product_b;
  logic [PIXELS-1:0][N-1:0][63:0] product_a_q, product_b_q, sum, shifted;
  logic [PIXELS-1:0][N-1:0][31:0] rounded;
  logic [PIXELS-1:0][N-1:0][15:0] result;
  always_ff @(posedge clk) begin
    if (valid[0])
      for (int p = 0; p < PIXELS; p++)
        for (int n = 0; n < N; n++) begin
          product_a[p][n] <= 64'($signed(a[p][n])) * 64'(mult_a);
          product_b[p][n] <= 64'($signed(b[p][n])) * 64'(mult_b);
        end
    if (valid[1]) begin
      product_a_q <= product_a;
      product_b_q <= product_b;
    end
    if (valid[2])
      for (int p = 0; p < PIXELS; p++)
        for (int n = 0; n < N; n++) sum[p][n] <= product_a_q[p][n] + product_b_q[p][n];
    if (valid[3])
      for (int p = 0; p < PIXELS; p++)
        for (int n = 0; n < N; n++) shifted[p][n] <= 64'($signed(sum[p][n]) >>> settings[3].shift);
    if (valid[4])
      for (int p = 0; p < PIXELS; p++)
        for (int n = 0; n < N; n++) rounded[p][n] <= (saturate(shifted[p][n]) + 32'sd1) >>> 1;
    if (valid[5])
      for (int p = 0; p < PIXELS; p++)
        for (int n = 0; n < N; n++)
          result[p][n] <= clamp($signed(rounded[p][n]) + 32'(settings[5].zero), settings[5].lo, settings[5].hi);
  end

  always_comb begin
    out_slot = '0;
    for (int p = 0; p < PIXELS; p++)
      for (int n = 0; n < N; n++)
        if (!settings[6].wide) out_slot[p][8*n+:8] = result[p][n][7:0];
        else if (n < N / 2) out_slot[p][16*(n%(N/2))+:16] = result[p][n];
  end

  logic unused;
  assign unused = ^{in_descriptor.reserved, in_descriptor.table_number, in_descriptor.flags, in_descriptor.hi,
                    in_descriptor.lo, in_descriptor.zero_point};
endmodule
