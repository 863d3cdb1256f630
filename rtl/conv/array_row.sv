// SPDX-License-Identifier: Apache-2.0
// One lane of the array: its x vector, M dot products, and two copies of ACC_DEPTH x M accumulators.
//
// Accumulators have 48 bits in two memories, the low 32 and the high 16, which packed sums leave alone. While one copy is
// added to, the other may be read by the drain: `drained` are the sums of one block of output channels, a cycle after `drain`.
`include "assert.svh"
module array_row
  import overlay_pkg::*, heddle_pkg::*;
(
    input  logic                        clk,
    input  logic                        rst,
    // x vector.
    input  logic                        load_vector,
    input  logic                        load_wide_source,
    input  logic [15:0]                 load_pad_value,
    input  logic                        pad,
    input  logic [SLOT_BITS-1:0]        low,
    input  logic [SLOT_BITS-1:0]        high,
    // Steps; conv_stepper explains.
    input  logic [DOT_OPERAND_BITS-1:0] weights,  // from dot_weights
    input  logic                        multiply,
    input  logic                        multiply_wide,
    input  logic                        multiply_half,
    input  logic                        fetch,
    input  logic                        fetch_copy,
    input  logic [DEPTH_BITS-1:0]       fetch_address,
    input  logic                        add,
    input  logic                        add_copy,
    input  logic [DEPTH_BITS-1:0]       add_address,
    input  logic                        add_wide,
    input  logic                        add_half,
    input  logic                        add_first,
    input  logic                        add_forward,
    // Drain.
    input  logic                        drain,
    input  logic                        drain_copy,
    input  logic [DEPTH_BITS-1:0]       drain_address,
    input  logic [CHANNEL_BLOCK_BITS-1:0] drain_block,  // inside the block of M channels
    input  logic                        drain_wide,     // 16-bit results: N/2 channels a block
    input  logic                        drain_packed,   // 32-bit sums
    output logic [N-1:0][ACC_BITS-1:0]  drained
);
  localparam int H = M / 2;

  logic [N-1:0][15:0] x;
  always_ff @(posedge clk)
    if (load_vector) begin
      for (int n = 0; n < N; n++)
        if (pad) x[n] <= load_pad_value;
        else if (!load_wide_source) x[n] <= 16'($signed(low[8*n+:8]));
        else x[n] <= n < N / 2 ? low[16*(n%(N/2))+:16] : high[16*(n%(N/2))+:16];
    end

  logic [M-1:0][63:0] sums;
  dot_row dots (
      .clk,
      .valid(multiply),
      .wide (multiply_wide),
      .half (multiply_half),
      .x,
      .w    (weights),
      .sums
  );

  // Accumulators: [copy].
  logic [M-1:0][31:0] low_0[ACC_DEPTH], low_1[ACC_DEPTH];
  logic [M-1:0][15:0] high_0[ACC_DEPTH], high_1[ACC_DEPTH];

  // One read port a copy.
  logic read_0, read_1;
  logic [DEPTH_BITS-1:0] address_0, address_1;
  logic [M-1:0][31:0] read_low_0, read_low_1;
  logic [M-1:0][15:0] read_high_0, read_high_1;
  always_comb begin
    read_0      = (fetch && !fetch_copy) || (drain && !drain_copy);
    read_1      = (fetch && fetch_copy) || (drain && drain_copy);
    address_0   = fetch && !fetch_copy ? fetch_address : drain_address;
    address_1   = fetch && fetch_copy ? fetch_address : drain_address;
    read_low_0  = '0;
    read_low_1  = '0;
    read_high_0 = '0;
    read_high_1 = '0;
    if (read_0) begin
      read_low_0  = low_0[address_0];
      read_high_0 = high_0[address_0];
    end
    if (read_1) begin
      read_low_1  = low_1[address_1];
      read_high_1 = high_1[address_1];
    end
  end

  // Addition.
  logic [M-1:0][31:0] old_low, base_low, low_d, low_q;
  logic [M-1:0][15:0] old_high, high_d;
  always_ff @(posedge clk)
    if (fetch) begin
      old_low  <= fetch_copy ? read_low_1 : read_low_0;
      old_high <= fetch_copy ? read_high_1 : read_high_0;
    end

  always_comb begin
    base_low = old_low;
    low_d    = low_q;
    high_d   = '0;
    if (add) begin
      if (add_forward) base_low = low_q;
      if (add_first) base_low = '0;
      for (int m = 0; m < M; m++)
        if (add_wide)
          {high_d[m], low_d[m]} = {add_first ? 16'd0 : old_high[m], base_low[m]} + sums[m][47:0];
        else low_d[m] = base_low[m] + sums[m][31:0];
    end
  end

  always_ff @(posedge clk)
    if (add) begin
      low_q <= low_d;
      for (int h = 0; h < 2; h++)
        if (!add_wide || add_half == 1'(h)) begin
          if (!add_copy) low_0[add_address][h*H+:H] <= low_d[h*H+:H];
          if (add_copy) low_1[add_address][h*H+:H] <= low_d[h*H+:H];
        end
      for (int h = 0; h < 2; h++)
        if (add_wide && add_half == 1'(h)) begin
          if (!add_copy) high_0[add_address][h*H+:H] <= high_d[h*H+:H];
          if (add_copy) high_1[add_address][h*H+:H] <= high_d[h*H+:H];
        end
    end

  // Drain.
  logic [M-1:0][31:0] drain_low;
  logic [M-1:0][15:0] drain_high;
  logic [N-1:0][ACC_BITS-1:0] drained_d;
  always_comb begin
    drain_low  = drain_copy ? read_low_1 : read_low_0;
    drain_high = drain_copy ? read_high_1 : read_high_0;
    drained_d  = '0;
    if (drain)
      for (int k = 0; k < 2 * M / N; k++)
        if (32'(drain_block) == k)
          for (int n = 0; n < N; n++) begin
            if (drain_wide && n < N / 2) drained_d[n] = {drain_high[k*N/2+n%(N/2)], drain_low[k*N/2+n%(N/2)]};
            if (!drain_wide && k < M / N) drained_d[n] = {drain_high[(k%(M/N))*N+n], drain_low[(k%(M/N))*N+n]};
            if (drain_packed) drained_d[n][47:32] = {16{drained_d[n][31]}};
          end
  end
  always_ff @(posedge clk) if (drain) drained <= drained_d;

  logic unused;
  always_comb begin
    unused = 1'b0;
    for (int m = 0; m < M; m++) unused ^= ^sums[m][63:48];
  end

  `HEDDLE_ASSERT(drain_apart, !(drain && fetch) || drain_copy != fetch_copy)
endmodule
