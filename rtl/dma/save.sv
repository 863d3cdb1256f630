// SPDX-License-Identifier: Apache-2.0
// SAVE: copies a box of slots from feature memory to DDR (docs/hardware/dma.md).
//
// The box is cut into pieces that are dealt to the AXI ports. Each port walks over the slots of its pieces, a beat at a time; all ports share
// the one read port of feature memory. Beats are collected beside each port and written in bursts.
`include "assert.svh"
module save
  import overlay_pkg::*, isa_pkg::*, heddle_pkg::*;
#(
    parameter int PIECES = 4,   // that wait at each port
    parameter int BURSTS = 32,  // without response, of each port
    parameter int ROOM = 32,    // beats (slots, where a slot is larger) of each port
    localparam int BEAT_BITS = 8 * AXI_BYTES
) (
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
    input  logic [15:0][63:0]                    bases,
    output feature_request_t                     read_request,
    input  logic                                 read_grant,
    input  feature_data_t                        read_data,
    output logic [AXI_PORTS-1:0]                 req_valid,      // of axi_write_port
    input  logic [AXI_PORTS-1:0]                 req_ready,
    output logic [AXI_PORTS-1:0][63:0]           req_address,
    output logic [AXI_PORTS-1:0][8:0]            req_beats,
    output logic [AXI_PORTS-1:0]                 data_valid,
    input  logic [AXI_PORTS-1:0]                 data_ready,
    output logic [AXI_PORTS-1:0][BEAT_BITS-1:0]  data,
    output logic [AXI_PORTS-1:0][AXI_BYTES-1:0]  data_strobe,
    input  logic [AXI_PORTS-1:0]                 response_valid,
    input  logic [AXI_PORTS-1:0][1:0]            response_error
);
  localparam int LANES = AXI_BYTES > N ? AXI_BYTES / N : 1;  // slots of a beat
  localparam int BEATS = N > AXI_BYTES ? N / AXI_BYTES : 1;  // of a slot
  localparam int GROUP_BITS = LANES * SLOT_BITS;             // what is read at once: a beat, or a slot
  localparam int LANE_BITS = index_bits(LANES);
  localparam int PIECE_SLOTS = (AXI_BYTES < 32 ? 64 * AXI_BYTES : 2048) / N;
  localparam int PIECE_BITS = $clog2(PIECE_SLOTS + 1);
  localparam int ROOM_BITS = $clog2(ROOM + 1);

  save_t box;
  assign box = save_t'(instr);

  // --- Pieces -------------------------------------------------------------------------------------------------------
  logic walker_ready, may_start, start_parity;
  logic piece_valid, piece_ready, piece_parity, piece_last;
  logic [63:0] piece_address;
  logic [PIECE_BITS-1:0] piece_slots;
  logic [LANE_BITS-1:0] piece_lane;
  slot_t piece_slot;
  logic [13:0] piece_row_end;
  logic [12:0] piece_row;
  logic [1:0][12:0] columns, last_row;
  slot_t [1:0] row_jump, plane_jump, row_step, plane_step;

  assign start_ready = walker_ready && may_start;

  box_walker #(.PIECE_SLOTS(PIECE_SLOTS), .LANES(LANES)) walker (
      .clk, .rst, .box_valid(instr_valid), .box_ready(instr_ready),
      .box_address(bases[box.ddr_base] + 64'(box.ddr_offset)), .box_ddr_row(box.ddr_row), .box_ddr_plane(box.ddr_plane),
      .box_blocks(box.blocks), .box_rows(box.rows), .box_columns(box.columns),
      .box_slot('{word: WORD_BITS'(box.src_word), bank: BANK_BITS'(box.src_bank)}),
      .box_pitch(box.src_pitch), .box_plane(WORD_BITS'(box.src_plane)),
      .start(start_valid && start_ready), .start_ready(walker_ready), .start_parity,
      .piece_valid, .piece_ready, .piece_address, .piece_slots, .piece_lane, .piece_slot, .piece_row_end, .piece_row,
      .piece_parity, .piece_last, .columns, .last_row, .row_jump, .plane_jump, .row_step, .plane_step
  );

  logic [AXI_PORTS-1:0] port_ready, port_valid;
  port_dealer #(.PORTS(AXI_PORTS)) dealer (
      .clk, .rst, .in_valid(piece_valid), .in_ready(piece_ready), .port_ready, .port_valid
  );

  // --- Ports --------------------------------------------------------------------------------------------------------
  // `push`: the data that return in this cycle complete a beat. `mask`: its lanes.
  logic [AXI_PORTS-1:0] group_valid, group_ready, group_beat, push, finished, finished_parity;
  logic [AXI_PORTS-1:0][LANES-1:0] group_enable, push_mask;
  slot_t [AXI_PORTS-1:0][LANES-1:0] group_slot;
  logic [AXI_PORTS-1:0][GROUP_BITS-1:0] push_data;

  for (genvar q = 0; q < AXI_PORTS; q++) begin : g_port
    logic queued, load_piece, walker_free, writer_ready;
    logic [63:0] queued_address;
    logic [PIECE_BITS-1:0] queued_slots;
    logic [LANE_BITS-1:0] queued_lane;
    slot_t queued_slot;
    logic [13:0] queued_row_end;
    logic [12:0] queued_row;
    logic queued_parity;
    logic step_valid, step_piece, step_parity;
    logic out_valid, out_ready;
    logic [GROUP_BITS-1:0] out_data;
    logic [LANES-1:0] out_mask;
    logic [ROOM_BITS-1:0] reserved, out_count;
    logic [$clog2(PIECES+1)-1:0] count;

    fifo #(.WIDTH(64 + PIECE_BITS + LANE_BITS + $bits(slot_t) + 28), .DEPTH(PIECES)) pieces (
        .clk, .rst, .in_valid(port_valid[q]), .in_ready(port_ready[q]),
        .in_data({piece_address, piece_slots, piece_lane, piece_slot, piece_row_end, piece_row, piece_parity}),
        .out_valid(queued), .out_ready(load_piece),
        .out_data({queued_address, queued_slots, queued_lane, queued_slot, queued_row_end, queued_row, queued_parity}),
        .count
    );
    // A piece's addresses go out when its slots begin to be read.
    assign load_piece = walker_free && writer_ready;
    burst_writer #(.BURSTS(BURSTS)) writer (
        .clk, .rst, .in_valid(queued && walker_free), .in_ready(writer_ready), .in_address(queued_address),
        .in_bytes(13'(queued_slots) << $clog2(N)), .in_parity(queued_parity), .finished(finished[q]),
        .finished_parity(finished_parity[q]), .req_valid(req_valid[q]), .req_ready(req_ready[q]),
        .req_address(req_address[q]), .req_beats(req_beats[q]), .response_valid(response_valid[q])
    );
    slot_walker #(.LANES(LANES), .PIECE_SLOTS(PIECE_SLOTS)) slots (
        .clk, .rst, .piece_valid(queued && writer_ready), .piece_ready(walker_free), .piece_slots(queued_slots),
        .piece_lane(queued_lane), .piece_slot(queued_slot), .piece_row_end(queued_row_end), .piece_row(queued_row),
        .piece_parity(queued_parity), .columns, .last_row, .row_jump, .plane_jump, .row_step, .plane_step, .step_valid,
        .step_ready(group_valid[q] && group_ready[q]), .step_enable(group_enable[q]), .step_slot(group_slot[q]),
        .step_beat(group_beat[q]), .step_piece, .step_parity
    );

    // Room for what is read is reserved with the last step of a beat.
    assign group_valid[q] = step_valid && reserved != ROOM_BITS'(ROOM);
    always_ff @(posedge clk) begin
      if (rst) reserved <= '0;
      else
        reserved <= reserved + ROOM_BITS'(group_valid[q] && group_ready[q] && group_beat[q])
                             - ROOM_BITS'(out_valid && out_ready);
    end
    logic room;
    fifo #(.WIDTH(LANES + GROUP_BITS), .DEPTH(ROOM)) beats (
        .clk, .rst, .in_valid(push[q]), .in_ready(room), .in_data({push_mask[q], push_data[q]}), .out_valid, .out_ready,
        .out_data({out_mask, out_data}), .count(out_count)
    );
    `HEDDLE_ASSERT(room_was_reserved, !push[q] || room)

    assign data_valid[q] = out_valid;
    if (BEATS == 1) begin : g_beat
      assign data[q] = out_data;
      assign out_ready = data_ready[q];
      for (genvar l = 0; l < LANES; l++) begin : g_strobe
        assign data_strobe[q][l*N+:N] = {N{out_mask[l]}};
      end
    end else begin : g_beats
      logic [index_bits(BEATS)-1:0] beat;
      assign data[q] = out_data[beat*BEAT_BITS+:BEAT_BITS];
      assign data_strobe[q] = '1;
      assign out_ready = data_ready[q] && 32'(beat) == 32'(BEATS - 1);
      always_ff @(posedge clk) begin
        if (rst) beat <= '0;
        else if (out_valid && data_ready[q]) beat <= beat + 1'b1;
      end
      logic unused_mask;
      assign unused_mask = ^out_mask;
    end

    logic unused;
    assign unused = ^{count, out_count, step_piece, step_parity};
  end

  // --- Reads --------------------------------------------------------------------------------------------------------
  logic [AXI_PORTS-1:0] groups_done, beat_done;
  logic [AXI_PORTS-1:0][LANES-1:0] served;
  logic [AXI_PORTS-1:0][LANES-1:0][BANK_BITS-1:0] bank;
  logic valid, waiting;
  logic [P-1:0] no_data;

  lane_scheduler #(.PORTS(AXI_PORTS), .LANES(LANES)) scheduler (
      .clk, .rst, .in_valid(group_valid), .in_ready(group_ready), .in_enable(group_enable), .in_slot(group_slot),
      .in_data('0), .in_tag(group_beat), .valid, .request(read_request), .grant(read_grant), .data(no_data), .served,
      .bank, .finished(groups_done), .tag(beat_done), .waiting
  );

  // What returns FEATURE_READ_LATENCY cycles after its grant: lanes of each port, from which banks, and whether they complete a beat.
  logic [FEATURE_READ_LATENCY-1:0][AXI_PORTS-1:0][LANES-1:0] returns;
  logic [FEATURE_READ_LATENCY-1:0][AXI_PORTS-1:0][LANES-1:0][BANK_BITS-1:0] returns_bank;
  logic [FEATURE_READ_LATENCY-1:0][AXI_PORTS-1:0] completes;
  always_ff @(posedge clk) begin
    if (rst) begin
      returns   <= '0;
      completes <= '0;
    end else begin
      returns   <= {returns[FEATURE_READ_LATENCY-2:0], read_grant ? served : '0};
      completes <= {completes[FEATURE_READ_LATENCY-2:0], read_grant ? groups_done & beat_done : '0};
    end
    returns_bank <= {returns_bank[FEATURE_READ_LATENCY-2:0], bank};
  end

  // Lanes of a beat may return in several cycles.
  logic [AXI_PORTS-1:0][LANES-1:0] arrived;
  logic [AXI_PORTS-1:0][LANES-1:0][SLOT_BITS-1:0] gathered, gathered_d;
  always_comb begin
    gathered_d = '0;
    if (returns[FEATURE_READ_LATENCY-1] != '0) gathered_d = gathered;
    for (int q = 0; q < AXI_PORTS; q++)
      for (int l = 0; l < LANES; l++)
        if (returns[FEATURE_READ_LATENCY-1][q][l])
          gathered_d[q][l] = read_data[returns_bank[FEATURE_READ_LATENCY-1][q][l]];
    push = completes[FEATURE_READ_LATENCY-1];
    for (int q = 0; q < AXI_PORTS; q++) begin
      push_mask[q] = arrived[q] | returns[FEATURE_READ_LATENCY-1][q];
      push_data[q] = gathered_d[q];
    end
  end
  always_ff @(posedge clk) begin
    for (int q = 0; q < AXI_PORTS; q++) arrived[q] <= rst || push[q] ? '0 : push_mask[q];
    if (returns[FEATURE_READ_LATENCY-1] != '0) gathered <= gathered_d;
  end

  // --- Bookkeeping --------------------------------------------------------------------------------------------------
  logic busy;
  transfer_tracker #(.SOURCES(AXI_PORTS)) tracker (
      .clk, .rst, .start(start_valid && start_ready), .may_start, .start_parity,
      .dealt(piece_valid && piece_ready), .dealt_parity(piece_parity), .dealt_last(piece_last),
      .finished, .finished_parity, .busy, .done
  );

  always_comb begin
    activity.busy  = busy;
    activity.stall = STALL_DDR;
    if (valid && !read_grant) activity.stall = STALL_PORT;
    else if (valid) activity.stall = waiting ? STALL_BANK : STALL_NONE;
  end

  always_ff @(posedge clk) begin
    if (rst) error <= '0;
    else
      for (int q = 0; q < AXI_PORTS; q++)
        if (error == '0 && response_valid[q] && response_error[q] != '0) error <= response_error[q];
  end

  logic unused;
  assign unused = ^{box, no_data};
endmodule
