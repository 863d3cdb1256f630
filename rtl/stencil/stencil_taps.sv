// SPDX-License-Identifier: Apache-2.0
// Depthwise sums (and those of average, whose coefficients are 1) of a window: nine multipliers of 9 × 16 bits for each byte of each
// output. A 16-bit element is its two bytes: both are multiplied by the channel's coefficient, the sums are combined.
//
// A rigid pipeline of STENCIL_TAPS_LATENCY cycles. Coefficients stand for bytes at 8 bits, for pairs of bytes at 16; those of taps outside
// the kernel are 0.
module stencil_taps
  import overlay_pkg::*, heddle_pkg::*;
#(
    localparam int S = STENCIL_PIXELS
) (
    input  logic                                            clk,
    input  logic                                            rst,
    input  logic                                            in_valid,
    input  logic [STENCIL_COLUMNS-1:0][SLOT_BITS-1:0]       oldest,       // row registers
    input  logic [STENCIL_COLUMNS-1:0][SLOT_BITS-1:0]       middle,
    input  logic [STENCIL_COLUMNS-1:0][SLOT_BITS-1:0]       newest,
    input  logic [2:0]                                      outside,      // rows that are padding
    input  logic [SLOT_BITS-1:0]                            pad,
    input  logic                                            wide,
    input  logic                                            skip,         // horizontal stride 2
    input  logic                                            bank,
    input  logic [1:0][2:0][2:0][N-1:0][15:0]               coefficient,  // [bank][row register][column][byte or pair]
    output logic [S-1:0][N-1:0][ACC_BITS-1:0]               sum
);
  logic [STENCIL_TAPS_LATENCY-2:0] valid;
  logic [STENCIL_TAPS_LATENCY-2:0] is_wide;
  always_ff @(posedge clk) begin
    if (rst) valid <= '0;
    else valid <= (STENCIL_TAPS_LATENCY - 1)'({valid, in_valid});
    is_wide <= (STENCIL_TAPS_LATENCY - 1)'({is_wide, wide});
  end

  // 1: the taps of each output; 2: products; 3: sums of a row of taps; 4: sums; 5: pairs of bytes.
  logic [S-1:0][2:0][2:0][SLOT_BITS-1:0] element;
  logic [2:0][2:0][N-1:0][15:0] coefficient_q;
  (* use_dsp = DSP_STENCIL ? "yes" : "no" *)
  logic [S-1:0][2:0][2:0][N-1:0][31:0] product;
  logic [S-1:0][2:0][N-1:0][31:0] row_sum;
  logic [S-1:0][N-1:0][31:0] byte_sum;

  // Low bytes of 16-bit elements are unsigned.
  function automatic logic signed [31:0] byte_of(logic [7:0] value, int n, logic w);
    byte_of = 32'($signed({value[7] && !(w && n % 2 == 0), value}));
  endfunction

  always_ff @(posedge clk) begin
    if (in_valid) begin
      for (int i = 0; i < S; i++)
        for (int kx = 0; kx < 3; kx++) begin
          element[i][0][kx] <= outside[0] ? pad : skip ? oldest[2*i+kx] : oldest[i+kx];
          element[i][1][kx] <= outside[1] ? pad : skip ? middle[2*i+kx] : middle[i+kx];
          element[i][2][kx] <= outside[2] ? pad : skip ? newest[2*i+kx] : newest[i+kx];
        end
      for (int ky = 0; ky < 3; ky++)
        for (int kx = 0; kx < 3; kx++)
          for (int n = 0; n < N; n++) coefficient_q[ky][kx][n] <= coefficient[bank][ky][kx][wide ? n / 2 : n];
    end
    if (valid[0])
      for (int i = 0; i < S; i++)
        for (int ky = 0; ky < 3; ky++)
          for (int kx = 0; kx < 3; kx++)
            for (int n = 0; n < N; n++)
              product[i][ky][kx][n] <= byte_of(element[i][ky][kx][8*n+:8], n, is_wide[0])
                                     * 32'($signed(coefficient_q[ky][kx][n]));
    if (valid[1])
      for (int i = 0; i < S; i++)
        for (int ky = 0; ky < 3; ky++)
          for (int n = 0; n < N; n++)
            row_sum[i][ky][n] <= product[i][ky][0][n] + product[i][ky][1][n] + product[i][ky][2][n];
    if (valid[2])
      for (int i = 0; i < S; i++)
        for (int n = 0; n < N; n++) byte_sum[i][n] <= row_sum[i][0][n] + row_sum[i][1][n] + row_sum[i][2][n];
    if (valid[3])
      for (int i = 0; i < S; i++)
        for (int n = 0; n < N; n++)
          if (!is_wide[3]) sum[i][n] <= ACC_BITS'($signed(byte_sum[i][n]));
          else if (n < N / 2)
            sum[i][n] <= ACC_BITS'($signed(byte_sum[i][2*(n%(N/2))]))
                       + {{ACC_BITS - 40{byte_sum[i][2*(n%(N/2))+1][31]}}, byte_sum[i][2*(n%(N/2))+1], 8'd0};
  end
endmodule
