// SPDX-License-Identifier: Apache-2.0
// bank_router: every enabled lane of a group is served in exactly one round, by the word that it asked for; a round uses a bank once.
module bank_router_formal
  import overlay_pkg::*, heddle_pkg::*;
(
    input logic          clk,
    input logic          rst,
    input logic          in_valid,
    input logic  [P-1:0] in_enable,
    input slot_t [P-1:0] in_slot,
    input logic          grant
);
  logic in_ready, valid, first, last, advance, conflict;
  feature_request_t request;
  logic [P-1:0] lanes;
  logic [P-1:0][BANK_BITS-1:0] bank;
  bank_router #(.LANES(P)) dut (.*);

  logic started = 1'b0;
  always_ff @(posedge clk) started <= 1'b1;
  always_comb begin
    if (!started) assume (rst);
    for (int l = 0; l < P; l++) begin
      assume (32'(in_slot[l].bank) < 32'(P));
      assume (32'(in_slot[l].word) < 32'(REGIONS * REGION_WORDS));
    end
  end

  // The group whose rounds are presented, and the one behind it in the first register; of both, the lanes not presented yet.
  logic present, waiting;
  logic [P-1:0] open, behind;
  slot_t [P-1:0] slot, slot_behind;
  logic enter, move, leave;
  always_comb begin
    enter = in_valid && in_ready;
    leave = advance && last;
    move  = waiting && (!present || leave);
  end
  always_ff @(posedge clk) begin
    if (rst) begin
      present <= 1'b0;
      waiting <= 1'b0;
    end else begin
      waiting <= enter || (waiting && !move);
      present <= move || (present && !leave);
    end
    if (enter) begin
      behind      <= in_enable;
      slot_behind <= in_slot;
    end
    if (move) begin
      open <= behind;
      slot <= slot_behind;
    end else if (advance) begin
      open <= open & ~lanes;
    end
  end

  // How the model's groups lie in the module's registers: needed by induction.
  logic held;  // the presented group has lanes left in the first register
  always_comb held = valid && !last;

  // Per lane and bank, gathered here so that each property is stated once.
  logic [P-1:0] own_bank, own_word, named_region, legal;
  always_comb begin
    for (int l = 0; l < P; l++) begin
      own_bank[l] = !lanes[l] || (bank[l] == slot[l].bank && request.enable[slot[l].bank]);
      own_word[l] = !lanes[l] || 32'(request.region[slot[l].bank]) * 32'(REGION_WORDS) + 32'(request.row[slot[l].bank]) == 32'(slot[l].word);
      legal[l] = (!present || (32'(slot[l].bank) < 32'(P) && 32'(slot[l].word) < 32'(REGIONS * REGION_WORDS)))
          && (!waiting || (32'(slot_behind[l].bank) < 32'(P) && 32'(slot_behind[l].word) < 32'(REGIONS * REGION_WORDS)));
    end
    for (int b = 0; b < P; b++)
      named_region[b] = !request.enable[b] || (32'(request.region[b]) < 32'(REGIONS) && 32'(request.row[b]) < 32'(REGION_WORDS) && request.regions[request.region[b]]);
  end

  // How the model's groups lie in the module's registers: needed by induction.
  always_comb if (started && !rst) begin
    same_groups: assert (present == valid && dut.pending_valid == (waiting || held));
    one_owner: assert (!(waiting && held));
    legal_slots: assert (&legal);
    if (waiting) untouched: assert (dut.pending == behind && dut.slot == slot_behind && dut.pending_first);
    if (held) rest: assert (dut.pending == (open & ~lanes) && dut.slot == slot && !dut.pending_first && dut.pending != 0);
    if (valid) begin
      once: assert ((lanes & ~open) == 0);
      bank_of_lane: assert (&own_bank);
      word_of_lane: assert (&own_word);
      region_named: assert (&named_region);
      progress: assert (open == 0 || lanes != 0);
      if (last) all_served: assert (open == lanes);
    end
    two_rounds: cover (valid && last && advance && conflict && waiting);
  end
endmodule
