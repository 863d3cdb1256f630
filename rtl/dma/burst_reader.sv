// SPDX-License-Identifier: Apache-2.0
// Fetches pieces of DDR through one AXI read port and delivers their beats in order. A burst is asked for when ROOM has
// place for all of it.
`include "assert.svh"
module burst_reader
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int ROOM = 256,  // beats; a power of two
    localparam int BEAT_BITS = 8 * AXI_BYTES
) (
    input  logic                  clk,
    input  logic                  rst,
    input  logic                  in_valid,
    output logic                  in_ready,
    input  logic [63:0]           in_address,
    input  logic [12:0]           in_bytes,
    output logic                  out_valid,
    input  logic                  out_ready,
    output logic [BEAT_BITS-1:0]  out_data,
    output logic                  req_valid,    // of an axi_read_port
    input  logic                  req_ready,
    output logic [63:0]           req_address,
    output logic [8:0]            req_beats,
    input  logic                  beat_valid,
    input  logic [BEAT_BITS-1:0]  beat_data
);
  localparam int ROOM_BITS = $clog2(ROOM) + 1;

  logic [ROOM_BITS-1:0] room;
  logic burst_valid, burst_last, burst_parity, enough;

  burst_splitter splitter (
      .clk, .rst, .in_valid, .in_ready, .in_address, .in_bytes, .in_parity(1'b0),
      .out_valid(burst_valid), .out_ready(req_ready && enough),
      .out_address(req_address), .out_beats(req_beats), .out_last(burst_last),
      .out_parity(burst_parity)
  );
  assign enough    = 32'(room) >= 32'(req_beats);
  assign req_valid = burst_valid && enough;

  always_ff @(posedge clk) begin
    if (rst) room <= ROOM_BITS'(ROOM);
    else
      room <= room - (req_valid && req_ready ? ROOM_BITS'(req_beats) : '0) + ROOM_BITS'(out_valid && out_ready);
  end

  beat_fifo #(.WIDTH(BEAT_BITS), .DEPTH(ROOM)) beats (
      .clk, .rst, .in_valid(beat_valid), .in_data(beat_data), .out_valid, .out_ready, .out_data
  );

  logic unused;
  assign unused = ^{burst_last, burst_parity};
endmodule
