// SPDX-License-Identifier: Apache-2.0
// Weights in the form in which all rows' multipliers take them. Portable variant: as they are.
module dot_weights
  import overlay_pkg::*, heddle_pkg::*;
(
    input  logic                        clk,
    input  logic                        wide,
    input  logic                        half,
    input  logic [M-1:0][N-1:0][15:0]   weights,
    output logic [DOT_OPERAND_BITS-1:0] operands
);
  assign operands = weights;

  logic unused;
  assign unused = ^{clk, wide, half};
endmodule
