// SPDX-License-Identifier: Apache-2.0
// Merges the slots that the ports of a DMA engine want into requests to feature memory: one word of each bank a cycle.
//
// Each port brings groups of LANES slots, at least one of them enabled. Of the lanes that want the same bank one wins, the others wait; a port takes its next
// group when all lanes of its last one were served, whatever the other ports do. So ports that walk over rows shift against each
// other until they no longer meet. Ports take turns in going first. Three registers from `in_*` to `request`.
//
// Data that belong to the slots move beside them: `move_first` loads them beside the first register, `move_second` from there beside
// the second; `pick` takes them to the request, by `pick_bank`, `pick_lane`.
`include "assert.svh"
module lane_scheduler
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int PORTS = 4,
    parameter int LANES = 1,
    parameter int TAG_BITS = 1,
    localparam int ALL = PORTS * LANES,
    localparam int ALL_BITS = index_bits(ALL)
) (
    input  logic                                       clk,
    input  logic                                       rst,
    input  logic [PORTS-1:0]                           in_valid,
    output logic [PORTS-1:0]                           in_ready,
    input  logic [PORTS-1:0][LANES-1:0]                in_enable,
    input  slot_t [PORTS-1:0][LANES-1:0]               in_slot,
    input  logic [PORTS-1:0][TAG_BITS-1:0]             in_tag,
    output logic [PORTS-1:0]                           move_first,
    output logic [PORTS-1:0]                           move_second,
    output logic                                       pick,
    output logic [P-1:0]                               pick_bank,
    output logic [P-1:0][ALL_BITS-1:0]                 pick_lane,   // of all ports'
    output logic                                       valid,       // a request is presented
    output feature_request_t                           request,
    input  logic                                       grant,
    output logic [PORTS-1:0][LANES-1:0]                served,      // by the request
    output logic [PORTS-1:0][LANES-1:0][BANK_BITS-1:0] bank,        // of the lanes that are served
    output logic [PORTS-1:0]                           finished,    // groups whose last lanes the request serves
    output logic [PORTS-1:0][TAG_BITS-1:0]             tag,         // of these groups
    output logic                                       waiting      // a lane lost its bank to another
);
  // First register: as it came. Second register: with region and row.
  logic [PORTS-1:0] first_valid, todo_valid, todo_done;
  logic [PORTS-1:0][LANES-1:0] first_enable, todo, won;
  slot_t [PORTS-1:0][LANES-1:0] first_slot;
  logic [PORTS-1:0][TAG_BITS-1:0] first_tag, todo_tag;
  logic [PORTS-1:0][LANES-1:0][BANK_BITS-1:0] todo_bank;
  logic [PORTS-1:0][LANES-1:0][REGION_BITS-1:0] todo_region;
  logic [PORTS-1:0][LANES-1:0][ROW_BITS-1:0] todo_row;
  logic [index_bits(PORTS)-1:0] turn;

  function automatic logic [REGION_BITS-1:0] region_of(logic [WORD_BITS-1:0] word);
    region_of = '0;
    for (int r = 1; r < REGIONS; r++) if (32'(word) >= 32'(r * REGION_WORDS)) region_of = REGION_BITS'(r);
  endfunction

  // Winners: lanes of the ports from `turn` on before the others.
  always_comb begin
    pick_bank = '0;
    pick_lane = '0;
    for (int pass = 0; pass < 2; pass++)
      for (int q = PORTS - 1; q >= 0; q--)
        if (todo_valid[q] && (32'(q) >= 32'(turn)) == (pass == 1))
          for (int l = LANES - 1; l >= 0; l--)
            if (todo[q][l]) begin
              pick_bank[todo_bank[q][l]] = 1'b1;
              pick_lane[todo_bank[q][l]] = ALL_BITS'(q * LANES + l);
            end
    won = '0;
    for (int q = 0; q < PORTS; q++)
      if (todo_valid[q])
        for (int l = 0; l < LANES; l++)
          won[q][l] = todo[q][l] && pick_lane[todo_bank[q][l]] == ALL_BITS'(q * LANES + l);
    for (int q = 0; q < PORTS; q++) todo_done[q] = todo_valid[q] && won[q] == todo[q];
  end

  assign pick = todo_valid != '0 && (!valid || grant);
  always_comb begin
    for (int q = 0; q < PORTS; q++) begin
      move_second[q] = first_valid[q] && (!todo_valid[q] || (pick && todo_done[q]));
      in_ready[q]    = !first_valid[q] || move_second[q];
      move_first[q]  = in_valid[q] && in_ready[q];
    end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      first_valid <= '0;
      todo_valid  <= '0;
      valid       <= 1'b0;
      request     <= '0;
      turn        <= '0;
    end else begin
      for (int q = 0; q < PORTS; q++) begin
        if (in_ready[q]) first_valid[q] <= in_valid[q];
        if (move_second[q]) todo_valid[q] <= 1'b1;
        else if (pick && todo_done[q]) todo_valid[q] <= 1'b0;
      end
      if (pick) begin
        valid   <= 1'b1;
        waiting <= (todo_valid & ~todo_done) != '0;
        if ((todo_valid & ~todo_done) != '0) turn <= 32'(turn) == 32'(PORTS - 1) ? '0 : turn + 1'b1;
        request <= '0;
        request.enable <= pick_bank;
        for (int q = 0; q < PORTS; q++)
          for (int l = 0; l < LANES; l++)
            if (won[q][l]) begin
              request.region[todo_bank[q][l]]  <= todo_region[q][l];
              request.row[todo_bank[q][l]]     <= todo_row[q][l];
              request.regions[todo_region[q][l]] <= 1'b1;
            end
      end else if (grant) begin
        valid   <= 1'b0;
        request <= '0;
      end
    end
    if (pick) begin
      served   <= won;
      bank     <= todo_bank;
      finished <= todo_done;
      tag      <= todo_tag;
    end
    for (int q = 0; q < PORTS; q++) begin
      if (move_first[q]) begin
        first_enable[q] <= in_enable[q];
        first_slot[q]   <= in_slot[q];
        first_tag[q]    <= in_tag[q];
      end
      if (move_second[q]) begin
        todo[q]     <= first_enable[q];
        todo_tag[q] <= first_tag[q];
        for (int l = 0; l < LANES; l++) begin
          todo_bank[q][l]   <= first_slot[q][l].bank;
          todo_region[q][l] <= region_of(first_slot[q][l].word);
          todo_row[q][l]    <= ROW_BITS'(32'(first_slot[q][l].word)
                                         - 32'(region_of(first_slot[q][l].word)) * 32'(REGION_WORDS));
        end
      end else if (pick) begin
        todo[q] <= todo[q] & ~won[q];
      end
    end
  end

  `HEDDLE_ASSERT(grant_when_asked, !grant || valid)
  `HEDDLE_ASSERT(groups_progress, !pick || won != '0)
endmodule
