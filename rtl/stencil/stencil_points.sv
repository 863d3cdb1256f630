// SPDX-License-Identifier: Apache-2.0
// The walk of everything that takes a tap a cycle from gathered lanes: any window, resize, pointwise operations, fill (all of
// it outside the source), and the sums over the source. A group holds one tap of the outputs of a row piece.
`include "assert.svh"
module stencil_points
  import overlay_pkg::*, isa_pkg::*, heddle_pkg::*;
(
    input  logic                            clk,
    input  logic                            rst,
    input  logic                            load,
    input  stencil_rows_t                   work,            // holds until the next load
    input  position_t [STENCIL_PIXELS-1:0]  column,
    input  logic [STENCIL_PIXELS-1:0]       enable,
    input  slot_t                           origin,
    input  slot_t                           operand_origin,
    input  logic                            half,
    input  logic                            last_half,
    input  logic                            last_strip,
    input  logic                            last_block,
    input  logic                            bank,
    input  logic [13:0]                     pass,
    input  logic                            step,            // the group is taken
    output logic                            valid,
    output slot_t                           group_row,
    output slot_t [STENCIL_PIXELS-1:0]      group_column,
    output logic [STENCIL_PIXELS-1:0]       group_enable,
    output stencil_tag_t                    tag,
    output logic                            next_strip,      // with `step`
    output logic                            finish           // with `step`: the last group
);
  localparam int S = STENCIL_PIXELS;
  typedef logic signed [AXIS_BITS-1:0] axis_t;

  logic active;
  logic [12:0] y;
  position_t row;                       // of the outputs' first tap, without the block's origin
  slot_t operand_row;
  logic [5:0] ky, kx;
  axis_t tap_y, tap_x;                  // from the first tap on
  slot_t tap_row, tap_column;           // slots: of the tap's row; from the first tap's column on
  logic [15:0] coefficient, block_coefficient;
  logic first_piece;                    // of the block

  logic resize, two, sum, last_kx, last_tap, last_y, strip_done;
  always_comb begin
    resize     = UNIT_UPSAMPLE && work.op inside {STENCIL_NEAREST, STENCIL_BILINEAR};
    two        = work.op inside {STENCIL_ADD, STENCIL_MULTIPLY};
    sum        = UNIT_AVERAGE && work.path == PATH_SUM;
    last_kx    = kx == work.kernel_w - 6'd1;
    last_tap   = last_kx && ky == work.kernel_h - 6'd1;
    last_y     = y == work.rows - 13'd1;
    strip_done = last_tap && last_y;
    next_strip = strip_done && !(last_strip && last_block);
    finish     = strip_done && last_strip && last_block;
  end

  position_t next_row;
  assign next_row = axis_forward(row, work.row_step);
  always_ff @(posedge clk) begin
    if (rst) active <= 1'b0;
    else if (load) active <= 1'b1;
    else if (step && finish) active <= 1'b0;
    // Rows
    if (load || (step && strip_done)) begin
      y           <= '0;
      row         <= work.row;
      operand_row <= '0;
    end else if (step && last_tap) begin
      y           <= y + 13'd1;
      row         <= next_row;
      operand_row <= slot_add(operand_row, work.operand_pitch);
    end
    // Taps
    if (load || (step && last_kx)) begin
      kx         <= '0;
      tap_x      <= '0;
      tap_column <= '0;
    end else if (step) begin
      kx         <= kx + 6'd1;
      tap_x      <= tap_x + AXIS_BITS'(work.dilation_w);
      tap_column <= slot_add(tap_column, work.tap_column);
    end
    if (load || (step && last_tap)) begin
      ky      <= '0;
      tap_y   <= '0;
      tap_row <= load || last_y ? work.row.slot : next_row.slot;
    end else if (step && last_kx) begin
      ky      <= ky + 6'd1;
      tap_y   <= tap_y + AXIS_BITS'(work.dilation_h);
      tap_row <= slot_add(tap_row, work.tap_row);
    end
    // Coefficients of the block, one a tap
    if (load) begin
      coefficient       <= work.coefficient_address;
      block_coefficient <= work.coefficient_address;
    end else if (step && strip_done && last_strip && last_half) begin
      coefficient       <= coefficient + 16'd1;
      block_coefficient <= coefficient + 16'd1;
    end else if (step) begin
      coefficient <= last_tap ? block_coefficient : coefficient + 16'd1;
    end
    if (load) first_piece <= 1'b1;
    else if (step && last_tap) first_piece <= strip_done && last_strip;
  end
  assign valid = active;

  // Resize: positions are clamped to the source. Where they are, the second neighbour has weight 0 and may be any.
  function automatic logic [8:0] weight_of(logic [15:0] fraction, logic inside_source, logic second);
    logic [8:0] weight;
    weight    = inside_source ? 9'((17'(fraction) + 17'd128) >> 8) : '0;
    weight_of = second ? weight : 9'd256 - weight;
  endfunction

  logic row_inside;
  slot_t row_slot;
  always_comb begin
    axis_t at, last;
    at         = row.at + tap_y;
    last       = AXIS_BITS'(work.height) - AXIS_BITS'(1);
    row_inside = resize || (at >= 0 && at <= last);
    row_slot   = tap_row;
    if (resize && row.at < 0) row_slot = '0;
    if (resize && row.at >= last) row_slot = work.last_row;
    if (two && kx[0]) group_row = work.broadcast ? operand_origin : slot_add(operand_origin, operand_row);
    else group_row = slot_add(origin, row_slot);
  end

  always_comb
    for (int l = 0; l < S; l++) begin
      axis_t at, last;
      at   = column[l].at + tap_x;
      last = AXIS_BITS'(work.width) - AXIS_BITS'(1);
      group_column[l] = slot_add(column[l].slot, tap_column);
      group_enable[l] = enable[l] && row_inside && (resize || (at >= 0 && at <= last));
      if (resize && column[l].at < 0) group_column[l] = '0;
      if (resize && column[l].at >= last) group_column[l] = work.last_column;
      if (two) group_column[l] = kx[0] && work.broadcast ? '0 : column[l].slot;
      if (two) group_enable[l] = enable[l];
    end

  always_comb begin
    tag           = '0;
    tag.half      = half;
    tag.bank      = bank;
    tag.first     = ky == 0 && kx == 0 && (first_piece || !sum);
    tag.second    = two && kx[0];
    tag.pass_last = strip_done && last_strip;
    tag.out       = sum ? tag.pass_last : last_tap;
    tag.final_out = finish;
    tag.pass      = pass;
    tag.coefficient         = work.op == STENCIL_DEPTHWISE;
    tag.coefficient_address = coefficient;
    if (UNIT_UPSAMPLE) begin
      tag.weight_y = weight_of(row.fraction, row.at >= 0 && row.at < AXIS_BITS'(work.height) - AXIS_BITS'(1), ky[0]);
      for (int l = 0; l < S; l++)
        tag.weight_x[l] = weight_of(
            column[l].fraction, column[l].at >= 0 && column[l].at < AXIS_BITS'(work.width) - AXIS_BITS'(1), kx[0]);
    end
  end

  logic unused;
  assign unused = ^work;
  `HEDDLE_ASSERT(step_of_a_group, !step || active)
endmodule
