// SPDX-License-Identifier: Apache-2.0
// The overlay: control, sequencer, five engines and their memories. `rst` is synchronous, at least four cycles long.
module heddle_overlay
  import overlay_pkg::*, isa_pkg::*, heddle_pkg::*, registers_pkg::*;
(
    input  logic                                   clk,
    input  logic                                   rst,
    output logic                                   irq,
    // AXI4-Lite
    input  logic                                   s_axi_awvalid,
    output logic                                   s_axi_awready,
    input  logic [REGISTER_ADDRESS_BITS-1:0]       s_axi_awaddr,
    input  logic                                   s_axi_wvalid,
    output logic                                   s_axi_wready,
    input  logic [31:0]                            s_axi_wdata,
    input  logic [3:0]                             s_axi_wstrb,
    output logic                                   s_axi_bvalid,
    input  logic                                   s_axi_bready,
    output logic [1:0]                             s_axi_bresp,
    input  logic                                   s_axi_arvalid,
    output logic                                   s_axi_arready,
    input  logic [REGISTER_ADDRESS_BITS-1:0]       s_axi_araddr,
    output logic                                   s_axi_rvalid,
    input  logic                                   s_axi_rready,
    output logic [31:0]                            s_axi_rdata,
    output logic [1:0]                             s_axi_rresp,
    // AXI4
    output logic [AXI_PORTS-1:0]                   m_axi_arvalid,
    input  logic [AXI_PORTS-1:0]                   m_axi_arready,
    output logic [AXI_PORTS-1:0][63:0]             m_axi_araddr,
    output logic [AXI_PORTS-1:0][7:0]              m_axi_arlen,
    output logic [AXI_PORTS-1:0][1:0]              m_axi_arid,
    input  logic [AXI_PORTS-1:0]                   m_axi_rvalid,
    output logic [AXI_PORTS-1:0]                   m_axi_rready,
    input  logic [AXI_PORTS-1:0][8*AXI_BYTES-1:0]  m_axi_rdata,
    input  logic [AXI_PORTS-1:0][1:0]              m_axi_rresp,
    input  logic [AXI_PORTS-1:0]                   m_axi_rlast,
    input  logic [AXI_PORTS-1:0][1:0]              m_axi_rid,
    output logic [AXI_PORTS-1:0]                   m_axi_awvalid,
    input  logic [AXI_PORTS-1:0]                   m_axi_awready,
    output logic [AXI_PORTS-1:0][63:0]             m_axi_awaddr,
    output logic [AXI_PORTS-1:0][7:0]              m_axi_awlen,
    output logic [AXI_PORTS-1:0][1:0]              m_axi_awid,
    output logic [AXI_PORTS-1:0]                   m_axi_wvalid,
    input  logic [AXI_PORTS-1:0]                   m_axi_wready,
    output logic [AXI_PORTS-1:0][8*AXI_BYTES-1:0]  m_axi_wdata,
    output logic [AXI_PORTS-1:0][AXI_BYTES-1:0]    m_axi_wstrb,
    output logic [AXI_PORTS-1:0]                   m_axi_wlast,
    input  logic [AXI_PORTS-1:0]                   m_axi_bvalid,
    output logic [AXI_PORTS-1:0]                   m_axi_bready,
    input  logic [AXI_PORTS-1:0][1:0]              m_axi_bresp
);
  // As in weight_memory.
  localparam int BEAT_BITS = 8 * AXI_BYTES;
  localparam int WRITE_BITS = WEIGHT_WORD_BITS % BEAT_BITS == 0 ? BEAT_BITS : WEIGHT_WORD_BITS;
  localparam int LANE_BITS = index_bits(WEIGHT_WORD_BITS / WRITE_BITS);

  // ---- Control and sequencer.
  logic start, enable, reset_engines, ports_busy, all_ended, rst_engine;
  logic [ENGINES-1:0][63:0] stream_address;
  logic [ENGINES-1:0][31:0] stream_words, done_count;
  logic [BASE_REGISTERS-1:0][63:0] bases;
  logic [31:0] watchdog;
  error_e error;
  engine_e error_engine;
  category_e [ENGINES-1:0] category;
  engine_e [ENGINES-1:0] giver;

  control control (
      .clk, .rst,
      .s_axi_awvalid, .s_axi_awready, .s_axi_awaddr, .s_axi_wvalid, .s_axi_wready, .s_axi_wdata, .s_axi_wstrb,
      .s_axi_bvalid, .s_axi_bready, .s_axi_bresp, .s_axi_arvalid, .s_axi_arready, .s_axi_araddr, .s_axi_rvalid,
      .s_axi_rready, .s_axi_rdata, .s_axi_rresp, .irq,
      .start, .enable, .reset_engines, .ports_busy, .stream_address, .stream_words, .bases, .watchdog, .all_ended, .error,
      .error_engine, .done_count, .category, .giver,
      .read_beat(m_axi_rvalid & m_axi_rready), .write_beat(m_axi_wvalid & m_axi_wready)
  );
  always_ff @(posedge clk) rst_engine <= rst || reset_engines;

  logic [ENGINES-1:0] instr_valid, instr_ready, start_valid, start_ready, done;
  logic [ENGINES-1:0][511:0] instr;
  activity_t [ENGINES-1:0] activity;
  logic [ENGINES-1:0][1:0] engine_error;
  logic fetch_req_valid, fetch_req_ready, fetch_beat_valid, fetch_beat_last;
  logic [63:0] fetch_req_address;
  logic [8:0] fetch_req_beats;
  logic [BEAT_BITS-1:0] fetch_beat_data;
  logic [1:0] fetch_beat_error;

  sequencer sequencer (
      .clk, .rst(rst_engine), .start, .enable, .stream_address, .stream_words, .watchdog,
      .instr_valid, .instr_ready, .instr, .start_valid, .start_ready, .done, .activity, .engine_error,
      .all_ended, .error, .error_engine, .done_count, .category, .giver,
      .req_valid(fetch_req_valid), .req_ready(fetch_req_ready), .req_address(fetch_req_address),
      .req_beats(fetch_req_beats), .beat_valid(fetch_beat_valid), .beat_data(fetch_beat_data),
      .beat_last(fetch_beat_last), .beat_error(fetch_beat_error)
  );

  // ---- Feature memory.
  feature_request_t [FEATURE_READERS-1:0] read_request;
  logic [FEATURE_READERS-1:0] read_grant;
  feature_data_t [FEATURE_READERS-1:0] read_data;
  feature_request_t [FEATURE_WRITERS-1:0] write_request;
  feature_data_t [FEATURE_WRITERS-1:0] write_data;
  feature_strobe_t [FEATURE_WRITERS-1:0] write_strobe;
  logic [FEATURE_WRITERS-1:0] write_grant;

  feature_memory features (
      .clk, .rst(rst_engine), .read_request, .read_grant, .read_data, .write_request, .write_data, .write_strobe, .write_grant
  );

  // ---- Constant memories.
  logic weight_read;
  logic [WEIGHT_ADDRESS_BITS-1:0] weight_address;
  logic [WEIGHT_WORD_BITS-1:0] weight_data;
  logic [AXI_PORTS-1:0] weight_write;
  logic [AXI_PORTS-1:0][WEIGHT_ADDRESS_BITS-1:0] weight_write_address;
  logic [AXI_PORTS-1:0][LANE_BITS-1:0] weight_write_lane;
  logic [AXI_PORTS-1:0][WRITE_BITS-1:0] weight_write_data;
  weight_memory weights (
      .clk, .rst(rst_engine), .weight_read, .weight_address, .weight_data, .weight_write, .weight_write_address,
      .weight_write_lane, .weight_write_data
  );

  localparam int CONV_WORD_BITS = index_bits(PARAM_WORDS), STENCIL_WORD_BITS = index_bits(STENCIL_PARAM_WORDS);
  logic conv_param_read, stencil_param_read, conv_param_write, stencil_param_write;
  logic [PARAM_PAIR_BITS-1:0] conv_param_address;
  logic [STENCIL_PARAM_PAIR_BITS-1:0] stencil_param_address;
  logic [2*PARAM_BITS-1:0] conv_param_data, stencil_param_data;
  logic [13:0] param_write_address;
  logic [PARAM_BITS-1:0] param_write_data;
  param_memory #(
      .WORDS(PARAM_WORDS)
  ) conv_params (
      .clk, .rst(rst_engine), .read(conv_param_read), .read_address(conv_param_address), .read_data(conv_param_data),
      .write(conv_param_write), .write_address(CONV_WORD_BITS'(param_write_address)), .write_data(param_write_data)
  );
  param_memory #(
      .WORDS(STENCIL_PARAM_WORDS)
  ) stencil_params (
      .clk, .rst(rst_engine), .read(stencil_param_read), .read_address(stencil_param_address), .read_data(stencil_param_data),
      .write(stencil_param_write), .write_address(STENCIL_WORD_BITS'(param_write_address)), .write_data(param_write_data)
  );

  logic coefficient_read, coefficient_write;
  logic [15:0] coefficient_address, coefficient_write_address;
  logic [16*N-1:0] coefficient_data, coefficient_write_data;
  coefficient_memory coefficients (
      .clk, .rst(rst_engine), .coefficient_read, .coefficient_address, .coefficient_data, .coefficient_write,
      .coefficient_write_address, .coefficient_write_data
  );

  // Both POST units hold all tables; an entry is written when both can take it. Writing it twice does no harm.
  logic table_write, conv_table_ready, stencil_table_ready;
  logic [7:0] table_number;
  logic [8:0] table_entry;
  logic [15:0] table_data;

  // ---- Engines.
  logic [1:0] conv_error, stencil_error;
  conv conv (
      .clk, .rst(rst_engine),
      .instr_valid(instr_valid[ENGINE_CONV]), .instr_ready(instr_ready[ENGINE_CONV]), .instr(instr[ENGINE_CONV]),
      .start_valid(start_valid[ENGINE_CONV]), .start_ready(start_ready[ENGINE_CONV]), .done(done[ENGINE_CONV]),
      .activity(activity[ENGINE_CONV]), .error(conv_error),
      .read_request(read_request[READ_CONV]), .read_grant(read_grant[READ_CONV]), .read_data(read_data[READ_CONV]),
      .operand_request(read_request[READ_OPERAND]), .operand_grant(read_grant[READ_OPERAND]),
      .operand_data(read_data[READ_OPERAND]),
      .write_request(write_request[WRITE_POST]), .write_data(write_data[WRITE_POST]),
      .write_strobe(write_strobe[WRITE_POST]), .write_grant(write_grant[WRITE_POST]),
      .weight_read, .weight_address, .weight_data, .conv_param_read, .conv_param_address, .conv_param_data,
      .table_write, .table_number, .table_entry, .table_data, .table_ready(conv_table_ready)
  );

  stencil stencil (
      .clk, .rst(rst_engine),
      .instr_valid(instr_valid[ENGINE_STENCIL]), .instr_ready(instr_ready[ENGINE_STENCIL]), .instr(instr[ENGINE_STENCIL]),
      .start_valid(start_valid[ENGINE_STENCIL]), .start_ready(start_ready[ENGINE_STENCIL]), .done(done[ENGINE_STENCIL]),
      .activity(activity[ENGINE_STENCIL]), .error(stencil_error),
      .read_request(read_request[READ_STENCIL]), .read_grant(read_grant[READ_STENCIL]),
      .read_data(read_data[READ_STENCIL]),
      .write_request(write_request[WRITE_STENCIL]), .write_data(write_data[WRITE_STENCIL]),
      .write_strobe(write_strobe[WRITE_STENCIL]), .write_grant(write_grant[WRITE_STENCIL]),
      .stencil_param_read, .stencil_param_address, .stencil_param_data, .coefficient_read, .coefficient_address,
      .coefficient_data, .table_write, .table_number, .table_entry, .table_data, .table_ready(stencil_table_ready)
  );

  // The DMA engines as `dma` numbers them.
  function automatic engine_e dma_engine(int i);
    dma_engine = i == 0 ? ENGINE_LOAD_FEATURES : i == 1 ? ENGINE_LOAD_WEIGHTS : ENGINE_SAVE;
  endfunction
  logic [2:0] dma_instr_valid, dma_instr_ready, dma_start_valid, dma_start_ready, dma_done;
  logic [2:0][511:0] dma_instr;
  activity_t [2:0] dma_activity;
  logic [2:0][1:0] dma_error;
  for (genvar i = 0; i < 3; i++) begin : g_dma
    localparam engine_e ENGINE = dma_engine(i);
    assign dma_instr_valid[i]   = instr_valid[ENGINE];
    assign instr_ready[ENGINE]  = dma_instr_ready[i];
    assign dma_instr[i]         = instr[ENGINE];
    assign dma_start_valid[i]   = start_valid[ENGINE];
    assign start_ready[ENGINE]  = dma_start_ready[i];
    assign done[ENGINE]         = dma_done[i];
    assign activity[ENGINE]     = dma_activity[i];
    assign engine_error[ENGINE] = dma_error[i];
  end
  assign engine_error[ENGINE_CONV]    = conv_error;
  assign engine_error[ENGINE_STENCIL] = stencil_error;

  dma dma (
      .clk, .rst, .rst_engine, .ports_busy, .bases,
      .instr_valid(dma_instr_valid), .instr_ready(dma_instr_ready), .instr(dma_instr), .start_valid(dma_start_valid),
      .start_ready(dma_start_ready), .done(dma_done), .activity(dma_activity), .error(dma_error),
      .fetch_req_valid, .fetch_req_ready, .fetch_req_address, .fetch_req_beats, .fetch_beat_valid, .fetch_beat_data,
      .fetch_beat_last, .fetch_beat_error,
      .write_request(write_request[WRITE_LOAD]), .write_data(write_data[WRITE_LOAD]),
      .write_strobe(write_strobe[WRITE_LOAD]), .write_grant(write_grant[WRITE_LOAD]),
      .read_request(read_request[READ_SAVE]), .read_grant(read_grant[READ_SAVE]), .read_data(read_data[READ_SAVE]),
      .weight_write, .weight_write_address, .weight_write_lane, .weight_write_data, .conv_param_write,
      .stencil_param_write, .param_write_address, .param_write_data, .coefficient_write, .coefficient_write_address,
      .coefficient_write_data, .table_write, .table_number, .table_entry, .table_data,
      .table_ready(conv_table_ready && stencil_table_ready),
      .m_axi_arvalid, .m_axi_arready, .m_axi_araddr, .m_axi_arlen, .m_axi_arid, .m_axi_rvalid, .m_axi_rready,
      .m_axi_rdata, .m_axi_rresp, .m_axi_rlast, .m_axi_rid, .m_axi_awvalid, .m_axi_awready, .m_axi_awaddr,
      .m_axi_awlen, .m_axi_awid, .m_axi_wvalid, .m_axi_wready, .m_axi_wdata, .m_axi_wstrb, .m_axi_wlast, .m_axi_bvalid,
      .m_axi_bready, .m_axi_bresp
  );

  logic unused;  // address bits beyond this overlay's memories
  assign unused = ^param_write_address;
endmodule
