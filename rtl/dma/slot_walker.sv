// SPDX-License-Identifier: Apache-2.0
// Walks over the slots of a port's pieces, a beat's LANES slots at a time: gives the slot of each lane.
//
// Slots follow each other in feature memory inside a row; where a row or a plane ends, a jump is added. A step covers the rest of one row and
// all of the next, so a beat takes another step when its lanes see the ends of two rows (rows shorter than a beat).
`include "assert.svh"
module slot_walker
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int LANES = 1,         // a power of two
    parameter int PIECE_SLOTS = 64,
    localparam int PIECE_BITS = $clog2(PIECE_SLOTS + 1),
    localparam int LANE_BITS = index_bits(LANES)
) (
    input  logic                    clk,
    input  logic                    rst,
    input  logic                    piece_valid,
    output logic                    piece_ready,
    input  logic [PIECE_BITS-1:0]   piece_slots,
    input  logic [LANE_BITS-1:0]    piece_lane,     // these as box_walker gives them
    input  slot_t                   piece_slot,
    input  logic [13:0]             piece_row_end,
    input  logic [12:0]             piece_row,
    input  logic                    piece_parity,
    input  logic [1:0][12:0]        columns,
    input  logic [1:0][12:0]        last_row,
    input  slot_t [1:0]             row_jump,
    input  slot_t [1:0]             plane_jump,
    input  slot_t [1:0]             row_step,
    input  slot_t [1:0]             plane_step,
    output logic                    step_valid,
    input  logic                    step_ready,
    output logic [LANES-1:0]        step_enable,
    output slot_t [LANES-1:0]       step_slot,
    output logic                    step_beat,      // the beat's last step
    output logic                    step_piece,     // the piece's last step
    output logic                    step_parity
);
  localparam int END_BITS = 15;
  localparam int LAST_BITS = PIECE_BITS + LANE_BITS + 1;

  function automatic slot_t slots(int count);
    slots = '{word: WORD_BITS'(count / P), bank: BANK_BITS'(count % P)};
  endfunction

  logic parity;
  slot_t slot, next_slot;                  // of lane 0; of lane 0, were it in the next row
  logic [END_BITS-1:0] row_end, next_end;  // lane behind the row, behind the next one
  logic [12:0] next_row;
  logic [LANE_BITS:0] first;               // lane that is still to be served
  logic [LAST_BITS-1:0] last;              // lane behind the piece
  logic row_ends, both_end, next_is_last;

  assign row_ends     = row_end <= END_BITS'(LANES);
  assign both_end     = next_end < END_BITS'(LANES);
  assign next_is_last = next_row == last_row[parity];

  always_comb begin
    step_enable = '0;
    step_slot   = '0;
    if (step_valid)
      for (int l = 0; l < LANES; l++) begin
        step_enable[l] = 32'(first) <= 32'(l) && 32'(last) > 32'(l) && next_end > END_BITS'(l);
        step_slot[l]   = slot_add(row_end <= END_BITS'(l) ? next_slot : slot, slots(l));
      end
    step_piece  = 32'(last) <= 32'(LANES) && (LANES == 1 || 32'(last) <= 32'(next_end));
    step_beat   = step_piece || !both_end;
    step_parity = parity;
  end
  assign piece_ready = !step_valid || (step_ready && step_piece);

  always_ff @(posedge clk) begin
    if (rst) step_valid <= 1'b0;
    else if (piece_ready) step_valid <= piece_valid;

    if (piece_ready) begin
      if (piece_valid) begin
        parity    <= piece_parity;
        slot      <= piece_slot;
        row_end   <= END_BITS'(piece_row_end);
        next_end  <= END_BITS'(piece_row_end) + END_BITS'(columns[piece_parity]);
        if (piece_row == last_row[piece_parity]) begin
          next_slot <= slot_add(piece_slot, plane_jump[piece_parity]);
          next_row  <= '0;
        end else begin
          next_slot <= slot_add(piece_slot, row_jump[piece_parity]);
          next_row  <= piece_row + 13'd1;
        end
        first <= LANES > 1 ? (LANE_BITS + 1)'(piece_lane) : '0;
        last  <= LAST_BITS'(piece_slots) + (LANES > 1 ? LAST_BITS'(piece_lane) : '0);
      end
    end else if (step_ready) begin
      first <= step_beat ? '0 : (LANE_BITS + 1)'(next_end);
      if (step_beat) last <= last - LAST_BITS'(LANES);
      if (row_ends) begin  // into the next row; with the next beat, or still in this one
        row_end  <= next_end - (step_beat ? END_BITS'(LANES) : '0);
        next_end <= next_end + END_BITS'(columns[parity]) - (step_beat ? END_BITS'(LANES) : '0);
        slot     <= slot_add(next_slot, step_beat ? slots(LANES) : '0);
        next_row <= next_is_last ? '0 : next_row + 13'd1;
        if (step_beat) next_slot <= slot_add(next_slot, next_is_last ? plane_step[parity] : row_step[parity]);
        else next_slot <= slot_add(next_slot, next_is_last ? plane_jump[parity] : row_jump[parity]);
      end else begin
        row_end   <= row_end - END_BITS'(LANES);
        next_end  <= next_end - END_BITS'(LANES);
        slot      <= slot_add(slot, slots(LANES));
        next_slot <= slot_add(next_slot, slots(LANES));
      end
    end
  end

  `HEDDLE_ASSERT(row_is_ahead, !step_valid || next_end > row_end)
  `HEDDLE_ASSERT(steps_serve, !step_valid || step_enable != '0)
endmodule
