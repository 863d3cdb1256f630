// SPDX-License-Identifier: Apache-2.0
// Reads groups of up to P slots from feature memory, in lane order, however many rounds of bank conflicts a group takes.
//
// `in_*` is elastic; behind the grant everything is rigid: `out_valid` comes FEATURE_READ_LATENCY + 1 cycles after the group's last
// grant. Whoever enters a group has reserved room for its results. `out_enable` tells which lanes were read; the others hold anything.
`include "assert.svh"
module stencil_reader
  import overlay_pkg::*, heddle_pkg::*;
(
    input  logic                         clk,
    input  logic                         rst,
    input  logic                         in_valid,
    output logic                         in_ready,
    input  slot_t                        in_row,
    input  slot_t [P-1:0]                in_column,     // in_row + in_column is the slot
    input  logic [P-1:0]                 in_enable,
    input  stencil_tag_t                 in_tag,
    output feature_request_t             read_request,
    input  logic                         read_grant,
    input  feature_data_t                read_data,
    output logic                         coefficient_read,  // its group's last round is granted in this cycle
    output logic [15:0]                  coefficient_address,
    output logic                         out_valid,
    output logic [P-1:0]                 out_enable,
    output logic [P-1:0][SLOT_BITS-1:0]  out_data,
    output stencil_tag_t                 out_tag,
    output logic                         waiting,       // a request is not granted
    output logic                         conflict,
    output logic                         advance        // a round is done
);
  localparam int LATENCY = FEATURE_READ_LATENCY;

  // Row and column meet behind a register.
  logic sum_valid, sum_ready;
  slot_t sum_row;
  slot_t [P-1:0] sum_column, slot;
  logic [P-1:0] sum_enable;
  stencil_tag_t sum_tag;
  assign in_ready = !sum_valid || sum_ready;
  always_ff @(posedge clk) begin
    if (rst) sum_valid <= 1'b0;
    else if (in_ready) sum_valid <= in_valid;
    if (in_ready && in_valid) begin
      sum_row    <= in_row;
      sum_column <= in_column;
      sum_enable <= in_enable;
      sum_tag    <= in_tag;
    end
  end
  always_comb for (int l = 0; l < P; l++) slot[l] = slot_add(sum_row, sum_column[l]);

  // Router; enables and tag run beside its two registers.
  typedef struct packed {
    logic [P-1:0] enable;
    stencil_tag_t tag;
  } beside_t;
  beside_t [1:0] beside;
  logic valid, first, last;
  logic [P-1:0] lanes;
  logic [P-1:0][BANK_BITS-1:0] bank;
  bank_router #(.LANES(P)) router (
      .clk,
      .rst,
      .in_valid (sum_valid),
      .in_ready (sum_ready),
      .in_enable(sum_enable),
      .in_slot  (slot),
      .valid,
      .request  (read_request),
      .grant    (read_grant),
      .lanes,
      .bank,
      .first,
      .last,
      .advance,
      .conflict
  );
  always_ff @(posedge clk) begin
    if (sum_ready) beside[0] <= '{enable: sum_enable, tag: sum_tag};
    if (!valid || advance) beside[1] <= beside[0];
  end
  assign waiting             = valid && !advance;
  assign coefficient_read    = advance && last && beside[1].tag.coefficient;
  assign coefficient_address = beside[1].tag.coefficient_address;

  // From the grant to the data.
  typedef struct packed {
    logic last;
    logic [P-1:0] lanes;
    logic [P-1:0][BANK_BITS-1:0] bank;
    beside_t beside;
  } round_t;
  logic [LATENCY-1:0] round_valid;
  round_t [LATENCY-1:0] rounds;
  round_t arrived;
  always_ff @(posedge clk) begin
    if (rst) round_valid <= '0;
    else round_valid <= LATENCY'({round_valid, advance});
    if (advance) rounds[0] <= '{last: last, lanes: lanes, bank: bank, beside: beside[1]};
    for (int i = 1; i < LATENCY; i++) if (round_valid[i-1]) rounds[i] <= rounds[i-1];
  end
  assign arrived = rounds[LATENCY-1];

  // Banks to lanes. Lanes of earlier rounds stay.
  always_ff @(posedge clk) begin
    if (rst) out_valid <= 1'b0;
    else out_valid <= round_valid[LATENCY-1] && arrived.last;
    if (round_valid[LATENCY-1]) begin
      for (int l = 0; l < P; l++) if (arrived.lanes[l]) out_data[l] <= read_data[arrived.bank[l]];
      out_enable <= arrived.beside.enable;
      out_tag    <= arrived.beside.tag;
    end
  end

  logic unused;
  assign unused = first;
endmodule
