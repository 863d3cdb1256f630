// SPDX-License-Identifier: Apache-2.0
// What happens to an accumulator behind CONV and behind STENCIL: requantise and clamp, activation table, residual add and clamp.
// A rigid pipeline: what enters with `in_valid` leaves as `out_slot` with `out_valid` POST_LATENCY cycles later.
//
// `in_param` are the words of the channels in the lanes of a pixel, the same for all pixels. `in_wide`: the result has 16 bits;
// lanes 0 ... N/2-1 of each pixel count and give the N bytes of the slot. `in_operand` comes with the accumulators, as elements
// of 16 (`in_operand_wide`) or 8 bits; it counts with `in_use_operand`. `in_add_only` (with `in_use_operand`): a is the low 16
// bits of the accumulator, without requantiser and table.
//
// Tables are written through table_*: taken in a cycle with `table_ready`. `table_number` counts from 0, in the descriptor from 1.
module post
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int PIXELS = POST_PIXELS,
    parameter bit REQUANTIZE_IN_DSP = 1'b0,  // which multipliers are DSPs
    parameter bit REST_IN_DSP = 1'b0
) (
    input  logic                                   clk,
    input  logic                                   rst,
    input  logic                                   in_valid,
    input  logic [PIXELS-1:0][N-1:0][ACC_BITS-1:0] in_acc,
    input  logic                                   in_wide,
    input  post_descriptor_t                       in_descriptor,
    input  channel_param_t [N-1:0]                 in_param,
    input  logic                                   in_use_operand,
    input  logic                                   in_operand_wide,
    input  logic                                   in_add_only,
    input  logic [PIXELS-1:0][SLOT_BITS-1:0]       in_operand,
    output logic                                   out_valid,
    output logic [PIXELS-1:0][SLOT_BITS-1:0]       out_slot,
    input  logic                                   table_write,
    input  logic [7:0]                             table_number,
    input  logic [8:0]                             table_entry,
    input  logic [15:0]                            table_data,
    output logic                                   table_ready
);
  localparam int ADD_START = REQUANTIZE_LATENCY + TABLE_LATENCY;

  logic [ADD_START-1:0] valid;
  always_ff @(posedge clk) begin
    if (rst) valid <= '0;
    else valid <= ADD_START'({valid, in_valid});
  end

  logic [PIXELS-1:0][N-1:0][15:0] quantized, looked_up;
  requantize #(.PIXELS(PIXELS), .DSP(REQUANTIZE_IN_DSP)) requantizer (
      .clk,
      .rst,
      .in_valid,
      .in_acc,
      .in_param,
      .in_bypass(in_add_only),
      .in_zero  (in_descriptor.zero_point),
      .in_lo    (in_descriptor.lo),
      .in_hi    (in_descriptor.hi),
      .out_value(quantized)
  );

  if (UNIT_TABLE) begin : tables
    logic wide;
    logic [7:0] number;
    delay_line #(
        .WIDTH (9),
        .CYCLES(REQUANTIZE_LATENCY)
    ) settings (
        .clk,
        .rst,
        .in_valid,
        .in_data ({in_wide, in_add_only ? 8'd0 : in_descriptor.table_number}),
        .out_data({wide, number})
    );
    post_tables #(.PIXELS(PIXELS), .DSP(REST_IN_DSP)) tables (
        .clk,
        .rst,
        .in_valid (valid[REQUANTIZE_LATENCY-1]),
        .in_wide  (wide),
        .in_number(number),
        .in_value (quantized),
        .out_value(looked_up),
        .table_write,
        .table_number,
        .table_entry,
        .table_data,
        .table_ready
    );
  end else begin : no_tables
    logic unused;
    assign unused = ^{table_write, table_number, table_entry, table_data, in_descriptor.table_number};
    assign looked_up = quantized;
    assign table_ready = 1'b1;
  end

  typedef struct packed {
    logic wide, operand_wide, use_operand;
    post_descriptor_t descriptor;
    logic [PIXELS-1:0][SLOT_BITS-1:0] operand;
  } addition_t;
  addition_t addition;
  delay_line #(
      .WIDTH ($bits(addition_t)),
      .CYCLES(ADD_START)
  ) operands (
      .clk,
      .rst,
      .in_valid,
      .in_data ({in_wide, in_operand_wide, in_use_operand, in_descriptor, in_operand}),
      .out_data(addition)
  );
  residual_add #(.PIXELS(PIXELS), .DSP(REST_IN_DSP)) adder (
      .clk,
      .rst,
      .in_valid       (valid[ADD_START-1]),
      .in_wide        (addition.wide),
      .in_operand_wide(addition.operand_wide),
      .in_use_operand (addition.use_operand),
      .in_descriptor  (addition.descriptor),
      .in_value       (looked_up),
      .in_operand     (addition.operand),
      .out_valid,
      .out_slot
  );
endmodule
