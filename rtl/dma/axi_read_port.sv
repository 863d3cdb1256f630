// SPDX-License-Identifier: Apache-2.0
// One AXI4 read port, shared by CLIENTS. A client asks for a burst (beat-aligned, inside one 4 KB page) and must have room
// for it: beats come without back-pressure. The ID of a burst is its client's number, so each client gets its bursts in order.
//
// Addresses: the last client (instructions) first, the others in turn. Registers on the way out and back; no path leads from the pins through
// the port.
// `flush` makes the port forget: beats of bursts that were asked for are dropped, and no request is taken until the last of
// them has come (`busy`).
`include "assert.svh"
module axi_read_port
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int CLIENTS = 3,  // 0 features, 1 weights, 2 instructions
    localparam int BEAT_BITS = 8 * AXI_BYTES
) (
    input  logic                       clk,
    input  logic                       rst,
    input  logic                       flush,
    output logic                       busy,           // bursts are on their way
    input  logic [CLIENTS-1:0]         req_valid,
    output logic [CLIENTS-1:0]         req_ready,
    input  logic [CLIENTS-1:0][63:0]   req_address,
    input  logic [CLIENTS-1:0][8:0]    req_beats,      // 1 ... 256
    output logic [CLIENTS-1:0]         beat_valid,
    output logic [BEAT_BITS-1:0]       beat_data,
    output logic                       beat_last,
    output logic [1:0]                 beat_error,     // 0, 2 SLVERR, 3 DECERR
    output logic                       m_axi_arvalid,
    input  logic                       m_axi_arready,
    output logic [63:0]                m_axi_araddr,
    output logic [7:0]                 m_axi_arlen,
    output logic [1:0]                 m_axi_arid,
    input  logic                       m_axi_rvalid,
    output logic                       m_axi_rready,
    input  logic [BEAT_BITS-1:0]       m_axi_rdata,
    input  logic [1:0]                 m_axi_rresp,
    input  logic                       m_axi_rlast,
    input  logic [1:0]                 m_axi_rid
);
  localparam int COUNT_BITS = 8;  // bursts on their way

  logic [COUNT_BITS-1:0] bursts;
  logic draining, open, take, finished, queue_ready;
  logic [1:0] turn, winner;  // `turn` counts the clients that take turns
  logic [CLIENTS-1:0] grant;

  // Instructions first; then from `turn` on.
  always_comb begin
    grant  = '0;
    winner = '0;
    for (int i = CLIENTS - 2; i >= 0; i--) if (req_valid[i] && 2'(i) < turn) winner = 2'(i);
    for (int i = CLIENTS - 2; i >= 0; i--) if (req_valid[i] && 2'(i) >= turn) winner = 2'(i);
    if (req_valid[CLIENTS-1]) winner = 2'(CLIENTS - 1);
    for (int i = 0; i < CLIENTS; i++) grant[i] = req_valid[i] && winner == 2'(i);
  end

  assign open      = !draining && !flush && queue_ready && bursts != '1;
  assign req_ready = open ? grant : '0;
  assign take      = open && req_valid != '0;
  assign finished  = m_axi_rvalid && m_axi_rlast;
  assign busy      = bursts != '0;

  logic [63:0] address;
  logic [8:0] beats;
  logic [1:0] queued;
  always_comb begin
    address = '0;
    beats   = '0;
    if (take)
      for (int i = 0; i < CLIENTS; i++)
        if (grant[i]) begin
          address = req_address[i];
          beats   = req_beats[i];
        end
  end
  fifo #(.WIDTH(74), .DEPTH(2)) addresses (
      .clk, .rst, .in_valid(take), .in_ready(queue_ready), .in_data({address, 8'(beats - 9'd1), winner}),
      .out_valid(m_axi_arvalid), .out_ready(m_axi_arready), .out_data({m_axi_araddr, m_axi_arlen, m_axi_arid}),
      .count(queued)
  );

  assign m_axi_rready = 1'b1;

  always_ff @(posedge clk) begin
    if (rst) begin
      bursts        <= '0;
      draining      <= 1'b0;
      turn          <= '0;
      beat_valid    <= '0;
    end else begin
      if (take && winner != 2'(CLIENTS - 1)) turn <= winner == 2'(CLIENTS - 2) ? '0 : winner + 1'b1;
      bursts <= bursts + COUNT_BITS'(take) - COUNT_BITS'(finished);
      draining <= flush || (draining && busy);
      for (int i = 0; i < CLIENTS; i++)
        beat_valid[i] <= m_axi_rvalid && m_axi_rid == 2'(i) && !draining && !flush;
    end
    if (m_axi_rvalid) begin
      beat_data  <= m_axi_rdata;
      beat_last  <= m_axi_rlast;
      beat_error <= m_axi_rresp[1] ? m_axi_rresp : '0;
    end
  end

  logic unused;
  assign unused = ^queued;
  `HEDDLE_ASSERT(answers_were_asked_for, !(m_axi_rvalid && bursts == '0))
  `HEDDLE_ASSERT(bursts_stay_in_a_page,
                 !m_axi_arvalid || 32'(m_axi_araddr[11:0]) + (32'(m_axi_arlen) + 1) * 32'(AXI_BYTES) <= 4096)
endmodule
