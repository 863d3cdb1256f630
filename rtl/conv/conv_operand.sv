// SPDX-License-Identifier: Apache-2.0
// Reads the second operand of the residual add ahead of the drain, chunk by chunk in its order, into a queue.
//
// `ready` pulses for each chunk that may be taken from the next cycle on; `take` shows it in `operand`.
module conv_operand
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int DEPTH = 16
) (
    input  logic                                   clk,
    input  logic                                   rst,
    input  logic                                   prepare,
    output logic                                   prepared,
    input  conv_drain_t                            config_in,
    input  logic                                   start,     // with `prepared` and `idle`
    output logic                                   idle,
    output feature_request_t                       request,
    input  logic                                   grant,
    input  feature_data_t                          data,
    output logic                                   ready,
    input  logic                                   take,
    output logic [POST_PIXELS-1:0][SLOT_BITS-1:0]  operand
);
  localparam int PIXELS = POST_PIXELS;

  logic active, in_ready, next;
  logic [WORD_BITS-1:0] plane, block_words;
  logic [PIXELS-1:0] lanes;
  logic [PIXELS-1:0][BANK_BITS-1:0] lane_row;
  logic [P-1:0] rows;
  logic [P-1:0][DEPTH_BITS-1:0] row_address;
  logic [CHANNEL_BLOCK_BITS-1:0] block;
  logic block_end, pass_end, blocks_end, last;

  assign next = active && in_ready;
  conv_chunks chunks (
      .clk,
      .load  (start),
      .passes(config_in.passes),
      .wide  (config_in.wide),
      .blocks(config_in.blocks),
      .next,
      .lanes,
      .lane_row,
      .rows,
      .row_address,
      .block,
      .block_end,
      .pass_end,
      .blocks_end,
      .last
  );

  slot_t [P-1:0] at;
  coord_t [P-1:0] x, y;
  pixel_walker #(.LANES(P)) walker (
      .clk,
      .rst,
      .prepare,
      .walk   (config_in.operand),
      .prepared,
      .load   (start),
      .advance(next ? rows : '0),
      .rewind (next && block_end && !blocks_end),
      .mark   (next && blocks_end),
      .slot   (at),
      .x,
      .y
  );

  slot_t [PIXELS-1:0] slot;
  always_comb
    for (int l = 0; l < PIXELS; l++) begin
      slot[l] = at[lane_row[l]];
      slot[l].word = slot[l].word + block_words;
    end

  always_ff @(posedge clk) begin
    if (rst) active <= 1'b0;
    else if (start) active <= config_in.use_operand;
    else if (next && last) active <= 1'b0;
    if (start) begin
      plane       <= config_in.operand_plane;
      block_words <= '0;
    end else if (next && block_end) begin
      block_words <= blocks_end ? '0 : block_words + plane;
    end
  end
  assign idle = !active;

  logic arriving, conflict;
  logic [PIXELS-1:0] enabled;
  gather #(
      .LANES(PIXELS),
      .DEPTH(DEPTH)
  ) queue (
      .clk,
      .rst,
      .in_valid   (active),
      .in_ready,
      .in_enable  (lanes),
      .in_slot    (slot),
      .in_part    (1'b0),
      .in_complete(1'b1),
      .request,
      .grant,
      .data,
      .conflict,
      .ready      (arriving),
      .place      (take),
      .take,
      .out_enable (enabled),
      .out_data   (operand)
  );
  // Not before its data are there.
  logic [FEATURE_READ_LATENCY-1:0] arriving_q;
  always_ff @(posedge clk)
    if (rst) arriving_q <= '0;
    else arriving_q <= FEATURE_READ_LATENCY'({arriving_q, arriving});
  assign ready = arriving_q[FEATURE_READ_LATENCY-1];

  logic unused;
  assign unused = ^{row_address, block, pass_end, x, y, conflict, enabled, config_in};
endmodule
