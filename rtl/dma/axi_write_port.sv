// SPDX-License-Identifier: Apache-2.0
// One AXI4 write port with one client. The client asks for bursts (beat-aligned, inside one 4 KB page) and delivers their beats in the
// same order; the responses come back in that order, too. A burst's data may leave before its address does. Registers on all ways: no path
// leads from the pins through the port.
//
// `flush` makes the port forget: the beats that it owes are sent without strobes, responses are dropped, and no request is taken
// until the last of them has come (`busy`).
`include "assert.svh"
module axi_write_port
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int BURSTS = 16,  // whose data are still to be sent
    localparam int BEAT_BITS = 8 * AXI_BYTES
) (
    input  logic                  clk,
    input  logic                  rst,
    input  logic                  flush,
    output logic                  busy,            // bursts wait for data or response
    input  logic                  req_valid,
    output logic                  req_ready,
    input  logic [63:0]           req_address,
    input  logic [8:0]            req_beats,       // 1 ... 256
    input  logic                  data_valid,
    output logic                  data_ready,
    input  logic [BEAT_BITS-1:0]  data,
    input  logic [AXI_BYTES-1:0]  data_strobe,
    output logic                  response_valid,  // of the oldest burst
    output logic [1:0]            response_error,  // 0, 2 SLVERR, 3 DECERR
    output logic                  m_axi_awvalid,
    input  logic                  m_axi_awready,
    output logic [63:0]           m_axi_awaddr,
    output logic [7:0]            m_axi_awlen,
    output logic [1:0]            m_axi_awid,
    output logic                  m_axi_wvalid,
    input  logic                  m_axi_wready,
    output logic [BEAT_BITS-1:0]  m_axi_wdata,
    output logic [AXI_BYTES-1:0]  m_axi_wstrb,
    output logic                  m_axi_wlast,
    input  logic                  m_axi_bvalid,
    output logic                  m_axi_bready,
    input  logic [1:0]            m_axi_bresp
);
  localparam int COUNT_BITS = 8;

  logic [COUNT_BITS-1:0] bursts;  // without response
  logic [$clog2(BURSTS+1)-1:0] owed_bursts;
  logic draining, open, take, last, queue_ready;
  logic owed, owed_ready, owed_done;
  logic [7:0] owed_len, sent;  // beats of the oldest burst whose data are still to be sent; of these, how many were
  logic send, data_room;
  logic [1:0] addresses_queued, data_queued;

  assign open      = !draining && !flush && queue_ready && owed_ready && bursts != '1;
  assign req_ready = open;
  assign take      = open && req_valid;
  assign busy      = bursts != '0;

  fifo #(.WIDTH(8), .DEPTH(BURSTS)) lengths (
      .clk, .rst,
      .in_valid(take), .in_ready(owed_ready), .in_data(8'(req_beats - 9'd1)),
      .out_valid(owed), .out_ready(owed_done), .out_data(owed_len), .count(owed_bursts)
  );

  fifo #(.WIDTH(72), .DEPTH(2)) addresses (
      .clk, .rst, .in_valid(take), .in_ready(queue_ready), .in_data({req_address, 8'(req_beats - 9'd1)}),
      .out_valid(m_axi_awvalid), .out_ready(m_axi_awready), .out_data({m_axi_awaddr, m_axi_awlen}),
      .count(addresses_queued)
  );

  assign data_ready = owed && !draining && !flush && data_room;
  assign send       = owed && (data_valid || draining) && !flush && data_room;
  fifo #(.WIDTH(BEAT_BITS + AXI_BYTES + 1), .DEPTH(2)) beats (
      .clk, .rst, .in_valid(send), .in_ready(data_room), .in_data({data, draining ? '0 : data_strobe, last}),
      .out_valid(m_axi_wvalid), .out_ready(m_axi_wready), .out_data({m_axi_wdata, m_axi_wstrb, m_axi_wlast}),
      .count(data_queued)
  );
  assign last       = sent == owed_len;
  assign owed_done  = send && last;

  assign m_axi_awid   = '0;
  assign m_axi_bready = 1'b1;

  always_ff @(posedge clk) begin
    if (rst) begin
      bursts         <= '0;
      sent           <= '0;
      draining       <= 1'b0;
      response_valid <= 1'b0;
    end else begin
      if (send) sent <= last ? '0 : sent + 1'b1;
      bursts   <= bursts + COUNT_BITS'(take) - COUNT_BITS'(m_axi_bvalid);
      draining <= flush || (draining && busy);
      response_valid <= m_axi_bvalid && !draining && !flush;
    end
    if (m_axi_bvalid) response_error <= m_axi_bresp[1] ? m_axi_bresp : '0;
  end

  logic unused;
  assign unused = ^{owed_bursts, addresses_queued, data_queued};
  `HEDDLE_ASSERT(answers_were_asked_for, !(m_axi_bvalid && bursts == '0))
  `HEDDLE_ASSERT(bursts_stay_in_a_page,
                 !m_axi_awvalid || 32'(m_axi_awaddr[11:0]) + (32'(m_axi_awlen) + 1) * 32'(AXI_BYTES) <= 4096)
endmodule
