// SPDX-License-Identifier: Apache-2.0
// The row registers: the last three rows of the strip, newest last. Groups of P columns fill a row; the one that completes it
// shifts it in. `out_valid` comes one cycle after a group whose tag says `out`.
module stencil_window
  import overlay_pkg::*, heddle_pkg::*;
(
    input  logic                                            clk,
    input  logic                                            rst,
    input  logic                                            in_valid,
    input  logic [P-1:0][SLOT_BITS-1:0]                     in_data,    // padding included
    input  stencil_tag_t                                    in_tag,
    output logic                                            out_valid,
    output stencil_tag_t                                    out_tag,
    output logic [STENCIL_COLUMNS-1:0][SLOT_BITS-1:0]       oldest,
    output logic [STENCIL_COLUMNS-1:0][SLOT_BITS-1:0]       middle,
    output logic [STENCIL_COLUMNS-1:0][SLOT_BITS-1:0]       newest
);
  localparam int C = STENCIL_COLUMNS;
  localparam int GROUPS = (C + P - 1) / P;

  logic [C-1:0][SLOT_BITS-1:0] filled, row;  // earlier groups of the row; with this one
  if (GROUPS > 1) begin : several
    always_ff @(posedge clk) if (in_valid) filled <= row;
  end else begin : one
    assign filled = '0;
  end
  always_comb begin
    row = '0;
    if (in_valid) begin
      row = filled;
      for (int g = 0; g < GROUPS; g++)
        for (int l = 0; l < P; l++)
          if (g * P + l < C && in_tag.group == 2'(g)) row[g*P+l] = in_data[l];
    end
  end

  logic push;
  assign push = in_valid && in_tag.push;
  always_ff @(posedge clk) if (push) oldest <= middle;
  always_ff @(posedge clk) if (push) middle <= newest;
  always_ff @(posedge clk) if (push) newest <= row;

  always_ff @(posedge clk) begin
    if (rst) out_valid <= 1'b0;
    else out_valid <= in_valid && in_tag.out;
    if (in_valid) out_tag <= in_tag;
  end
endmodule
