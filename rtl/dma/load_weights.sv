// SPDX-License-Identifier: Apache-2.0
// LOAD_CONST: copies bytes from DDR to weight, parameter, coefficient and table memory (docs/hardware/dma.md).
//
// Weights: pieces are dealt to the AXI ports, and each beat is written into its lane of weight memory as it comes; the ports
// write at once unless they mean the same lane. Everything else comes through port 0 and a gearbox, a word a cycle.
`include "assert.svh"
module load_weights
  import overlay_pkg::*, isa_pkg::*, heddle_pkg::*;
#(
    parameter int PIECES = 32,  // on their way, of each port
    parameter int ROOM = 256,   // beats of each port
    localparam int BEAT_BITS = 8 * AXI_BYTES,
    // As in weight_memory.
    localparam bit IN_BEATS = WEIGHT_WORD_BITS % BEAT_BITS == 0,
    localparam int WRITE_BITS = IN_BEATS ? BEAT_BITS : WEIGHT_WORD_BITS,
    localparam int LANES = WEIGHT_WORD_BITS / WRITE_BITS,
    localparam int LANE_BITS = index_bits(LANES)
) (
    input  logic                                           clk,
    input  logic                                           rst,
    input  logic                                           instr_valid,
    output logic                                           instr_ready,
    input  logic [511:0]                                   instr,
    input  logic                                           start_valid,
    output logic                                           start_ready,
    output logic                                           done,
    output activity_t                                      activity,
    output logic [1:0]                                     error,
    input  logic [15:0][63:0]                              bases,
    output logic [AXI_PORTS-1:0]                           req_valid,
    input  logic [AXI_PORTS-1:0]                           req_ready,
    output logic [AXI_PORTS-1:0][63:0]                     req_address,
    output logic [AXI_PORTS-1:0][8:0]                      req_beats,
    input  logic [AXI_PORTS-1:0]                           beat_valid,
    input  logic [AXI_PORTS-1:0][BEAT_BITS-1:0]            beat_data,
    input  logic [AXI_PORTS-1:0][1:0]                      beat_error,
    output logic [AXI_PORTS-1:0]                           weight_write,
    output logic [AXI_PORTS-1:0][WEIGHT_ADDRESS_BITS-1:0]  weight_write_address,
    output logic [AXI_PORTS-1:0][LANE_BITS-1:0]            weight_write_lane,
    output logic [AXI_PORTS-1:0][WRITE_BITS-1:0]           weight_write_data,
    output logic                                           conv_param_write,
    output logic                                           stencil_param_write,
    output logic [13:0]                                    param_write_address,
    output logic [PARAM_BITS-1:0]                          param_write_data,
    output logic                                           coefficient_write,
    output logic [15:0]                                    coefficient_write_address,
    output logic [16*N-1:0]                                coefficient_write_data,
    output logic                                           table_write,
    output logic [7:0]                                     table_number,
    output logic [8:0]                                     table_entry,
    output logic [15:0]                                    table_data,
    input  logic                                           table_ready
);
  localparam int PIECE_BYTES = AXI_BYTES < 32 ? 64 * AXI_BYTES : 2048;
  localparam int PIECE_BEATS = PIECE_BYTES / AXI_BYTES;
  localparam int BEATS_BITS = $clog2(PIECE_BEATS + 1);
  localparam int BYTES_BITS = $clog2(PIECE_BYTES + 1);
  localparam int GEAR_WEIGHT_BYTES = IN_BEATS ? 0 : WEIGHT_WORD_BITS / 8;
  localparam int GEAR_WIDE_BYTES = GEAR_WEIGHT_BYTES > 2 * N ? GEAR_WEIGHT_BYTES : 2 * N;
  localparam int GEAR_BYTES = GEAR_WIDE_BYTES > PARAM_WORD_BYTES ? GEAR_WIDE_BYTES : PARAM_WORD_BYTES;

  // Where a beat of weights goes.
  typedef struct packed {
    logic [WEIGHT_ADDRESS_BITS-1:0] word;
    logic [LANE_BITS-1:0] lane;
  } place_t;

  function automatic place_t place_add(place_t a, place_t b);
    logic [LANE_BITS:0] lane;
    logic carry;
    lane  = {1'b0, a.lane} + {1'b0, b.lane};
    carry = 32'(lane) >= 32'(LANES);
    if (carry) lane = lane - (LANE_BITS + 1)'(LANES);
    place_add.lane = LANE_BITS'(lane);
    place_add.word = a.word + b.word + WEIGHT_ADDRESS_BITS'(carry);
  endfunction

  localparam place_t ONE_BEAT = '{word: WEIGHT_ADDRESS_BITS'(1 / LANES), lane: LANE_BITS'(1 % LANES)};
  localparam place_t ONE_PIECE = '{
      word: WEIGHT_ADDRESS_BITS'(PIECE_BEATS / LANES), lane: LANE_BITS'(PIECE_BEATS % LANES)
  };

  // --- Set-up and pieces --------------------------------------------------------------------------------------------
  load_const_t load;
  assign load = load_const_t'(instr);

  logic next_valid, next_geared;
  logic [63:0] next_address;
  logic [25:0] next_bytes;
  logic [23:0] next_word;
  space_e next_space;
  logic may_start, start_parity, start;
  logic begin_ready;  // the gearbox's queue

  logic piece_valid, piece_ready, piece_parity, piece_last, geared;
  logic [63:0] address;
  logic [25:0] left;
  place_t place;
  logic [BYTES_BITS-1:0] piece_bytes;

  assign instr_ready = !next_valid;
  assign start_ready = next_valid && !piece_valid && may_start && begin_ready;
  assign start       = start_valid && start_ready;
  assign next_geared = !IN_BEATS || next_space != SPACE_WEIGHTS;
  assign piece_last  = left <= 26'(PIECE_BYTES);
  assign piece_bytes = piece_last ? BYTES_BITS'(left) : BYTES_BITS'(PIECE_BYTES);

  always_ff @(posedge clk) begin
    if (rst) begin
      next_valid  <= 1'b0;
      piece_valid <= 1'b0;
    end else begin
      if (instr_ready) next_valid <= instr_valid;
      else if (start) next_valid <= 1'b0;
      if (start) piece_valid <= 1'b1;
      else if (piece_ready && piece_last) piece_valid <= 1'b0;
    end
    if (instr_ready && instr_valid) begin
      next_address <= bases[load.ddr_base] + 64'(load.ddr_offset);
      next_bytes   <= load.bytes;
      next_word    <= load.address;
      next_space   <= space_e'(load.space);
    end
    if (start) begin
      address      <= next_address;
      left         <= next_bytes;
      place        <= '{word: WEIGHT_ADDRESS_BITS'(next_word), lane: '0};
      geared       <= next_geared;
      piece_parity <= start_parity;
    end else if (piece_valid && piece_ready) begin
      address <= address + 64'(PIECE_BYTES);
      left    <= left - 26'(PIECE_BYTES);
      place   <= place_add(place, ONE_PIECE);
    end
  end

  logic [AXI_PORTS-1:0] port_ready, port_valid, may_deal;
  assign may_deal = geared ? port_ready & AXI_PORTS'(1) : port_ready;
  port_dealer #(.PORTS(AXI_PORTS)) dealer (
      .clk, .rst, .in_valid(piece_valid), .in_ready(piece_ready), .port_ready(may_deal), .port_valid
  );

  // --- Ports --------------------------------------------------------------------------------------------------------
  logic [AXI_PORTS-1:0] out_valid, out_ready, beat_geared, beat_ends, beat_parity;
  logic [AXI_PORTS-1:0][BEAT_BITS-1:0] out_data;
  place_t [AXI_PORTS-1:0] beat_place;

  for (genvar q = 0; q < AXI_PORTS; q++) begin : g_port
    logic reader_ready, queue_ready, queued, load_piece, active, arrived;
    logic [BEATS_BITS-1:0] piece_beats, queued_beats, beats;
    place_t queued_place;
    logic queued_geared, queued_parity, queued_last, last;
    logic [$clog2(PIECES+1)-1:0] count;

    assign port_ready[q] = reader_ready && queue_ready;
    assign piece_beats   = BEATS_BITS'((13'(piece_bytes) + 13'(AXI_BYTES - 1)) >> $clog2(AXI_BYTES));

    burst_reader #(.ROOM(ROOM)) reader (
        .clk, .rst, .in_valid(port_valid[q]), .in_ready(reader_ready), .in_address(address), .in_bytes(13'(piece_bytes)),
        .out_valid(arrived), .out_ready(out_ready[q]), .out_data(out_data[q]),
        .req_valid(req_valid[q]), .req_ready(req_ready[q]), .req_address(req_address[q]), .req_beats(req_beats[q]),
        .beat_valid(beat_valid[q]), .beat_data(beat_data[q])
    );
    fifo #(.WIDTH(BEATS_BITS + $bits(place_t) + 3), .DEPTH(PIECES)) pieces (
        .clk, .rst, .in_valid(port_valid[q]), .in_ready(queue_ready),
        .in_data({piece_beats, place, geared, piece_parity, piece_last}), .out_valid(queued), .out_ready(load_piece),
        .out_data({queued_beats, queued_place, queued_geared, queued_parity, queued_last}), .count
    );

    // The piece whose beats come now.
    assign out_valid[q] = active && arrived;
    assign load_piece   = !active || (out_valid[q] && out_ready[q] && beats == BEATS_BITS'(1));
    assign beat_ends[q] = beats == BEATS_BITS'(1) && !(beat_geared[q] && last);  // the gearbox ends its load_const
    always_ff @(posedge clk) begin
      if (rst) active <= 1'b0;
      else if (load_piece) active <= queued;
      if (load_piece) begin
        beats          <= queued_beats;
        beat_place[q]  <= queued_place;
        beat_geared[q] <= queued_geared;
        beat_parity[q] <= queued_parity;
        last           <= queued_last;
      end else if (out_valid[q] && out_ready[q]) begin
        beats         <= beats - 1'b1;
        beat_place[q] <= place_add(beat_place[q], ONE_BEAT);
      end
    end

    logic unused;
    assign unused = ^count;
  end

  // --- Weights: ports that mean the same lane take turns --------------------------------------------------------------
  logic [AXI_PORTS-1:0] wants, wins;
  logic [index_bits(AXI_PORTS)-1:0] turn;
  always_comb begin
    logic taken;
    wants = out_valid & ~beat_geared;
    wins  = '0;
    for (int q = 0; q < AXI_PORTS; q++) begin
      taken = 1'b0;
      for (int p = 0; p < AXI_PORTS; p++)
        if (p != q && wants[p] && wants[q] && beat_place[p].lane == beat_place[q].lane
            && ((32'(p) >= 32'(turn)) == (32'(q) >= 32'(turn)) ? p < q : 32'(p) >= 32'(turn)))
          taken = 1'b1;
      wins[q] = wants[q] && !taken;
    end
  end

  // --- The gearbox, behind port 0 -----------------------------------------------------------------------------------
  logic gear_begin, gear_begin_ready, gear_ready, gear_in, gear_parity, word_valid, word_ready, word_last;
  space_e gear_space, word_space, queue_space;
  logic [23:0] gear_address, word_address;
  logic [25:0] gear_bytes;
  logic [8*GEAR_BYTES-1:0] word_data;
  logic begin_parity;
  logic [1:0] begin_count;

  assign queue_space = next_space;
  fifo #(.WIDTH(54), .DEPTH(2)) loads (
      .clk, .rst, .in_valid(start && next_geared), .in_ready(begin_ready),
      .in_data({start_parity, queue_space, next_word, next_bytes}), .out_valid(gear_begin), .out_ready(gear_begin_ready),
      .out_data({begin_parity, gear_space, gear_address, gear_bytes}), .count(begin_count)
  );
  assign gear_in = out_valid[0] && beat_geared[0];
  gearbox #(.WEIGHT_BYTES(GEAR_WEIGHT_BYTES)) gear (
      .clk, .rst, .begin_valid(gear_begin), .begin_ready(gear_begin_ready), .begin_space(gear_space),
      .begin_address(gear_address), .begin_bytes(gear_bytes), .in_valid(gear_in), .in_ready(gear_ready),
      .in_data(out_data[0]), .word_valid, .word_ready, .word_space, .word_address, .word_entry(table_entry), .word_data,
      .word_last
  );
  assign word_ready = word_space != SPACE_TABLES || table_ready;

  always_comb begin
    out_ready    = wins;
    out_ready[0] = beat_geared[0] ? gear_ready : wins[0];
  end

  // --- Writes -------------------------------------------------------------------------------------------------------
  always_ff @(posedge clk) begin
    if (rst) begin
      weight_write <= '0;
      turn         <= '0;
    end else begin
      weight_write <= wins;
      if (!IN_BEATS) weight_write[0] <= word_valid && word_space == SPACE_WEIGHTS;
      if (wins != wants) turn <= 32'(turn) == 32'(AXI_PORTS - 1) ? '0 : turn + 1'b1;
    end
    for (int q = 0; q < AXI_PORTS; q++)
      if (wins[q]) begin
        weight_write_address[q] <= beat_place[q].word;
        weight_write_lane[q]    <= beat_place[q].lane;
        weight_write_data[q]    <= WRITE_BITS'(out_data[q]);
      end
    if (!IN_BEATS && word_valid) begin
      weight_write_address[0] <= WEIGHT_ADDRESS_BITS'(word_address);
      weight_write_lane[0]    <= '0;
      weight_write_data[0]    <= WRITE_BITS'(word_data);
    end
    if (gear_begin && gear_begin_ready) gear_parity <= begin_parity;
  end
  assign conv_param_write          = word_valid && word_space == SPACE_CONV_PARAMS;
  assign stencil_param_write       = word_valid && word_space == SPACE_STENCIL_PARAMS;
  assign coefficient_write         = word_valid && word_space == SPACE_COEFFICIENTS;
  assign table_write               = word_valid && word_space == SPACE_TABLES;
  assign param_write_address       = 14'(word_address);
  assign param_write_data          = word_data[PARAM_BITS-1:0];
  assign coefficient_write_address = 16'(word_address);
  assign coefficient_write_data    = word_data[16*N-1:0];
  assign table_number              = 8'(word_address);
  assign table_data                = word_data[15:0];

  // --- Bookkeeping --------------------------------------------------------------------------------------------------
  logic busy;
  logic [AXI_PORTS:0] finished, finished_parity;
  assign finished        = {word_valid && word_ready && word_last, out_valid & out_ready & beat_ends};
  assign finished_parity = {gear_parity, beat_parity};
  transfer_tracker #(.SOURCES(AXI_PORTS + 1)) tracker (
      .clk, .rst, .start, .may_start, .start_parity, .dealt(piece_valid && piece_ready), .dealt_parity(piece_parity),
      .dealt_last(piece_last), .finished, .finished_parity, .busy, .done
  );

  always_comb begin
    activity.busy  = busy;
    activity.stall = STALL_DDR;
    if (wins != '0 || (word_valid && word_ready)) activity.stall = STALL_NONE;
    else if (word_valid) activity.stall = STALL_PORT;
  end

  always_ff @(posedge clk) begin
    if (rst) error <= '0;
    else
      for (int q = 0; q < AXI_PORTS; q++)
        if (error == '0 && beat_valid[q] && beat_error[q] != '0) error <= beat_error[q];
  end

  logic unused;
  assign unused = ^{load, begin_count, word_address};
endmodule
