// SPDX-License-Identifier: Apache-2.0
// The 63 counting semaphores; number 0 means "none".
//
// Each engine presents the two semaphores that it waits for; in the next cycle `met` says whether both can be taken, and
// `second` whether wait0 is there and wait1 is not. `met` follows takes and gives after three cycles. `giver` is the engine that
// last gave what this engine lacks. Every semaphore has one waiting engine, so that what was met stays so.
`include "assert.svh"
module semaphores
  import isa_pkg::*;
(
    input  logic                    clk,
    input  logic                    rst,
    input  logic [ENGINES-1:0][5:0] wait0,
    input  logic [ENGINES-1:0][5:0] wait1,
    output logic [ENGINES-1:0]      met,
    output logic [ENGINES-1:0]      second,
    output engine_e [ENGINES-1:0]   giver,
    input  logic [ENGINES-1:0]      take,   // wait0 and wait1
    input  logic [ENGINES-1:0]      give,
    input  logic [ENGINES-1:0][5:0] signal0,
    input  logic [ENGINES-1:0][5:0] signal1,
    output logic [ENGINES-1:0]      error   // this engine's gives or takes left the range of a counter
);
  logic [SEMAPHORES-1:0][7:0] count;
  logic [SEMAPHORES-1:0] some, several;  // at least 1, at least 2

  logic [ENGINES-1:0] take_q, give_q;
  logic [ENGINES-1:0][5:0] take0, take1, give0, give1;

  always_ff @(posedge clk) begin
    take_q <= rst ? '0 : take;
    give_q <= rst ? '0 : give;
    for (int e = 0; e < ENGINES; e++) begin
      if (take[e]) begin
        take0[e] <= wait0[e];
        take1[e] <= wait1[e];
      end
      if (give[e]) begin
        give0[e] <= signal0[e];
        give1[e] <= signal1[e];
      end
    end
  end

  // One waiter and one signaller: the union of all engines' takes is that of the one that takes.
  logic [SEMAPHORES-1:0] take_one, take_two, give_one, give_two;
  logic [SEMAPHORES-1:0] bit0, bit1;
  always_comb begin
    take_one = '0;
    take_two = '0;
    give_one = '0;
    give_two = '0;
    bit0 = '0;
    bit1 = '0;
    for (int e = 0; e < ENGINES; e++) begin
      if (take_q[e]) begin
        bit0 = SEMAPHORES'(1) << take0[e];
        bit1 = SEMAPHORES'(1) << take1[e];
        take_one |= bit0 ^ bit1;
        take_two |= bit0 & bit1;
      end
      if (give_q[e]) begin
        bit0 = SEMAPHORES'(1) << give0[e];
        bit1 = SEMAPHORES'(1) << give1[e];
        give_one |= bit0 ^ bit1;
        give_two |= bit0 & bit1;
      end
    end
  end

  logic changes;
  logic [SEMAPHORES-1:0][9:0] sum;
  logic [SEMAPHORES-1:0] wrong;
  assign changes = take_q != 0 || give_q != 0;
  always_comb begin
    sum   = '0;
    wrong = '0;
    if (changes)
      for (int s = 1; s < SEMAPHORES; s++) begin
        sum[s] = {2'b00, count[s]} + {8'd0, give_two[s], give_one[s]} - {8'd0, take_two[s], take_one[s]};
        wrong[s] = sum[s][9:8] != 0;
      end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      count   <= '0;
      some    <= '0;
      several <= '0;
    end else if (changes) begin
      for (int s = 1; s < SEMAPHORES; s++) begin
        count[s]   <= sum[s][7:0];
        some[s]    <= sum[s][7:0] != 0;
        several[s] <= sum[s][7:0] > 8'd1;
      end
    end
  end

  // Semaphore 0 is always there.
  logic [ENGINES-1:0] there0, there1;
  logic [ENGINES-1:0][5:0] lacking;
  always_comb
    for (int e = 0; e < ENGINES; e++) begin
      there0[e] = wait0[e] == 0 || some[wait0[e]];
      there1[e] = wait1[e] == 0 || (wait1[e] == wait0[e] ? several[wait1[e]] : some[wait1[e]]);
      lacking[e] = there0[e] ? wait1[e] : wait0[e];
    end

  always_ff @(posedge clk) begin
    if (rst) begin
      met    <= '0;
      second <= '0;
      error  <= '0;
    end else begin
      met    <= there0 & there1;
      second <= there0 & ~there1;
      if (wrong != 0)
        for (int e = 0; e < ENGINES; e++)
          error[e] <= error[e] || give_q[e] && (wrong[give0[e]] || wrong[give1[e]]) ||
              take_q[e] && (wrong[take0[e]] || wrong[take1[e]]);
    end
    for (int e = 0; e < ENGINES; e++)
      for (int g = 0; g < ENGINES; g++)
        if (give_q[g] && (give0[g] == lacking[e] || give1[g] == lacking[e])) giver[e] <= engine_e'(g);
  end

  `HEDDLE_ASSERT(none_is_zero, count[0] == 0)
endmodule
