// SPDX-License-Identifier: Apache-2.0
// A bank router for writes: each lane brings the data of its slot and which halves are written. No two lanes of a group
// write the same slot.
`include "assert.svh"
module bank_writer
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int LANES = P
) (
    input  logic                                       clk,
    input  logic                                       rst,
    input  logic                                       in_valid,
    output logic                                       in_ready,
    input  logic             [LANES-1:0]               in_enable,
    input  slot_t            [LANES-1:0]               in_slot,
    input  logic             [LANES-1:0][SLOT_BITS-1:0] in_data,
    input  logic             [LANES-1:0][          1:0] in_strobe,
    output logic                                       valid,
    output feature_request_t                           request,
    output feature_data_t                              data,
    output feature_strobe_t                            strobe,
    input  logic                                       grant,
    output logic                                       advance,
    output logic                                       last,
    output logic                                       conflict
);
  logic [LANES-1:0] lanes;
  logic [LANES-1:0][BANK_BITS-1:0] bank;
  logic first;
  bank_router #(.LANES(LANES)) router (.*);

  // Beside the router's two registers.
  logic [1:0][LANES-1:0][SLOT_BITS-1:0] data_q;
  logic [1:0][LANES-1:0][1:0] strobe_q;
  logic take;
  assign take = !valid || advance;

  always_ff @(posedge clk) begin
    if (in_ready) begin
      data_q[0]   <= in_data;
      strobe_q[0] <= in_strobe;
    end
    if (take) begin
      data_q[1]   <= data_q[0];
      strobe_q[1] <= strobe_q[0];
    end
  end

  always_comb begin
    data   = '0;
    strobe = '0;
    if (valid)
      for (int l = 0; l < LANES; l++)
        if (lanes[l]) begin
          data[bank[l]]   = data_q[1][l];
          strobe[bank[l]] = strobe_q[1][l];
        end
  end

  logic unused;
  assign unused = first;
endmodule
