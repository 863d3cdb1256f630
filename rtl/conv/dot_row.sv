// SPDX-License-Identifier: Apache-2.0
// The dot products of one lane: sums[m] = Σ x[n] · w[m][n], MAC_LATENCY cycles after `valid`. In wide mode only those of the half `half` of the M
// output channels are of meaning; channel m of a half is computed by cell m mod M/2.
//
// Portable variant: one 16 × 16 multiplier a product, packed and wide alike; registers behind the sums are for
// the synthesiser to move into the adder trees. Variants with vendor primitives have the same ports.
module dot_row
  import overlay_pkg::*, heddle_pkg::*;
(
    input  logic                      clk,
    input  logic                      valid,
    input  logic                      wide,
    input  logic                      half,
    input  logic [N-1:0][15:0]        x,
    input  logic [M-1:0][N-1:0][15:0] w,
    output logic [M-1:0][63:0]        sums
);
  localparam int H = M / 2;

  function automatic logic [63:0] dot(logic [N-1:0][15:0] a, logic [N-1:0][15:0] b);
    logic signed [63:0] sum;
    sum = '0;
    for (int n = 0; n < N; n++) sum = sum + 64'(32'($signed(a[n])) * 32'($signed(b[n])));
    dot = sum;
  endfunction

  logic [M-1:0][63:0] sums_d;
  logic [MAC_LATENCY-1:0][M-1:0][63:0] stage;
  logic [MAC_LATENCY-1:0] valid_q;

  always_comb begin
    sums_d = stage[0];
    if (valid) begin
      if (!wide || !half) for (int m = 0; m < H; m++) sums_d[m] = dot(x, w[m]);
      if (!wide || half) for (int m = H; m < M; m++) sums_d[m] = dot(x, w[m]);
    end
  end

  always_ff @(posedge clk) begin
    valid_q <= MAC_LATENCY'({valid_q, valid});
    if (valid) stage[0] <= sums_d;
    for (int i = 1; i < MAC_LATENCY; i++) if (valid_q[i-1]) stage[i] <= stage[i-1];
  end
  assign sums = stage[MAC_LATENCY-1];
endmodule
