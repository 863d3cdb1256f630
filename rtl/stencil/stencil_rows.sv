// SPDX-License-Identifier: Apache-2.0
// The walk of a window of up to 3 × 3 taps over a strip: each row of the source once, in groups of P columns. The group that
// completes a row carries the tag of the outputs whose last row it is.
//
// Rows below the source are not read. The outputs that end there come with the first rows of the next strip, which complete no
// outputs of their own (`lead`); where these do not suffice, and behind the last strip, they come with empty groups.
`include "assert.svh"
module stencil_rows
  import overlay_pkg::*, heddle_pkg::*;
(
    input  logic                    clk,
    input  logic                    rst,
    input  logic                    load,
    input  stencil_rows_t           work,         // holds until the next load
    input  position_t               column,       // of the strip's first column of the source
    input  slot_t                   origin,
    input  logic                    half,
    input  logic                    last_strip,
    input  logic                    last_block,
    input  logic                    bank,
    input  logic                    step,         // the group is taken
    output logic                    valid,
    output slot_t                   group_row,
    output slot_t [P-1:0]           group_column,
    output logic [P-1:0]            group_enable,
    output stencil_tag_t            tag,
    output logic                    next_strip,   // with `step`
    output logic                    finish        // with `step`: the last group
);
  typedef enum logic [1:0] { IDLE, ROWS, BELOW } state_e;
  state_e state;
  logic [12:0] row;                  // of the rows that are read
  logic [1:0] group;
  slot_t row_slot;                   // from the block's origin on
  logic [1:0] below, waiting;        // rows below the source: which one is next (1 ...), how many wait for the next strip
  logic below_bank, below_last;      // of the strip that they belong to

  logic row_done, is_below, last_row, at_end;
  logic [1:0] alone;                 // rows below the source that cannot wait
  logic [12:0] index;                // of the row, those below the source included
  always_comb begin
    row_done = state == BELOW || group == work.groups;
    is_below = state == BELOW || waiting != 0;
    last_row = row == work.rows - 13'd1;
    at_end   = last_strip && last_block;
    alone    = at_end ? work.trail : work.trail > work.lead ? work.trail - work.lead : 2'd0;
    index    = is_below ? work.rows - 13'd1 + 13'(below) : row;
  end

  // Behind this row: another strip, or rows below the source.
  logic strip_done;
  always_comb begin
    strip_done = row_done && (state == BELOW ? below == alone : last_row && alone == 0);
    next_strip = strip_done && !at_end;
    finish     = strip_done && at_end;
  end

  always_ff @(posedge clk) begin
    if (rst) state <= IDLE;
    else if (load) state <= ROWS;
    else if (step && finish) state <= IDLE;
    else if (step && strip_done) state <= ROWS;
    else if (step && row_done && last_row) state <= BELOW;
    if (load) begin
      waiting <= '0;
    end else if (step && row_done) begin
      if (strip_done) begin
        waiting    <= work.trail - alone;
        below      <= alone + 2'd1;
        below_bank <= bank;
        below_last <= last_strip;
      end else if (is_below) begin
        below <= below + 2'd1;
        if (state == ROWS) waiting <= waiting - 2'd1;
      end else if (last_row) begin
        below <= 2'd1;
      end
    end
    if (load || (step && strip_done)) begin
      row      <= '0;
      row_slot <= work.row.slot;
      group    <= '0;
    end else if (step && state == ROWS) begin
      group <= row_done ? '0 : group + 2'd1;
      if (row_done && !last_row) begin
        row      <= row + 13'd1;
        row_slot <= slot_add(row_slot, work.pitch);
      end
    end
  end

  // Columns. A group begins `group` words behind the first one.
  always_comb
    for (int l = 0; l < P; l++) begin
      logic [7:0] offset;
      logic signed [AXIS_BITS-1:0] at;
      offset = (group == 0 ? 8'd0 : group == 1 ? 8'(P) : 8'(2 * P)) + 8'(l);
      at = column.at + AXIS_BITS'(offset);
      group_column[l] = slot_add(column.slot, '{word: WORD_BITS'(group), bank: BANK_BITS'(l)});
      group_enable[l] = state == ROWS && offset < 8'(work.columns) && at >= 0 && at < AXIS_BITS'(work.width);
    end
  assign group_row = slot_add(origin, row_slot);
  assign valid     = state != IDLE;

  always_comb begin
    tag       = '0;
    tag.half  = half;
    tag.push  = row_done;
    tag.group = group;
    tag.out   = row_done && index >= 13'(work.lead) && (!work.skip || index[0] == work.lead[0]);
    for (int r = 0; r < 3; r++)
      tag.outside[r] = index < 13'(2 - r) || (is_below && below > 2'(2 - r));
    tag.bank      = state == ROWS && is_below ? below_bank : bank;
    tag.pass_last = tag.out && (is_below ? below == work.trail && (state == BELOW ? last_strip : below_last)
                                         : work.trail == 0 && last_row && last_strip);
    tag.final_out = tag.pass_last && state == (work.trail == 0 ? ROWS : BELOW) && at_end;
  end

  logic unused;
  assign unused = ^{work, column};
  `HEDDLE_ASSERT(step_of_a_group, !step || state != IDLE)
endmodule
