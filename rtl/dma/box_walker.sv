// SPDX-License-Identifier: Apache-2.0
// Cuts the box of a LOAD or SAVE into pieces: PIECE_SLOTS slots (a power of two) that lie one behind the other in DDR, fewer where
// such a run ends. A run is a row; a plane, when its rows follow each other without gaps; the whole box, when its planes do.
//
// A piece carries its first slot's place in DDR (`piece_address`) and in feature memory (`piece_slot`), and its column and row,
// so that any port can go on from there (`slot_walker`). A piece a cycle.
//
// Set-up of the next box runs beside the walk: at most 45 cycles, about 20 for usual sizes. What the slot walkers need of a box stays
// valid until the box after the next starts.
`include "assert.svh"
module box_walker
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int PIECE_SLOTS = 64,
    localparam int PIECE_BITS = $clog2(PIECE_SLOTS + 1)
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
    output slot_t                   piece_slot,
    output logic [12:0]             piece_column,
    output logic [12:0]             piece_row,
    output logic                    piece_parity,
    output logic                    piece_last,       // of its box
    // By parity: size, and what to add to the slot at the end of a row (of the last row) beside going one further.
    output logic [1:0][12:0]        columns,
    output logic [1:0][12:0]        rows,
    output slot_t [1:0]             row_jump,
    output slot_t [1:0]             plane_jump
);
  localparam int SLOT_SHIFT = $clog2(N);
  localparam int TOTAL_BITS = 39;
  localparam int DOUBLINGS = $clog2(PIECE_SLOTS);
  localparam slot_t ONE = '{word: WORD_BITS'(1 / P), bank: BANK_BITS'(1 % P)};

  // Where a slot of the box is. Sums are made digit by digit: columns carry into rows, rows into planes.
  typedef struct packed {
    logic [12:0] row, column;
    slot_t slot;
  } place_t;
  typedef struct packed {
    logic [12:0] rows, columns;
    slot_t row_jump, plane_jump;  // as above
    slot_t plane_rest;            // plane_jump without row_jump
  } shape_t;

  function automatic place_t place_add(place_t a, place_t b, shape_t shape);
    logic [13:0] column, row;
    logic wrap_column, wrap_row;
    slot_t jump;
    column      = {1'b0, a.column} + {1'b0, b.column};
    wrap_column = column >= {1'b0, shape.columns};
    row         = {1'b0, a.row} + {1'b0, b.row} + 14'(wrap_column);
    wrap_row    = row >= {1'b0, shape.rows};
    if (wrap_column) column = column - {1'b0, shape.columns};
    if (wrap_row) row = row - {1'b0, shape.rows};
    jump = '0;
    if (wrap_column && wrap_row) jump = shape.plane_jump;
    else if (wrap_column) jump = shape.row_jump;
    else if (wrap_row) jump = shape.plane_rest;
    place_add.column = column[12:0];
    place_add.row    = row[12:0];
    place_add.slot   = slot_add(slot_add(a.slot, b.slot), jump);
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
  place_t step;            // by PIECE_SLOTS slots
  logic [3:0] doublings;   // that remain
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
  assign start_ready  = setup == SETTLED && !piece_valid;

  // First pitch and columns as slots, and rows · columns; then rows · pitch and blocks · rows · columns.
  slot_scale #(.FACTOR_BITS(14)) scale_pitch (
      .clk, .rst, .start(first_scale || second_scale),
      .factor(first_scale ? box_pitch : 14'(shape.rows)), .unit(first_scale ? ONE : pitch_scaled),
      .busy(pitch_busy), .result(pitch_scaled)
  );
  slot_scale #(.FACTOR_BITS(13)) scale_columns (
      .clk, .rst, .start(first_scale), .factor(box_columns), .unit(ONE), .busy(columns_busy), .result(columns_scaled)
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
      shape.plane_jump <= slot_add(shape.row_jump, slot_add('{word: plane, bank: '0}, slot_negate(pitch_scaled)));
      doublings        <= 4'(DOUBLINGS + 1);
      if (!rows_join) run_slots <= TOTAL_BITS'(shape.columns);
      else if (planes_join) run_slots <= product;
    end
    if (setup == DOUBLE && doublings != '0) begin
      doublings <= doublings - 1'b1;
      step      <= doublings == 4'(DOUBLINGS + 1) ? place_add('0, '{row: '0, column: 13'd1, slot: ONE}, shape) : place_add(step, step, shape);
    end
  end

  // --- Walk ---------------------------------------------------------------------------------------------------------
  shape_t walked;
  place_t at, by;                           // of the piece; from piece to piece
  slot_t row_slot, plane_slot, row_pitch;   // of the run, of the run's plane
  logic [WORD_BITS-1:0] plane_words;
  logic [63:0] row_address, plane_address;  // likewise
  logic [25+SLOT_SHIFT:0] row_bytes;
  logic [31+SLOT_SHIFT:0] plane_bytes;
  logic [TOTAL_BITS-1:0] left, run;         // slots of the run from the piece on; of every run
  logic [12:0] plane_runs, runs, planes;    // of every plane; that remain, this one included
  logic run_ends;
  slot_t next_row_slot, next_plane_slot;
  logic [63:0] next_row_address, next_plane_address;

  assign run_ends         = left <= TOTAL_BITS'(PIECE_SLOTS);
  assign piece_slots      = run_ends ? PIECE_BITS'(left) : PIECE_BITS'(PIECE_SLOTS);
  assign piece_slot       = at.slot;
  assign piece_column     = at.column;
  assign piece_row        = at.row;
  assign piece_last       = run_ends && runs == 13'd1 && planes == 13'd1;

  always_comb begin
    next_row_slot      = slot_add(row_slot, row_pitch);
    next_plane_slot    = slot_add(plane_slot, '{word: plane_words, bank: '0});
    next_row_address   = row_address + 64'(row_bytes);
    next_plane_address = plane_address + 64'(plane_bytes);
  end

  always_ff @(posedge clk) begin
    if (rst) piece_valid <= 1'b0;
    else if (start) piece_valid <= 1'b1;
    else if (piece_ready && piece_last) piece_valid <= 1'b0;

    if (start) begin
      walked        <= shape;
      piece_parity  <= start_parity;
      columns[start_parity]    <= shape.columns;
      rows[start_parity]       <= shape.rows;
      row_jump[start_parity]   <= shape.row_jump;
      plane_jump[start_parity] <= shape.plane_jump;
      at            <= '{row: '0, column: '0, slot: slot};
      by            <= step;
      row_slot      <= slot;
      plane_slot    <= slot;
      row_pitch     <= pitch;
      plane_words   <= plane;
      piece_address <= address;
      row_address   <= address;
      plane_address <= address;
      row_bytes     <= {ddr_row, SLOT_SHIFT'(0)};
      plane_bytes   <= {ddr_plane, SLOT_SHIFT'(0)};
      left          <= run_slots;
      run           <= run_slots;
      plane_runs    <= rows_join ? 13'd1 : shape.rows;
      runs          <= rows_join ? 13'd1 : shape.rows;
      planes        <= rows_join && planes_join ? 13'd1 : blocks;
    end else if (piece_valid && piece_ready) begin
      if (!run_ends) begin
        piece_address <= piece_address + 64'(PIECE_SLOTS * N);
        at            <= place_add(at, by, walked);
        left          <= left - TOTAL_BITS'(PIECE_SLOTS);
      end else begin
        left <= run;
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
