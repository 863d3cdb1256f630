// SPDX-License-Identifier: Apache-2.0
// Drains finished passes: chunk by chunk from the accumulators through POST to feature memory (conv_chunks gives the order).
//
// A chunk is issued when its pass is done, its channel parameters and operand are there, and there is room for its result. Then
// it runs rigidly: accumulators (1 cycle), rows to lanes (1), POST (POST_LATENCY), queue, bank_writer.
module conv_drain
  import overlay_pkg::*, heddle_pkg::*;
(
    input  logic                                          clk,
    input  logic                                          rst,
    input  logic                                          config_valid,
    input  conv_drain_t                                   config_in,
    output logic                                          config_ready,
    input  logic                                          pass_done,
    output logic                                          release_copy,
    output logic                                          finished,   // all writes of an instruction
    // Accumulators.
    output logic             [P-1:0]                      row,        // is read
    output logic                                          row_copy,
    output logic             [P-1:0][DEPTH_BITS-1:0]      row_address,
    output logic             [CHANNEL_BLOCK_BITS-1:0]     row_block,
    output logic                                          row_wide,
    output logic                                          row_packed,
    input  logic             [P-1:0][N-1:0][ACC_BITS-1:0] row_sums,   // a cycle later
    // Parameter memory.
    output logic                                          conv_param_read,
    output logic             [PARAM_PAIR_BITS-1:0]        conv_param_address,
    input  logic             [2*PARAM_BITS-1:0]           conv_param_data,
    // Feature memory.
    output feature_request_t                              operand_request,
    input  logic                                          operand_grant,
    input  feature_data_t                                 operand_data,
    output feature_request_t                              write_request,
    output feature_data_t                                 write_data,
    output feature_strobe_t                               write_strobe,
    input  logic                                          write_grant,
    // Tables.
    input  logic                                          table_write,
    input  logic             [7:0]                        table_number,
    input  logic             [8:0]                        table_entry,
    input  logic             [15:0]                       table_data,
    output logic                                          table_ready
);
  localparam int PIXELS = POST_PIXELS;
  localparam int OPERANDS = 16;
  localparam int OPERAND_BITS = $clog2(OPERANDS + 1);

  conv_drain_t config_q;
  logic active, start, issue;
  logic destination_prepared, operand_prepared, operand_idle;

  // The next instruction's walks are prepared while one is drained.
  assign start = config_valid && !active && destination_prepared && operand_prepared && operand_idle;
  assign config_ready = start;

  // Chunks.
  logic [PIXELS-1:0] lanes;
  logic [PIXELS-1:0][BANK_BITS-1:0] lane_row;
  logic [P-1:0] rows;
  logic block_end, pass_end, blocks_end, last;
  conv_chunks chunks (
      .clk,
      .load  (start),
      .passes(config_in.passes),
      .wide  (config_in.wide),
      .blocks(config_in.blocks),
      .next  (issue),
      .lanes,
      .lane_row,
      .rows,
      .row_address,
      .block (row_block),
      .block_end,
      .pass_end,
      .blocks_end,
      .last
  );

  // Destination.
  slot_t [P-1:0] at;
  coord_t [P-1:0] x, y;
  pixel_walker #(.LANES(P)) walker (
      .clk,
      .rst,
      .prepare (config_valid),
      .walk    (config_in.destination),
      .prepared(destination_prepared),
      .load    (start),
      .advance (issue ? rows : '0),
      .rewind  (issue && block_end && !blocks_end),
      .mark    (issue && blocks_end),
      .slot    (at),
      .x,
      .y
  );
  logic [WORD_BITS-1:0] block_words;
  slot_t [PIXELS-1:0] slot;
  always_comb
    for (int l = 0; l < PIXELS; l++) begin
      slot[l] = at[lane_row[l]];
      slot[l].word = slot[l].word + block_words;
    end

  // Operand.
  logic operand_ready, operand_take;
  logic [OPERAND_BITS-1:0] operands;
  logic [PIXELS-1:0][SLOT_BITS-1:0] operand;
  conv_operand #(.DEPTH(OPERANDS)) operand_reader (
      .clk,
      .rst,
      .prepare  (config_valid),
      .prepared (operand_prepared),
      .config_in,
      .start,
      .idle     (operand_idle),
      .request  (operand_request),
      .grant    (operand_grant),
      .data     (operand_data),
      .ready    (operand_ready),
      .take     (operand_take),
      .operand
  );

  // Parameters.
  logic params_ready;
  post_descriptor_t descriptor;
  channel_param_t [N-1:0] param;
  conv_params params (
      .clk,
      .rst,
      .start,
      .address(config_in.param_address),
      .wide   (config_in.wide),
      .blocks (config_in.blocks),
      .ready  (params_ready),
      .next   (issue && block_end),
      .descriptor,
      .param,
      .conv_param_read,
      .conv_param_address,
      .conv_param_data
  );

  // Issue.
  logic [1:0] passes;  // done and not drained
  logic room;
  assign issue = active && passes != 0 && params_ready && room && (!config_q.use_operand || operands != 0);
  assign release_copy = issue && pass_end;
  always_ff @(posedge clk) begin
    if (rst) begin
      active   <= 1'b0;
      passes   <= '0;
      operands <= '0;
      row_copy <= 1'b0;
    end else begin
      if (start) active <= 1'b1;
      else if (issue && last) active <= 1'b0;
      passes   <= passes + 2'(pass_done) - 2'(release_copy);
      operands <= operands + OPERAND_BITS'(operand_ready) - OPERAND_BITS'(issue && config_q.use_operand);
      if (release_copy) row_copy <= !row_copy;
    end
    if (start) begin
      config_q    <= config_in;
      block_words <= '0;
    end else if (issue && block_end) begin
      block_words <= blocks_end ? '0 : block_words + config_q.destination_plane;
    end
  end
  assign row        = issue ? rows : '0;
  assign row_wide   = config_q.wide;
  assign row_packed = config_q.packed_sums;

  // Stages: 0 accumulators, 1 rows to lanes.
  typedef struct packed {
    logic wide, use_operand;
    logic [PIXELS-1:0][BANK_BITS-1:0] lane_row;
  } chunk_t;
  logic [1:0] valid;
  chunk_t [1:0] stage;
  logic [PIXELS-1:0][N-1:0][ACC_BITS-1:0] sums;
  always_ff @(posedge clk) begin
    if (rst) valid <= '0;
    else valid <= {valid[0], issue};
    stage[0] <= '{wide: config_q.wide, use_operand: config_q.use_operand, lane_row: lane_row};
    stage[1] <= stage[0];
    if (valid[0]) for (int l = 0; l < PIXELS; l++) sums[l] <= row_sums[stage[0].lane_row[l]];
  end
  assign operand_take = valid[1] && stage[1].use_operand;

  logic post_valid;
  logic [PIXELS-1:0][SLOT_BITS-1:0] post_slot;
  post #(.PIXELS(PIXELS), .REQUANTIZE_IN_DSP(DSP_REQUANTIZE), .REST_IN_DSP(DSP_POST)) post (
      .clk,
      .rst,
      .in_valid       (valid[1]),
      .in_acc         (sums),
      .in_wide        (stage[1].wide),
      .in_descriptor  (descriptor),
      .in_param       (param),
      .in_use_operand (stage[1].use_operand),
      .in_operand_wide(stage[1].wide),
      .in_add_only    (1'b0),
      .in_operand     (operand),
      .out_valid      (post_valid),
      .out_slot       (post_slot),
      .table_write,
      .table_number,
      .table_entry,
      .table_data,
      .table_ready
  );

  conv_results results (
      .clk,
      .rst,
      .room,
      .issue,
      .issue_last (last),
      .issue_lanes(lanes),
      .issue_slot (slot),
      .post_valid,
      .post_slot,
      .write_request,
      .write_data,
      .write_strobe,
      .write_grant,
      .finished
  );

  logic unused;
  assign unused = ^{x, y, config_q, stage[1].lane_row};
endmodule
