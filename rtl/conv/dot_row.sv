// SPDX-License-Identifier: Apache-2.0
// The dot products of one lane: sums[m] = Σ x[n] · w[m][n], MAC_LATENCY cycles after `valid`. In wide mode only those of the half `half` of the M
// output channels are of meaning; channel m of a half is computed by cell m mod M/2.
//
// Portable variant: one 16 × 16 multiplier a product, packed and wide alike; registers behind the sums are for
// the synthesiser to move into the adder trees. The variants of rtl/device have the same ports; `w` comes from dot_weights.
module dot_row
  import overlay_pkg::*, heddle_pkg::*;
(
    input  logic                      clk,
    input  logic                      valid,
    input  logic                      wide,
    input  logic                      half,
    input  logic [N-1:0][15:0]        x,
    input  logic [M-1:0][N-1:0][15:0] w,     // DOT_OPERAND_BITS
    output logic [M-1:0][63:0]        sums
);
  localparam int H = M / 2;

  logic [M-1:0][63:0] sums_d;
  logic [MAC_LATENCY-1:0][M-1:0][63:0] stage;
  logic [MAC_LATENCY-1:0] valid_q;

  // No function here: simulators keep its variables in memory.
  always_comb begin
    logic signed [63:0] sum;
    sum    = '0;
    sums_d = '0;
    if (valid)
      for (int m = 0; m < M; m++)
        if (!wide || half == (m >= H)) begin
          sum = 64'($signed(x[0])) * 64'($signed(w[m][0]));
          for (int n = 1; n < N; n++) sum = sum + 64'($signed(x[n])) * 64'($signed(w[m][n]));
          sums_d[m] = sum;
        end
  end

  always_ff @(posedge clk) begin
    valid_q <= MAC_LATENCY'({valid_q, valid});
    if (valid) stage[0] <= sums_d;
    for (int i = 1; i < MAC_LATENCY; i++) if (valid_q[i-1]) stage[i] <= stage[i-1];
  end
  assign sums = stage[MAC_LATENCY-1];
endmodule
