// SPDX-License-Identifier: Apache-2.0
// Prepares a convolution for the processes of CONV while the previous one runs: products of the instruction's fields,
// as slots, one after the other on one `slot_scale`; then the reader's walk.
//
// The prepared configurations hold from `ready` until `start`. About 14 + (bits of the factors) + P cycles.
`include "assert.svh"
module conv_setup
  import overlay_pkg::*, isa_pkg::*, heddle_pkg::*;
(
    input  logic          clk,
    input  logic          rst,
    input  logic          instr_valid,
    output logic          instr_ready,
    input  logic [511:0]  instr,
    output logic          prepare,   // the reader's walk
    input  logic          prepared,
    output logic          ready,
    input  logic          start,
    output conv_read_t    read,
    output conv_weights_t weights,
    output conv_steps_t   steps,
    output conv_drain_t   drain
);
  typedef enum logic [3:0] {
    PITCH, COLUMN, ROW, WIDTH, TOP, LEFT, TAP_ROW, TAP_COLUMN, LINE, DST_ROW, PIXELS, DST_COLUMN, OPERAND_ROW, DST_WIDTH
  } product_e;
  localparam int PRODUCTS = 14;

  typedef enum logic [2:0] { IDLE, SCALE, CORNER_ROW, CORNER, WALK, READY } state_e;
  state_e state, state_d;
  conv_t conv;
  logic [3:0] product;  // that is started next
  slot_t [PRODUCTS-1:0] scaled;

  logic scale_start, scale_busy;
  logic [13:0] factor;
  slot_t unit, result;
  slot_scale #(.FACTOR_BITS(14)) scale (
      .clk,
      .rst,
      .start(scale_start),
      .factor,
      .unit,
      .busy (scale_busy),
      .result
  );

  function automatic logic [13:0] magnitude(logic signed [11:0] value);
    magnitude = 14'(value);
    if (value < 0) magnitude = -magnitude;
  endfunction

  // No product needs the one before it, which is stored in the cycle of its start.
  always_comb begin
    factor = '0;
    unit   = SLOT_ONE;
    unique case (product)
      PITCH: factor = conv.src_pitch;
      COLUMN: factor = 14'(conv.stride_w);
      ROW: begin
        factor = 14'(conv.stride_h);
        unit   = scaled[PITCH];
      end
      WIDTH: begin
        factor = 14'(conv.out_width);
        unit   = scaled[COLUMN];
      end
      TOP: begin
        factor = magnitude(conv.pad_top);
        unit   = scaled[PITCH];
      end
      LEFT: factor = magnitude(conv.pad_left);
      TAP_ROW: begin
        factor = 14'(conv.dilation_h);
        unit   = scaled[PITCH];
      end
      TAP_COLUMN: factor = 14'(conv.dilation_w);
      LINE: factor = 14'(conv.out_width);
      DST_ROW: factor = conv.dst_pitch;
      PIXELS: begin
        factor = 14'(conv.out_height);
        unit   = scaled[LINE];
      end
      DST_COLUMN: factor = 14'(conv.dst_step);
      OPERAND_ROW: factor = conv.operand_pitch;
      DST_WIDTH: begin
        factor = 14'(conv.out_width);
        unit   = scaled[DST_COLUMN];
      end
      default: ;
    endcase
  end

  assign scale_start = state == SCALE && !scale_busy && product != 4'(PRODUCTS);

  always_comb begin
    state_d = state;
    unique case (state)
      IDLE: if (instr_valid) state_d = SCALE;
      SCALE: if (!scale_busy && product == 4'(PRODUCTS)) state_d = CORNER_ROW;
      CORNER_ROW: state_d = CORNER;
      CORNER: state_d = WALK;
      WALK: if (prepared) state_d = READY;
      READY: if (start) state_d = IDLE;
      default: state_d = IDLE;
    endcase
  end

  // Products that are no slots.
  logic [11:0] taps;
  logic [12:0] sets;  // of N input channels
  logic [WEIGHT_ADDRESS_BITS:0] reduction;
  coord_t x_end;
  slot_t corner;  // of tap (0, 0) of pixel (0, 0), possibly in the padding
  logic wide_source, wide_weights, wide_result;

  assign wide_source  = conv.src_format == FORMAT_I16;
  assign wide_weights = conv.weight_format == FORMAT_I16;
  assign wide_result  = conv.dst_format == FORMAT_I16;
  assign sets         = wide_source ? 13'((14'(conv.in_blocks) + 1'b1) >> 1) : conv.in_blocks;

  always_ff @(posedge clk) begin
    if (rst) state <= IDLE;
    else state <= state_d;
    if (state == IDLE) begin
      conv    <= conv_t'(instr);
      product <= '0;
    end
    if (state == SCALE && !scale_busy) begin
      product <= product + 1'b1;
      if (product != 0) scaled[product-1'b1] <= result;
    end
    if (state == SCALE) begin
      taps  <= 12'(conv.kernel_h) * 12'(conv.kernel_w);
      x_end <= COORD_BITS'(conv.out_width) * COORD_BITS'(conv.stride_w) - COORD_BITS'(conv.pad_left);
    end
    if (state == CORNER_ROW) begin
      corner <= slot_add('{word: WORD_BITS'(conv.src_word), bank: BANK_BITS'(conv.src_bank)},
                         conv.pad_top < 0 ? scaled[TOP] : slot_negate(scaled[TOP]));
      reduction <= (WEIGHT_ADDRESS_BITS + 1)'(25'(taps) * 25'(sets));
    end
    if (state == CORNER) corner <= slot_add(corner, conv.pad_left < 0 ? scaled[LEFT] : slot_negate(scaled[LEFT]));
  end

  assign instr_ready = state == IDLE;
  assign prepare     = state == WALK;
  assign ready       = state == READY;

  // ceil(blocks · channels of a block / M): multiplied by the reciprocal, which is exact for 13 bits.
  localparam int RECIPROCAL_BITS = 23;
  localparam int RECIPROCAL = ((1 << RECIPROCAL_BITS) + M / N - 1) / (M / N);
  function automatic logic [12:0] channel_blocks(logic [12:0] blocks, logic wide);
    logic [13:0] dividend;
    logic [13+RECIPROCAL_BITS:0] product_of_reciprocal;
    dividend = (wide ? (14'(blocks) + 1'b1) >> 1 : 14'(blocks)) + 14'(M / N - 1);  // in 8-bit blocks
    product_of_reciprocal = (14 + RECIPROCAL_BITS)'(dividend) * (14 + RECIPROCAL_BITS)'(RECIPROCAL);
    channel_blocks = 13'(product_of_reciprocal >> RECIPROCAL_BITS);
  endfunction

  conv_passes_t passes;
  always_comb begin
    passes.all      = !(conv.first && conv.last);
    passes.dataflow = conv.dataflow;
    passes.blocks   = channel_blocks(conv.out_blocks, wide_result);
    passes.groups   = {1'b0, scaled[PIXELS].word} + GROUP_BITS'(scaled[PIXELS].bank != 0);
    if (scaled[PIXELS] == '0) passes.groups = GROUP_BITS'(1) << WORD_BITS;  // the whole memory
    passes.tail = scaled[PIXELS].bank == 0 ? (BANK_BITS + 1)'(P) : {1'b0, scaled[PIXELS].bank};
  end

  always_comb begin
    read.passes     = passes;
    read.walk       = '{
        origin: corner,
        x: -COORD_BITS'(conv.pad_left),
        y: -COORD_BITS'(conv.pad_top),
        column: scaled[COLUMN],
        row: scaled[ROW],
        width: scaled[WIDTH],
        x_end: x_end,
        stride_w: conv.stride_w,
        stride_h: conv.stride_h
    };
    read.wide       = wide_source;
    read.odd        = wide_source && conv.in_blocks[0];
    read.sets       = sets;
    read.kernel_h   = conv.kernel_h;
    read.kernel_w   = conv.kernel_w;
    read.dilation_h = conv.dilation_h;
    read.dilation_w = conv.dilation_w;
    read.tap_row    = scaled[TAP_ROW];
    read.tap_column = scaled[TAP_COLUMN];
    read.plane      = WORD_BITS'(conv.src_plane);
    read.height     = conv.src_height;
    read.width      = conv.src_width;

    weights.passes  = passes;
    weights.wide    = wide_weights;
    weights.address = WEIGHT_ADDRESS_BITS'(conv.weight_address);
    weights.sets    = reduction;

    steps.passes       = passes;
    steps.first        = conv.first;
    steps.last         = conv.last;
    steps.wide         = wide_source || wide_weights;
    steps.wide_source  = wide_source;
    steps.wide_weights = wide_weights;
    steps.pad_value    = conv.pad_value;
    steps.sets         = reduction;
  end

  // Results lie in rows of out_width columns.
  function automatic walk_t output_walk(slot_t origin, slot_t column, slot_t row, slot_t width, logic [12:0] columns);
    output_walk = '{
        origin: origin,
        x: '0,
        y: '0,
        column: column,
        row: row,
        width: width,
        x_end: COORD_BITS'(columns),
        stride_w: 4'd1,
        stride_h: 4'd1
    };
  endfunction

  always_comb begin
    drain.passes      = passes;
    drain.wide        = wide_result;
    drain.packed_sums = !(wide_source || wide_weights);
    drain.blocks      = conv.out_blocks;
    drain.use_operand = conv.use_operand;
    drain.destination = output_walk('{word: WORD_BITS'(conv.dst_word), bank: BANK_BITS'(conv.dst_bank)},
                                    scaled[DST_COLUMN], scaled[DST_ROW], scaled[DST_WIDTH], conv.out_width);
    drain.operand     = output_walk('{word: WORD_BITS'(conv.operand_word), bank: BANK_BITS'(conv.operand_bank)}, SLOT_ONE,
                                    scaled[OPERAND_ROW], scaled[LINE], conv.out_width);
    drain.destination_plane = WORD_BITS'(conv.dst_plane);
    drain.operand_plane     = WORD_BITS'(conv.operand_plane);
    drain.param_address     = conv.param_address;
  end

  logic unused;
  assign unused = ^{conv, instr[511:496]};

  `HEDDLE_ASSERT(start_when_ready, !start || ready)
endmodule
