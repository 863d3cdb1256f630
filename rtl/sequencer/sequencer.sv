// SPDX-License-Identifier: Apache-2.0
// Instruction fetch, queues, semaphores and the dispatch of all five engines.
`include "assert.svh"
module sequencer
  import overlay_pkg::*, isa_pkg::*, heddle_pkg::*, registers_pkg::*;
(
    input  logic                      clk,
    input  logic                      rst,
    input  logic                      start,   // a run begins: everything afresh
    input  logic                      enable,
    input  logic [ENGINES-1:0][63:0]  stream_address,
    input  logic [ENGINES-1:0][31:0]  stream_words,
    input  logic [31:0]               watchdog,
    // engines, by engine_e
    output logic [ENGINES-1:0]        instr_valid,
    input  logic [ENGINES-1:0]        instr_ready,
    output logic [ENGINES-1:0][511:0] instr,
    output logic [ENGINES-1:0]        start_valid,
    input  logic [ENGINES-1:0]        start_ready,
    input  logic [ENGINES-1:0]        done,
    input  activity_t [ENGINES-1:0]   activity,
    input  logic [ENGINES-1:0][1:0]   engine_error,
    // control
    output logic                      all_ended,
    output error_e                    error,
    output engine_e                   error_engine,
    output logic [ENGINES-1:0][31:0]  done_count,
    output category_e [ENGINES-1:0]   category,
    output engine_e [ENGINES-1:0]     giver,
    // client of AXI read port 0
    output logic                      req_valid,
    input  logic                      req_ready,
    output logic [63:0]               req_address,
    output logic [8:0]                req_beats,
    input  logic                      beat_valid,
    input  logic [8*AXI_BYTES-1:0]    beat_data,
    input  logic                      beat_last,
    input  logic [1:0]                beat_error
);
  localparam int QUEUE_WORDS = 32;
  localparam opcode_e [ENGINES-1:0] OPCODES = {OP_SAVE, OP_STENCIL, OP_CONV, OP_LOAD_CONST, OP_LOAD};

  logic word_valid;
  engine_e word_engine;
  logic [511:0] word;
  error_e word_error;
  logic [ENGINES-1:0] queue_pop;

  instruction_fetch #(
      .QUEUE_WORDS(QUEUE_WORDS)
  ) fetch (
      .clk,
      .rst,
      .start,
      .enable,
      .stream_address,
      .stream_words,
      .word_valid,
      .word_engine,
      .word,
      .word_error,
      .queue_popped(queue_pop),
      .req_valid,
      .req_ready,
      .req_address,
      .req_beats,
      .beat_valid,
      .beat_data,
      .beat_last,
      .beat_error
  );

  logic [ENGINES-1:0][5:0] wait0, wait1, signal0, signal1;
  logic [ENGINES-1:0] met, second, take, give, semaphore_error;

  semaphores semaphores (
      .clk,
      .rst  (rst || start),
      .wait0,
      .wait1,
      .met,
      .second,
      .giver,
      .take,
      .give,
      .signal0,
      .signal1,
      .error(semaphore_error)
  );

  logic [ENGINES-1:0] running, ended;
  error_e [ENGINES-1:0] errors;
  logic any_running;
  assign any_running = running != 0;

  for (genvar e = 0; e < ENGINES; e++) begin : g_engine
    logic queue_valid, queue_is_own, queue_is_fence, queue_is_end;
    error_e queue_error;
    instruction_queue #(
        .OPCODE(OPCODES[e]),
        .QUEUE_WORDS(QUEUE_WORDS)
    ) queue (
        .clk,
        .rst     (rst || start),
        .in_valid(word_valid && word_engine == engine_e'(e)),
        .in_word (word),
        .in_error(word_error),
        .valid   (queue_valid),
        .pop     (queue_pop[e]),
        .word    (instr[e]),
        .is_own  (queue_is_own),
        .is_fence(queue_is_fence),
        .is_end  (queue_is_end),
        .error   (queue_error)
    );
    engine_dispatch dispatch (
        .clk,
        .rst            (rst || start),
        .enable,
        .watchdog,
        .any_running,
        .any_arrived    (word_valid),
        .queue_valid,
        .queue_pop      (queue_pop[e]),
        .queue_word     (instr[e]),
        .queue_is_own,
        .queue_is_fence,
        .queue_is_end,
        .queue_error,
        .wait0          (wait0[e]),
        .wait1          (wait1[e]),
        .met            (met[e]),
        .second         (second[e]),
        .semaphore_error(semaphore_error[e]),
        .take           (take[e]),
        .give           (give[e]),
        .signal0        (signal0[e]),
        .signal1        (signal1[e]),
        .instr_valid    (instr_valid[e]),
        .instr_ready    (instr_ready[e]),
        .start_valid    (start_valid[e]),
        .start_ready    (start_ready[e]),
        .done           (done[e]),
        .activity       (activity[e]),
        .engine_error   (engine_error[e]),
        .running        (running[e]),
        .ended          (ended[e]),
        .category       (category[e]),
        .error          (errors[e]),
        .done_count     (done_count[e])
    );
  end

  assign all_ended = &ended;

  // Of errors in the same cycle, that of the first engine.
  always_comb begin
    error = ERROR_NONE;
    error_engine = ENGINE_LOAD_FEATURES;
    for (int e = ENGINES - 1; e >= 0; e--)
      if (errors[e] != ERROR_NONE) begin
        error = errors[e];
        error_engine = engine_e'(e);
      end
  end
endmodule
