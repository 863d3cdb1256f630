// SPDX-License-Identifier: Apache-2.0
// Cycles of one engine by category. Runs of equal cycles are counted first and added when they end, so that one adder
// serves all counters, and a wait is booked on the engine that ended it.
//
// `index` selects a counter; `value` follows one cycle later. Counters are complete three cycles after `active` fell.
`include "assert.svh"
module engine_counters
  import isa_pkg::*, registers_pkg::*;
(
    input  logic        clk,
    input  logic        rst,
    input  logic        clear,     // all counters are 0
    input  logic        active,    // this cycle counts
    input  category_e   category,
    input  engine_e     giver,     // who gave what was waited for last
    input  logic [ 3:0] index,
    output logic [47:0] value
);
  // What happened in the last cycle.
  logic active_q;
  category_e category_q;
  engine_e giver_q;

  // The run of equal cycles before it.
  logic run_valid;
  category_e run;
  logic [31:0] length;

  // The run that has ended.
  logic add;
  logic [3:0] add_index;
  logic [31:0] add_length;

  logic ends;
  logic [3:0] resolved;
  assign ends = run_valid && (!active_q || category_q != run || length[31]);
  always_comb begin
    resolved = run[3:0];
    if (run == COUNT_WAIT_FIRST || run == COUNT_WAIT_SECOND) resolved = 4'(COUNT_WAIT_LOAD_FEATURES) + 4'(giver_q);
  end

  always_ff @(posedge clk) begin
    if (rst || clear) begin
      active_q  <= 1'b0;
      run_valid <= 1'b0;
      add       <= 1'b0;
    end else begin
      active_q  <= active;
      run_valid <= active_q;
      add       <= ends;
    end
    category_q <= category;
    giver_q    <= giver;
    run        <= category_q;
    length     <= ends || !run_valid ? 32'd1 : length + 1'b1;
    add_index  <= resolved;
    add_length <= length;
  end

  logic [47:0] counter[16];
  logic [15:0] written;  // the others are 0
  always_ff @(posedge clk) begin
    if (rst || clear) written <= '0;
    else if (add) written[add_index] <= 1'b1;
    if (add) counter[add_index] <= (written[add_index] ? counter[add_index] : '0) + 48'(add_length);
    value <= written[index] ? counter[index] : '0;
  end

  `HEDDLE_ASSERT(category_is_known, !active || category < 5'(CATEGORIES) || category >= COUNT_WAIT_FIRST)
endmodule
