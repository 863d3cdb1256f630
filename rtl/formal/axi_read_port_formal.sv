// SPDX-License-Identifier: Apache-2.0
// axi_read_port: AXI's rules on the address channel, no burst lost or invented, no beat after a flush, no client starves.
module axi_read_port_formal
  import overlay_pkg::*, heddle_pkg::*;
(
    input logic                   clk,
    input logic                   rst,
    input logic                   flush,
    input logic [2:0]             req_valid,
    input logic [2:0][63:0]       req_address,
    input logic [2:0][8:0]        req_beats,
    input logic                   m_axi_arready,
    input logic                   m_axi_rvalid,
    input logic [8*AXI_BYTES-1:0] m_axi_rdata,
    input logic [1:0]             m_axi_rresp,
    input logic                   m_axi_rlast,
    input logic [1:0]             m_axi_rid
);
  logic busy, beat_last, m_axi_arvalid, m_axi_rready;
  logic [2:0] req_ready, beat_valid;
  logic [8*AXI_BYTES-1:0] beat_data;
  logic [1:0] beat_error, m_axi_arid;
  logic [63:0] m_axi_araddr;
  logic [7:0] m_axi_arlen;
  axi_read_port #(.CLIENTS(3)) dut (.*);

  logic started = 1'b0;
  always_ff @(posedge clk) started <= 1'b1;

  // Bursts that memory owes, and those whose address it has not seen.
  logic [8:0] asked, unseen;
  logic took, seen, finished;
  assign took     = (req_valid & req_ready) != '0;
  assign seen     = m_axi_arvalid && m_axi_arready;
  assign finished = m_axi_rvalid && m_axi_rready && m_axi_rlast;
  always_ff @(posedge clk) begin
    asked  <= rst ? '0 : asked + 9'(took) - 9'(finished);
    unseen <= rst ? '0 : unseen + 9'(took) - 9'(seen);
  end

  // Clients keep their requests, which are in_page a page.
  logic [2:0] held, kept, in_page;
  logic [2:0][63:0] address_q;
  logic [2:0][8:0] beats_q;
  always_ff @(posedge clk) begin
    held      <= rst || flush ? '0 : req_valid & ~req_ready;
    address_q <= req_address;
    beats_q   <= req_beats;
  end
  always_comb
    for (int i = 0; i < 3; i++) begin
      kept[i] = !held[i] || flush || (req_valid[i] && req_address[i] == address_q[i] && req_beats[i] == beats_q[i]);
      in_page[i] = !req_valid[i] || (req_beats[i] >= 1 && req_beats[i] <= 256 && 32'(req_address[i][11:0]) + 32'(req_beats[i]) * AXI_BYTES <= 4096);
    end
  always_comb begin
    if (!started) assume (rst);
    assume (&kept && &in_page);
    assume (!m_axi_rvalid || asked > unseen);  // memory answers what it was asked
  end

  logic waits;
  logic [73:0] payload_q, payload;
  assign payload = {m_axi_araddr, m_axi_arlen, m_axi_arid};
  always_ff @(posedge clk) begin
    waits     <= !rst && m_axi_arvalid && !m_axi_arready;
    payload_q <= payload;
  end

  // The second word of the address queue.
  logic [73:0] behind;
  assign behind = dut.addresses.memory[!dut.addresses.head];

  function automatic logic legal(logic [73:0] burst);
    legal = burst[1:0] < 2'd3 && 32'(burst[21:10]) + (32'(burst[9:2]) + 1) * AXI_BYTES <= 4096;
  endfunction

  // After a flush, until the last burst that was asked for has come.
  logic forgetting;
  always_ff @(posedge clk) forgetting <= !rst && (flush || (forgetting && busy));

  // A feature request that waits while weights are served more than once.
  logic [1:0] passed;
  always_ff @(posedge clk)
    if (rst || !req_valid[0] || req_ready[0]) passed <= '0;
    else if (req_valid[1] && req_ready[1]) passed <= passed + 1'b1;

  logic answered_q;
  logic [1:0] id_q;
  always_ff @(posedge clk) begin
    answered_q <= !rst && m_axi_rvalid && !flush && !forgetting;
    id_q       <= m_axi_rid;
  end

  always_comb if (started && !rst) begin
    counted: assert (9'(dut.bursts) == asked && unseen == 9'(dut.queued) && asked >= unseen);
    busy_while_owed: assert (busy == (asked != '0));
    address_stays: assert (!waits || (m_axi_arvalid && payload == payload_q));
    one_at_a_time: assert ((req_ready & (req_ready - 1'b1)) == '0 && (req_ready & ~req_valid) == '0);
    queue: assert (dut.queued <= 2'd2 && dut.addresses.tail == (dut.addresses.head ^ dut.queued[0]));
    legal_bursts: assert (!m_axi_arvalid || legal(payload));
    legal_behind: assert (dut.queued != 2'd2 || legal(behind));
    nothing_while_forgetting: assert (!(forgetting || flush) || req_ready == '0);
    beats_to_their_client: assert (beat_valid == (answered_q && id_q < 2'd3 ? 3'b001 << id_q : 3'b000));
    drain_agrees: assert (dut.draining == forgetting);
    turns: assert (dut.turn < 2'd2 && passed <= 2'd1 && (passed != 2'd1 || dut.turn == 2'd0));
    instructions_first: assert (!(req_valid[2] && (req_ready[0] || req_ready[1])));
    shared: cover (asked == 9'd3 && passed == 2'd1);
    forgets: cover (forgetting && asked == 9'd2 && m_axi_rvalid);
  end
endmodule
