// SPDX-License-Identifier: Apache-2.0
// Fetches what POST needs from parameter memory: the descriptor of an instruction, then the words of each channel block in turn, one
// block ahead. With descriptor flag 0 one word serves all channels.
//
// `start` begins an instruction. While `ready`, `param` and `descriptor` hold for the current block; `next` goes on to the following one.
// `param` and `descriptor` come two registers later (SKEW) than the `next` that ends them, for the accumulators take as long to POST.
`include "assert.svh"
module conv_params
  import overlay_pkg::*, heddle_pkg::*;
(
    input  logic                        clk,
    input  logic                        rst,
    input  logic                        start,
    input  logic [13:0]                 address,     // even
    input  logic                        wide,        // 16-bit results: N/2 channels a block
    input  logic [12:0]                 blocks,      // after which the channels begin anew
    output logic                        ready,
    input  logic                        next,
    output post_descriptor_t            descriptor,
    output channel_param_t [N-1:0]      param,
    output logic                        conv_param_read,
    output logic [PARAM_PAIR_BITS-1:0]  conv_param_address,
    input  logic [2*PARAM_BITS-1:0]     conv_param_data
);
  localparam int PAIRS = N / 2;
  localparam int WIDE_PAIRS = N > 2 ? N / 4 : 1;
  localparam int COUNT_BITS = index_bits(PAIRS);
  localparam int PAIR_BITS = PARAM_PAIR_BITS;
  localparam int LATENCY = CONST_READ_LATENCY;

  typedef enum logic [1:0] { IDLE, DESCRIPTOR, WAIT, CHANNELS } state_e;
  state_e state;
  logic wide_q, single;
  logic [12:0] blocks_q, block;
  logic [PAIR_BITS-1:0] first, pair;    // of the channels; next to be read
  logic odd;                            // the block's only channel is the pair's second word (N = 2, 16 bits)
  logic [COUNT_BITS-1:0] count;         // pairs of the block
  logic fill, use_index;                // buffers
  logic [1:0] busy, full;
  logic last_pair, request;

  // From the request to the data.
  typedef struct packed {
    logic valid, descriptor, buffer, last, odd, single;
    logic [COUNT_BITS-1:0] count;
  } read_t;
  read_t [LATENCY:0] reads;
  read_t arrived;
  assign arrived = reads[LATENCY];
  post_descriptor_t arriving;
  assign arriving = post_descriptor_t'(conv_param_data);

  assign last_pair = single || count == (wide_q ? COUNT_BITS'(WIDE_PAIRS - 1) : COUNT_BITS'(PAIRS - 1));
  assign request   = state == DESCRIPTOR || (state == CHANNELS && !busy[fill]);
  assign ready     = full[use_index];

  always_ff @(posedge clk) begin
    if (rst) begin
      state     <= IDLE;
      busy      <= '0;
      full      <= '0;
      fill      <= 1'b0;
      use_index <= 1'b0;
      reads     <= '0;
    end else begin
      reads[0] <= '{
          valid: request,
          descriptor: state == DESCRIPTOR,
          buffer: fill,
          last: last_pair,
          odd: odd,
          single: single,
          count: count
      };
      for (int i = 1; i <= LATENCY; i++) reads[i] <= reads[i-1];

      if (state == DESCRIPTOR) state <= WAIT;
      if (arrived.valid && arrived.descriptor) state <= CHANNELS;
      if (state == CHANNELS && request && last_pair) begin
        busy[fill] <= 1'b1;
        fill       <= !fill;
      end
      if (arrived.valid && arrived.last && !arrived.descriptor) full[arrived.buffer] <= 1'b1;
      if (next) begin
        use_index <= !use_index;
        if (!single) begin
          full[use_index] <= 1'b0;
          busy[use_index] <= 1'b0;
        end
      end
      if (start) begin
        state     <= DESCRIPTOR;
        busy      <= '0;
        full      <= '0;
        fill      <= 1'b0;
        use_index <= 1'b0;
        for (int i = 0; i <= LATENCY; i++) reads[i].valid <= 1'b0;
      end
    end

    conv_param_address <= pair;
    if (request) begin
      pair  <= pair + 1'b1;
      count <= count + 1'b1;
      if (state == CHANNELS && last_pair) begin
        count <= '0;
        block <= block + 1'b1;
        if (N == 2 && wide_q) begin
          odd  <= !odd;
          if (!odd) pair <= pair;
        end
        if (single || block == blocks_q - 1'b1) begin
          block <= '0;
          pair  <= first;
          odd   <= 1'b0;
        end
      end
      if (state == DESCRIPTOR) count <= '0;
    end
    if (arrived.valid && arrived.descriptor) single <= arriving.flags[0];
    if (start) begin
      wide_q   <= wide;
      single   <= 1'b0;
      blocks_q <= blocks;
      block    <= '0;
      first    <= PAIR_BITS'(address >> 1) + 1'b1;
      pair     <= PAIR_BITS'(address >> 1);
      count    <= '0;
      odd      <= 1'b0;
    end
  end
  assign conv_param_read = reads[0].valid;

  channel_param_t [1:0][N-1:0] buffer;
  always_ff @(posedge clk)
    if (arrived.valid) begin
      if (arrived.descriptor) descriptor <= arriving;
      else if (arrived.single) for (int n = 0; n < N; n++) buffer[arrived.buffer][n] <= conv_param_data[PARAM_BITS-1:0];
      else
        for (int i = 0; i < PAIRS; i++)
          if (32'(arrived.count) == i) begin
            buffer[arrived.buffer][2*i]   <= conv_param_data[PARAM_BITS-1:0];
            buffer[arrived.buffer][2*i+1] <= conv_param_data[2*PARAM_BITS-1:PARAM_BITS];
            if (arrived.odd) buffer[arrived.buffer][2*i] <= conv_param_data[2*PARAM_BITS-1:PARAM_BITS];
          end
    end

  // Beside the two registers from the accumulators to POST. A buffer that `next` frees is written later than that.
  logic [1:0] use_q;
  always_ff @(posedge clk) use_q <= {use_q[0], use_index};
  assign param = buffer[use_q[1]];

  `HEDDLE_ASSERT(next_when_ready, !next || ready)
endmodule
