// SPDX-License-Identifier: Apache-2.0
// Adds two places of a box (row, column, slot) digit by digit: columns carry into rows, rows into the next plane, and the slot follows.
// The sum of what is presented with `enable` is there in the next cycle.
module place_adder
  import heddle_pkg::*;
(
    input  logic         clk,
    input  logic         enable,
    input  logic [12:0]  columns,     // of the box
    input  logic [12:0]  rows,
    input  slot_t        row_jump,    // added to the slot where a row ends
    input  slot_t        plane_rest,  // where a plane ends
    input  slot_t        plane_jump,  // where both do
    input  logic [12:0]  a_column,
    input  logic [12:0]  a_row,
    input  slot_t        a_slot,
    input  logic [12:0]  b_column,
    input  logic [12:0]  b_row,
    input  slot_t        b_slot,
    output logic [12:0]  column,
    output logic [12:0]  row,
    output slot_t        slot
);
  logic [13:0] column_sum, row_sum;
  slot_t slot_sum, jump;
  logic row_ends, plane_ends, summed;

  always_ff @(posedge clk) begin
    summed <= enable;
    if (enable) begin
      column_sum <= {1'b0, a_column} + {1'b0, b_column};
      row_sum    <= {1'b0, a_row} + {1'b0, b_row};
      slot_sum   <= slot_add(a_slot, b_slot);
    end
  end

  always_comb begin
    row_ends   = column_sum >= {1'b0, columns};
    plane_ends = row_ends ? row_sum + 14'd1 >= {1'b0, rows} : row_sum >= {1'b0, rows};
    column     = '0;
    row        = '0;
    slot       = '0;
    jump       = '0;
    if (summed) begin
      column = 13'(column_sum - (row_ends ? {1'b0, columns} : '0));
      row    = 13'(row_sum + 14'(row_ends) - (plane_ends ? {1'b0, rows} : '0));
      if (row_ends && plane_ends) jump = plane_jump;
      else if (row_ends) jump = row_jump;
      else if (plane_ends) jump = plane_rest;
      slot = slot_add(slot_sum, jump);
    end
  end
endmodule
