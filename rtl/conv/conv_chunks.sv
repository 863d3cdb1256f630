// SPDX-License-Identifier: Apache-2.0
// The chunks in which a convolution's results are drained: for each pass, for each channel block of the result, POST_PIXELS consecutive
// pixels at a time, across the borders of groups. Pixel i of a pass is group i div P, row i mod P.
//
// `load` begins with the first chunk, `next` goes on; the outputs are valid from the next cycle on.
module conv_chunks
  import overlay_pkg::*, heddle_pkg::*;
(
    input  logic                                  clk,
    input  logic                                  load,
    input  conv_passes_t                          passes,
    input  logic                                  wide,         // 16-bit results
    input  logic         [12:0]                   blocks,       // channel blocks of the result
    input  logic                                  next,
    output logic         [POST_PIXELS-1:0]        lanes,        // that have a pixel
    output logic [POST_PIXELS-1:0][BANK_BITS-1:0] lane_row,
    output logic         [P-1:0]                  rows,         // that are read
    output logic [P-1:0][DEPTH_BITS-1:0]          row_address,  // of their accumulators
    output logic         [CHANNEL_BLOCK_BITS-1:0] block,        // inside the block of M channels
    output logic                                  block_end,    // last chunk of the channel block,
    output logic                                  pass_end,     // of the pass,
    output logic                                  blocks_end,   // of the last pass of a chunk of pixel groups,
    output logic                                  last          // of the instruction
);
  localparam int PIXELS = POST_PIXELS;
  localparam int ROW = BANK_BITS + 1;

  logic wide_q;
  logic [12:0] blocks_q, blocks_left;
  logic [DEPTH_BITS:0] groups, pass_blocks, array_block, group;
  logic [BANK_BITS:0] tail;
  logic last_blocks, last_pass;
  logic [BANK_BITS-1:0] head;
  logic [DEPTH_BITS-1:0] address;  // of the head's group

  conv_passes pass (
      .clk,
      .load,
      .passes,
      .next  (next && pass_end && !last_pass),
      .groups,
      .blocks(pass_blocks),
      .tail,
      .last_blocks,
      .last  (last_pass)
  );

  // Row and group of the pixel `offset` pixels behind the head.
  typedef struct packed {
    logic wrap;
    logic [BANK_BITS-1:0] row;
    logic exists;
  } place_t;
  function automatic place_t place(logic [BANK_BITS:0] offset, logic [BANK_BITS-1:0] from, logic [DEPTH_BITS:0] left,
                                   logic [BANK_BITS:0] rows_of_last);
    logic [ROW-1:0] row;
    row = {1'b0, from} + offset;
    place.wrap = 32'(row) >= P;
    if (place.wrap) row = row - ROW'(P);
    place.row = row[BANK_BITS-1:0];
    place.exists = left > (DEPTH_BITS + 1)'(place.wrap) + 1'b1 ||
        (left == (DEPTH_BITS + 1)'(place.wrap) + 1'b1 && row < rows_of_last);
  endfunction

  logic [DEPTH_BITS:0] left;  // groups, with the head's
  place_t [PIXELS-1:0] at;
  place_t following;
  logic last_of_array_block;
  always_comb begin
    left = groups - group;
    rows = '0;
    for (int l = 0; l < PIXELS; l++) begin
      at[l] = place(ROW'(l), head, left, tail);
      lanes[l] = at[l].exists;
      lane_row[l] = at[l].row;
      if (at[l].exists) rows[at[l].row] = 1'b1;
    end
    for (int p = 0; p < P; p++) row_address[p] = address + DEPTH_BITS'(32'(p) < 32'(head));
    following = place(ROW'(PIXELS), head, left, tail);

    last_of_array_block = blocks_left == 13'd1 ||
        32'(block) == 32'(wide_q ? 2 * M / N - 1 : M / N - 1);
    block_end  = !following.exists;
    pass_end   = block_end && last_of_array_block && array_block == pass_blocks - 1'b1;
    blocks_end = pass_end && last_blocks;
    last       = pass_end && last_pass;
  end

  always_ff @(posedge clk)
    if (load) begin
      wide_q      <= wide;
      blocks_q    <= blocks;
      blocks_left <= blocks;
      head        <= '0;
      group       <= '0;
      address     <= '0;
      block       <= '0;
      array_block <= '0;
    end else if (next) begin
      head    <= block_end ? '0 : following.row;
      group   <= block_end ? '0 : group + (DEPTH_BITS + 1)'(following.wrap);
      address <= address + DEPTH_BITS'(following.wrap);
      if (block_end) begin
        block       <= last_of_array_block ? '0 : block + 1'b1;
        blocks_left <= blocks_end ? blocks_q : blocks_left - 1'b1;
        address     <= address - DEPTH_BITS'(group);
        if (last_of_array_block) begin
          array_block <= pass_end ? '0 : array_block + 1'b1;
          address     <= pass_end ? '0 : address + DEPTH_BITS'(left);
        end
      end
    end

  logic unused;
  assign unused = ^at;
endmodule
