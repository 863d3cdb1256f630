// SPDX-License-Identifier: Apache-2.0
// The weights as the multipliers of all rows take them, one operand for channels h and h + M/2: packed w[h + M/2]·2^SHIFT + w[h],
// in wide mode the weight of the half that is computed. Operand n of a chain comes n cycles behind the first.
module dot_weights
  import overlay_pkg::*, heddle_pkg::*, mac_pkg::*;
(
    input  logic                          clk,
    input  logic                          wide,
    input  logic                          half,
    input  logic [M-1:0][N-1:0][15:0]     weights,
    output logic [DOT_OPERAND_BITS-1:0]   operands
);
  localparam int H = M / 2;

  for (genvar h = 0; h < H; h++) begin : g_channel
    for (genvar n = 0; n < N; n++) begin : g_lane
      localparam int DELAY = n % CHAIN;
      logic [15:0] low, high, chosen;
      logic [DELAY:0][OPERAND_BITS-1:0] line;
      assign low    = weights[h][n];
      assign high   = weights[h+H][n];
      assign chosen = half ? high : low;
      always_ff @(posedge clk)
        line <= ((DELAY + 1) * OPERAND_BITS)'({
            line, wide ? OPERAND_BITS'($signed(chosen)) : pack(high[7:0], low[7:0])});
      assign operands[(h*N+n)*OPERAND_BITS+:OPERAND_BITS] = line[DELAY];
    end
  end
endmodule
