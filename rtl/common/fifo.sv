// SPDX-License-Identifier: Apache-2.0
// A queue with first-word fall-through. `count` is the number of words in it; DEPTH is at least 1.
`include "assert.svh"
module fifo #(
    parameter int WIDTH = 8,
    parameter int DEPTH = 4,
    localparam int COUNT_BITS = $clog2(DEPTH + 1)
) (
    input  logic                  clk,
    input  logic                  rst,
    input  logic                  in_valid,
    output logic                  in_ready,
    input  logic [     WIDTH-1:0] in_data,
    output logic                  out_valid,
    input  logic                  out_ready,
    output logic [     WIDTH-1:0] out_data,
    output logic [COUNT_BITS-1:0] count
);
  localparam int INDEX_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1;

  logic [WIDTH-1:0] memory[DEPTH];
  logic [INDEX_BITS-1:0] head, tail;
  logic push, pop;

  assign in_ready  = count != COUNT_BITS'(DEPTH);
  assign out_valid = count != 0;
  assign out_data  = memory[head];
  assign push      = in_valid && in_ready;
  assign pop       = out_valid && out_ready;

  function automatic logic [INDEX_BITS-1:0] next(logic [INDEX_BITS-1:0] index);
    next = index == INDEX_BITS'(DEPTH - 1) ? '0 : index + 1'b1;
  endfunction

  always_ff @(posedge clk) begin
    if (rst) begin
      head  <= '0;
      tail  <= '0;
      count <= '0;
    end else begin
      if (push) tail <= next(tail);
      if (pop) head <= next(head);
      count <= count + COUNT_BITS'(push) - COUNT_BITS'(pop);
    end
    if (push) memory[tail] <= in_data;
  end

  `HEDDLE_ASSERT(count_in_range, count <= COUNT_BITS'(DEPTH))
endmodule
