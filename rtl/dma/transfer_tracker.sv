// SPDX-License-Identifier: Apache-2.0
// Which instructions of a DMA engine are in execution (at most two; `parity` tells them apart), and when each is done: it has
// been dealt out to the last piece, and every piece is finished.
`include "assert.svh"
module transfer_tracker #(
    parameter int SOURCES = 4  // that finish pieces, each at most one a cycle
) (
    input  logic                clk,
    input  logic                rst,
    input  logic                start,
    output logic                may_start,
    output logic                start_parity,  // of the instruction that starts now or next
    input  logic                dealt,         // a piece
    input  logic                dealt_parity,
    input  logic                dealt_last,    // piece of its instruction
    input  logic [SOURCES-1:0]  finished,
    input  logic [SOURCES-1:0]  finished_parity,
    output logic                busy,
    output logic                done           // the oldest
);
  localparam int COUNT_BITS = 12;

  logic [1:0] active, complete;  // in execution; dealt out
  logic [1:0][COUNT_BITS-1:0] pieces, pieces_d;
  logic oldest;

  assign may_start = !active[start_parity];
  assign busy      = active != '0;
  assign done      = active[oldest] && complete[oldest] && pieces[oldest] == '0;

  always_comb begin
    pieces_d = pieces;
    if (dealt) pieces_d[dealt_parity] = pieces_d[dealt_parity] + 1'b1;
    for (int i = 0; i < SOURCES; i++)
      if (finished[i]) pieces_d[finished_parity[i]] = pieces_d[finished_parity[i]] - 1'b1;
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      active       <= '0;
      complete     <= '0;
      pieces       <= '0;
      start_parity <= 1'b0;
      oldest       <= 1'b0;
    end else begin
      pieces <= pieces_d;
      if (dealt && dealt_last) complete[dealt_parity] <= 1'b1;
      if (done) begin
        active[oldest]   <= 1'b0;
        complete[oldest] <= 1'b0;
        oldest           <= !oldest;
      end
      if (start) begin
        active[start_parity] <= 1'b1;
        start_parity         <= !start_parity;
      end
    end
  end

  `HEDDLE_ASSERT(start_when_allowed, !start || may_start)
  `HEDDLE_ASSERT(pieces_of_the_active, (active[0] || pieces[0] == '0) && (active[1] || pieces[1] == '0))
endmodule
