// SPDX-License-Identifier: Apache-2.0
// From POST to feature memory. `issue` announces a chunk: its slots and lanes, POST_LATENCY and a few cycles before its data; it needs
// `room`, which reserves space for both. `finished` pulses when the last write of a chunk with `issue_last` was granted.
`include "assert.svh"
module conv_results
  import overlay_pkg::*, heddle_pkg::*;
(
    input  logic                                   clk,
    input  logic                                   rst,
    output logic                                   room,
    input  logic                                   issue,
    input  logic                                   issue_last,
    input  logic             [POST_PIXELS-1:0]     issue_lanes,
    input  slot_t            [POST_PIXELS-1:0]     issue_slot,
    input  logic                                   post_valid,
    input  logic [POST_PIXELS-1:0][SLOT_BITS-1:0]  post_slot,
    output feature_request_t                       write_request,
    output feature_data_t                          write_data,
    output feature_strobe_t                        write_strobe,
    input  logic                                   write_grant,
    output logic                                   finished
);
  localparam int PIXELS = POST_PIXELS;
  // One chunk a cycle through POST and the registers beside it.
  localparam int DEPTH = 1 << $clog2(POST_LATENCY + 8);
  localparam int COUNT_BITS = $clog2(DEPTH + 1);

  typedef struct packed {
    logic last;
    logic [PIXELS-1:0] lanes;
    slot_t [PIXELS-1:0] slot;
  } target_t;
  target_t target;
  logic target_valid, data_valid, pop, in_ready, target_ready, data_ready;
  logic [PIXELS-1:0][SLOT_BITS-1:0] data;
  logic [COUNT_BITS-1:0] reserved, targets, results;

  fifo #(
      .WIDTH($bits(target_t)),
      .DEPTH(DEPTH)
  ) target_queue (
      .clk,
      .rst,
      .in_valid (issue),
      .in_ready (target_ready),
      .in_data  ({issue_last, issue_lanes, issue_slot}),
      .out_valid(target_valid),
      .out_ready(pop),
      .out_data (target),
      .count    (targets)
  );
  fifo #(
      .WIDTH(PIXELS * SLOT_BITS),
      .DEPTH(DEPTH)
  ) data_queue (
      .clk,
      .rst,
      .in_valid (post_valid),
      .in_ready (data_ready),
      .in_data  (post_slot),
      .out_valid(data_valid),
      .out_ready(pop),
      .out_data (data),
      .count    (results)
  );
  assign pop = data_valid && in_ready;
  always_ff @(posedge clk)
    if (rst) reserved <= '0;
    else reserved <= reserved + COUNT_BITS'(issue) - COUNT_BITS'(pop);
  assign room = reserved != COUNT_BITS'(DEPTH);

  logic valid, advance, last, conflict;
  bank_writer #(.LANES(PIXELS)) writer (
      .clk,
      .rst,
      .in_valid (data_valid),
      .in_ready,
      .in_enable(target.lanes),
      .in_slot  (target.slot),
      .in_data  (data),
      .in_strobe('1),
      .valid,
      .request  (write_request),
      .data     (write_data),
      .strobe   (write_strobe),
      .grant    (write_grant),
      .advance,
      .last,
      .conflict
  );

  // The chunk that ends an instruction, beside the writer's two registers.
  logic [1:0] last_q;
  always_ff @(posedge clk) begin
    if (in_ready) last_q[0] <= data_valid && target.last;
    if (!valid || advance) last_q[1] <= last_q[0];
  end
  assign finished = advance && last && last_q[1];

  logic unused;
  assign unused = ^{targets, results, target_ready, data_ready, conflict};

  `HEDDLE_ASSERT(issue_with_room, !issue || room)
  `HEDDLE_ASSERT(target_before_data, !data_valid || target_valid)
endmodule
