// SPDX-License-Identifier: Apache-2.0
// Writes the results, which come in the order in which they were issued: block after block (half blocks where the width of the elements
// changes), strip after strip, row after row. `done` is a pulse after the grant of an instruction's last write.
//
// The queue has room for DEPTH row pieces; `taken` says that one left it.
`include "assert.svh"
module stencil_writer
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int DEPTH = 8,
    localparam int S = STENCIL_PIXELS
) (
    input  logic                         clk,
    input  logic                         rst,
    input  logic                         start,          // an instruction with results
    input  stencil_write_t               start_work,
    input  logic                         in_valid,
    input  logic [S-1:0][SLOT_BITS-1:0]  in_slot,
    output logic                         taken,
    output feature_request_t             write_request,
    output feature_data_t                write_data,
    output feature_strobe_t              write_strobe,
    input  logic                         write_grant,
    output logic                         done,
    output logic                         waiting         // a write is not granted
);
  // Instructions.
  logic [1:0] work_count;
  logic work_valid, work_room, next_instruction;
  stencil_write_t next_work, work;
  fifo #(
      .WIDTH($bits(stencil_write_t)),
      .DEPTH(2)
  ) instructions (
      .clk,
      .rst,
      .in_valid (start),
      .in_ready (work_room),
      .in_data  (start_work),
      .out_valid(work_valid),
      .out_ready(next_instruction),
      .out_data (next_work),
      .count    (work_count)
  );
  // Results.
  logic piece_valid, piece_ready, piece_room;
  logic [S-1:0][SLOT_BITS-1:0] piece;
  logic [$clog2(DEPTH+1)-1:0] piece_count;
  fifo #(
      .WIDTH(S * SLOT_BITS),
      .DEPTH(DEPTH)
  ) results (
      .clk,
      .rst,
      .in_valid,
      .in_ready (piece_room),
      .in_data  (in_slot),
      .out_valid(piece_valid),
      .out_ready(taken),
      .out_data (piece),
      .count    (piece_count)
  );

  // The walk.
  logic active, half, last_row, last_strip, last_pass, block_done;
  logic [12:0] block, y, remaining;
  slot_t block_slot, strip_slot, row_slot, next_block_slot, next_strip_slot;
  always_comb begin
    last_row        = y == work.height - 13'd1;
    last_strip      = remaining <= 13'(work.strip);
    last_pass       = block == 0 && (half || !work.halves);
    block_done      = !work.narrows || half;  // of the output
    next_strip_slot = slot_add(strip_slot, work.strip_step);
    next_block_slot = block_slot;
    if (block_done) next_block_slot.word = block_slot.word + work.plane;
  end
  assign taken            = active && piece_valid && piece_ready;
  assign next_instruction = !active || (taken && last_row && last_strip && last_pass);

  always_ff @(posedge clk) begin
    if (rst) active <= 1'b0;
    else if (next_instruction) active <= work_valid;
    if (next_instruction) begin
      work       <= next_work;
      block      <= next_work.blocks - 13'd1;
      half       <= 1'b0;
      y          <= '0;
      remaining  <= next_work.width;
      block_slot <= next_work.origin;
      strip_slot <= next_work.origin;
      row_slot   <= next_work.origin;
    end else if (taken) begin
      y        <= last_row ? '0 : y + 13'd1;
      row_slot <= slot_add(row_slot, work.pitch);
      if (last_row && !last_strip) begin
        remaining  <= remaining - 13'(work.strip);
        strip_slot <= next_strip_slot;
        row_slot   <= next_strip_slot;
      end
      if (last_row && last_strip) begin
        remaining  <= work.width;
        half       <= (work.halves || work.narrows) && !half;
        if (half || !work.halves) block <= block - 13'd1;
        block_slot <= next_block_slot;
        strip_slot <= next_block_slot;
        row_slot   <= next_block_slot;
      end
    end
  end

  // To the banks. 16-bit elements that become 8 bits fill half a slot.
  logic [S-1:0] enable;
  slot_t [S-1:0] slot;
  logic [S-1:0][SLOT_BITS-1:0] data;
  logic [S-1:0][1:0] strobe;
  always_comb
    for (int l = 0; l < S; l++) begin
      enable[l] = 13'(l) < remaining && STRIP_BITS'(l) < work.strip;
      slot[l]   = slot_add(row_slot, work.column[l]);
      data[l]   = work.narrows ? {2{piece[l][HALF_BITS-1:0]}} : piece[l];
      strobe[l] = !work.narrows ? 2'b11 : half ? 2'b10 : 2'b01;
    end

  logic valid, advance, last, conflict;
  bank_writer #(.LANES(S)) writer (
      .clk,
      .rst,
      .in_valid (active && piece_valid),
      .in_ready (piece_ready),
      .in_enable(enable),
      .in_slot  (slot),
      .in_data  (data),
      .in_strobe(strobe),
      .valid,
      .request  (write_request),
      .data     (write_data),
      .strobe   (write_strobe),
      .grant    (write_grant),
      .advance,
      .last,
      .conflict
  );
  assign waiting = (valid && !advance) || conflict;

  // The last piece, beside the writer's two registers.
  logic [1:0] final_piece;
  always_ff @(posedge clk) begin
    if (rst) begin
      final_piece <= '0;
      done        <= 1'b0;
    end else begin
      if (piece_ready) final_piece[0] <= active && piece_valid && last_row && last_strip && last_pass;
      if (!valid || advance) final_piece[1] <= final_piece[0];
      done <= valid && advance && last && final_piece[1];
    end
  end

  logic unused;
  assign unused = ^{work_count, piece_count, work};
  `HEDDLE_ASSERT(room_was_reserved, !in_valid || piece_room)
  `HEDDLE_ASSERT(two_instructions, !start || work_room)
endmodule
