// SPDX-License-Identifier: Apache-2.0
// The CONV engine: docs/hardware/conv.md. Four processes that meet through tokens: reader, weights, stepper (with the array), drain.
`include "assert.svh"
module conv
  import overlay_pkg::*, heddle_pkg::*;
(
    input  logic                                  clk,
    input  logic                                  rst,
    // Sequencer.
    input  logic                                  instr_valid,
    output logic                                  instr_ready,
    input  logic             [511:0]              instr,
    input  logic                                  start_valid,
    output logic                                  start_ready,
    output logic                                  done,
    output activity_t                             activity,
    output logic             [1:0]                error,
    // Feature memory: READ_CONV, READ_OPERAND, WRITE_POST.
    output feature_request_t                      read_request,
    input  logic                                  read_grant,
    input  feature_data_t                         read_data,
    output feature_request_t                      operand_request,
    input  logic                                  operand_grant,
    input  feature_data_t                         operand_data,
    output feature_request_t                      write_request,
    output feature_data_t                         write_data,
    output feature_strobe_t                       write_strobe,
    input  logic                                  write_grant,
    // Constants.
    output logic                                  weight_read,
    output logic [WEIGHT_ADDRESS_BITS-1:0]        weight_address,
    input  logic [WEIGHT_WORD_BITS-1:0]           weight_data,
    output logic                                  conv_param_read,
    output logic [PARAM_PAIR_BITS-1:0]            conv_param_address,
    input  logic [2*PARAM_BITS-1:0]               conv_param_data,
    input  logic                                  table_write,
    input  logic             [7:0]                table_number,
    input  logic             [8:0]                table_entry,
    input  logic             [15:0]               table_data,
    output logic                                  table_ready
);
  localparam int X_DEPTH = 8;

  // Set-up and start.
  conv_read_t read_config;
  conv_weights_t weights_config;
  conv_steps_t steps_config;
  conv_drain_t drain_config;
  logic prepare, prepared, setup_ready, start, reader_idle;
  logic weights_room, steps_room, drain_room, order_room;

  conv_setup setup (
      .clk,
      .rst,
      .instr_valid,
      .instr_ready,
      .instr,
      .prepare,
      .prepared,
      .ready  (setup_ready),
      .start,
      .read   (read_config),
      .weights(weights_config),
      .steps  (steps_config),
      .drain  (drain_config)
  );
  assign start_ready = setup_ready && reader_idle && weights_room && steps_room && drain_room && order_room;
  assign start = start_valid && start_ready;

  // Configurations of started instructions, until their processes come to them.
  conv_weights_t weights_head;
  conv_steps_t steps_head;
  conv_drain_t drain_head;
  logic weights_valid, weights_ready, steps_valid, steps_ready, drain_valid, drain_ready;
  logic [1:0] weights_count, steps_count, drain_count, order_count;
  fifo #(
      .WIDTH($bits(conv_weights_t)),
      .DEPTH(2)
  ) weights_queue (
      .clk,
      .rst,
      .in_valid (start),
      .in_ready (weights_room),
      .in_data  (weights_config),
      .out_valid(weights_valid),
      .out_ready(weights_ready),
      .out_data (weights_head),
      .count    (weights_count)
  );
  fifo #(
      .WIDTH($bits(conv_steps_t)),
      .DEPTH(2)
  ) steps_queue (
      .clk,
      .rst,
      .in_valid (start),
      .in_ready (steps_room),
      .in_data  (steps_config),
      .out_valid(steps_valid),
      .out_ready(steps_ready),
      .out_data (steps_head),
      .count    (steps_count)
  );
  fifo #(
      .WIDTH($bits(conv_drain_t)),
      .DEPTH(2)
  ) drain_queue (
      .clk,
      .rst,
      .in_valid (start && steps_config.last),
      .in_ready (drain_room),
      .in_data  (drain_config),
      .out_valid(drain_valid),
      .out_ready(drain_ready),
      .out_data (drain_head),
      .count    (drain_count)
  );

  // Instructions end in order, whether drained or kept in the accumulators.
  logic order_valid, order_last, finished, kept_done;
  logic [1:0] drained, kept;
  fifo #(
      .WIDTH(1),
      .DEPTH(2)
  ) order (
      .clk,
      .rst,
      .in_valid (start),
      .in_ready (order_room),
      .in_data  (steps_config.last),
      .out_valid(order_valid),
      .out_ready(done),
      .out_data (order_last),
      .count    (order_count)
  );
  assign done = order_valid && (order_last ? drained != 0 : kept != 0);
  always_ff @(posedge clk)
    if (rst) begin
      drained <= '0;
      kept    <= '0;
    end else begin
      drained <= drained + 2'(finished) - 2'(done && order_last);
      kept    <= kept + 2'(kept_done) - 2'(done && !order_last);
    end

  // Operands of the array.
  logic vector_ready, release_vector, load_vector, reader_conflict;
  logic [P-1:0][SLOT_BITS-1:0] low, high;
  logic [P-1:0] pad;
  conv_reader #(.X_DEPTH(X_DEPTH)) reader (
      .clk,
      .rst,
      .prepare,
      .prepared,
      .config_in(read_config),
      .start,
      .idle     (reader_idle),
      .request  (read_request),
      .grant    (read_grant),
      .data     (read_data),
      .vector_ready,
      .release_vector,
      .take     (load_vector),
      .low,
      .high,
      .pad,
      .conflict (reader_conflict)
  );

  logic set_ready, issue_set, load_set, load_wide_weights;
  logic [M-1:0][N-1:0][15:0] weights;
  conv_weights weight_reader (
      .clk,
      .rst,
      .config_valid(weights_valid),
      .config_in   (weights_head),
      .config_ready(weights_ready),
      .weight_read,
      .weight_address,
      .weight_data,
      .set_ready,
      .issue       (issue_set),
      .load        (load_set),
      .load_wide   (load_wide_weights),
      .weights
  );

  // Steps.
  logic release_copy, pass_done, steps_idle, issue, wait_vector, wait_set;
  logic load_wide_source, multiply, multiply_wide, multiply_half, fetch, fetch_copy;
  logic add, add_copy, add_wide, add_half, add_first, add_forward;
  logic [15:0] load_pad_value;
  logic [DEPTH_BITS-1:0] fetch_address, add_address;
  conv_stepper #(.X_DEPTH(X_DEPTH)) stepper (
      .clk,
      .rst,
      .config_valid(steps_valid),
      .config_in   (steps_head),
      .config_ready(steps_ready),
      .vector_ready,
      .release_vector,
      .set_ready,
      .issue_set,
      .release_copy,
      .pass_done,
      .kept_done,
      .load_vector,
      .load_set,
      .load_wide_source,
      .load_wide_weights,
      .load_pad_value,
      .multiply,
      .multiply_wide,
      .multiply_half,
      .fetch,
      .fetch_copy,
      .fetch_address,
      .add,
      .add_copy,
      .add_address,
      .add_wide,
      .add_half,
      .add_first,
      .add_forward,
      .idle        (steps_idle),
      .issue,
      .wait_vector,
      .wait_set
  );

  // Array.
  logic [P-1:0] drain_row;
  logic drain_copy, drain_wide, drain_packed;
  logic [P-1:0][DEPTH_BITS-1:0] drain_address;
  logic [CHANNEL_BLOCK_BITS-1:0] drain_block;
  logic [P-1:0][N-1:0][ACC_BITS-1:0] drained_sums;
  logic [DOT_OPERAND_BITS-1:0] operands;
  dot_weights dot_weights (.clk, .wide(multiply_wide), .half(multiply_half), .weights, .operands);
  for (genvar p = 0; p < P; p++) begin : rows
    array_row row (
        .clk,
        .rst,
        .load_vector,
        .load_wide_source,
        .load_pad_value,
        .pad          (pad[p]),
        .low          (low[p]),
        .high         (high[p]),
        .weights      (operands),
        .multiply,
        .multiply_wide,
        .multiply_half,
        .fetch,
        .fetch_copy,
        .fetch_address,
        .add,
        .add_copy,
        .add_address,
        .add_wide,
        .add_half,
        .add_first,
        .add_forward,
        .drain        (drain_row[p]),
        .drain_copy,
        .drain_address(drain_address[p]),
        .drain_block,
        .drain_wide,
        .drain_packed,
        .drained      (drained_sums[p])
    );
  end

  conv_drain drain (
      .clk,
      .rst,
      .config_valid(drain_valid),
      .config_in   (drain_head),
      .config_ready(drain_ready),
      .pass_done,
      .release_copy,
      .finished,
      .row         (drain_row),
      .row_copy    (drain_copy),
      .row_address (drain_address),
      .row_block   (drain_block),
      .row_wide    (drain_wide),
      .row_packed  (drain_packed),
      .row_sums    (drained_sums),
      .conv_param_read,
      .conv_param_address,
      .conv_param_data,
      .operand_request,
      .operand_grant,
      .operand_data,
      .write_request,
      .write_data,
      .write_strobe,
      .write_grant,
      .table_write,
      .table_number,
      .table_entry,
      .table_data,
      .table_ready
  );

  // Activity: the array works, or waits for weights, for its source, or for the drain.
  always_comb begin
    activity.busy  = order_valid;
    activity.stall = STALL_NONE;
    if (!issue) begin
      if (wait_set) activity.stall = STALL_WEIGHTS;
      else if (wait_vector) activity.stall = reader_conflict ? STALL_BANK : STALL_PORT;
      else activity.stall = STALL_POST;
    end
  end
  assign error = 2'd0;

  logic unused;
  assign unused = ^{weights_count, steps_count, drain_count, order_count, steps_idle};
endmodule
