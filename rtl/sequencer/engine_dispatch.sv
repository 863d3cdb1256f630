// SPDX-License-Identifier: Apache-2.0
// Feeds one engine: hands it the next instruction to set up, starts it when its semaphores and `overlap` allow, and gives
// its signals when it is done. Executes fence and end.
//
// `done_count` counts the instructions whose effects are visible, so it is the index of the oldest one that is not
// complete. An error is one of that instruction.
`include "assert.svh"
module engine_dispatch
  import isa_pkg::*, heddle_pkg::*, registers_pkg::*;
(
    input  logic         clk,
    input  logic         rst,
    input  logic         enable,       // false: starts nothing more
    input  logic [ 31:0] watchdog,     // cycles without progress that are an error; 0: never
    input  logic         any_running,  // some engine has an instruction in execution
    input  logic         any_arrived,  // an instruction came from DDR, for whichever engine
    // queue
    input  logic         queue_valid,
    output logic         queue_pop,
    input  logic [511:0] queue_word,
    input  logic         queue_is_own,
    input  logic         queue_is_fence,
    input  logic         queue_is_end,
    input  error_e       queue_error,
    // semaphores
    output logic [  5:0] wait0,
    output logic [  5:0] wait1,
    input  logic         met,
    input  logic         second,
    input  logic         semaphore_error,
    output logic         take,
    output logic         give,
    output logic [  5:0] signal0,
    output logic [  5:0] signal1,
    // engine
    output logic         instr_valid,
    input  logic         instr_ready,
    output logic         start_valid,
    input  logic         start_ready,
    input  logic         done,
    input  activity_t    activity,
    input  logic [  1:0] engine_error,
    // state
    output logic         running,      // an instruction is in execution
    output logic         ended,
    output category_e    category,
    output error_e       error,
    output logic [ 31:0] done_count
);
  typedef struct packed {
    logic [5:0] signal1, signal0;
  } signals_t;

  end_t header;
  assign header = end_t'(queue_word);

  // The instruction in the engine's set-up stage.
  logic pending;
  logic [5:0] pending_wait0, pending_wait1;
  logic pending_overlap;
  signals_t pending_signals;

  // Instructions in execution, the oldest first.
  logic [1:0] in_execution;
  signals_t [1:0] signals;

  // `met` belongs to what is waited for now only after a cycle, and knows of a take after three.
  logic [1:0] stale;
  logic settled, may_start, started, accepted, special, execute_special;

  assign running         = in_execution != 0;
  assign settled         = stale == 0;
  assign instr_valid     = enable && queue_valid && queue_is_own && !pending;
  assign accepted        = instr_valid && instr_ready;
  assign may_start       = pending && (pending_overlap ? !in_execution[1] : !running);
  assign start_valid     = enable && may_start && settled && met;
  assign started         = start_valid && start_ready;
  assign special         = queue_valid && (queue_is_fence || queue_is_end) && !pending && !running && !ended;
  assign execute_special = enable && special && settled && met;
  assign queue_pop       = accepted || execute_special;

  assign wait0   = pending ? pending_wait0 : header.wait0;
  assign wait1   = pending ? pending_wait1 : header.wait1;
  assign take    = started || execute_special;
  assign give    = done || execute_special;
  assign signal0 = done ? signals[0].signal0 : header.signal0;
  assign signal1 = done ? signals[0].signal1 : header.signal1;

  signals_t [1:0] signals_d;
  always_comb begin
    signals_d = signals;
    if (done) signals_d[0] = signals[1];
    if (started) signals_d[in_execution[0] && !done] = pending_signals;
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      pending      <= 1'b0;
      in_execution <= 2'd0;
      stale        <= 2'd2;
      ended        <= 1'b0;
      done_count   <= '0;
    end else begin
      if (accepted) pending <= 1'b1;
      else if (started) pending <= 1'b0;
      in_execution <= in_execution + 2'(started) - 2'(done);
      if (take) stale <= 2'd2;
      else if (accepted || !(pending || queue_valid)) stale <= 2'd1;
      else if (!settled) stale <= stale - 1'b1;
      if (execute_special && queue_is_end) ended <= 1'b1;
      if (give) done_count <= done_count + 1'b1;
    end
    if (accepted) begin
      pending_wait0   <= header.wait0;
      pending_wait1   <= header.wait1;
      pending_overlap <= header.overlap;
      pending_signals <= '{signal0: header.signal0, signal1: header.signal1};
    end
    signals <= signals_d;
  end

  // ---- What this cycle is to the performance counters.
  logic waiting;
  assign waiting = (may_start || special) && settled && !met;
  always_comb begin
    if (running)
      case (activity.stall)
        STALL_WEIGHTS: category = COUNT_STALL_WEIGHTS;
        STALL_PORT: category = COUNT_STALL_PORT;
        STALL_POST: category = COUNT_STALL_POST;
        STALL_HAZARD: category = COUNT_STALL_HAZARD;
        STALL_BANK: category = COUNT_STALL_BANK;
        STALL_DDR: category = COUNT_STALL_DDR;
        default: category = COUNT_BUSY;
      endcase
    else if (ended) category = COUNT_IDLE;
    else if (waiting) category = second ? COUNT_WAIT_SECOND : COUNT_WAIT_FIRST;
    else if (pending || queue_valid) category = COUNT_SETUP;
    else category = COUNT_FETCH;
  end

  // ---- Errors.
  logic progress, expired;
  logic [31:0] quiet;  // cycles without progress
  always_comb begin
    progress = ended || take || give || accepted || !enable;
    if (running) progress = progress || activity.stall == STALL_NONE;
    else if (waiting) progress = progress || any_running || any_arrived;
    else if (!pending && !queue_valid) progress = progress || any_arrived;
  end
  always_ff @(posedge clk) begin
    if (rst || progress) begin
      quiet   <= '0;
      expired <= 1'b0;
    end else begin
      quiet   <= quiet + 1'b1;
      expired <= watchdog != 0 && quiet >= watchdog;
    end
  end

  always_comb begin
    error = ERROR_NONE;
    if (engine_error == 2'd3) error = ERROR_AXI_DECODE;
    else if (engine_error == 2'd2) error = ERROR_AXI_SLAVE;
    else if (semaphore_error) error = ERROR_SEMAPHORE;
    else if (queue_valid && !pending && !running && !ended) error = queue_error;
    if (error == ERROR_NONE && expired) error = ERROR_WATCHDOG;
  end

  logic unused;
  assign unused = &{1'b0, header, activity.busy};
  `HEDDLE_ASSERT(done_belongs_to_something, !(done && !running))
  `HEDDLE_ASSERT(at_most_two, in_execution != 2'd3)
endmodule
