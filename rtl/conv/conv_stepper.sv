// SPDX-License-Identifier: Apache-2.0
// Issues the steps of the array. A step multiplies one x vector a lane with one set of weights; in wide mode it takes two cycles, one for
// each half of the M output channels.
//
// A step is issued when its x vector and its weight set have been requested and, at the start of a pass, a copy of the
// accumulators is free. From then on it runs through fixed stages (`stage[i]`: i + 1 cycles after the issue): operands
// are loaded at ISSUE_DELAY cycles, multiplied, and added MAC_LATENCY cycles later.
`include "assert.svh"
module conv_stepper
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int X_DEPTH = 8
) (
    input  logic                  clk,
    input  logic                  rst,
    input  logic                  config_valid,
    input  conv_steps_t           config_in,
    output logic                  config_ready,
    // Tokens.
    input  logic                  vector_ready,
    output logic                  release_vector,
    input  logic                  set_ready,
    output logic                  issue_set,
    input  logic                  release_copy,
    output logic                  pass_done,   // its accumulators can be drained from this cycle on
    output logic                  kept_done,   // so can those of an instruction that keeps them
    // Operands are loaded.
    output logic                  load_vector,
    output logic                  load_set,
    output logic                  load_wide_source,
    output logic                  load_wide_weights,
    output logic [15:0]           load_pad_value,
    // They are multiplied.
    output logic                  multiply,
    output logic                  multiply_wide,
    output logic                  multiply_half,
    // Accumulators are fetched.
    output logic                  fetch,
    output logic                  fetch_copy,
    output logic [DEPTH_BITS-1:0] fetch_address,
    // One cycle later sums are added.
    output logic                  add,
    output logic                  add_copy,
    output logic [DEPTH_BITS-1:0] add_address,
    output logic                  add_wide,
    output logic                  add_half,
    output logic                  add_first,    // to 0
    output logic                  add_forward,  // to the sums of the cycle before
    // Activity.
    output logic                  idle,
    output logic                  issue,
    output logic                  wait_vector,
    output logic                  wait_set
);
  // Both paths of operands, from the request to the register that the array reads.
  localparam int ISSUE_DELAY = FEATURE_READ_LATENCY > CONST_READ_LATENCY + 1 ? FEATURE_READ_LATENCY : CONST_READ_LATENCY + 1;
  localparam int ADD_DELAY = ISSUE_DELAY + 1 + MAC_LATENCY;
  localparam int INDEX_BITS = index_bits(X_DEPTH);

  typedef struct packed {
    logic load_vector, load_set;
    logic wide, half, first, copy;
    logic [DEPTH_BITS-1:0] address;
    logic pass_done, kept_done;
  } step_t;
  typedef struct packed {
    logic wide_source, wide_weights;
    logic [15:0] pad_value;
  } load_t;

  conv_steps_t config_q;
  logic active, start;
  assign start = config_valid && config_ready;

  logic [DEPTH_BITS:0] groups, blocks, group, block;
  logic [BANK_BITS:0] tail;
  logic last_blocks, last_pass;
  logic [WEIGHT_ADDRESS_BITS:0] set;
  logic [DEPTH_BITS-1:0] address;
  logic half, copy, pass_begin;
  logic last_half, last_group, last_block, last_set, pass_end;

  conv_passes passes (
      .clk,
      .load  (start),
      .passes(config_in.passes),
      .next  (issue && pass_end && !last_pass),
      .groups,
      .blocks,
      .tail,
      .last_blocks,
      .last  (last_pass)
  );

  // Conditions. A pass of one group keeps its x vector for all blocks of channels.
  logic needs_vector, needs_set, needs_copy;
  logic [INDEX_BITS:0] vectors;
  logic [1:0] copies;
  always_comb begin
    needs_vector   = !half && (group != 0 || block == 0 || groups != (DEPTH_BITS + 1)'(1));
    needs_set      = !half && group == 0;
    needs_copy     = pass_begin && config_q.first;
    wait_vector    = active && needs_vector && vectors == 0;
    wait_set       = active && needs_set && !set_ready;
    issue          = active && !wait_vector && !wait_set && !(needs_copy && copies == 0);
    release_vector = issue && needs_vector;
    issue_set      = issue && needs_set;

    last_half  = !config_q.wide || half;
    last_group = group == groups - 1'b1;
    last_block = block == blocks - 1'b1;
    last_set   = set == config_q.sets - 1'b1;
    pass_end   = last_half && last_group && last_block && last_set;
  end
  assign config_ready = !active || (issue && pass_end && last_pass);
  assign idle = !active;

  always_ff @(posedge clk) begin
    if (rst) begin
      active  <= 1'b0;
      vectors <= '0;
      copies  <= 2'd2;
      copy    <= 1'b0;
    end else begin
      if (start) active <= 1'b1;
      else if (config_ready) active <= 1'b0;
      vectors <= vectors + (INDEX_BITS + 1)'(vector_ready) - (INDEX_BITS + 1)'(release_vector);
      copies  <= copies + 2'(release_copy) - 2'(issue && needs_copy);
      if (issue && pass_end && config_q.last) copy <= !copy;
    end
    if (start) begin
      config_q   <= config_in;
      half       <= 1'b0;
      group      <= '0;
      block      <= '0;
      set        <= '0;
      address    <= '0;
      pass_begin <= 1'b1;
    end else if (issue) begin
      half       <= !last_half;
      pass_begin <= pass_end;
      if (last_half) begin
        group   <= last_group ? '0 : group + 1'b1;
        address <= last_group && last_block ? '0 : address + 1'b1;
        if (last_group) begin
          block <= last_block ? '0 : block + 1'b1;
          if (last_block) set <= last_set ? '0 : set + 1'b1;
        end
      end
    end
  end

  // Stages.
  logic [ADD_DELAY:0] valid;
  step_t [ADD_DELAY:0] stage;
  load_t [ISSUE_DELAY-1:0] load;
  logic forward;
  always_ff @(posedge clk) begin
    if (rst) valid <= '0;
    else valid <= (ADD_DELAY + 1)'({valid, issue});
    stage[0] <= '{
        load_vector: needs_vector,
        load_set: needs_set,
        wide: config_q.wide,
        half: half,
        first: config_q.first && set == 0,
        copy: copy,
        address: address,
        pass_done: pass_end && config_q.last,
        kept_done: pass_end && !config_q.last
    };
    load[0] <= '{
        wide_source: config_q.wide_source,
        wide_weights: config_q.wide_weights,
        pad_value: config_q.pad_value
    };
    for (int i = 1; i <= ADD_DELAY; i++) stage[i] <= stage[i-1];
    for (int i = 1; i < ISSUE_DELAY; i++) load[i] <= load[i-1];
    forward <= valid[ADD_DELAY-1] && stage[ADD_DELAY-1].copy == fetch_copy && stage[ADD_DELAY-1].address == fetch_address &&
        stage[ADD_DELAY-1].half == stage[ADD_DELAY-2].half;
  end

  assign load_vector       = valid[ISSUE_DELAY-1] && stage[ISSUE_DELAY-1].load_vector;
  assign load_set          = valid[ISSUE_DELAY-1] && stage[ISSUE_DELAY-1].load_set;
  assign load_wide_source  = load[ISSUE_DELAY-1].wide_source;
  assign load_wide_weights = load[ISSUE_DELAY-1].wide_weights;
  assign load_pad_value    = load[ISSUE_DELAY-1].pad_value;

  assign multiply      = valid[ISSUE_DELAY];
  assign multiply_wide = stage[ISSUE_DELAY].wide;
  assign multiply_half = stage[ISSUE_DELAY].half;

  assign fetch         = valid[ADD_DELAY-2];
  assign fetch_copy    = stage[ADD_DELAY-2].copy;
  assign fetch_address = stage[ADD_DELAY-2].address;

  assign add         = valid[ADD_DELAY-1];
  assign add_copy    = stage[ADD_DELAY-1].copy;
  assign add_address = stage[ADD_DELAY-1].address;
  assign add_wide    = stage[ADD_DELAY-1].wide;
  assign add_half    = stage[ADD_DELAY-1].half;
  assign add_first   = stage[ADD_DELAY-1].first;
  assign add_forward = forward;

  assign pass_done = valid[ADD_DELAY] && stage[ADD_DELAY].pass_done;
  assign kept_done = valid[ADD_DELAY] && stage[ADD_DELAY].kept_done;

  logic unused;
  assign unused = ^{tail, last_blocks, stage, config_q};

  `HEDDLE_ASSERT(copies_in_range, !release_copy || copies != 2)
endmodule
