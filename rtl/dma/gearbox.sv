// SPDX-License-Identifier: Apache-2.0
// Cuts a stream of AXI beats into words: parameters (12 bytes), coefficients (2·N bytes), table entries (2 bytes), and weights
// where a weight word is no multiple of a beat. A word a cycle, a beat a cycle. What the last beat of a load_const holds beyond `bytes` is
// dropped; a last word that is not complete is written with what came.
`include "assert.svh"
module gearbox
  import overlay_pkg::*, isa_pkg::*, heddle_pkg::*;
#(
    parameter int WEIGHT_BYTES = 0,  // of a weight word, if weights come this way
    localparam int BEAT_BITS = 8 * AXI_BYTES,
    localparam int WIDE_BYTES = WEIGHT_BYTES > 2 * N ? WEIGHT_BYTES : 2 * N,
    localparam int WORD_BYTES = WIDE_BYTES > PARAM_WORD_BYTES ? WIDE_BYTES : PARAM_WORD_BYTES
) (
    input  logic                      clk,
    input  logic                      rst,
    // The load_const whose beats come next; taken when the last one is written.
    input  logic                      begin_valid,
    output logic                      begin_ready,
    input  space_e                    begin_space,
    input  logic [23:0]               begin_address,
    input  logic [25:0]               begin_bytes,
    input  logic                      in_valid,
    output logic                      in_ready,
    input  logic [BEAT_BITS-1:0]      in_data,
    output logic                      word_valid,
    input  logic                      word_ready,
    output space_e                    word_space,
    output logic [23:0]               word_address,
    output logic [8:0]                word_entry,    // of the table
    output logic [8*WORD_BYTES-1:0]   word_data,
    output logic                      word_last      // of its load_const
);
  localparam int ROOM_BYTES = WORD_BYTES + AXI_BYTES;
  localparam int LEVEL_BITS = $clog2(ROOM_BYTES + 1);
  localparam int GRANULE = WEIGHT_BYTES % 2 == 1 ? 1 : 2;  // of levels
  localparam int TABLE_ENTRIES = TABLE_BYTES / 2;

  localparam int BEATS_BITS = 27 - $clog2(AXI_BYTES);

  logic active;
  logic [25:0] left;              // bytes, this word's included
  logic [BEATS_BITS-1:0] beats;   // that are still to come
  logic [8*ROOM_BYTES-1:0] buffer, shifted;
  logic [LEVEL_BITS-1:0] level, level_d, word_bytes;
  logic emit, append;

  function automatic int bytes_of(space_e space);
    unique case (space)
      SPACE_WEIGHTS: bytes_of = WEIGHT_BYTES > 0 ? WEIGHT_BYTES : 2;
      SPACE_CONV_PARAMS, SPACE_STENCIL_PARAMS: bytes_of = PARAM_WORD_BYTES;
      SPACE_COEFFICIENTS: bytes_of = 2 * N;
      default: bytes_of = 2;
    endcase
  endfunction

  always_comb begin
    word_valid = active && (level >= word_bytes || (word_last && beats == '0));
    emit       = word_valid && word_ready;
    level_d    = emit ? level - word_bytes : level;  // of no meaning behind the last word
    append     = in_valid && in_ready;
    word_data  = buffer[8*WORD_BYTES-1:0];
  end
  assign in_ready    = active && beats != '0 && 32'(level_d) + 32'(AXI_BYTES) <= 32'(ROOM_BYTES);
  assign begin_ready = !active;

  always_comb begin
    shifted = '0;
    if (emit || append) shifted = buffer;
    if (emit)
      unique case (word_space)
        SPACE_WEIGHTS: shifted = buffer >> (8 * (WEIGHT_BYTES > 0 ? WEIGHT_BYTES : 2));
        SPACE_CONV_PARAMS, SPACE_STENCIL_PARAMS: shifted = buffer >> (8 * PARAM_WORD_BYTES);
        SPACE_COEFFICIENTS: shifted = buffer >> (16 * N);
        default: shifted = buffer >> 16;
      endcase
    if (append)
      for (int i = 0; i <= ROOM_BYTES - AXI_BYTES; i += GRANULE)
        if (level_d == LEVEL_BITS'(i)) shifted[8*i+:BEAT_BITS] = in_data;
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      active <= 1'b0;
    end else begin
      if (begin_valid && begin_ready) active <= 1'b1;
      else if (emit && word_last) active <= 1'b0;
    end
    if (begin_valid && begin_ready) begin
      word_space   <= begin_space;
      word_address <= begin_address;
      word_entry   <= '0;
      word_bytes   <= LEVEL_BITS'(bytes_of(begin_space));
      word_last    <= begin_bytes <= 26'(bytes_of(begin_space));
      left         <= begin_bytes;
      beats        <= BEATS_BITS'((27'(begin_bytes) + 27'(AXI_BYTES - 1)) >> $clog2(AXI_BYTES));
      level        <= '0;
    end else begin
      level <= level_d + (append ? LEVEL_BITS'(AXI_BYTES) : '0);
      if (append) beats <= beats - 1'b1;
      if (emit) begin
        left      <= left - 26'(word_bytes);
        word_last <= left <= 26'({word_bytes, 1'b0});
        if (word_space == SPACE_TABLES && word_entry != 9'(TABLE_ENTRIES - 1)) begin
          word_entry <= word_entry + 1'b1;
        end else begin
          word_entry   <= '0;
          word_address <= word_address + 1'b1;
        end
      end
    end
    if (emit || append) buffer <= shifted;
  end

  `HEDDLE_ASSERT(level_in_range, !active || 32'(level) <= 32'(ROOM_BYTES))
endmodule
