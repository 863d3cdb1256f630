// SPDX-License-Identifier: Apache-2.0
// Walks over the slots of a port's pieces, a beat's LANES slots at a time: gives the slot of each lane.
//
// Slots follow each other in feature memory inside a row. At the end of a row `row_jump` is added, at the end of a plane `plane_jump`.
// A step covers the rest of one row and all of the next, so a beat takes another step when its lanes see the ends of two rows
// (rows shorter than a beat).
`include "assert.svh"
module slot_walker
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int LANES = 1,        // a power of two
    parameter int PIECE_SLOTS = 64,
    localparam int PIECE_BITS = $clog2(PIECE_SLOTS + 1),
    localparam int LANE_BITS = index_bits(LANES)
) (
    input  logic                    clk,
    input  logic                    rst,
    input  logic                    piece_valid,
    output logic                    piece_ready,
    input  logic [PIECE_BITS-1:0]   piece_slots,
    input  logic [LANE_BITS-1:0]    piece_lane,    // of its first slot in its first beat
    input  slot_t                   piece_slot,
    input  logic [12:0]             piece_column,
    input  logic [12:0]             piece_row,
    input  logic                    piece_parity,
    input  logic [1:0][12:0]        columns,       // of box_walker
    input  logic [1:0][12:0]        rows,
    input  slot_t [1:0]             row_jump,
    input  slot_t [1:0]             plane_jump,
    output logic                    step_valid,
    input  logic                    step_ready,
    output logic [LANES-1:0]        step_enable,
    output slot_t [LANES-1:0]       step_slot,
    output logic                    step_beat,     // the beat's last step
    output logic                    step_piece,    // the piece's last step
    output logic                    step_parity
);
  localparam int POSITION_BITS = 15;  // columns beside the row's, and lanes

  function automatic slot_t slots(int count);
    slots = '{word: WORD_BITS'(count / P), bank: BANK_BITS'(count % P)};
  endfunction

  // Lane 0 of the beat lies in `column` (negative before the row's begin) and would be in `slot`.
  logic parity;
  logic signed [POSITION_BITS-1:0] column, row_end, next_end;  // the ends: in lanes
  logic [12:0] row;
  slot_t slot, next_slot, jump;                                // next_slot: where lane 0 would be, were it in the next row
  logic [LANE_BITS:0] first;                                   // lane that is still to be served
  logic [PIECE_BITS+LANE_BITS:0] last;                         // lane behind the piece
  logic ends_inside, both_end_inside, piece_in_beat;

  always_comb begin
    row_end         = POSITION_BITS'(columns[parity]) - column;
    next_end        = row_end + POSITION_BITS'(columns[parity]);
    ends_inside     = row_end <= POSITION_BITS'(LANES);
    both_end_inside = next_end < POSITION_BITS'(LANES);
    piece_in_beat   = 32'(last) <= 32'(LANES);
    jump            = row + 13'd1 == rows[parity] ? plane_jump[parity] : row_jump[parity];
    next_slot       = slot_add(slot, jump);
    for (int l = 0; l < LANES; l++) begin
      step_enable[l] = 32'(first) <= 32'(l) && 32'(last) > 32'(l) && next_end > POSITION_BITS'(l);
      step_slot[l]   = slot_add(row_end <= POSITION_BITS'(l) ? next_slot : slot, slots(l));
    end
    step_piece  = piece_in_beat && 32'(last) <= 32'(next_end);
    step_beat   = step_piece || !both_end_inside;
    step_parity = parity;
  end
  assign piece_ready = !step_valid || (step_ready && step_piece);

  always_ff @(posedge clk) begin
    if (rst) step_valid <= 1'b0;
    else if (piece_ready) step_valid <= piece_valid;

    if (piece_ready) begin
      if (piece_valid) begin
        parity <= piece_parity;
        column <= POSITION_BITS'(piece_column) - (LANES > 1 ? POSITION_BITS'(piece_lane) : '0);
        row    <= piece_row;
        slot   <= piece_slot;
        for (int l = 1; l < LANES; l++)
          if (piece_lane == LANE_BITS'(l)) slot <= slot_add(piece_slot, slot_negate(slots(l)));
        first  <= LANES > 1 ? (LANE_BITS + 1)'(piece_lane) : '0;
        last   <= (PIECE_BITS + LANE_BITS + 1)'(piece_slots) + (LANES > 1 ? (PIECE_BITS + LANE_BITS + 1)'(piece_lane) : '0);
      end
    end else if (step_ready) begin
      if (step_beat ? ends_inside : 1'b1) begin  // into the next row
        row    <= row + 13'd1 == rows[parity] ? '0 : row + 13'd1;
        column <= column - POSITION_BITS'(columns[parity]) + (step_beat ? POSITION_BITS'(LANES) : '0);
        slot   <= step_beat ? slot_add(next_slot, slots(LANES)) : next_slot;
      end else begin
        column <= column + POSITION_BITS'(LANES);
        slot   <= slot_add(slot, slots(LANES));
      end
      first <= step_beat ? '0 : (LANE_BITS + 1)'(next_end);
      if (step_beat) last <= last - (PIECE_BITS + LANE_BITS + 1)'(LANES);
    end
  end

  `HEDDLE_ASSERT(lanes_ahead, !step_valid || (row_end >= 0 && next_end > 0))
  `HEDDLE_ASSERT(steps_serve, !step_valid || step_enable != '0)
endmodule
