// SPDX-License-Identifier: Apache-2.0
// Reads the x vectors of a convolution, N input channels for each of P output pixels, into a queue of X_DEPTH of them.
//
// Order: passes; taps (ky, kx, set of N channels); blocks of M output channels; groups of P pixels. A pass of one group reads each
// x vector once for all its blocks. With 16-bit elements a vector is two slots a lane.
//
// `vector_ready`, `release_vector` and `take` are `gather`'s ready, place and take.
`include "assert.svh"
module conv_reader
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int X_DEPTH = 8
) (
    input  logic                          clk,
    input  logic                          rst,
    // Set-up.
    input  logic                          prepare,
    output logic                          prepared,
    input  conv_read_t                    config_in,  // holds from `prepare` to `start`
    input  logic                          start,
    output logic                          idle,
    // Feature memory.
    output feature_request_t              request,
    input  logic                          grant,
    input  feature_data_t                 data,
    // Queue.
    output logic                          vector_ready,
    input  logic                          release_vector,
    input  logic                          take,
    output logic [P-1:0][SLOT_BITS-1:0]   low,        // slot of 8-bit elements, or of the first N/2 16-bit ones
    output logic [P-1:0][SLOT_BITS-1:0]   high,       // the other 16-bit ones
    output logic [P-1:0]                  pad,        // lanes in the padding
    // Why no vector is ready.
    output logic                          conflict
);
  conv_read_t config_q;
  logic active;

  // Nested counters.
  logic [DEPTH_BITS:0] groups, blocks, group, block;
  logic [BANK_BITS:0] tail;
  logic last_blocks, last_pass, pass_next;
  logic second;  // slot of the x vector
  logic [12:0] set;
  logic [5:0] kx, ky;
  logic last_slot, last_group, last_block, last_set, last_kx, last_ky, pass_end;
  logic accept, in_ready;
  logic [P-1:0] enabled;

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

  always_comb begin
    last_set   = set == config_q.sets - 1'b1;
    last_slot  = !config_q.wide || second || (config_q.odd && last_set);
    last_group = group == groups - 1'b1;
    last_block = groups == (DEPTH_BITS + 1)'(1) || block == blocks - 1'b1;
    last_kx    = kx == config_q.kernel_w - 1'b1;
    last_ky    = ky == config_q.kernel_h - 1'b1;
    pass_end   = last_slot && last_group && last_block && last_set && last_kx && last_ky;
    pass_next  = accept && pass_end && !last_pass;
  end

  // Walk: from group to group; back for the next tap or block of channels; on for the next chunk of groups.
  slot_t [P-1:0] at;
  coord_t [P-1:0] x, y;
  logic walk_on, walk_mark, walk_back;
  always_comb begin
    walk_on   = accept && last_slot && (!last_group || (pass_end && last_blocks));
    walk_mark = accept && pass_end && last_blocks;
    walk_back = accept && last_slot && last_group && !walk_mark;
  end
  pixel_walker #(.LANES(P)) walker (
      .clk,
      .rst,
      .prepare,
      .walk   (config_in.walk),
      .prepared,
      .load   (start),
      .advance({P{walk_on}}),
      .rewind (walk_back),
      .mark   (walk_mark),
      .slot   (at),
      .x,
      .y
  );

  // Tap: its offset, and the coordinates of the pixels for which it lies inside.
  slot_t row_offset, column_offset, offset;  // of (ky, 0, 0), (ky, kx, 0), (ky, kx, set and slot)
  slot_t set_offset;                         // of (ky, kx, set)
  coord_t low_x, high_x, low_y, high_y;
  slot_t next_row, next_column, next_set;

  function automatic slot_t planes(logic [WORD_BITS-1:0] words);
    planes = '{word: words, bank: '0};
  endfunction

  always_comb begin
    next_row    = slot_add(row_offset, config_q.tap_row);
    next_column = slot_add(column_offset, config_q.tap_column);
    next_set    = slot_add(set_offset, planes(config_q.wide ? config_q.plane << 1 : config_q.plane));
    if (last_ky) next_row = '0;
    if (last_kx) next_column = next_row;
    if (last_set) next_set = next_column;
  end

  logic [P-1:0] covered, enable;
  slot_t [P-1:0] slot;
  always_comb begin
    for (int p = 0; p < P; p++) begin
      covered[p] = x[p] >= low_x && x[p] < high_x && y[p] >= low_y && y[p] < high_y;
      enable[p] = covered[p] && !(last_group && 32'(tail) <= 32'(p));
      slot[p]   = slot_add(at[p], offset);
    end
  end

  always_ff @(posedge clk) begin
    if (rst) active <= 1'b0;
    else if (start) active <= 1'b1;
    else if (accept && pass_end && last_pass) active <= 1'b0;

    if (start) begin
      config_q      <= config_in;
      second        <= 1'b0;
      group         <= '0;
      block         <= '0;
      set           <= '0;
      kx            <= '0;
      ky            <= '0;
      row_offset    <= '0;
      column_offset <= '0;
      set_offset    <= '0;
      offset        <= '0;
      low_x         <= '0;
      low_y         <= '0;
      high_x        <= COORD_BITS'(config_in.width);
      high_y        <= COORD_BITS'(config_in.height);
    end else if (accept) begin
      second <= !last_slot;
      offset <= set_offset;
      if (!last_slot) offset <= slot_add(set_offset, planes(config_q.plane));
      else begin
        group <= last_group ? '0 : group + 1'b1;
        if (last_group) begin
          block <= last_block ? '0 : block + 1'b1;
          if (last_block) begin
            set        <= last_set ? '0 : set + 1'b1;
            offset     <= next_set;
            set_offset <= next_set;
            if (last_set) begin
              kx            <= last_kx ? '0 : kx + 1'b1;
              column_offset <= next_column;
              low_x         <= last_kx ? '0 : low_x - COORD_BITS'(config_q.dilation_w);
              high_x        <= last_kx ? COORD_BITS'(config_q.width) : high_x - COORD_BITS'(config_q.dilation_w);
              if (last_kx) begin
                ky         <= last_ky ? '0 : ky + 1'b1;
                row_offset <= next_row;
                low_y      <= last_ky ? '0 : low_y - COORD_BITS'(config_q.dilation_h);
                high_y     <= last_ky ? COORD_BITS'(config_q.height) : high_y - COORD_BITS'(config_q.dilation_h);
              end
            end
          end
        end
      end
    end
  end
  assign idle = !active;

  gather #(
      .LANES(P),
      .DEPTH(X_DEPTH),
      .PARTS(2)
  ) queue (
      .clk,
      .rst,
      .in_valid   (active),
      .in_ready,
      .in_enable  (enable),
      .in_slot    (slot),
      .in_part    (second),
      .in_complete(last_slot),
      .request,
      .grant,
      .data,
      .conflict,
      .ready      (vector_ready),
      .place      (release_vector),
      .take,
      .out_enable (enabled),
      .out_data   ({high, low})
  );
  assign accept = active && in_ready;
  assign pad    = ~enabled;

  logic unused;
  assign unused = ^config_q;

  `HEDDLE_ASSERT(start_when_idle, !(start && active))
endmodule
