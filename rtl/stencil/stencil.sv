// SPDX-License-Identifier: Apache-2.0
// The STENCIL engine: lane-wise operations on channel blocks. docs/hardware/stencil.md explains it.
//
//   set-up → walk (rows of a window, or single taps) → reader → row registers → taps or maximum ┐
//                                                             └→ lanes, or sums of a block ─────┴→ POST → writer
//
// Everything behind the reader's grant is rigid; a group that completes outputs is issued when the writer's queue has room for
// them and the parameters of their channels are at hand.
`include "assert.svh"
module stencil
  import overlay_pkg::*, isa_pkg::*, heddle_pkg::*;
(
    input  logic                                 clk,
    input  logic                                 rst,
    input  logic                                 instr_valid,
    output logic                                 instr_ready,
    input  logic [511:0]                         instr,
    input  logic                                 start_valid,
    output logic                                 start_ready,
    output logic                                 done,
    output activity_t                            activity,
    output logic [1:0]                           error,
    output feature_request_t                     read_request,
    input  logic                                 read_grant,
    input  feature_data_t                        read_data,
    output feature_request_t                     write_request,
    output feature_data_t                        write_data,
    output feature_strobe_t                      write_strobe,
    input  logic                                 write_grant,
    output logic                                 stencil_param_read,
    output logic [STENCIL_PARAM_PAIR_BITS-1:0]   stencil_param_address,
    input  logic [2*PARAM_BITS-1:0]              stencil_param_data,
    output logic                                 coefficient_read,
    output logic [15:0]                          coefficient_address,
    input  logic [16*N-1:0]                      coefficient_data,
    input  logic                                 table_write,
    input  logic [7:0]                           table_number,
    input  logic [8:0]                           table_entry,
    input  logic [15:0]                          table_data,
    output logic                                 table_ready
);
  localparam int S = STENCIL_PIXELS;
  // Pieces in flight at one a cycle: POST, and what lies before and behind it.
  localparam int DEPTH = POST_LATENCY + 24;
  localparam int CREDIT_BITS = $clog2(DEPTH + 1);
  assign error = 2'd0;

  // Set-up and start. A second instruction starts when the walk of the first is over, if it takes the same path: paths have
  // different lengths, and sums wait for each other.
  logic prepared, start, walking, which, load, finish, fetch_idle;
  logic [1:0] running;
  stencil_work_t work;
  stencil_strips_t strips_work;
  stencil_rows_t rows_work;
  stencil_mode_t [1:0] mode;
  stencil_setup setup (.clk, .rst, .instr_valid, .instr_ready, .instr, .prepared, .take(start), .work);

  assign start_ready = prepared && !walking && fetch_idle
      && (running == 0 || (running == 1 && work.mode.path == rows_work.path && work.mode.path != PATH_SUM));
  assign start = start_valid && start_ready;
  always_ff @(posedge clk) begin
    if (rst) begin
      walking <= 1'b0;
      which   <= 1'b0;
      running <= '0;
      load    <= 1'b0;
    end else begin
      if (start) walking <= 1'b1;
      else if (finish) walking <= 1'b0;
      if (start) which <= !which;
      running <= running + 2'(start) - 2'(done);
      load    <= start;
    end
    if (start) begin
      strips_work  <= work.strips;
      rows_work    <= work.rows;
      mode[!which] <= work.mode;  // `which` is that of the instruction that walks
    end
  end

  // The walks.
  position_t [S-1:0] column;
  logic [S-1:0] lane_enable;
  slot_t origin, operand_origin;
  logic half, last_half, last_strip, last_block, bank, next_strip;
  logic [13:0] pass;
  stencil_strips strips (
      .clk, .rst, .load, .work(strips_work), .next(next_strip || finish), .column, .enable(lane_enable), .origin, .operand_origin,
      .half, .last_half, .last_strip, .last_block, .bank, .pass
  );

  typedef struct packed {
    slot_t row;
    slot_t [P-1:0] column;
    logic [P-1:0] enable;
    stencil_tag_t tag;
  } group_t;
  group_t window_group, point_group, group;
  logic is_window, window_valid, window_next, window_finish, point_valid, point_next, point_finish, group_valid, step;
  slot_t [S-1:0] point_column;
  logic [S-1:0] point_enable;
  assign is_window = rows_work.path == PATH_WINDOW;
  stencil_rows rows (
      .clk, .rst,
      .load        (load && is_window),
      .work        (rows_work),
      .column      (column[0]),
      .origin, .half, .last_strip, .last_block, .bank,
      .step        (step && is_window),
      .valid       (window_valid),
      .group_row   (window_group.row),
      .group_column(window_group.column),
      .group_enable(window_group.enable),
      .tag         (window_group.tag),
      .next_strip  (window_next),
      .finish      (window_finish)
  );
  stencil_points points (
      .clk, .rst,
      .load        (load && !is_window),
      .work        (rows_work),
      .column,
      .enable      (lane_enable),
      .origin, .operand_origin, .half, .last_half, .last_strip, .last_block, .bank, .pass,
      .step        (step && !is_window),
      .valid       (point_valid),
      .group_row   (point_group.row),
      .group_column(point_column),
      .group_enable(point_enable),
      .tag         (point_group.tag),
      .next_strip  (point_next),
      .finish      (point_finish)
  );
  assign point_group.column = (P * $bits(slot_t))'(point_column);
  assign point_group.enable = P'(point_enable);

  // Issue.
  logic fetched, room, reader_ready, piece_taken, wants_fetch, wants_room;
  logic [CREDIT_BITS-1:0] in_flight;  // row pieces between issue and the writer's router
  always_comb begin
    group           = is_window ? window_group : point_group;
    group.tag.which = which;
    wants_fetch     = group.tag.out && !fetched;
    wants_room      = group.tag.out && rows_work.results && !room;
    group_valid     = (is_window ? window_valid : point_valid) && !wants_fetch && !wants_room;
    step            = group_valid && reader_ready;
    next_strip      = step && (is_window ? window_next : point_next);
    finish          = step && (is_window ? window_finish : point_finish);
  end
  assign room = in_flight != CREDIT_BITS'(DEPTH);
  always_ff @(posedge clk)
    if (rst) in_flight <= '0;
    else in_flight <= in_flight + CREDIT_BITS'(step && group.tag.out && rows_work.results) - CREDIT_BITS'(piece_taken);

  logic read_valid, gathered_read, reader_waiting, reader_conflict, reader_advance;
  logic [15:0] gathered_address;
  logic [P-1:0] read_enable;
  logic [P-1:0][SLOT_BITS-1:0] read_lanes, lanes;
  stencil_tag_t read_tag;
  stencil_mode_t read_mode;
  stencil_reader reader (
      .clk, .rst,
      .in_valid           (group_valid),
      .in_ready           (reader_ready),
      .in_row             (group.row),
      .in_column          (group.column),
      .in_enable          (group.enable),
      .in_tag             (group.tag),
      .read_request, .read_grant, .read_data,
      .coefficient_read   (gathered_read),
      .coefficient_address(gathered_address),
      .out_valid          (read_valid),
      .out_enable         (read_enable),
      .out_data           (read_lanes),
      .out_tag            (read_tag),
      .waiting            (reader_waiting),
      .conflict           (reader_conflict),
      .advance            (reader_advance)
  );

  // Parameters and coefficients. Those of gathered taps come straight from the memory, beside their slots.
  logic freed, fetch_read;
  logic [15:0] fetch_address;
  stencil_fetch_t fetch_work;
  post_descriptor_t [1:0] descriptor;
  channel_param_t [1:0][N-1:0] param;
  logic [1:0][2:0][2:0][N-1:0][15:0] coefficient;
  always_comb begin
    fetch_work       = work.fetch;
    fetch_work.which = !which;
  end
  stencil_fetch fetch (
      .clk, .rst,
      .start              (start),
      .start_work         (fetch_work),
      .idle               (fetch_idle),
      .ready              (fetched),
      .issued             (step && group.tag.pass_last),
      .free               (freed),
      .descriptor, .param, .coefficient,
      .param_read         (stencil_param_read),
      .param_address      (stencil_param_address),
      .param_data         (stencil_param_data),
      .coefficient_read   (fetch_read),
      .coefficient_address(fetch_address),
      .coefficient_data
  );
  assign coefficient_read    = fetch_read || gathered_read;
  assign coefficient_address = gathered_read ? gathered_address : fetch_address;

  // Padding, and the half of the lanes that this pass takes.
  function automatic logic [SLOT_BITS-1:0] pad_slot(logic [15:0] pad, logic wide);
    pad_slot = wide ? {N / 2{pad}} : {N{pad[7:0]}};
  endfunction
  assign read_mode = mode[read_tag.which];
  always_comb begin
    lanes = '0;
    if (read_valid)
      for (int l = 0; l < P; l++) begin
        lanes[l] = read_enable[l] ? read_lanes[l] : pad_slot(read_mode.pad, read_mode.wide);
        if (read_tag.half) lanes[l] = {lanes[l][HALF_BITS-1:0], lanes[l][SLOT_BITS-1:HALF_BITS]};
      end
  end

  // Windows.
  logic rows_valid, rows_sum, rows_maximum;
  stencil_tag_t rows_tag;
  stencil_mode_t rows_mode;
  logic [STENCIL_COLUMNS-1:0][SLOT_BITS-1:0] oldest, middle, newest;
  logic [2:0] beyond_kernel;
  logic [S-1:0][N-1:0][ACC_BITS-1:0] window_sum, window_maximum;
  stencil_window window (
      .clk, .rst,
      .in_valid (read_valid && read_mode.path == PATH_WINDOW),
      .in_data  (lanes),
      .in_tag   (read_tag),
      .out_valid(rows_valid),
      .out_tag  (rows_tag),
      .oldest, .middle, .newest
  );
  assign rows_mode     = mode[rows_tag.which];
  assign rows_maximum  = rows_valid && rows_mode.op == STENCIL_MAXIMUM;
  assign rows_sum      = rows_valid && rows_mode.op != STENCIL_MAXIMUM;
  assign beyond_kernel = {1'b0, rows_mode.kernel_h < 2, rows_mode.kernel_h < 3};
  stencil_taps taps (
      .clk, .rst,
      .in_valid   (rows_sum),
      .oldest, .middle, .newest,
      .outside    (rows_tag.outside),
      .pad        (pad_slot(rows_mode.pad, rows_mode.wide)),
      .wide       (rows_mode.wide),
      .skip       (rows_mode.skip),
      .bank       (rows_tag.bank),
      .coefficient,
      .sum        (window_sum)
  );
  stencil_maximum maximum (
      .clk, .rst,
      .in_valid(rows_maximum),
      .oldest, .middle, .newest,
      .outside (rows_tag.outside | beyond_kernel),
      .kernel_w(rows_mode.kernel_w),
      .lowest  (pad_slot(rows_mode.pad, rows_mode.wide)),
      .wide    (rows_mode.wide),
      .skip    (rows_mode.skip),
      .result  (window_maximum)
  );
  logic [STENCIL_TAPS_LATENCY-1:0] window_out_valid;
  stencil_tag_t [STENCIL_TAPS_LATENCY-1:0] window_out_tag;
  always_ff @(posedge clk) begin
    if (rst) window_out_valid <= '0;
    else window_out_valid <= STENCIL_TAPS_LATENCY'({window_out_valid, rows_valid});
    if (rows_valid) window_out_tag[0] <= rows_tag;
    for (int i = 1; i < STENCIL_TAPS_LATENCY; i++) if (window_out_valid[i-1]) window_out_tag[i] <= window_out_tag[i-1];
  end

  // Gathered taps. Their coefficients wait for the slots.
  localparam int COEFFICIENT_WAIT = FEATURE_READ_LATENCY + 1 - CONST_READ_LATENCY;
  logic [COEFFICIENT_WAIT-1:0][N-1:0][15:0] coefficient_line;
  logic [N-1:0][15:0] gathered_word;
  always_ff @(posedge clk) begin
    coefficient_line[0] <= coefficient_data;
    for (int i = 1; i < COEFFICIENT_WAIT; i++) coefficient_line[i] <= coefficient_line[i-1];
  end
  always_comb begin
    gathered_word = coefficient_line[COEFFICIENT_WAIT-1];
    if (read_tag.half) gathered_word = {gathered_word[N/2-1:0], gathered_word[N-1:N/2]};
  end

  logic lanes_out;
  stencil_tag_t lanes_tag;
  logic [S-1:0][N-1:0][ACC_BITS-1:0] lanes_sum;
  logic [S-1:0][SLOT_BITS-1:0] lanes_operand;
  stencil_lanes gathered (
      .clk, .rst,
      .in_valid      (read_valid && read_mode.path == PATH_POINT),
      .in_data       (lanes[S-1:0]),
      .in_tag        (read_tag),
      .in_mode       (read_mode),
      .in_coefficient(gathered_word),
      .in_zero_a     (descriptor[read_tag.which].add_zero_a),
      .in_zero_b     (descriptor[read_tag.which].add_zero_b),
      .out_valid     (lanes_out),
      .out_tag       (lanes_tag),
      .out_sum       (lanes_sum),
      .out_operand   (lanes_operand)
  );

  // Sums of blocks.
  logic block_valid, block_last, kept_done;
  stencil_tag_t block_tag;
  logic [N-1:0][ACC_BITS-1:0] block_sum;
  if (UNIT_AVERAGE) begin : average
    stencil_sums sums (
        .clk, .rst,
        .in_valid (read_valid && read_mode.path == PATH_SUM),
        .in_data  (lanes[S-1:0]),
        .in_tag   (read_tag),
        .in_mode  (read_mode),
        .out_valid(block_valid),
        .out_last (block_last),
        .out_tag  (block_tag),
        .out_sum  (block_sum)
    );
  end else begin : no_average
    assign block_valid = 1'b0;
    assign block_last  = 1'b0;
    assign block_tag   = '0;
    assign block_sum   = '0;
  end
  assign kept_done = block_valid && !block_last;

  // POST.
  logic post_valid, result_valid;
  stencil_tag_t post_tag;
  stencil_mode_t post_mode;
  logic [S-1:0][N-1:0][ACC_BITS-1:0] post_acc;
  logic [S-1:0][SLOT_BITS-1:0] post_operand, result;
  logic window_out, block_out;
  assign window_out = window_out_valid[STENCIL_TAPS_LATENCY-1];
  assign block_out  = block_valid && block_last;
  always_ff @(posedge clk) begin
    if (rst) post_valid <= 1'b0;
    else post_valid <= window_out || lanes_out || block_out;
    if (window_out) begin
      post_tag <= window_out_tag[STENCIL_TAPS_LATENCY-1];
      post_acc <= mode[window_out_tag[STENCIL_TAPS_LATENCY-1].which].op == STENCIL_MAXIMUM ? window_maximum : window_sum;
    end
    if (lanes_out) begin
      post_tag     <= lanes_tag;
      post_acc     <= lanes_sum;
      post_operand <= lanes_operand;
    end
    if (block_out) begin
      post_tag    <= block_tag;
      post_acc[0] <= block_sum;
    end
  end
  assign post_mode = mode[post_tag.which];
  assign freed     = (post_valid && post_tag.pass_last) || (kept_done && block_tag.pass_last);
  post #(
      .PIXELS(S),
      .REQUANTIZE_IN_DSP(DSP_STENCIL_POST),
      .REST_IN_DSP(DSP_STENCIL_POST)
  ) post_lanes (
      .clk, .rst,
      .in_valid       (post_valid),
      .in_acc         (post_acc),
      .in_wide        (post_mode.dst_wide),
      .in_descriptor  (descriptor[post_tag.which]),
      .in_param       (param[post_tag.bank]),
      .in_use_operand (post_mode.op == STENCIL_ADD),
      .in_operand_wide(post_mode.wide),
      .in_add_only    (post_mode.op == STENCIL_ADD),
      .in_operand     (post_operand),
      .out_valid      (result_valid),
      .out_slot       (result),
      .table_write, .table_number, .table_entry, .table_data, .table_ready
  );

  logic written, write_waiting;
  stencil_writer #(
      .DEPTH(DEPTH)
  ) writer (
      .clk, .rst,
      .start     (start && work.write.results),
      .start_work(work.write),
      .in_valid  (result_valid),
      .in_slot   (result),
      .taken     (piece_taken),
      .write_request, .write_data, .write_strobe, .write_grant,
      .done      (written),
      .waiting   (write_waiting)
  );
  assign done = written || (kept_done && block_tag.final_out);

  // What it does.
  always_comb begin
    activity.busy = running != 0;
    if (reader_advance) activity.stall = reader_conflict ? STALL_BANK : STALL_NONE;
    else if (reader_waiting) activity.stall = STALL_PORT;
    else if (walking && wants_fetch) activity.stall = STALL_WEIGHTS;
    else if (wants_room || !walking) activity.stall = write_waiting ? STALL_PORT : STALL_POST;
    else activity.stall = STALL_NONE;
  end

  logic unused;
  assign unused = ^{block_tag, post_mode, post_tag, rows_mode, rows_tag};
  `HEDDLE_ASSERT(one_result, !(window_out && lanes_out) && !(block_out && (window_out || lanes_out)))
  `HEDDLE_ASSERT(coefficient_port, !(fetch_read && gathered_read))
  `HEDDLE_ASSERT(done_of_an_instruction, !done || running != 0)
endmodule
