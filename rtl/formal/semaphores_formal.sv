// SPDX-License-Identifier: Apache-2.0
// semaphores: one of them, any, against a plain number; taken when it is met, it never falls below zero and loses nothing.
module semaphores_formal
  import isa_pkg::*;
(
    input logic                    clk,
    input logic                    rst,
    input logic [ENGINES-1:0][5:0] wait0,
    input logic [ENGINES-1:0][5:0] wait1,
    input logic [ENGINES-1:0]      take,
    input logic [ENGINES-1:0]      give,
    input logic [ENGINES-1:0][5:0] signal0,
    input logic [ENGINES-1:0][5:0] signal1
);
  logic [ENGINES-1:0] met, second, error;
  engine_e [ENGINES-1:0] giver;
  semaphores dut (.*);

  logic started = 1'b0;
  always_ff @(posedge clk) started <= 1'b1;

  // The semaphore that is followed, the engine that waits for it, and the one that signals it: any, but always the same.
  logic [5:0] s;
  logic [2:0] w, g;
  always_ff @(posedge clk) begin
    s <= s;
    w <= w;
    g <= g;
  end

  logic [1:0] wanted;             // of it, by that engine
  logic [3:0] given;              // in this cycle
  logic [ENGINES-1:0] foreign;    // engines that wait for or signal another engine's semaphore
  logic [ENGINES-1:0] early;      // takes before they may be
  logic [ENGINES-1:0][1:0] quiet, quiet_d;  // cycles in which this engine took nothing and waited for the same
  logic [ENGINES-1:0][5:0] wait0_q, wait1_q;
  always_comb begin
    wanted = 2'(wait0[w] == s) + 2'(wait1[w] == s);
    given  = '0;
    for (int e = 0; e < ENGINES; e++) begin
      if (give[e]) given = given + 4'(signal0[e] == s) + 4'(signal1[e] == s);
      foreign[e] = (3'(e) != w && (wait0[e] == s || wait1[e] == s)) ||
                   (3'(e) != g && give[e] && (signal0[e] == s || signal1[e] == s));
      quiet_d[e] = wait0[e] != wait0_q[e] || wait1[e] != wait1_q[e] ? 2'd0 : quiet[e];
      early[e]   = take[e] && (!met[e] || quiet_d[e] != 2'd3);
    end
  end
  always_ff @(posedge clk) begin
    wait0_q <= wait0;
    wait1_q <= wait1;
    for (int e = 0; e < ENGINES; e++) quiet[e] <= rst || take[e] ? 2'd0 : quiet_d[e] + 2'(quiet_d[e] != 2'd3);
  end

  // The number, as it is when everything that was given and taken so far is counted.
  logic [9:0] number;
  logic take_w_q;
  logic [1:0] wanted_q;
  logic [3:0] given_q;
  always_ff @(posedge clk) begin
    number   <= rst ? '0 : number + 10'(given) - (take[w] ? 10'(wanted) : '0);
    take_w_q <= !rst && take[w];
    wanted_q <= wanted;
    given_q  <= rst ? '0 : given;
  end

  always_comb begin
    if (!started) assume (rst);
    assume (s != 0 && w < 3'(ENGINES) && g < 3'(ENGINES));
    assume (foreign == '0 && early == '0);
    assume (number + 10'(given) <= 10'd255);  // what the verifier proves of a program
  end

  logic [9:0] counted;
  assign counted = 10'(dut.count[s]) + 10'(given_q) - (take_w_q ? 10'(wanted_q) : '0);
  always_comb if (started && !rst) begin
    nothing_lost: assert (counted == number);
    never_negative: assert (!take[w] || number >= 10'(wanted));
    no_error: assert (!dut.wrong[s]);
    flags: assert (dut.some[s] == (dut.count[s] != 0) && dut.several[s] == (dut.count[s] > 8'd1));
    met_is_there: assert (!met[w] || quiet_d[w] != 2'd3 || number >= 10'(wanted));
    pending: assert (quiet[w] == 2'd0 || !take_w_q);
    taken_twice: cover (take[w] && wanted == 2'd2 && number == 10'd3);
    waits_for_the_second: cover (second[w] && wanted == 2'd1 && wait1[w] == s);
  end

  // Progress: what is there for long enough is met.
  logic [2:0] there;
  always_ff @(posedge clk) there <= rst || number < 10'(wanted) || quiet_d[w] != 2'd3 ? '0 : there + 3'(there != '1);
  always_comb if (started && !rst) begin
    none_needs_nothing: assert (quiet[w] < 2'd2 || wait0_q[w] != 0 || wait1_q[w] != 0 || met[w]);
    soon_met: assert (there < 3'd4 || (wait0_q[w] != s && wait0_q[w] != 0) || (wait1_q[w] != s && wait1_q[w] != 0) || met[w]);
  end
endmodule
