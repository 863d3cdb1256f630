// SPDX-License-Identifier: Apache-2.0
// Deals pieces to PORTS in turn; a port without place is skipped. `port_ready` must not depend on `port_valid`.
module port_dealer
  import heddle_pkg::*;
#(
    parameter int PORTS = 4
) (
    input  logic              clk,
    input  logic              rst,
    input  logic              in_valid,
    output logic              in_ready,
    input  logic [PORTS-1:0]  port_ready,
    output logic [PORTS-1:0]  port_valid
);
  localparam int INDEX_BITS = index_bits(PORTS);

  logic [INDEX_BITS-1:0] turn, chosen;

  always_comb begin
    chosen = turn;
    for (int q = PORTS - 1; q >= 0; q--) if (port_ready[q] && INDEX_BITS'(q) < turn) chosen = INDEX_BITS'(q);
    for (int q = PORTS - 1; q >= 0; q--) if (port_ready[q] && INDEX_BITS'(q) >= turn) chosen = INDEX_BITS'(q);
    in_ready = port_ready != '0;
    for (int q = 0; q < PORTS; q++) port_valid[q] = in_valid && port_ready[q] && chosen == INDEX_BITS'(q);
  end

  always_ff @(posedge clk) begin
    if (rst) turn <= '0;
    else if (in_valid && in_ready) turn <= chosen == INDEX_BITS'(PORTS - 1) ? '0 : chosen + 1'b1;
  end
endmodule
