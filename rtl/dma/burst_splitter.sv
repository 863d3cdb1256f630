// SPDX-License-Identifier: Apache-2.0
// Turns pieces of DDR (from any byte on, at most 4 KB) into AXI bursts: whole beats, cut where a 4 KB page ends. Two registers; a burst a
// cycle.
`include "assert.svh"
module burst_splitter
  import overlay_pkg::*;
(
    input  logic         clk,
    input  logic         rst,
    input  logic         in_valid,
    output logic         in_ready,
    input  logic [63:0]  in_address,
    input  logic [12:0]  in_bytes,     // 1 ... 4096
    input  logic         in_parity,
    output logic         out_valid,
    input  logic         out_ready,
    output logic [63:0]  out_address,  // of the first beat
    output logic [8:0]   out_beats,
    output logic         out_last,     // burst of the piece
    output logic         out_parity
);
  localparam int OFFSET_BITS = $clog2(AXI_BYTES);
  localparam int COUNT_BITS = 14 - OFFSET_BITS;

  logic valid, last, take, parity;
  logic [63:0] address;
  logic [COUNT_BITS-1:0] beats, page_beats;  // that remain; to the end of the page
  logic [13:0] end_byte;

  assign end_byte   = 14'(in_address[OFFSET_BITS-1:0]) + 14'(in_bytes) + 14'(AXI_BYTES - 1);
  assign page_beats = COUNT_BITS'(4096 / AXI_BYTES) - COUNT_BITS'(address[11:OFFSET_BITS]);
  assign last       = beats <= page_beats;
  assign take       = valid && (!out_valid || out_ready);
  assign in_ready   = !valid || (take && last);

  always_ff @(posedge clk) begin
    if (rst) begin
      valid     <= 1'b0;
      out_valid <= 1'b0;
    end else begin
      if (in_ready) valid <= in_valid;
      if (take) out_valid <= 1'b1;
      else if (out_ready) out_valid <= 1'b0;
    end
    if (in_ready && in_valid) begin
      address <= {in_address[63:OFFSET_BITS], OFFSET_BITS'(0)};
      beats   <= COUNT_BITS'(end_byte >> OFFSET_BITS);
      parity  <= in_parity;
    end else if (take) begin
      address <= {address[63:12] + 52'd1, 12'd0};
      beats   <= beats - page_beats;
    end
    if (take) begin
      out_address <= address;
      out_beats   <= last ? 9'(beats) : 9'(page_beats);
      out_last    <= last;
      out_parity  <= parity;
    end
  end

  // Pieces of narrow ports are short enough (the engines see to that).
  `HEDDLE_ASSERT(at_most_256_beats, !out_valid || (out_beats != '0 && out_beats <= 9'd256))
endmodule
