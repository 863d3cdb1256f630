// SPDX-License-Identifier: Apache-2.0
// The walk over channel blocks (each twice where 8 bits become 16) and over the strips of each: where the lanes stand in the
// first row, and the slot of the block. `load` begins; `work` holds until the next load; `next` goes to the next strip.
module stencil_strips
  import overlay_pkg::*, heddle_pkg::*;
(
    input  logic                           clk,
    input  logic                           rst,
    input  logic                           load,
    input  stencil_strips_t                work,
    input  logic                           next,
    output position_t [STENCIL_PIXELS-1:0] column,
    output logic [STENCIL_PIXELS-1:0]      enable,           // lanes inside the strip
    output slot_t                          origin,
    output slot_t                          operand_origin,
    output logic                           half,             // the upper lanes of the block
    output logic                           last_half,
    output logic                           last_strip,       // of the block
    output logic                           last_block,
    output logic                           bank,             // alternates from pass to pass, also from one instruction to the next
    output logic [13:0]                    pass
);
  localparam int S = STENCIL_PIXELS;

  logic [12:0] remaining, block;  // columns; blocks behind this one
  logic next_pass, next_block;

  assign last_strip = remaining <= 13'(work.strip);
  assign last_half  = half || !work.halves;
  assign last_block = block == 0 && last_half;
  assign next_pass  = next && last_strip;
  assign next_block = next_pass && last_half;

  always_comb
    for (int l = 0; l < S; l++) enable[l] = 13'(l) < remaining && STRIP_BITS'(l) < work.strip;

  always_ff @(posedge clk) begin
    if (rst) bank <= 1'b0;
    else if (next_pass) bank <= !bank;
    if (load) begin
      column         <= work.column;
      remaining      <= work.width;
      block          <= work.blocks - 13'd1;
      half           <= 1'b0;
      origin         <= work.origin;
      operand_origin <= work.operand_origin;
      pass           <= '0;
    end else begin
      if (next_pass) begin
        column    <= work.column;
        remaining <= work.width;
        half      <= work.halves && !half;
        pass      <= pass + 1'b1;
      end else if (next) begin
        for (int l = 0; l < S; l++) column[l] <= axis_forward(column[l], work.column_step);
        remaining <= remaining - 13'(work.strip);
      end
      if (next_block) begin
        block               <= block - 1'b1;
        origin.word         <= origin.word + work.plane;
        operand_origin.word <= operand_origin.word + work.operand_plane;
      end
    end
  end
endmodule
