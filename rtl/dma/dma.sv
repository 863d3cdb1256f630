// SPDX-License-Identifier: Apache-2.0
// The three DMA engines with their AXI ports. Engines in arrays: 0 load_features, 1 load_weights, 2 save. The instruction client
// shares read port 0.
`include "assert.svh"
module dma
  import overlay_pkg::*, heddle_pkg::*;
#(
    localparam int BEAT_BITS = 8 * AXI_BYTES,
    // As in weight_memory.
    localparam int WRITE_BITS = WEIGHT_WORD_BITS % BEAT_BITS == 0 ? BEAT_BITS : WEIGHT_WORD_BITS,
    localparam int LANE_BITS = index_bits(WEIGHT_WORD_BITS / WRITE_BITS)
) (
    input  logic                                           clk,
    input  logic                                           rst,          // of the ports
    input  logic                                           rst_engine,   // of the engines; the ports drain by themselves
    output logic                                           ports_busy,   // bursts are on their way
    input  logic [15:0][63:0]                              bases,
    // Engines
    input  logic [2:0]                                     instr_valid,
    output logic [2:0]                                     instr_ready,
    input  logic [2:0][511:0]                              instr,
    input  logic [2:0]                                     start_valid,
    output logic [2:0]                                     start_ready,
    output logic [2:0]                                     done,
    output activity_t [2:0]                                activity,
    output logic [2:0][1:0]                                error,
    // Instructions
    input  logic                                           fetch_req_valid,
    output logic                                           fetch_req_ready,
    input  logic [63:0]                                    fetch_req_address,
    input  logic [8:0]                                     fetch_req_beats,
    output logic                                           fetch_beat_valid,
    output logic [BEAT_BITS-1:0]                           fetch_beat_data,
    output logic                                           fetch_beat_last,
    output logic [1:0]                                     fetch_beat_error,
    // Feature memory
    output feature_request_t                               write_request,
    output feature_data_t                                  write_data,
    output feature_strobe_t                                write_strobe,
    input  logic                                           write_grant,
    output feature_request_t                               read_request,
    input  logic                                           read_grant,
    input  feature_data_t                                  read_data,
    // Constant memories
    output logic [AXI_PORTS-1:0]                           weight_write,
    output logic [AXI_PORTS-1:0][WEIGHT_ADDRESS_BITS-1:0]  weight_write_address,
    output logic [AXI_PORTS-1:0][LANE_BITS-1:0]            weight_write_lane,
    output logic [AXI_PORTS-1:0][WRITE_BITS-1:0]           weight_write_data,
    output logic                                           conv_param_write,
    output logic                                           stencil_param_write,
    output logic [13:0]                                    param_write_address,
    output logic [PARAM_BITS-1:0]                          param_write_data,
    output logic                                           coefficient_write,
    output logic [15:0]                                    coefficient_write_address,
    output logic [16*N-1:0]                                coefficient_write_data,
    output logic                                           table_write,
    output logic [7:0]                                     table_number,
    output logic [8:0]                                     table_entry,
    output logic [15:0]                                    table_data,
    input  logic                                           table_ready,
    // AXI4
    output logic [AXI_PORTS-1:0]                           m_axi_arvalid,
    input  logic [AXI_PORTS-1:0]                           m_axi_arready,
    output logic [AXI_PORTS-1:0][63:0]                     m_axi_araddr,
    output logic [AXI_PORTS-1:0][7:0]                      m_axi_arlen,
    output logic [AXI_PORTS-1:0][1:0]                      m_axi_arid,
    input  logic [AXI_PORTS-1:0]                           m_axi_rvalid,
    output logic [AXI_PORTS-1:0]                           m_axi_rready,
    input  logic [AXI_PORTS-1:0][BEAT_BITS-1:0]            m_axi_rdata,
    input  logic [AXI_PORTS-1:0][1:0]                      m_axi_rresp,
    input  logic [AXI_PORTS-1:0]                           m_axi_rlast,
    input  logic [AXI_PORTS-1:0][1:0]                      m_axi_rid,
    output logic [AXI_PORTS-1:0]                           m_axi_awvalid,
    input  logic [AXI_PORTS-1:0]                           m_axi_awready,
    output logic [AXI_PORTS-1:0][63:0]                     m_axi_awaddr,
    output logic [AXI_PORTS-1:0][7:0]                      m_axi_awlen,
    output logic [AXI_PORTS-1:0][1:0]                      m_axi_awid,
    output logic [AXI_PORTS-1:0]                           m_axi_wvalid,
    input  logic [AXI_PORTS-1:0]                           m_axi_wready,
    output logic [AXI_PORTS-1:0][BEAT_BITS-1:0]            m_axi_wdata,
    output logic [AXI_PORTS-1:0][AXI_BYTES-1:0]            m_axi_wstrb,
    output logic [AXI_PORTS-1:0]                           m_axi_wlast,
    input  logic [AXI_PORTS-1:0]                           m_axi_bvalid,
    output logic [AXI_PORTS-1:0]                           m_axi_bready,
    input  logic [AXI_PORTS-1:0][1:0]                      m_axi_bresp
);
  logic reset;
  assign reset = rst || rst_engine;

  // By port: requests of load_features, load_weights, save; what comes back.
  logic [AXI_PORTS-1:0] feature_valid, feature_ready, constant_valid, constant_ready, save_valid, save_ready;
  logic [AXI_PORTS-1:0][63:0] feature_address, constant_address, save_address;
  logic [AXI_PORTS-1:0][8:0] feature_beats, constant_beats, save_beats;
  logic [AXI_PORTS-1:0] feature_beat, constant_beat, read_busy, write_busy;
  logic [AXI_PORTS-1:0] save_data_valid, save_data_ready, response_valid;
  logic [AXI_PORTS-1:0][BEAT_BITS-1:0] beat_data, save_data;
  logic [AXI_PORTS-1:0][AXI_BYTES-1:0] save_strobe;
  logic [AXI_PORTS-1:0][1:0] beat_error, response_error;
  logic [AXI_PORTS-1:0] beat_last;

  load_features features (
      .clk, .rst(reset), .bases, .instr_valid(instr_valid[0]), .instr_ready(instr_ready[0]), .instr(instr[0]),
      .start_valid(start_valid[0]), .start_ready(start_ready[0]), .done(done[0]), .activity(activity[0]),
      .error(error[0]), .req_valid(feature_valid), .req_ready(feature_ready), .req_address(feature_address),
      .req_beats(feature_beats), .beat_valid(feature_beat), .beat_data, .beat_error, .write_request, .write_data,
      .write_strobe, .write_grant
  );
  load_weights constants (
      .clk, .rst(reset), .bases, .instr_valid(instr_valid[1]), .instr_ready(instr_ready[1]), .instr(instr[1]),
      .start_valid(start_valid[1]), .start_ready(start_ready[1]), .done(done[1]), .activity(activity[1]),
      .error(error[1]), .req_valid(constant_valid), .req_ready(constant_ready), .req_address(constant_address),
      .req_beats(constant_beats), .beat_valid(constant_beat), .beat_data, .beat_error, .weight_write,
      .weight_write_address, .weight_write_lane, .weight_write_data, .conv_param_write, .stencil_param_write,
      .param_write_address, .param_write_data, .coefficient_write, .coefficient_write_address, .coefficient_write_data,
      .table_write, .table_number, .table_entry, .table_data, .table_ready
  );
  save saver (
      .clk, .rst(reset), .bases, .instr_valid(instr_valid[2]), .instr_ready(instr_ready[2]), .instr(instr[2]),
      .start_valid(start_valid[2]), .start_ready(start_ready[2]), .done(done[2]), .activity(activity[2]),
      .error(error[2]), .read_request, .read_grant, .read_data, .req_valid(save_valid), .req_ready(save_ready),
      .req_address(save_address), .req_beats(save_beats), .data_valid(save_data_valid), .data_ready(save_data_ready),
      .data(save_data), .data_strobe(save_strobe), .response_valid, .response_error
  );

  for (genvar q = 0; q < AXI_PORTS; q++) begin : g_port
    logic fetch_ready, fetch_beat;  // of port 0

    axi_read_port read_port (
        .clk, .rst, .flush(rst_engine), .busy(read_busy[q]),
        .req_valid({q == 0 && fetch_req_valid, constant_valid[q], feature_valid[q]}),
        .req_ready({fetch_ready, constant_ready[q], feature_ready[q]}),
        .req_address({fetch_req_address, constant_address[q], feature_address[q]}),
        .req_beats({fetch_req_beats, constant_beats[q], feature_beats[q]}),
        .beat_valid({fetch_beat, constant_beat[q], feature_beat[q]}), .beat_data(beat_data[q]),
        .beat_last(beat_last[q]), .beat_error(beat_error[q]),
        .m_axi_arvalid(m_axi_arvalid[q]), .m_axi_arready(m_axi_arready[q]), .m_axi_araddr(m_axi_araddr[q]),
        .m_axi_arlen(m_axi_arlen[q]), .m_axi_arid(m_axi_arid[q]), .m_axi_rvalid(m_axi_rvalid[q]),
        .m_axi_rready(m_axi_rready[q]), .m_axi_rdata(m_axi_rdata[q]), .m_axi_rresp(m_axi_rresp[q]),
        .m_axi_rlast(m_axi_rlast[q]), .m_axi_rid(m_axi_rid[q])
    );
    axi_write_port write_port (
        .clk, .rst, .flush(rst_engine), .busy(write_busy[q]), .req_valid(save_valid[q]), .req_ready(save_ready[q]),
        .req_address(save_address[q]), .req_beats(save_beats[q]), .data_valid(save_data_valid[q]),
        .data_ready(save_data_ready[q]), .data(save_data[q]), .data_strobe(save_strobe[q]),
        .response_valid(response_valid[q]), .response_error(response_error[q]),
        .m_axi_awvalid(m_axi_awvalid[q]), .m_axi_awready(m_axi_awready[q]), .m_axi_awaddr(m_axi_awaddr[q]),
        .m_axi_awlen(m_axi_awlen[q]), .m_axi_awid(m_axi_awid[q]), .m_axi_wvalid(m_axi_wvalid[q]),
        .m_axi_wready(m_axi_wready[q]), .m_axi_wdata(m_axi_wdata[q]), .m_axi_wstrb(m_axi_wstrb[q]),
        .m_axi_wlast(m_axi_wlast[q]), .m_axi_bvalid(m_axi_bvalid[q]), .m_axi_bready(m_axi_bready[q]),
        .m_axi_bresp(m_axi_bresp[q])
    );
    if (q == 0) begin : g_fetch
      assign fetch_req_ready  = fetch_ready;
      assign fetch_beat_valid = fetch_beat;
    end else begin : g_no_fetch
      logic unused;
      assign unused = ^{fetch_ready, fetch_beat};
    end
  end
  assign fetch_beat_data  = beat_data[0];
  assign fetch_beat_last  = beat_last[0];
  assign fetch_beat_error = beat_error[0];
  assign ports_busy       = read_busy != '0 || write_busy != '0;

  logic unused;
  assign unused = ^beat_last;
endmodule
