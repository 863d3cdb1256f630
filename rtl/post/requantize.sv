// SPDX-License-Identifier: Apache-2.0
// clamp(zero + (((acc + bias)·mult + 2^(shift−1)) >> shift), lo, hi) of all lanes: requantize() of
// src/kernels/integer/arithmetic.h. acc + bias wraps at 48 bits; the verifier proves that it never does.
//
// A rigid pipeline of REQUANTIZE_LATENCY cycles. The multiplication is of pieces of REQUANTIZE_PIECE bits × 16 bits. With `in_bypass` the accumulators,
// which are 16-bit values then, pass unchanged. `in_param`: of the channels in the lanes of each pixel, one set for all pixels.
module requantize
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int PIXELS = 1,
    parameter bit DSP = 1'b0  // multiply in DSPs
) (
    input  logic                                    clk,
    input  logic                                    rst,
    input  logic                                    in_valid,
    input  logic [PIXELS-1:0][N-1:0][ACC_BITS-1:0]  in_acc,
    input  channel_param_t [N-1:0]                  in_param,
    input  logic                                    in_bypass,
    input  logic signed [15:0]                      in_zero,
    input  logic signed [15:0]                      in_lo,
    input  logic signed [15:0]                      in_hi,
    output logic [PIXELS-1:0][N-1:0][15:0]          out_value
);
  typedef struct packed {
    logic signed [15:0] zero, lo, hi;
  } limits_t;

  logic [REQUANTIZE_LATENCY-2:0] valid;  // behind each stage but the last
  always_ff @(posedge clk) begin
    if (rst) valid <= '0;
    else valid <= (REQUANTIZE_LATENCY - 1)'({valid, in_valid});
  end

  function automatic logic signed [ACC_BITS-1:0] add_bias(logic signed [ACC_BITS-1:0] acc,
                                                          logic signed [ACC_BITS-1:0] bias);
    add_bias = acc + bias;
  endfunction

  // 1: bias. A bypass is a multiplication by 2 and a shift by 1.
  logic [PIXELS-1:0][N-1:0][63:0] biased;  // 48 bits
  logic [N-1:0][15:0] mult;
  logic [3:0][N-1:0][5:0] shift;  // less 1
  limits_t [5:0] limits;
  always_ff @(posedge clk)
    if (in_valid)
      for (int n = 0; n < N; n++) begin
        for (int p = 0; p < PIXELS; p++)
          biased[p][n] <= 64'(add_bias(in_acc[p][n], in_bypass ? '0 : in_param[n].bias));
        mult[n] <= in_bypass ? 16'd2 : in_param[n].mult;
      end

  // Settings travel along.
  always_ff @(posedge clk) begin
    if (in_valid) begin
      for (int n = 0; n < N; n++) shift[0][n] <= in_bypass ? 6'd0 : 6'(in_param[n].shift - 8'd1);
      limits[0] <= in_bypass ? {16'sd0, -16'sd32768, 16'sd32767} : {in_zero, in_lo, in_hi};
    end
    for (int i = 1; i < 4; i++) if (valid[i-1]) shift[i] <= shift[i-1];
    for (int i = 1; i < 6; i++) if (valid[i-1]) limits[i] <= limits[i-1];
  end

  // 2: a product for each piece; 3: registers of the multipliers; 4: their sum.
  localparam int PIECE = REQUANTIZE_PIECE;
  localparam int PIECES = ACC_BITS / PIECE;
  (* use_dsp = DSP ? "yes" : "no" *)
  logic [PIECES-1:0][PIXELS-1:0][N-1:0][63:0] part;
  logic [PIECES-1:0][PIXELS-1:0][N-1:0][63:0] part_q;
  logic [PIXELS-1:0][N-1:0][63:0] product, product_d;
  always_comb begin
    product_d = product;  // held where nothing comes
    if (valid[2])
      for (int p = 0; p < PIXELS; p++)
        for (int n = 0; n < N; n++) begin
          product_d[p][n] = part_q[0][p][n] + (part_q[1][p][n] << PIECE);
          if (PIECES == 3) product_d[p][n] = product_d[p][n] + (part_q[PIECES-1][p][n] << (2 * PIECE));
        end
  end
  always_ff @(posedge clk) begin
    if (valid[0])
      for (int p = 0; p < PIXELS; p++)
        for (int n = 0; n < N; n++) begin
          for (int i = 0; i < PIECES - 1; i++) part[i][p][n] <= 64'(biased[p][n][i*PIECE+:PIECE]) * 64'(mult[n]);
          part[PIECES-1][p][n] <= 64'($signed(biased[p][n][ACC_BITS-1-:PIECE])) * 64'($signed({1'b0, mult[n]}));
        end
    if (valid[1]) part_q <= part;
    if (valid[2]) product <= product_d;
  end

  // 5: the shift but for its last bit, on which the rounding depends; 6: round half up; 7: zero point; 8: clamp. The value
  // is saturated on the way where the clamp will hide it: 19 bits are ±2^17 behind the rounding.
  function automatic logic signed [18:0] saturate(logic signed [63:0] value);
    saturate = value[63:18] == '0 || value[63:18] == '1 ? value[18:0] : {value[63], {18{!value[63]}}};
  endfunction
  function automatic logic [15:0] clamp(logic signed [31:0] value, logic signed [15:0] lo, logic signed [15:0] hi);
    clamp = value < 32'(lo) ? lo : value > 32'(hi) ? hi : value[15:0];
  endfunction

  logic [PIXELS-1:0][N-1:0][63:0] shifted;
  logic [PIXELS-1:0][N-1:0][31:0] rounded;
  logic [PIXELS-1:0][N-1:0][31:0] moved;
  always_ff @(posedge clk) begin
    if (valid[3])
      for (int p = 0; p < PIXELS; p++)
        for (int n = 0; n < N; n++) shifted[p][n] <= 64'($signed(product[p][n]) >>> shift[3][n]);
    if (valid[4])
      for (int p = 0; p < PIXELS; p++)
        for (int n = 0; n < N; n++) rounded[p][n] <= (32'(saturate(shifted[p][n])) + 32'sd1) >>> 1;
    if (valid[5])
      for (int p = 0; p < PIXELS; p++)
        for (int n = 0; n < N; n++) moved[p][n] <= $signed(rounded[p][n]) + 32'(limits[5].zero);
  end

  logic signed [15:0] lo, hi;
  always_ff @(posedge clk) begin
    if (valid[5]) {lo, hi} <= {limits[5].lo, limits[5].hi};
    if (valid[6])
      for (int p = 0; p < PIXELS; p++)
        for (int n = 0; n < N; n++) out_value[p][n] <= clamp($signed(moved[p][n]), lo, hi);
  end
endmodule
