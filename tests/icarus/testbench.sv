// SPDX-License-Identifier: Apache-2.0
// Replays the pins that record_pins wrote from another simulator (+pins=FILE): the overlay must answer the same in every cycle. Payload counts
// where its `valid` is set; bytes where their strobe is.
`timescale 1ns / 1ns
module testbench;
  parameter PORTS = 1;
  parameter BYTES = 4;

  reg clk, rst, s_axi_awvalid, s_axi_wvalid, s_axi_bready, s_axi_arvalid, s_axi_rready;
  reg [31:0] awaddr, s_axi_wdata, araddr;
  reg [PORTS-1:0] m_axi_arready, m_axi_rvalid, m_axi_rlast, m_axi_awready, m_axi_wready, m_axi_bvalid;
  reg [2*PORTS-1:0] m_axi_rresp, m_axi_rid, m_axi_bresp;
  reg [8*BYTES*PORTS-1:0] m_axi_rdata;

  wire irq, s_axi_awready, s_axi_wready, s_axi_bvalid, s_axi_arready, s_axi_rvalid;
  wire [1:0] s_axi_bresp, s_axi_rresp;
  wire [31:0] s_axi_rdata;
  wire [PORTS-1:0] m_axi_arvalid, m_axi_rready, m_axi_awvalid, m_axi_wvalid, m_axi_wlast, m_axi_bready;
  wire [64*PORTS-1:0] m_axi_araddr, m_axi_awaddr;
  wire [8*PORTS-1:0] m_axi_arlen, m_axi_awlen;
  wire [2*PORTS-1:0] m_axi_arid, m_axi_awid;
  wire [8*BYTES*PORTS-1:0] m_axi_wdata;
  wire [BYTES*PORTS-1:0] m_axi_wstrb;

  heddle_overlay dut (
      .clk(clk), .rst(rst), .irq(irq),
      .s_axi_awvalid(s_axi_awvalid), .s_axi_awready(s_axi_awready), .s_axi_awaddr(awaddr[11:0]), .s_axi_wvalid(s_axi_wvalid),
      .s_axi_wready(s_axi_wready), .s_axi_wdata(s_axi_wdata), .s_axi_wstrb(4'hf), .s_axi_bvalid(s_axi_bvalid),
      .s_axi_bready(s_axi_bready), .s_axi_bresp(s_axi_bresp), .s_axi_arvalid(s_axi_arvalid), .s_axi_arready(s_axi_arready),
      .s_axi_araddr(araddr[11:0]), .s_axi_rvalid(s_axi_rvalid), .s_axi_rready(s_axi_rready), .s_axi_rdata(s_axi_rdata),
      .s_axi_rresp(s_axi_rresp),
      .m_axi_arvalid(m_axi_arvalid), .m_axi_arready(m_axi_arready), .m_axi_araddr(m_axi_araddr), .m_axi_arlen(m_axi_arlen),
      .m_axi_arid(m_axi_arid), .m_axi_rvalid(m_axi_rvalid), .m_axi_rready(m_axi_rready), .m_axi_rdata(m_axi_rdata),
      .m_axi_rresp(m_axi_rresp), .m_axi_rlast(m_axi_rlast), .m_axi_rid(m_axi_rid),
      .m_axi_awvalid(m_axi_awvalid), .m_axi_awready(m_axi_awready), .m_axi_awaddr(m_axi_awaddr), .m_axi_awlen(m_axi_awlen),
      .m_axi_awid(m_axi_awid), .m_axi_wvalid(m_axi_wvalid), .m_axi_wready(m_axi_wready), .m_axi_wdata(m_axi_wdata),
      .m_axi_wstrb(m_axi_wstrb), .m_axi_wlast(m_axi_wlast), .m_axi_bvalid(m_axi_bvalid), .m_axi_bready(m_axi_bready),
      .m_axi_bresp(m_axi_bresp)
  );

  // What the other simulator's overlay answered.
  reg x_irq, x_awready, x_wready, x_bvalid, x_arready, x_rvalid;
  reg [31:0] x_rdata;
  reg [PORTS-1:0] x_arvalid, x_rready, x_awvalid, x_wvalid, x_wlast, x_bready;
  reg [64*PORTS-1:0] x_araddr, x_awaddr;
  reg [8*PORTS-1:0] x_arlen, x_awlen;
  reg [2*PORTS-1:0] x_arid, x_awid;
  reg [8*BYTES*PORTS-1:0] x_wdata;
  reg [BYTES*PORTS-1:0] x_wstrb;

  integer file, cycle, read, p, b;
  reg same;
  reg [8*1024-1:0] path;

  initial begin
    if (!$value$plusargs("pins=%s", path)) $fatal(1, "+pins=FILE is missing");
    file = $fopen(path, "r");
    if (file == 0) $fatal(1, "the file of pins cannot be read");
    {clk, rst, s_axi_awvalid, s_axi_wvalid, s_axi_bready, s_axi_arvalid, s_axi_rready} = 7'b0100101;
    {awaddr, s_axi_wdata, araddr} = 0;
    {m_axi_arready, m_axi_rvalid, m_axi_rlast, m_axi_awready, m_axi_wready, m_axi_bvalid} = 0;
    {m_axi_rresp, m_axi_rid, m_axi_bresp} = 0;
    m_axi_rdata = 0;
    repeat (8) begin
      #1 clk = 1'b1;
      #1 clk = 1'b0;
    end
    cycle = 0;
    read = 39;
    while (read == 39) begin
      read = $fscanf(file, "%h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h", rst, s_axi_awvalid, s_axi_wvalid,
                     s_axi_bready, s_axi_arvalid, s_axi_rready, awaddr, s_axi_wdata, araddr, m_axi_arready, m_axi_rvalid,
                     m_axi_rlast, m_axi_awready, m_axi_wready, m_axi_bvalid, m_axi_rresp, m_axi_rid, m_axi_bresp, m_axi_rdata);
      if (read == 19)
        read = read + $fscanf(file, "%h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h %h\n", x_irq, x_awready, x_wready,
                              x_bvalid, x_arready, x_rvalid, x_rdata, x_arvalid, x_rready, x_awvalid, x_wvalid, x_wlast, x_bready,
                              x_araddr, x_arlen, x_arid, x_awaddr, x_awlen, x_awid, x_wdata);
      if (read == 39 && $fscanf(file, "%h\n", x_wstrb) == 1) begin
        #1 compare;
        clk = 1'b1;
        #1 clk = 1'b0;
        cycle = cycle + 1;
      end
    end
    if (!$feof(file)) $fatal(1, "line %0d of the pins cannot be read", cycle + 1);
    $display("%0d cycles are the same", cycle);
    $finish;
  end

  task compare;
    begin
      same = {irq, s_axi_awready, s_axi_wready, s_axi_bvalid, s_axi_arready, s_axi_rvalid} ===
             {x_irq, x_awready, x_wready, x_bvalid, x_arready, x_rvalid};
      if (x_rvalid) same = same && s_axi_rdata === x_rdata && s_axi_rresp === 2'b00;
      if (x_bvalid) same = same && s_axi_bresp === 2'b00;
      same = same && {m_axi_arvalid, m_axi_rready, m_axi_awvalid, m_axi_wvalid, m_axi_bready} ===
                     {x_arvalid, x_rready, x_awvalid, x_wvalid, x_bready};
      for (p = 0; p < PORTS; p = p + 1) begin
        if (x_arvalid[p])
          same = same && m_axi_araddr[64*p+:64] === x_araddr[64*p+:64] && m_axi_arlen[8*p+:8] === x_arlen[8*p+:8] &&
                 m_axi_arid[2*p+:2] === x_arid[2*p+:2];
        if (x_awvalid[p])
          same = same && m_axi_awaddr[64*p+:64] === x_awaddr[64*p+:64] && m_axi_awlen[8*p+:8] === x_awlen[8*p+:8] &&
                 m_axi_awid[2*p+:2] === x_awid[2*p+:2];
        if (x_wvalid[p]) begin
          same = same && m_axi_wlast[p] === x_wlast[p] && m_axi_wstrb[BYTES*p+:BYTES] === x_wstrb[BYTES*p+:BYTES];
          for (b = BYTES * p; b < BYTES * (p + 1); b = b + 1)
            if (x_wstrb[b]) same = same && m_axi_wdata[8*b+:8] === x_wdata[8*b+:8];
        end
      end
      if (same !== 1'b1) begin
        $display("irq %b, awready %b, wready %b, bvalid %b, arready %b, rvalid %b", irq, s_axi_awready, s_axi_wready, s_axi_bvalid,
                 s_axi_arready, s_axi_rvalid);
        $display("arvalid %b %h, rready %b, awvalid %b %h, wvalid %b %h, bready %b", m_axi_arvalid, m_axi_araddr, m_axi_rready,
                 m_axi_awvalid, m_axi_awaddr, m_axi_wvalid, m_axi_wdata, m_axi_bready);
        $display("instead of arvalid %b %h, rready %b, awvalid %b %h, wvalid %b %h, bready %b", x_arvalid, x_araddr, x_rready,
                 x_awvalid, x_awaddr, x_wvalid, x_wdata, x_bready);
        $fatal(1, "cycle %0d differs", cycle);
      end
    end
  endtask
endmodule
