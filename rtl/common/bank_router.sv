// SPDX-License-Identifier: Apache-2.0
// Turns LANES slots into requests to feature memory, one word of each bank in each round.
//
// Of the lanes that want the same bank, the lowest wins; all lanes that want the winner's word share it; the others wait for another
// round. A group without an enabled lane passes as one round without a request. Two registers from `in_*` to `request`;
// one group a cycle when there are no conflicts and every request is granted.
`include "assert.svh"
module bank_router
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int LANES = P
) (
    input  logic                             clk,
    input  logic                             rst,
    input  logic                             in_valid,
    output logic                             in_ready,
    input  logic             [    LANES-1:0] in_enable,
    input  slot_t            [    LANES-1:0] in_slot,
    output logic                             valid,     // a round is presented
    output feature_request_t                 request,   // its request; nothing is enabled while not valid
    input  logic                             grant,     // of the request; of no meaning for a round without one
    output logic             [    LANES-1:0] lanes,     // served in this round
    output logic [LANES-1:0][BANK_BITS-1:0]  bank,      // of each lane
    output logic                             first,     // round of its group
    output logic                             last,
    output logic                             advance,   // the presented round is done in this cycle
    output logic                             conflict   // this round is caused by a bank conflict
);
  // First register: the group, and which of its lanes still wait.
  logic pending_valid, pending_first;
  logic [LANES-1:0] pending;
  slot_t [LANES-1:0] slot;

  logic [P-1:0] bank_enable;
  logic [P-1:0][WORD_BITS-1:0] bank_word;
  logic [LANES-1:0] served;
  feature_request_t round;
  logic pending_last, take;

  function automatic logic [REGION_BITS-1:0] region_of(logic [WORD_BITS-1:0] word);
    region_of = '0;
    for (int r = 1; r < REGIONS; r++)
      if (32'(word) >= 32'(r * REGION_WORDS)) region_of = REGION_BITS'(r);
  endfunction

  always_comb begin
    bank_enable = '0;
    bank_word   = '0;
    served      = '0;
    round       = '0;
    if (pending_valid) begin
      for (int l = LANES - 1; l >= 0; l--)
        if (pending[l]) begin
          bank_enable[slot[l].bank] = 1'b1;
          bank_word[slot[l].bank]   = slot[l].word;
        end
      for (int l = 0; l < LANES; l++)
        served[l] = pending[l] && bank_word[slot[l].bank] == slot[l].word;
      for (int b = 0; b < P; b++) begin
        round.enable[b] = bank_enable[b];
        round.region[b] = region_of(bank_word[b]);
        round.row[b]    = ROW_BITS'(32'(bank_word[b]) - 32'(round.region[b]) * 32'(REGION_WORDS));
        if (bank_enable[b]) round.regions[round.region[b]] = 1'b1;
      end
    end
    pending_last = served == pending;
  end

  assign advance  = valid && (grant || request.enable == '0);
  assign take     = pending_valid && (!valid || advance);  // the second register takes a round
  assign in_ready = !pending_valid || (take && pending_last);
  assign conflict = valid && !first;

  always_ff @(posedge clk) begin
    if (rst) begin
      pending_valid <= 1'b0;
      pending_first <= 1'b1;
      valid      <= 1'b0;
      request    <= '0;
    end else begin
      if (in_ready) begin
        pending_valid <= in_valid;
        pending_first <= 1'b1;
      end else if (take) begin
        pending_first <= 1'b0;
      end
      if (take) begin
        valid   <= 1'b1;
        request <= round;
      end else if (advance) begin
        valid   <= 1'b0;
        request <= '0;
      end
    end
    if (in_ready) begin
      pending <= in_enable;
      slot <= in_slot;
    end else if (take) begin
      pending <= pending & ~served;
    end
    if (take) begin
      lanes <= served;
      first <= pending_first;
      last  <= pending_last;
      for (int l = 0; l < LANES; l++) bank[l] <= slot[l].bank;
    end
  end

  `HEDDLE_ASSERT(rounds_progress, !(pending_valid && pending != 0 && served == 0))
  `HEDDLE_ASSERT(quiet_when_idle, valid || request.enable == '0)
endmodule
