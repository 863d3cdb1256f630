// SPDX-License-Identifier: Apache-2.0
// Cuts the box of a LOAD or SAVE into pieces: PIECE_SLOTS slots (a power of two) that lie one behind the other in DDR, fewer where
// such a run ends. A run is a row; a plane, when its rows follow each other without gaps; the whole box, when its planes do.
//
// A piece carries its place in DDR (`piece_address`) and in feature memory, so that any port can go on from there (`slot_walker`): its row,
// and, seen from the first beat that holds any of it, in which lane its first slot is, where lane 0 would be in feature memory, and how many
// lanes there are to the end of the row. A piece a cycle; every other cycle inside runs.
//
// Set-up of the next box runs beside the walk: about 35 cycles for usual sizes, 60 at most. What the slot walkers need of a box stays valid
// until the box after the next starts.
`include "assert.svh"
module box_walker
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int PIECE_SLOTS = 64,
    parameter int LANES = 1,  // slots of a beat, if more than one
    localparam int PIECE_BITS = $clog2(PIECE_SLOTS + 1),
    localparam int LANE_BITS = index_bits(LANES)
) (
    input  logic                    clk,
    input  logic                    rst,
    input  logic                    box_valid,
    output logic                    box_ready,
    input  logic [63:0]             box_address,      // bytes
    input  logic [25:0]             box_ddr_row,      // slots
    input  logic [31:0]             box_ddr_plane,
    input  logic [12:0]             box_blocks,
    input  logic [12:0]             box_rows,
    input  logic [12:0]             box_columns,
    input  slot_t                   box_slot,
    input  logic [13:0]             box_pitch,        // slots
    input  logic [WORD_BITS-1:0]    box_plane,        // words
    input  logic                    start,
    output logic                    start_ready,      // a box is set up, and the last one is walked
    input  logic                    start_parity,
    output logic                    piece_valid,
    input  logic                    piece_ready,
    output logic [63:0]             piece_address,
    output logic [PIECE_BITS-1:0]   piece_slots,
    output logic [LANE_BITS-1:0]    piece_lane,
    output slot_t                   piece_slot,       // of lane 0
    output logic [13:0]             piece_row_end,    // lanes
    output logic [12:0]             piece_row,
    output logic                    piece_parity,
    output logic                    piece_last,       // of its box
    // By parity: columns, the last row, and what to add to the slot at the end of a row (of a plane), alone and with one beat.
    output logic [1:0][12:0]        columns,
    output logic [1:0][12:0]        last_row,
    output slot_t [1:0]             row_jump,
    output slot_t [1:0]             plane_jump,
    output slot_t [1:0]             row_step,
    output slot_t [1:0]             plane_step
);
  localparam int SLOT_SHIFT = $clog2(N);
  localparam int TOTAL_BITS = 39;
  localparam int DOUBLINGS = $clog2(PIECE_SLOTS);

  // Where a slot of the box is.
  typedef struct packed {
    logic [12:0] row, column;
    slot_t slot;
  } place_t;
  typedef struct packed {
    logic [12:0] rows, columns;
    slot_t row_jump, plane_jump, plane_rest;
  } shape_t;

  function automatic slot_t slots(int count);
    slots = '{word: WORD_BITS'(count / P), bank: BANK_BITS'(count % P)};
  endfunction

  // --- Set-up -------------------------------------------------------------------------------------------------------
  typedef enum logic [2:0] { EMPTY, SCALE, JUMPS, TOTAL, DOUBLE, SETTLED } setup_e;
  setup_e setup;

  logic [63:0] address;
  logic [25:0] ddr_row;
  logic [31:0] ddr_plane;
  logic [12:0] blocks;
  slot_t slot, pitch;
  logic [WORD_BITS-1:0] plane;
  shape_t shape;
  place_t step, step_sum;      // by PIECE_SLOTS slots, when doubled often enough
  logic [3:0] doublings;       // that remain
  logic first_sum, sum_ready;  // the first one brings one slot into the box
  logic rows_join, planes_join;
  logic [TOTAL_BITS-1:0] run_slots;

  logic first_scale, second_scale, scale_done;
  logic pitch_busy, columns_busy, product_busy;
  slot_t pitch_scaled, columns_scaled;
  logic [TOTAL_BITS-1:0] product;

  assign box_ready    = setup == EMPTY;
  assign first_scale  = box_ready && box_valid;
  assign second_scale = setup == JUMPS;
  assign scale_done   = !pitch_busy && !columns_busy && !product_busy;

  // First pitch and columns as slots, and rows · columns; then rows · pitch and blocks · rows · columns.
  slot_scale #(.FACTOR_BITS(14)) scale_pitch (
      .clk, .rst, .start(first_scale || second_scale),
      .factor(first_scale ? box_pitch : 14'(shape.rows)), .unit(first_scale ? slots(1) : pitch_scaled),
      .busy(pitch_busy), .result(pitch_scaled)
  );
  slot_scale #(.FACTOR_BITS(13)) scale_columns (
      .clk, .rst, .start(first_scale), .factor(box_columns), .unit(slots(1)), .busy(columns_busy), .result(columns_scaled)
  );
  serial_multiply #(.FACTOR_BITS(13), .UNIT_BITS(26)) multiply (
      .clk, .rst, .start(first_scale || second_scale),
      .factor(first_scale ? box_rows : blocks), .unit(first_scale ? 26'(box_columns) : product[25:0]),
      .busy(product_busy), .result(product)
  );

  always_ff @(posedge clk) begin
    if (rst) begin
      setup <= EMPTY;
    end else begin
      unique case (setup)
        EMPTY: if (box_valid) setup <= SCALE;
        SCALE: if (scale_done) setup <= JUMPS;
        JUMPS: setup <= TOTAL;
        TOTAL: if (scale_done) setup <= DOUBLE;
        DOUBLE: if (doublings == '0) setup <= SETTLED;
        SETTLED: if (start) setup <= EMPTY;
        default: setup <= EMPTY;
      endcase
    end
    if (first_scale) begin
      address       <= box_address;
      ddr_row       <= box_ddr_row;
      ddr_plane     <= box_ddr_plane;
      blocks        <= box_blocks;
      slot          <= box_slot;
      plane         <= box_plane;
      shape.rows    <= box_rows;
      shape.columns <= box_columns;
    end
    if (setup == JUMPS) begin
      pitch          <= pitch_scaled;
      shape.row_jump <= slot_add(pitch_scaled, slot_negate(columns_scaled));
      rows_join      <= shape.rows == 13'd1 || ddr_row == 26'(shape.columns);
      planes_join    <= blocks == 13'd1 || ddr_plane == 32'(product[25:0]);
      run_slots      <= TOTAL_BITS'(product[25:0]);
    end
    if (setup == TOTAL && scale_done) begin
      shape.plane_rest <= slot_add('{word: plane, bank: '0}, slot_negate(pitch_scaled));
      step             <= '{row: '0, column: 13'd1, slot: slots(1)};
      doublings        <= 4'(DOUBLINGS + 1);
      first_sum        <= 1'b1;
      sum_ready        <= 1'b0;
      if (!rows_join) run_slots <= TOTAL_BITS'(shape.columns);
      else if (planes_join) run_slots <= product;
    end
    if (setup == DOUBLE) begin
      shape.plane_jump <= slot_add(shape.row_jump, shape.plane_rest);  // a cycle before it is used
      sum_ready        <= !sum_ready;
      if (sum_ready && doublings != '0) begin
        doublings <= doublings - 1'b1;
        step      <= step_sum;
        first_sum <= 1'b0;
      end
    end
  end

  place_adder double_step (
      .clk, .enable(setup == DOUBLE), .columns(shape.columns), .rows(shape.rows), .row_jump(shape.row_jump), .plane_rest(shape.plane_rest),
      .plane_jump(shape.plane_jump), .a_column(first_sum ? '0 : step.column), .a_row(first_sum ? '0 : step.row),
      .a_slot(first_sum ? '0 : step.slot), .b_column(step.column), .b_row(step.row), .b_slot(step.slot),
      .column(step_sum.column), .row(step_sum.row), .slot(step_sum.slot)
  );

  // --- Walk ---------------------------------------------------------------------------------------------------------
  shape_t walked;
  place_t at, by, next;                     // of the piece; from piece to piece; of the next piece of the run
  logic active, next_ready;
  slot_t row_slot, plane_slot, row_pitch;   // of the run, of the run's plane
  logic [WORD_BITS-1:0] plane_words;
  logic [63:0] row_address, plane_address;  // likewise
  logic [25+SLOT_SHIFT:0] row_bytes;
  logic [31+SLOT_SHIFT:0] plane_bytes;
  logic [TOTAL_BITS-1:0] left, run;         // slots of the run from the piece on; of every run
  logic run_ends, run_is_piece;             // with this piece; every run is one piece
  logic [12:0] plane_runs, runs, planes;    // of every plane; that remain, this one included
  slot_t next_row_slot, next_plane_slot;
  logic [63:0] next_row_address, next_plane_address;

  assign start_ready = setup == SETTLED && !active;
  assign piece_valid = active && (run_ends || next_ready);
  assign piece_slots = run_ends ? PIECE_BITS'(left) : PIECE_BITS'(PIECE_SLOTS);
  assign piece_row   = at.row;
  assign piece_last  = run_ends && runs == 13'd1 && planes == 13'd1;

  if (LANES > 1) assign piece_lane = piece_address[$clog2(AXI_BYTES)-1:SLOT_SHIFT];
  else assign piece_lane = '0;
  always_comb begin
    slot_t back;
    back          = '0;
    piece_slot    = '0;
    piece_row_end = '0;
    if (active) begin
      for (int l = 1; l < LANES; l++) if (piece_lane == LANE_BITS'(l)) back = slot_negate(slots(l));
      piece_slot    = slot_add(at.slot, back);
      piece_row_end = 14'(walked.columns) - 14'(at.column) + 14'(piece_lane);
    end
  end

  place_adder advance (
      .clk, .enable(active && !run_ends), .columns(walked.columns), .rows(walked.rows), .row_jump(walked.row_jump), .plane_rest(walked.plane_rest),
      .plane_jump(walked.plane_jump), .a_column(at.column), .a_row(at.row), .a_slot(at.slot), .b_column(by.column),
      .b_row(by.row), .b_slot(by.slot), .column(next.column), .row(next.row), .slot(next.slot)
  );

  always_comb begin
    next_row_slot      = '0;
    next_plane_slot    = '0;
    next_row_address   = '0;
    next_plane_address = '0;
    if (active) begin
      next_row_slot      = slot_add(row_slot, row_pitch);
      next_plane_slot    = slot_add(plane_slot, '{word: plane_words, bank: '0});
      next_row_address   = row_address + 64'(row_bytes);
      next_plane_address = plane_address + 64'(plane_bytes);
    end
  end

  always_ff @(posedge clk) begin
    if (rst) active <= 1'b0;
    else if (start) active <= 1'b1;
    else if (piece_valid && piece_ready && piece_last) active <= 1'b0;
    next_ready <= active && !(piece_valid && piece_ready);

    if (start) begin
      walked                   <= shape;
      piece_parity             <= start_parity;
      columns[start_parity]    <= shape.columns;
      last_row[start_parity]   <= shape.rows - 13'd1;
      row_jump[start_parity]   <= shape.row_jump;
      plane_jump[start_parity] <= shape.plane_jump;
      row_step[start_parity]   <= slot_add(shape.row_jump, slots(LANES));
      plane_step[start_parity] <= slot_add(shape.plane_jump, slots(LANES));
      at                       <= '{row: '0, column: '0, slot: slot};
      by                       <= step;
      row_slot                 <= slot;
      plane_slot               <= slot;
      row_pitch                <= pitch;
      plane_words              <= plane;
      piece_address            <= address;
      row_address              <= address;
      plane_address            <= address;
      row_bytes                <= {ddr_row, SLOT_SHIFT'(0)};
      plane_bytes              <= {ddr_plane, SLOT_SHIFT'(0)};
      left                     <= run_slots;
      run                      <= run_slots;
      run_ends                 <= run_slots <= TOTAL_BITS'(PIECE_SLOTS);
      run_is_piece             <= run_slots <= TOTAL_BITS'(PIECE_SLOTS);
      plane_runs               <= rows_join ? 13'd1 : shape.rows;
      runs                     <= rows_join ? 13'd1 : shape.rows;
      planes                   <= rows_join && planes_join ? 13'd1 : blocks;
    end else if (piece_valid && piece_ready) begin
      if (!run_ends) begin
        piece_address <= piece_address + 64'(PIECE_SLOTS * N);
        at            <= next;
        left          <= left - TOTAL_BITS'(PIECE_SLOTS);
        run_ends      <= left <= TOTAL_BITS'(2 * PIECE_SLOTS);
      end else begin
        left     <= run;
        run_ends <= run_is_piece;
        if (runs != 13'd1) begin
          runs          <= runs - 13'd1;
          row_slot      <= next_row_slot;
          row_address   <= next_row_address;
          piece_address <= next_row_address;
          at            <= '{row: at.row + 13'd1, column: '0, slot: next_row_slot};
        end else begin
          runs          <= plane_runs;
          planes        <= planes - 13'd1;
          row_slot      <= next_plane_slot;
          plane_slot    <= next_plane_slot;
          row_address   <= next_plane_address;
          plane_address <= next_plane_address;
          piece_address <= next_plane_address;
          at            <= '{row: '0, column: '0, slot: next_plane_slot};
        end
      end
    end
  end

  `HEDDLE_ASSERT(start_when_ready, !start || start_ready)
  `HEDDLE_ASSERT(pieces_have_slots, !piece_valid || piece_slots != '0)
endmodule
