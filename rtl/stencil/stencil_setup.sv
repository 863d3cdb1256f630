// SPDX-License-Identifier: Apache-2.0
// Prepares an instruction: chooses the path, and turns strides, pitches and starts into slots, one multiple after the other
// through a `slot_scale`. `work` holds while `prepared`; `take` makes room for the next instruction. Nothing here reads a memory.
`include "assert.svh"
module stencil_setup
  import overlay_pkg::*, isa_pkg::*, heddle_pkg::*;
(
    input  logic          clk,
    input  logic          rst,
    input  logic          instr_valid,
    output logic          instr_ready,
    input  logic [511:0]  instr,
    output logic          prepared,
    input  logic          take,
    output stencil_work_t work
);
  localparam int S = STENCIL_PIXELS;
  localparam int COLUMN_COUNT_BITS = $clog2(STENCIL_COLUMNS + 1);

  // A window reads its rows in groups of P columns. The widest strip for the fewest groups an output.
  function automatic int columns_of(int width, int stride, int kernel);
    return (width - 1) * stride + kernel;
  endfunction
  function automatic int groups_of(int width, int stride, int kernel);
    return (columns_of(width, stride, kernel) + P - 1) / P;
  endfunction
  function automatic int strip_of(int stride, int kernel);
    int best;
    best = 1;
    for (int width = 2; width <= S; width++)
      if (groups_of(width, stride, kernel) * best <= groups_of(best, stride, kernel) * width) best = width;
    return best;
  endfunction
  typedef struct packed {
    logic [STRIP_BITS-1:0] strip;
    logic [1:0] groups;  // less 1
    logic [COLUMN_COUNT_BITS-1:0] columns;
  } shape_t;
  function automatic shape_t shape_of(int stride, int kernel);
    shape_of.strip   = STRIP_BITS'(strip_of(stride, kernel));
    shape_of.groups  = 2'(groups_of(strip_of(stride, kernel), stride, kernel) - 1);
    shape_of.columns = COLUMN_COUNT_BITS'(columns_of(strip_of(stride, kernel), stride, kernel));
  endfunction
  localparam shape_t [1:0][2:0] SHAPES = {
    shape_of(2, 3), shape_of(2, 2), shape_of(2, 1), shape_of(1, 3), shape_of(1, 2), shape_of(1, 1)
  };

  typedef enum logic [3:0] {
    SOURCE_PITCH, OPERAND_PITCH, OUTPUT_PITCH, COLUMN_STEP, COLUMN, TAP_COLUMN, LAST_COLUMN, OUTPUT_STEP,
    ROW_STEP, ROW, TAP_ROW, LAST_ROW
  } multiple_e;
  localparam int MULTIPLES = 12;

  typedef enum logic [2:0] { EMPTY, DECIDE, SCALE, LANES, FINISH, READY } state_e;
  state_e state;
  stencil_t i;

  // What kind of instruction it is.
  logic window_op, strided, resize, fill, two;
  logic wide, dst_wide, is_window;
  stencil_path_e path;
  always_comb begin
    window_op = i.stencil_op inside {STENCIL_DEPTHWISE, STENCIL_MAXIMUM, STENCIL_AVERAGE};
    strided   = window_op || i.stencil_op == STENCIL_IDENTITY;
    resize    = UNIT_UPSAMPLE && i.stencil_op inside {STENCIL_NEAREST, STENCIL_BILINEAR};
    fill      = i.stencil_op == STENCIL_FILL;
    two       = i.stencil_op inside {STENCIL_ADD, STENCIL_MULTIPLY};
    wide      = i.src_format == FORMAT_I16;
    dst_wide  = i.dst_format == FORMAT_I16;
    path      = UNIT_AVERAGE && i.stencil_op == STENCIL_GLOBAL_AVERAGE ? PATH_SUM : is_window ? PATH_WINDOW : PATH_POINT;
  end

  // Does it go through the row registers? Virtual rows count from the source's row 0; the first output's last row is `first_end`.
  typedef logic signed [17:0] row_t;
  row_t pad_top, first_end, last_start, last_end, bottom, read_first, read_last;
  logic small_window, sane;
  always_comb begin
    pad_top      = row_t'($signed(i.pad_top));
    first_end    = row_t'(i.kernel_h) - 18'sd1 - pad_top;
    last_start   = ((row_t'(i.out_height) - 18'sd1) <<< i.stride_h[1]) - pad_top;
    last_end     = last_start + row_t'(i.kernel_h) - 18'sd1;
    bottom       = row_t'(i.src_height) - 18'sd1;
    read_first   = pad_top < 0 ? -pad_top : 18'sd0;
    read_last    = last_end < bottom ? last_end : bottom;
    small_window = window_op && i.kernel_h <= 3 && i.kernel_w <= 3 && !(i.kernel_h == 1 && i.kernel_w == 1)
        && i.stride_h <= 2 && i.stride_w <= 2 && !(i.kernel_h == 1 && i.stride_h == 2)
        && (i.dilation_h == 1 || i.kernel_h == 1) && (i.dilation_w == 1 || i.kernel_w == 1);
    // Every output has a row inside the source, the first one from its last row on.
    sane = first_end >= 0 && first_end <= bottom && last_start <= bottom;
  end

  row_t rows_q, trail_q;
  always_ff @(posedge clk)
    if (state == DECIDE) begin
      is_window <= small_window && sane;
      rows_q    <= read_last - read_first + 18'sd1;
      trail_q   <= last_end - read_last;
    end
  shape_t shape;
  assign shape = SHAPES[i.stride_w[1]][2'(i.kernel_w - 6'd1)];

  // Where the walks begin and how they step, in whole pixels and fractions.
  logic signed [AXIS_BITS-1:0] column_at, row_at, column_step_at, row_step_at;
  logic [15:0] column_fraction, row_fraction, column_step_fraction, row_step_fraction;
  always_comb begin
    column_at = '0;
    row_at = '0;
    column_step_at = AXIS_BITS'(1);
    row_step_at = AXIS_BITS'(1);
    {column_fraction, row_fraction, column_step_fraction, row_step_fraction} = '0;
    if (strided) begin
      column_at      = -AXIS_BITS'($signed(i.pad_left));
      row_at         = is_window ? AXIS_BITS'(read_first) : -AXIS_BITS'($signed(i.pad_top));
      column_step_at = AXIS_BITS'(i.stride_w);
      row_step_at    = is_window ? AXIS_BITS'(1) : AXIS_BITS'(i.stride_h);
    end else if (resize) begin
      {column_at, column_fraction}           = (AXIS_BITS + 16)'($signed(i.start_x));
      {row_at, row_fraction}                 = (AXIS_BITS + 16)'($signed(i.start_y));
      {column_step_at, column_step_fraction} = (AXIS_BITS + 16)'(i.step_x);
      {row_step_at, row_step_fraction}       = (AXIS_BITS + 16)'(i.step_y);
    end
  end

  // The multiples.
  logic [3:0] job, start_job;
  logic running, start, busy;
  logic [13:0] factor;
  slot_t unit, result;
  slot_t [MULTIPLES-1:0] multiple;

  function automatic logic [13:0] magnitude(logic signed [AXIS_BITS-1:0] value);
    magnitude = value < 0 ? 14'(-value) : 14'(value);
  endfunction

  assign start_job = running ? job + 4'd1 : job;
  assign start = state == SCALE && !busy && !(running && job == 4'(MULTIPLES - 1));
  always_comb begin
    unit = start_job < 4'(ROW_STEP) ? SLOT_ONE : multiple[SOURCE_PITCH];
    unique case (start_job)
      4'(SOURCE_PITCH):  factor = i.src_pitch;
      4'(OPERAND_PITCH): factor = two ? i.operand_pitch : '0;
      4'(OUTPUT_PITCH):  factor = i.dst_pitch;
      4'(COLUMN_STEP):   factor = magnitude(column_step_at);
      4'(COLUMN):        factor = magnitude(column_at);
      4'(TAP_COLUMN):    factor = 14'(i.dilation_w);
      4'(LAST_COLUMN):   factor = resize ? 14'(i.src_width - 13'd1) : '0;
      4'(OUTPUT_STEP):   factor = 14'(i.dst_step);
      4'(ROW_STEP):      factor = magnitude(row_step_at);
      4'(ROW):           factor = magnitude(row_at);
      4'(TAP_ROW):       factor = 14'(i.dilation_h);
      default:           factor = resize ? 14'(i.src_height - 13'd1) : '0;
    endcase
  end
  slot_scale #(.FACTOR_BITS(14)) scale (.clk, .rst, .start, .factor, .unit, .busy, .result);

  // The lanes of the first strip, and the step from strip to strip.
  logic [STRIP_BITS-1:0] count, strip;
  position_t cursor, total;
  slot_t output_cursor, output_total;
  axis_step_t pixel;
  position_t [S-1:0] column;
  slot_t [S-1:0] output_column;
  slot_t total_carry;
  always_comb begin
    strip            = is_window ? shape.strip : STRIP_BITS'(S);
    pixel.at         = column_step_at;
    pixel.fraction   = column_step_fraction;
    pixel.slot       = multiple[COLUMN_STEP];
    pixel.slot_carry = slot_add(multiple[COLUMN_STEP], SLOT_ONE);
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      state   <= EMPTY;
      running <= 1'b0;
    end else begin
      unique case (state)
        EMPTY:   if (instr_valid) state <= DECIDE;
        DECIDE:  state <= SCALE;
        SCALE:   if (!busy && running && job == 4'(MULTIPLES - 1)) state <= LANES;
        LANES:   if (count == STRIP_BITS'(S - 1)) state <= FINISH;
        FINISH:  state <= READY;
        default: if (take) state <= EMPTY;
      endcase
      running <= state == SCALE && !(!busy && running && job == 4'(MULTIPLES - 1));
    end
    if (state == EMPTY) begin
      i   <= instr;
      job <= '0;
    end
    if (state == SCALE && !busy) begin
      job <= start_job;
      if (running) multiple[job] <= result;
    end
    if (state == SCALE) begin
      count         <= '0;
      cursor        <= '{
          at: column_at,
          fraction: column_fraction,
          slot: column_at < 0 ? slot_negate(multiple[COLUMN]) : multiple[COLUMN]
      };
      total         <= '0;
      output_cursor <= '0;
    end
    if (state == LANES) begin
      count  <= count + 1'b1;
      cursor <= axis_forward(cursor, pixel);
      column[count] <= cursor;
      output_cursor <= slot_add(output_cursor, multiple[OUTPUT_STEP]);
      output_column[count] <= output_cursor;
      if (count < strip) begin
        total <= axis_forward(total, pixel);
        output_total <= slot_add(output_cursor, multiple[OUTPUT_STEP]);
      end
    end
    if (state == FINISH) total_carry <= slot_add(total.slot, SLOT_ONE);
  end
  assign instr_ready = state == EMPTY;
  assign prepared    = state == READY;

  // The work of each process.
  logic halves;
  slot_t row_slot;
  assign halves   = !wide && dst_wide;
  assign row_slot = row_at < 0 ? slot_negate(multiple[ROW]) : multiple[ROW];

  always_comb begin
    work.strips.blocks         = i.in_blocks;
    work.strips.halves         = halves;
    work.strips.width          = path == PATH_SUM ? i.src_width : i.out_width;
    work.strips.strip          = strip;
    work.strips.column         = column;
    work.strips.column_step    = '{at: total.at, fraction: total.fraction, slot: total.slot, slot_carry: total_carry};
    work.strips.origin         = '{word: WORD_BITS'(i.src_word), bank: BANK_BITS'(i.src_bank)};
    work.strips.operand_origin = '{word: WORD_BITS'(i.operand_word), bank: BANK_BITS'(i.operand_bank)};
    work.strips.plane          = WORD_BITS'(i.src_plane);
    work.strips.operand_plane  = WORD_BITS'(i.operand_plane);
  end

  always_comb begin
    work.rows.op            = i.stencil_op;
    work.rows.path          = path;
    work.rows.results       = path != PATH_SUM || i.last;
    work.rows.height        = fill ? '0 : i.src_height;
    work.rows.width         = i.src_width;
    work.rows.rows          = path == PATH_SUM ? i.src_height : path == PATH_WINDOW ? 13'(rows_q) : i.out_height;
    work.rows.row           = '{at: row_at, fraction: row_fraction, slot: row_slot};
    work.rows.row_step      = '{
        at: row_step_at,
        fraction: row_step_fraction,
        slot: multiple[ROW_STEP],
        slot_carry: slot_add(multiple[ROW_STEP], multiple[SOURCE_PITCH])
    };
    work.rows.pitch         = multiple[SOURCE_PITCH];
    work.rows.operand_pitch = multiple[OPERAND_PITCH];
    work.rows.broadcast     = i.operand_broadcast;
    work.rows.kernel_h      = window_op ? i.kernel_h : resize && i.stencil_op == STENCIL_BILINEAR ? 6'd2 : 6'd1;
    work.rows.kernel_w      = window_op ? i.kernel_w : two || (resize && i.stencil_op == STENCIL_BILINEAR) ? 6'd2 : 6'd1;
    work.rows.dilation_h    = i.dilation_h;
    work.rows.dilation_w    = i.dilation_w;
    work.rows.tap_row       = resize ? multiple[SOURCE_PITCH] : multiple[TAP_ROW];
    work.rows.tap_column    = resize ? SLOT_ONE : multiple[TAP_COLUMN];
    work.rows.last_row      = multiple[LAST_ROW];
    work.rows.last_column   = multiple[LAST_COLUMN];
    work.rows.skip          = i.stride_h[1];
    work.rows.lead          = 2'(i.kernel_h - 6'd1 - (pad_top > 0 ? 6'(pad_top) : 6'd0));
    work.rows.trail         = 2'(trail_q);
    work.rows.groups        = shape.groups;
    work.rows.columns       = shape.columns;
    work.rows.coefficient_address = i.coefficient_address;
  end

  always_comb begin
    work.mode.op       = i.stencil_op;
    work.mode.path     = path;
    work.mode.first    = i.first;
    work.mode.last     = i.last;
    work.mode.wide     = wide;
    work.mode.dst_wide = dst_wide;
    work.mode.pad      = i.pad_value;
    if (i.stencil_op == STENCIL_MAXIMUM) work.mode.pad = wide ? 16'sh8000 : -16'sd128;
    if (path == PATH_SUM) work.mode.pad = '0;
    work.mode.kernel_h = 2'(i.kernel_h);
    work.mode.kernel_w = 2'(i.kernel_w);
    work.mode.skip     = i.stride_w[1];
  end

  always_comb begin
    work.fetch.which               = 1'b0;  // the engine counts
    work.fetch.blocks              = i.in_blocks;
    work.fetch.halves              = halves;
    work.fetch.wide                = wide;
    work.fetch.descriptor          = path != PATH_SUM || i.last;
    work.fetch.channels            = work.fetch.descriptor && i.stencil_op != STENCIL_ADD;
    work.fetch.coefficients        = path == PATH_WINDOW && i.stencil_op == STENCIL_DEPTHWISE;
    work.fetch.ones                = i.stencil_op == STENCIL_AVERAGE;
    work.fetch.kernel_h            = 2'(i.kernel_h);
    work.fetch.kernel_w            = 2'(i.kernel_w);
    work.fetch.param_address       = i.param_address;
    work.fetch.coefficient_address = i.coefficient_address;
  end

  always_comb begin
    work.write.blocks     = i.in_blocks;
    work.write.halves     = halves;
    work.write.narrows    = wide && !dst_wide;
    work.write.results    = work.rows.results;
    work.write.height     = i.out_height;
    work.write.width      = i.out_width;
    work.write.strip      = strip;
    work.write.origin     = '{word: WORD_BITS'(i.dst_word), bank: BANK_BITS'(i.dst_bank)};
    work.write.plane      = WORD_BITS'(i.dst_plane);
    work.write.pitch      = multiple[OUTPUT_PITCH];
    work.write.column     = output_column;
    work.write.strip_step = output_total;
  end

  logic unused;
  assign unused = ^{i, rows_q, trail_q};
  `HEDDLE_ASSERT(window_rows_exist, !(prepared && path == PATH_WINDOW && rows_q <= 0))
endmodule
