// SPDX-License-Identifier: Apache-2.0
// The passes of an instruction, in order: blocks of M output channels inside, chunks of pixel groups outside.
//
// A pass makes `groups` x `blocks` accumulators a lane. What they are follows from the dataflow (docs/hardware.md, CONV). `load`
// begins with the first pass, `next` goes on; the outputs are valid from the next cycle on. Every process has its own instance.
module conv_passes
  import overlay_pkg::*, isa_pkg::*, heddle_pkg::*;
(
    input  logic                  clk,
    input  logic                  load,
    input  conv_passes_t          passes,
    input  logic                  next,
    output logic [DEPTH_BITS:0]   groups,       // of this pass
    output logic [DEPTH_BITS:0]   blocks,
    output logic [BANK_BITS:0]    tail,         // pixels of the pass's last group
    output logic                  last_blocks,  // of this chunk of pixel groups
    output logic                  last          // of the instruction
);
  localparam int DEPTH = ACC_DEPTH;

  conv_passes_t total, total_q;
  logic [GROUP_BITS-1:0] groups_left, groups_left_q;  // this pass included
  logic [12:0] blocks_left, blocks_left_q;
  logic [DEPTH_BITS:0] groups_d, blocks_d;

  function automatic logic [DEPTH_BITS:0] share_groups(logic all, logic weight_stationary,
                                                       logic [GROUP_BITS-1:0] left);
    if (all) share_groups = (DEPTH_BITS + 1)'(left);
    else if (!weight_stationary) share_groups = (DEPTH_BITS + 1)'(1);
    else if (32'(left) > 32'(2 * DEPTH)) share_groups = (DEPTH_BITS + 1)'(DEPTH);
    else if (32'(left) > 32'(DEPTH)) share_groups = (DEPTH_BITS + 1)'((left + 1'b1) >> 1);
    else share_groups = (DEPTH_BITS + 1)'(left);
  endfunction

  function automatic logic [DEPTH_BITS:0] share_blocks(logic all, logic input_stationary, logic [12:0] left);
    if (all) share_blocks = (DEPTH_BITS + 1)'(left);
    else if (!input_stationary) share_blocks = (DEPTH_BITS + 1)'(1);
    else if (32'(left) > 32'(DEPTH)) share_blocks = (DEPTH_BITS + 1)'(DEPTH);
    else share_blocks = (DEPTH_BITS + 1)'(left);
  endfunction

  always_comb begin
    total = load ? passes : total_q;
    groups_left = groups_left_q;
    blocks_left = blocks_left_q;
    if (load) begin
      groups_left = passes.groups;
      blocks_left = passes.blocks;
    end else if (next) begin
      blocks_left = blocks_left_q - 13'(blocks);
      if (last_blocks) begin
        blocks_left = total_q.blocks;
        groups_left = groups_left_q - GROUP_BITS'(groups);
      end
    end
    groups_d = share_groups(total.all, total.dataflow == DATAFLOW_WEIGHT_STATIONARY, groups_left);
    blocks_d = share_blocks(total.all, total.dataflow == DATAFLOW_INPUT_STATIONARY, blocks_left);
  end

  always_ff @(posedge clk)
    if (load || next) begin
      total_q       <= total;
      groups_left_q <= groups_left;
      blocks_left_q <= blocks_left;
      groups        <= groups_d;
      blocks        <= blocks_d;
      last_blocks   <= blocks_left == 13'(blocks_d);
      last          <= blocks_left == 13'(blocks_d) && groups_left == GROUP_BITS'(groups_d);
      tail          <= groups_left == GROUP_BITS'(groups_d) ? total.tail : (BANK_BITS + 1)'(P);
    end
endmodule
