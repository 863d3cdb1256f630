// SPDX-License-Identifier: Apache-2.0
// Reads the weight sets of a convolution, [block of M output channels][ky][kx][set of N input channels][M][N], one set ahead of the
// array: WEIGHT_CYCLES words a set, twice as many for 16-bit weights.
//
// Order: passes; reduction; blocks of M channels. `set_ready` holds while the next set has been requested completely;
// `issue` (only then) announces that the array changes to it: `load` follows ISSUE_DELAY = CONST_READ_LATENCY + 1 cycles later, and from
// the cycle after that on it is in `weights`, sign-extended to 16 bits.
`include "assert.svh"
module conv_weights
  import overlay_pkg::*, heddle_pkg::*;
(
    input  logic                              clk,
    input  logic                              rst,
    input  logic                              config_valid,
    input  conv_weights_t                     config_in,
    output logic                              config_ready,
    output logic                              weight_read,
    output logic [WEIGHT_ADDRESS_BITS-1:0]    weight_address,
    input  logic [WEIGHT_WORD_BITS-1:0]       weight_data,
    output logic                              set_ready,
    input  logic                              issue,
    input  logic                              load,
    input  logic                              load_wide,  // the set has 16-bit weights
    output logic [M-1:0][N-1:0][15:0]         weights
);
  localparam int R = WEIGHT_CYCLES;
  localparam int INDEX_BITS = index_bits(2 * R);

  conv_weights_t config_q;
  logic active, request;

  logic [DEPTH_BITS:0] groups, blocks, block;
  logic [BANK_BITS:0] tail;
  logic last_blocks, last_pass, pass_next;
  logic [WEIGHT_ADDRESS_BITS:0] set;
  logic [INDEX_BITS-1:0] word, last_index;
  logic last_word, last_block, last_set, pass_end;
  logic start;

  assign start = config_valid && config_ready;
  conv_passes passes (
      .clk,
      .load  (start),
      .passes(config_in.passes),
      .next  (pass_next),
      .groups,
      .blocks,
      .tail,
      .last_blocks,
      .last  (last_pass)
  );

  // Addresses: of the first block's set, and of the current block's set.
  logic [WEIGHT_ADDRESS_BITS-1:0] set_address, block_address, set_words, block_words, pass_words;
  always_comb begin
    last_index  = config_q.wide ? INDEX_BITS'(2 * R - 1) : INDEX_BITS'(R - 1);
    set_words   = config_q.wide ? WEIGHT_ADDRESS_BITS'(2 * R) : WEIGHT_ADDRESS_BITS'(R);
    block_words = WEIGHT_ADDRESS_BITS'(32'(config_q.sets) * R);
    if (config_q.wide) block_words = block_words << 1;
    last_word  = word == last_index;
    last_block = block == blocks - 1'b1;
    last_set   = set == config_q.sets - 1'b1;
    pass_end   = last_word && last_block && last_set;
    request    = active && (!set_ready || issue);
    pass_next  = request && pass_end && !last_pass;
    // Behind the last set of a pass's last block stand those of the following blocks.
    pass_words = last_blocks ? config_q.address : block_address + set_words;
  end

  assign config_ready = !active || (request && pass_end && last_pass);

  always_ff @(posedge clk) begin
    if (rst) begin
      active    <= 1'b0;
      set_ready <= 1'b0;
    end else begin
      if (start) active <= 1'b1;
      else if (config_ready) active <= 1'b0;
      if (request) set_ready <= last_word;
      else if (issue) set_ready <= 1'b0;
    end
    if (start) begin
      config_q      <= config_in;
      word          <= '0;
      block         <= '0;
      set           <= '0;
      set_address   <= config_in.address;
      block_address <= config_in.address;
    end else if (request) begin
      word <= last_word ? '0 : word + 1'b1;
      if (last_word) begin
        block         <= last_block ? '0 : block + 1'b1;
        block_address <= block_address + block_words;
        if (last_block) begin
          set           <= last_set ? '0 : set + 1'b1;
          set_address   <= last_set ? pass_words : set_address + set_words;
          block_address <= last_set ? pass_words : set_address + set_words;
        end
      end
    end
  end

  // Memory, and the next set.
  typedef struct packed {
    logic valid;
    logic [INDEX_BITS-1:0] index;
  } read_t;
  read_t [CONST_READ_LATENCY:0] reads;
  always_ff @(posedge clk) begin
    if (rst) for (int i = 0; i <= CONST_READ_LATENCY; i++) reads[i] <= '0;
    else begin
      reads[0] <= '{valid: request, index: word};
      for (int i = 1; i <= CONST_READ_LATENCY; i++) reads[i] <= reads[i-1];
    end
    weight_address <= block_address + WEIGHT_ADDRESS_BITS'(word);
  end
  assign weight_read = reads[0].valid;

  logic [2*R-1:0][WEIGHT_WORD_BITS-1:0] next;
  always_ff @(posedge clk)
    if (reads[CONST_READ_LATENCY].valid) next[reads[CONST_READ_LATENCY].index] <= weight_data;

  logic [2*M*N*8-1:0] dense;
  assign dense = next;
  always_ff @(posedge clk)
    if (load) begin
      if (load_wide) weights <= dense;
      else
        for (int m = 0; m < M; m++)
          for (int n = 0; n < N; n++) weights[m][n] <= 16'($signed(dense[8*(m*N+n)+:8]));
    end

  logic unused;
  assign unused = ^{groups, tail, config_q};

  `HEDDLE_ASSERT(issue_when_ready, !issue || set_ready)
endmodule
