// SPDX-License-Identifier: Apache-2.0
// A deep queue of AXI beats in block memory. Its writer has counted the room: there is no back-pressure. The output
// register is the memory's own, so a beat is there two cycles after it was written; one beat a cycle.
`include "assert.svh"
module beat_fifo #(
    parameter int WIDTH = 128,
    parameter int DEPTH = 256  // a power of two
) (
    input  logic              clk,
    input  logic              rst,
    input  logic              in_valid,
    input  logic [WIDTH-1:0]  in_data,
    output logic              out_valid,
    input  logic              out_ready,
    output logic [WIDTH-1:0]  out_data
);
  localparam int INDEX_BITS = $clog2(DEPTH);

  logic [WIDTH-1:0] memory[DEPTH];
  logic [INDEX_BITS:0] head, head_d, tail;  // of what is shown; behind the newest
  logic there;                              // a beat that may be shown next

  assign head_d = head + (INDEX_BITS + 1)'(out_valid && out_ready);
  assign there  = head_d != tail;

  always_ff @(posedge clk) begin
    if (rst) begin
      head      <= '0;
      tail      <= '0;
      out_valid <= 1'b0;
    end else begin
      head      <= head_d;
      out_valid <= there;
      if (in_valid) tail <= tail + 1'b1;
    end
    if (in_valid) memory[tail[INDEX_BITS-1:0]] <= in_data;
    if (there && (out_ready || !out_valid)) out_data <= memory[head_d[INDEX_BITS-1:0]];
  end

  `HEDDLE_ASSERT(room_was_counted, !(in_valid && tail - head == (INDEX_BITS + 1)'(DEPTH)))
endmodule
