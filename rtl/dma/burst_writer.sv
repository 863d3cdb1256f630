// SPDX-License-Identifier: Apache-2.0
// Sends pieces through one AXI write port: turns a piece into bursts and counts their responses. `finished` pulses when the
// piece's last response has come.
`include "assert.svh"
module burst_writer
  import overlay_pkg::*;
#(
    parameter int BURSTS = 16  // without response
) (
    input  logic         clk,
    input  logic         rst,
    input  logic         in_valid,
    output logic         in_ready,
    input  logic [63:0]  in_address,
    input  logic [12:0]  in_bytes,
    input  logic         in_parity,
    output logic         finished,
    output logic         finished_parity,
    output logic         req_valid,       // of an axi_write_port
    input  logic         req_ready,
    output logic [63:0]  req_address,
    output logic [8:0]   req_beats,
    input  logic         response_valid
);
  logic parity, burst_valid, burst_last, room, oldest_valid, oldest_last;
  logic [$clog2(BURSTS+1)-1:0] count;

  burst_splitter splitter (
      .clk, .rst, .in_valid, .in_ready, .in_address, .in_bytes, .in_parity, .out_valid(burst_valid),
      .out_ready(req_ready && room), .out_address(req_address), .out_beats(req_beats), .out_last(burst_last),
      .out_parity(parity)
  );

  assign req_valid = burst_valid && room;
  fifo #(.WIDTH(2), .DEPTH(BURSTS)) bursts (
      .clk, .rst, .in_valid(req_valid && req_ready), .in_ready(room), .in_data({burst_last, parity}),
      .out_valid(oldest_valid), .out_ready(response_valid), .out_data({oldest_last, finished_parity}), .count
  );
  assign finished = response_valid && oldest_last;

  logic unused;
  assign unused = ^count;
  `HEDDLE_ASSERT(responses_were_asked_for, !response_valid || oldest_valid)
endmodule
