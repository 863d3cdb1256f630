// SPDX-License-Identifier: Apache-2.0
// Fetches what a channel block needs besides its slots: its channels' post parameters, and the coefficients of a window. There are
// two banks; while the blocks of one are computed the next ones are fetched into the other. The post descriptor comes first.
//
// `ready`: the oldest block that is not yet issued completely is, or will be in time; `issued`: its last outputs are; `free`: they need
// their bank no more. A group that is issued in cycle t needs the coefficients in t + 8 and the parameters in t + 11, and what is read in a
// cycle is in its bank three cycles later.
`include "assert.svh"
module stencil_fetch
  import overlay_pkg::*, heddle_pkg::*;
(
    input  logic                                clk,
    input  logic                                rst,
    input  logic                                start,
    input  stencil_fetch_t                      start_work,
    output logic                                idle,         // everything of the instruction is asked for
    output logic                                ready,
    input  logic                                issued,
    input  logic                                free,
    output post_descriptor_t [1:0]              descriptor,   // of each instruction in execution
    output channel_param_t [1:0][N-1:0]         param,        // of each bank
    output logic [1:0][2:0][2:0][N-1:0][15:0]   coefficient,  // [bank][row register][column]
    output logic                                param_read,
    output logic [STENCIL_PARAM_PAIR_BITS-1:0]  param_address,
    input  logic [2*PARAM_BITS-1:0]             param_data,
    output logic                                coefficient_read,
    output logic [15:0]                         coefficient_address,
    input  logic [16*N-1:0]                     coefficient_data
);
  localparam int PARAMS_EARLY = 10;  // reads that may be left when a block is `ready` (in the next cycle)
  localparam int COEFFICIENTS_EARLY = 7;
  localparam int LATENCY = CONST_READ_LATENCY;
  localparam int PAIRS = N / 2;
  localparam int HALF_PAIRS = N > 2 ? N / 4 : 1;
  localparam int COUNT_BITS = $clog2(PAIRS + 1);
  localparam int INDEX_BITS = index_bits(PAIRS);

  typedef enum logic [2:0] { IDLE, DESCRIPTOR, WAIT, PASS, FILL } state_e;
  state_e state;
  stencil_fetch_t work;
  logic single;  // one channel word for all
  logic bank, half, told;
  logic [12:0] block;
  logic [1:0] occupied, tokens;
  logic [16:0] channel;  // first one of the pass
  logic [COUNT_BITS-1:0] params_left, params_all;
  logic [3:0] coefficients_left;
  logic [INDEX_BITS-1:0] index;
  logic [1:0] ky, kx;
  logic [15:0] address, block_address;

  logic few_channels, pass_done, tell, odd;
  always_comb begin
    few_channels = work.wide || work.halves;
    odd          = N == 2 && few_channels && channel[0];
    params_all   = !work.channels ? '0 : single ? COUNT_BITS'(1) : few_channels ? COUNT_BITS'(HALF_PAIRS) : COUNT_BITS'(PAIRS);
    pass_done    = state == FILL && (params_left == 0 || params_left == 1) && coefficients_left <= 1;
    tell         = state == FILL && !told && 32'(params_left) <= PARAMS_EARLY && 32'(coefficients_left) <= COEFFICIENTS_EARLY;
  end

  // Reads, and what arrives.
  typedef struct packed {
    logic descriptor, which, bank, single, odd;
    logic [INDEX_BITS-1:0] index;
  } param_tag_t;
  typedef struct packed {
    logic bank, half;
    logic [1:0] ky, kx;
  } coefficient_tag_t;
  logic [LATENCY-1:0] param_valid, coefficient_valid;
  param_tag_t [LATENCY-1:0] param_tag;
  coefficient_tag_t [LATENCY-1:0] coefficient_tag;
  param_tag_t param_arrived;
  coefficient_tag_t coefficient_arrived;
  post_descriptor_t arriving;
  assign arriving            = param_data;
  assign param_arrived       = param_tag[LATENCY-1];
  assign coefficient_arrived = coefficient_tag[LATENCY-1];

  logic [16:0] pair;
  always_comb begin
    pair = 17'(work.param_address[13:1]) + 17'd1 + (single ? 17'd0 : channel >> 1) + 17'(index);
    param_read          = state == DESCRIPTOR || (state == FILL && params_left != 0);
    param_address       = STENCIL_PARAM_PAIR_BITS'(state == DESCRIPTOR ? 17'(work.param_address[13:1]) : pair);
    coefficient_read    = state == FILL && coefficients_left != 0;
    coefficient_address = address;
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      param_valid       <= '0;
      coefficient_valid <= '0;
    end else begin
      param_valid       <= LATENCY'({param_valid, param_read});
      coefficient_valid <= LATENCY'({coefficient_valid, coefficient_read});
    end
    param_tag[0]       <= '{state == DESCRIPTOR, work.which, bank, single, odd, index};
    coefficient_tag[0] <= '{bank, half, ky + 2'd3 - work.kernel_h, kx};
    for (int i = 1; i < LATENCY; i++) begin
      param_tag[i]       <= param_tag[i-1];
      coefficient_tag[i] <= coefficient_tag[i-1];
    end
  end

  // The passes.
  always_ff @(posedge clk) begin
    if (rst) begin
      state    <= IDLE;
      bank     <= 1'b0;
      occupied <= '0;
      tokens   <= '0;
    end else begin
      unique case (state)
        IDLE:       if (start) state <= start_work.descriptor ? DESCRIPTOR : PASS;
        DESCRIPTOR: state <= WAIT;
        WAIT:       if (param_valid[LATENCY-1]) state <= PASS;
        PASS:       if (occupied != 2) state <= FILL;
        default:    if (pass_done) state <= block == 0 && (half || !work.halves) ? IDLE : PASS;
      endcase
      if (pass_done) bank <= !bank;
      occupied <= occupied + 2'(state == PASS && occupied != 2) - 2'(free);
      tokens   <= tokens + 2'(tell) - 2'(issued);
    end
    if (state == IDLE) begin
      work          <= start_work;
      block         <= start_work.blocks - 13'd1;
      half          <= 1'b0;
      single        <= 1'b0;
      channel       <= '0;
      address       <= start_work.coefficient_address;
      block_address <= start_work.coefficient_address;
    end
    if (state == WAIT && param_valid[LATENCY-1]) single <= arriving.flags[0];
    if (state == PASS) begin
      params_left       <= params_all;
      coefficients_left <= work.coefficients ? 4'(work.kernel_h) * 4'(work.kernel_w) : '0;
      index             <= '0;
      {ky, kx}          <= '0;
      told              <= 1'b0;
    end
    if (tell) told <= 1'b1;
    if (state == FILL) begin
      if (params_left != 0) begin
        params_left <= params_left - 1'b1;
        index       <= index + 1'b1;
      end
      if (coefficients_left != 0) begin
        coefficients_left <= coefficients_left - 1'b1;
        kx                <= kx == work.kernel_w - 2'd1 ? '0 : kx + 2'd1;
        if (kx == work.kernel_w - 2'd1) ky <= ky + 2'd1;
      end
      if (pass_done) begin
        half    <= work.halves && !half;
        channel <= channel + (few_channels ? 17'(N / 2) : 17'(N));
        if (half || !work.halves) block <= block - 13'd1;
      end
      // The upper half of a block's lanes takes the same words again.
      if (pass_done && work.halves && !half) address <= block_address;
      else if (coefficients_left != 0) address <= address + 16'd1;
      if (pass_done && (half || !work.halves)) block_address <= address + 16'(coefficients_left != 0);
    end
  end
  assign ready = tokens != 0;
  assign idle  = state == IDLE;

  // The banks.
  channel_param_t even_word, odd_word;
  logic [N-1:0][15:0] coefficient_word;
  assign {odd_word, even_word} = param_data;
  assign coefficient_word = coefficient_arrived.half ? {coefficient_data[8*N-1:0], coefficient_data[16*N-1:8*N]} : coefficient_data;

  always_ff @(posedge clk) begin
    if (param_valid[LATENCY-1]) begin
      if (param_arrived.descriptor) descriptor[param_arrived.which] <= arriving;
      else if (param_arrived.single) param[param_arrived.bank] <= {N{even_word}};
      else
        for (int n = 0; n < N; n++)
          if (INDEX_BITS'(n / 2) == param_arrived.index)
            param[param_arrived.bank][n] <= n % 2 != int'(param_arrived.odd) ? odd_word : even_word;
    end
    if (state == PASS && occupied != 2)
      for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++)
          coefficient[bank][r][c] <= {N{15'd0, work.ones && 3'(r) + 3'(work.kernel_h) >= 3'd3 && 2'(c) < work.kernel_w}};
    if (coefficient_valid[LATENCY-1])
      coefficient[coefficient_arrived.bank][coefficient_arrived.ky][coefficient_arrived.kx] <= coefficient_word;
  end

  logic unused;
  assign unused = ^{pair, work};
  `HEDDLE_ASSERT(start_when_idle, !start || state == IDLE)
  `HEDDLE_ASSERT(issue_of_a_block, !issued || tokens != 0)
  `HEDDLE_ASSERT(free_of_a_block, !free || occupied != 0)
endmodule
