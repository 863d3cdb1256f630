// SPDX-License-Identifier: Apache-2.0
// Turns pieces of DDR (from any byte on, at most 4 KB) into AXI bursts: whole beats, cut where a 4 KB page ends.
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
    output logic         out_valid,
    input  logic         out_ready,
    output logic [63:0]  out_address,  // of the first beat
    output logic [8:0]   out_beats,
    output logic         out_last      // burst of the piece
);
  localparam int OFFSET_BITS = $clog2(AXI_BYTES);
  localparam int COUNT_BITS = 14 - OFFSET_BITS;

  logic [63:0] address;
  logic [COUNT_BITS-1:0] beats, page_beats, taken;  // that remain; to the end of the page; of this burst
  logic [13:0] end_byte;

  assign end_byte   = 14'(in_address[OFFSET_BITS-1:0]) + 14'(in_bytes) + 14'(AXI_BYTES - 1);
  assign page_beats = COUNT_BITS'(4096 / AXI_BYTES) - COUNT_BITS'(address[11:OFFSET_BITS]);

  // A burst has at most 256 beats. Pieces of narrow ports are shorter anyway (the engines see to that).
  assign out_last    = beats <= page_beats;
  assign taken       = out_last ? beats : page_beats;
  assign out_beats   = 9'(taken);
  assign out_address = address;
  assign in_ready    = !out_valid || (out_ready && out_last);

  always_ff @(posedge clk) begin
    if (rst) out_valid <= 1'b0;
    else if (in_ready) out_valid <= in_valid;
    if (in_ready && in_valid) begin
      address <= {in_address[63:OFFSET_BITS], OFFSET_BITS'(0)};
      beats   <= COUNT_BITS'(end_byte >> OFFSET_BITS);
    end else if (out_valid && out_ready) begin
      address <= {address[63:12] + 52'd1, 12'd0};
      beats   <= beats - page_beats;
    end
  end

  `HEDDLE_ASSERT(at_most_256_beats, !out_valid || (taken != '0 && 32'(taken) <= 256))
endmodule
