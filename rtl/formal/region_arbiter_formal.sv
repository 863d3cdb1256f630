// SPDX-License-Identifier: Apache-2.0
// region_arbiter: no region is given twice, nobody loses without a reason, and nobody waits for long.
module region_arbiter_formal
  import overlay_pkg::*, heddle_pkg::*;
(
    input logic                    clk,
    input logic                    rst,
    input logic [2:0][REGIONS-1:0] regions
);
  localparam int AGE = 3;
  logic [2:0] grant;
  region_arbiter #(.REQUESTERS(3), .AGE(AGE)) dut (.*);

  logic started = 1'b0;
  always_ff @(posedge clk) started <= 1'b1;
  always_comb if (!started) assume (rst);

  // A requester holds what it wants until it gets it.
  logic [2:0] held;
  logic [2:0][REGIONS-1:0] regions_q;
  always_ff @(posedge clk) begin
    regions_q <= regions;
    for (int i = 0; i < 3; i++) held[i] <= !rst && regions[i] != '0 && !grant[i];
  end
  logic [2:0] keeps;
  always_comb for (int i = 0; i < 3; i++) keeps[i] = !held[i] || regions[i] == regions_q[i];
  always_comb assume (&keeps);

  // Cycles that each requester has waited.
  logic [2:0][3:0] waited;
  always_ff @(posedge clk)
    for (int i = 0; i < 3; i++) waited[i] <= rst || grant[i] || regions[i] == '0 ? '0 : waited[i] + 1'b1;

  logic [2:0] asked, bounded, explained, counted;
  always_comb
    for (int i = 0; i < 3; i++) begin
      asked[i] = !grant[i] || regions[i] != '0;
      // Behind the threshold only older requesters come first, each once.
      bounded[i] = waited[i] <= 4'(AGE + 2);
      counted[i] = dut.losses[i] == (waited[i] > 4'(AGE) ? 2'(AGE) : 2'(waited[i])) && (regions[i] != '0 || !held[i]);
      explained[i] = grant[i] || regions[i] == '0;
      for (int j = 0; j < 3; j++) if (grant[j] && j != i && (regions[i] & regions[j]) != '0) explained[i] = 1'b1;
    end

  // Of those that are past the threshold, the first in order goes next; the others wait for it at most.
  logic [2:0] late;
  logic [1:0] ahead0, ahead1, ahead2;
  always_comb begin
    for (int i = 0; i < 3; i++) late[i] = waited[i] >= 4'(AGE);
    ahead0 = 2'd0;
    ahead1 = 2'(late[0]);
    ahead2 = 2'(late[0]) + 2'(late[1]);
  end
  always_comb if (started && !rst) begin
    exclusive_01: assert (!(grant[0] && grant[1]) || (regions[0] & regions[1]) == '0);
    exclusive_02: assert (!(grant[0] && grant[2]) || (regions[0] & regions[2]) == '0);
    exclusive_12: assert (!(grant[1] && grant[2]) || (regions[1] & regions[2]) == '0);
    only_askers: assert (&asked);
    loses_for_a_reason: assert (&explained);
    losses_counted: assert (&counted);
    first_at_once: assert (waited[0] <= 4'(AGE));
    starvation_bounded: assert (&bounded);
    old_wins: cover (grant[2] && regions[0] != '0 && !grant[0]);
  end
endmodule
