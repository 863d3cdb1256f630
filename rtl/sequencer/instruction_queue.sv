// SPDX-License-Identifier: Apache-2.0
// Instructions of one engine that were read ahead, and what the first one is to the sequencer. Space was reserved by
// instruction_fetch before it asked for them.
`include "assert.svh"
module instruction_queue
  import isa_pkg::*, heddle_pkg::*;
#(
    parameter opcode_e OPCODE = OP_CONV,  // what the engine executes beside fence and end
    parameter int QUEUE_WORDS = 32
) (
    input  logic         clk,
    input  logic         rst,
    input  logic         in_valid,
    input  logic [511:0] in_word,
    input  error_e       in_error,
    output logic         valid,
    input  logic         pop,
    output logic [511:0] word,
    output logic         is_own,    // for the engine
    output logic         is_fence,
    output logic         is_end,
    output error_e       error      // none of these
);
  error_e stored_error;
  logic in_ready;
  logic [$clog2(QUEUE_WORDS+1)-1:0] count;
  end_t header;

  fifo #(
      .WIDTH(512 + 4),
      .DEPTH(QUEUE_WORDS)
  ) queue (
      .clk,
      .rst,
      .in_valid,
      .in_ready,
      .in_data  ({in_error, in_word}),
      .out_valid(valid),
      .out_ready(pop),
      .out_data ({stored_error, word}),
      .count
  );

  assign header = end_t'(word);
  always_comb begin
    is_own   = stored_error == ERROR_NONE && header.opcode == OPCODE;
    is_fence = stored_error == ERROR_NONE && header.opcode == OP_FENCE;
    is_end   = stored_error == ERROR_NONE && header.opcode == OP_END;
    error    = stored_error;
    if (!is_own && !is_fence && !is_end && stored_error == ERROR_NONE) error = ERROR_OPCODE;
  end

  logic unused;
  assign unused = &{1'b0, header, count};
  `HEDDLE_ASSERT(has_room, in_ready || !in_valid)
endmodule
