// SPDX-License-Identifier: Apache-2.0
// Reads groups of LANES slots from feature memory into a queue of DEPTH groups, in lane order, however many rounds a group takes. With
// PARTS = 2 an entry is two groups (`in_part`), the last of which, or the only one, comes with `in_complete`.
//
// Space is reserved when an entry's first group enters. `ready` pulses in the cycle in which its last read is granted. `place` says
// that its place may be read into again; `take`, at most FEATURE_READ_LATENCY cycles later and at least FEATURE_READ_LATENCY + 1 cycles after
// `ready`, shows it in `out_data` and removes it. Lanes that were not enabled hold anything; `out_enable` tells.
// Throughput: an entry each PARTS cycles without conflicts.
`include "assert.svh"
module gather
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int LANES = P,
    parameter int DEPTH = 8,
    parameter int PARTS = 1
) (
    input  logic                                         clk,
    input  logic                                         rst,
    input  logic                                         in_valid,
    output logic                                         in_ready,
    input  logic             [LANES-1:0]                 in_enable,
    input  slot_t            [LANES-1:0]                 in_slot,
    input  logic                                         in_part,
    input  logic                                         in_complete,
    output feature_request_t                             request,
    input  logic                                         grant,
    input  feature_data_t                                data,
    output logic                                         conflict,
    output logic                                         ready,
    input  logic                                         place,
    input  logic                                         take,
    output logic             [LANES-1:0]                 out_enable,
    output logic [PARTS-1:0][LANES-1:0][SLOT_BITS-1:0]   out_data
);
  localparam int INDEX_BITS = index_bits(DEPTH);
  localparam int LATENCY = FEATURE_READ_LATENCY;

  // Places.
  logic [INDEX_BITS:0] reserved;
  logic room, reserve, router_ready;
  assign room     = in_part || reserved != (INDEX_BITS + 1)'(DEPTH);
  assign in_ready = room && router_ready;
  assign reserve  = in_valid && in_ready && !in_part;
  always_ff @(posedge clk)
    if (rst) reserved <= '0;
    else reserved <= reserved + (INDEX_BITS + 1)'(reserve) - (INDEX_BITS + 1)'(place);

  // Router; what belongs to a group runs beside its two registers.
  typedef struct packed {
    logic part, complete;
    logic [LANES-1:0] enable;
  } tag_t;
  tag_t [1:0] tag;
  logic valid, advance, round_first, round_last;
  logic [LANES-1:0] round_lanes;
  logic [LANES-1:0][BANK_BITS-1:0] round_bank;
  bank_router #(.LANES(LANES)) router (
      .clk,
      .rst,
      .in_valid(in_valid && room),
      .in_ready(router_ready),
      .in_enable,
      .in_slot,
      .valid,
      .request,
      .grant,
      .lanes   (round_lanes),
      .bank    (round_bank),
      .first   (round_first),
      .last    (round_last),
      .advance,
      .conflict
  );
  always_ff @(posedge clk) begin
    if (router_ready) tag[0] <= '{part: in_part, complete: in_complete, enable: in_enable};
    if (!valid || advance) tag[1] <= tag[0];
  end
  assign ready = advance && round_last && tag[1].complete;

  // From the grant to the data.
  typedef struct packed {
    logic part;
    logic [INDEX_BITS-1:0] index;
    logic [LANES-1:0] lanes, enable;
    logic [LANES-1:0][BANK_BITS-1:0] bank;
  } round_t;
  logic [INDEX_BITS-1:0] fill, drain;
  logic [LATENCY-1:0] round_valid;
  round_t [LATENCY-1:0] rounds;
  round_t arrived;

  function automatic logic [INDEX_BITS-1:0] following(logic [INDEX_BITS-1:0] index);
    following = 32'(index) == DEPTH - 1 ? '0 : index + 1'b1;
  endfunction

  always_ff @(posedge clk) begin
    if (rst) begin
      fill        <= '0;
      drain       <= '0;
      round_valid <= '0;
    end else begin
      if (ready) fill <= following(fill);
      if (take) drain <= following(drain);
      round_valid <= LATENCY'({round_valid, advance});
    end
    rounds[0] <= '{part: tag[1].part, index: fill, lanes: round_lanes, enable: tag[1].enable, bank: round_bank};
    for (int i = 1; i < LATENCY; i++) rounds[i] <= rounds[i-1];
  end
  assign arrived = rounds[LATENCY-1];

  // Banks to lanes, into the queue.
  logic [LANES-1:0][SLOT_BITS-1:0] lane_data;
  always_comb begin
    lane_data = '0;
    if (round_valid[LATENCY-1])
      for (int l = 0; l < LANES; l++) if (arrived.lanes[l]) lane_data[l] = data[arrived.bank[l]];
  end

  for (genvar part = 0; part < PARTS; part++) begin : queue
    logic [LANES*SLOT_BITS-1:0] memory[DEPTH];
    always_ff @(posedge clk)
      if (round_valid[LATENCY-1] && (PARTS == 1 || arrived.part == 1'(part)))
        for (int l = 0; l < LANES; l++)
          if (arrived.lanes[l]) memory[arrived.index][l*SLOT_BITS+:SLOT_BITS] <= lane_data[l];
    always_comb begin
      out_data[part] = '0;
      if (take) out_data[part] = memory[drain];
    end
  end

  logic [LANES-1:0] enable_memory[DEPTH];
  always_ff @(posedge clk) if (round_valid[LATENCY-1]) enable_memory[arrived.index] <= arrived.enable;
  assign out_enable = enable_memory[drain];

  logic unused;
  assign unused = ^{round_first, arrived};

  `HEDDLE_ASSERT(place_of_an_entry, !place || reserved != 0)
endmodule
