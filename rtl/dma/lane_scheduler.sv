// SPDX-License-Identifier: Apache-2.0
// Merges the slots that the ports of a DMA engine want into requests to feature memory: one word of each bank a cycle.
//
// Each port brings groups of LANES slots, at least one of them enabled. Of the lanes that want the same bank one wins, the others wait; a
// port takes its next group when all lanes of its last one were served, whatever the other ports do. So ports that walk over rows shift
// against each other until they no longer meet. Ports take turns in going first.
//
// Three stages from `in_*` to `request`: a queue of two groups, so that no path leads from the grant back to `in_ready`; the group with
// regions and rows; the request.
`include "assert.svh"
module lane_scheduler
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int PORTS = 4,
    parameter int LANES = 1,
    parameter int DATA_BITS = 1,  // that travel with a slot
    parameter int TAG_BITS = 1    // that travel with a group
) (
    input  logic                                       clk,
    input  logic                                       rst,
    input  logic [PORTS-1:0]                           in_valid,
    output logic [PORTS-1:0]                           in_ready,
    input  logic [PORTS-1:0][LANES-1:0]                in_enable,
    input  slot_t [PORTS-1:0][LANES-1:0]               in_slot,
    input  logic [PORTS-1:0][LANES-1:0][DATA_BITS-1:0] in_data,
    input  logic [PORTS-1:0][TAG_BITS-1:0]             in_tag,
    output logic                                       valid,       // a request is presented
    output feature_request_t                           request,
    input  logic                                       grant,
    output logic [P-1:0][DATA_BITS-1:0]                data,        // by bank
    output logic [PORTS-1:0][LANES-1:0]                served,      // by the request
    output logic [PORTS-1:0][LANES-1:0][BANK_BITS-1:0] bank,        // of the lanes that are served
    output logic [PORTS-1:0]                           finished,    // groups whose last lanes the request serves
    output logic [PORTS-1:0][TAG_BITS-1:0]             tag,         // of these groups
    output logic                                       waiting      // a lane lost its bank to another
);
  localparam int ALL_BITS = index_bits(PORTS * LANES);

  function automatic logic [REGION_BITS-1:0] region_of(logic [WORD_BITS-1:0] word);
    region_of = '0;
    for (int r = 1; r < REGIONS; r++) if (32'(word) >= 32'(r * REGION_WORDS)) region_of = REGION_BITS'(r);
  endfunction

  // --- Groups that came, two for each port ----------------------------------------------------------------------------
  logic [PORTS-1:0] next_valid, next_ready;
  logic [PORTS-1:0][LANES-1:0] next_enable;
  slot_t [PORTS-1:0][LANES-1:0] next_slot;
  logic [PORTS-1:0][LANES-1:0][DATA_BITS-1:0] next_data;
  logic [PORTS-1:0][TAG_BITS-1:0] next_tag;

  for (genvar q = 0; q < PORTS; q++) begin : g_queue
    logic [1:0] count;
    fifo #(.WIDTH(LANES * (1 + $bits(slot_t) + DATA_BITS) + TAG_BITS), .DEPTH(2)) groups (
        .clk, .rst, .in_valid(in_valid[q]), .in_ready(in_ready[q]),
        .in_data({in_enable[q], in_slot[q], in_data[q], in_tag[q]}), .out_valid(next_valid[q]),
        .out_ready(next_ready[q]), .out_data({next_enable[q], next_slot[q], next_data[q], next_tag[q]}), .count
    );
    logic unused;
    assign unused = ^count;
  end

  // --- Groups whose lanes are served ----------------------------------------------------------------------------------
  logic [PORTS-1:0] pending_valid, pending_done;
  logic [PORTS-1:0][LANES-1:0] pending, won;
  logic [PORTS-1:0][LANES-1:0][BANK_BITS-1:0] pending_bank;
  logic [PORTS-1:0][LANES-1:0][REGION_BITS-1:0] pending_region;
  logic [PORTS-1:0][LANES-1:0][ROW_BITS-1:0] pending_row;
  logic [PORTS*LANES-1:0][DATA_BITS-1:0] pending_data;
  logic [PORTS-1:0][TAG_BITS-1:0] pending_tag;
  logic [index_bits(PORTS)-1:0] turn;
  logic [P-1:0] pick_bank;
  logic [P-1:0][ALL_BITS-1:0] pick_lane;
  logic pick, lanes_lose;

  // Winners: lanes of the ports from `turn` on before the others.
  always_comb begin
    pick_bank = '0;
    pick_lane = '0;
    won       = '0;
    pending_done = '0;
    if (pending_valid != '0) begin
      for (int pass = 0; pass < 2; pass++)
        for (int q = PORTS - 1; q >= 0; q--)
          if (pending_valid[q] && (32'(q) >= 32'(turn)) == (pass == 1))
            for (int l = LANES - 1; l >= 0; l--)
              if (pending[q][l]) begin
                pick_bank[pending_bank[q][l]] = 1'b1;
                pick_lane[pending_bank[q][l]] = ALL_BITS'(q * LANES + l);
              end
      for (int q = 0; q < PORTS; q++) begin
        for (int l = 0; l < LANES; l++)
          won[q][l] = pending_valid[q] && pending[q][l] && pick_lane[pending_bank[q][l]] == ALL_BITS'(q * LANES + l);
        pending_done[q] = pending_valid[q] && won[q] == pending[q];
      end
    end
  end
  assign lanes_lose = (pending_valid & ~pending_done) != '0;
  assign pick       = pending_valid != '0 && (!valid || grant);
  assign next_ready = ~pending_valid | (pick ? pending_done : '0);

  always_ff @(posedge clk) begin
    if (rst) begin
      pending_valid <= '0;
      turn       <= '0;
    end else begin
      for (int q = 0; q < PORTS; q++) if (next_ready[q]) pending_valid[q] <= next_valid[q];
      if (pick && lanes_lose) turn <= 32'(turn) == 32'(PORTS - 1) ? '0 : turn + 1'b1;
    end
    for (int q = 0; q < PORTS; q++)
      if (next_ready[q] && next_valid[q]) begin
        pending[q]                      <= next_enable[q];
        pending_tag[q]                  <= next_tag[q];
        pending_data[q*LANES+:LANES]    <= next_data[q];
        for (int l = 0; l < LANES; l++) begin
          pending_bank[q][l]   <= next_slot[q][l].bank;
          pending_region[q][l] <= region_of(next_slot[q][l].word);
          pending_row[q][l]    <= ROW_BITS'(32'(next_slot[q][l].word)
                                         - 32'(region_of(next_slot[q][l].word)) * 32'(REGION_WORDS));
        end
      end else if (pick) begin
        pending[q] <= pending[q] & ~won[q];
      end
  end

  // --- The request ----------------------------------------------------------------------------------------------------
  always_ff @(posedge clk) begin
    if (rst) begin
      valid   <= 1'b0;
      request <= '0;
    end else if (pick) begin
      valid          <= 1'b1;
      request        <= '0;
      request.enable <= pick_bank;
      for (int q = 0; q < PORTS; q++)
        for (int l = 0; l < LANES; l++)
          if (won[q][l]) begin
            request.region[pending_bank[q][l]]    <= pending_region[q][l];
            request.row[pending_bank[q][l]]       <= pending_row[q][l];
            request.regions[pending_region[q][l]] <= 1'b1;
          end
    end else if (grant) begin
      valid   <= 1'b0;
      request <= '0;
    end
    if (pick) begin
      for (int b = 0; b < P; b++) if (pick_bank[b]) data[b] <= pending_data[pick_lane[b]];
      served   <= won;
      bank     <= pending_bank;
      finished <= pending_done;
      tag      <= pending_tag;
      waiting  <= lanes_lose;
    end
  end

  `HEDDLE_ASSERT(grant_when_asked, !grant || valid)
  `HEDDLE_ASSERT(groups_progress, !pick || won != '0)
endmodule
