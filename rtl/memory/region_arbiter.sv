// SPDX-License-Identifier: Apache-2.0
// Shares regions among requesters: each wants a set of regions, for one cycle, and gets all of them or none.
//
// Fixed priority, requester 0 first. A requester that lost AGE times in a row goes before all that did not, so it waits
// at most AGE + REQUESTERS - 1 cycles. Grants are combinational; a requester that wants nothing is not granted.
`include "assert.svh"
module region_arbiter
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int REQUESTERS = FEATURE_READERS,
    parameter int AGE = 15
) (
    input  logic                                  clk,
    input  logic                                  rst,
    input  logic [REQUESTERS-1:0][REGIONS-1:0]    regions,  // wanted in this cycle
    output logic [REQUESTERS-1:0]                 grant
);
  localparam int LOSS_BITS = index_bits(AGE + 1);

  logic [REQUESTERS-1:0][LOSS_BITS-1:0] losses;
  logic [REQUESTERS-1:0] old;
  logic [REGIONS-1:0] taken;

  always_comb begin
    for (int i = 0; i < REQUESTERS; i++) old[i] = losses[i] == LOSS_BITS'(AGE);
    taken = '0;
    grant = '0;
    for (int i = 0; i < REQUESTERS; i++)
      if (old[i] && regions[i] != '0 && (regions[i] & taken) == '0) begin
        grant[i] = 1'b1;
        taken    = taken | regions[i];
      end
    for (int i = 0; i < REQUESTERS; i++)
      if (!old[i] && regions[i] != '0 && (regions[i] & taken) == '0) begin
        grant[i] = 1'b1;
        taken    = taken | regions[i];
      end
  end

  always_ff @(posedge clk) begin
    for (int i = 0; i < REQUESTERS; i++) begin
      if (rst || grant[i] || regions[i] == '0) losses[i] <= '0;
      else if (!old[i]) losses[i] <= losses[i] + 1'b1;
    end
  end

  // No region twice.
  logic [REGIONS-1:0] once, twice;
  always_comb begin
    once  = '0;
    twice = '0;
    for (int i = 0; i < REQUESTERS; i++)
      if (grant[i]) begin
        twice = twice | (once & regions[i]);
        once  = once | regions[i];
      end
  end
  `HEDDLE_ASSERT(exclusive, twice == '0)
  `HEDDLE_ASSERT(someone_wins, regions == '0 || grant != '0)
endmodule
