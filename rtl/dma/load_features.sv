// SPDX-License-Identifier: Apache-2.0
// LOAD: copies a box of slots from DDR to feature memory (docs/hardware/dma.md).
//
// The box is cut into pieces that are dealt to the AXI ports. Each port fetches its pieces, finds the slots of every beat, and all ports
// share the one write port of feature memory.
`include "assert.svh"
module load_features
  import overlay_pkg::*, isa_pkg::*, heddle_pkg::*;
#(
    parameter int PIECES = 32,  // on their way, of each port
    parameter int ROOM = 256,   // beats of each port
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
    output logic [AXI_PORTS-1:0]                 req_valid,
    input  logic [AXI_PORTS-1:0]                 req_ready,
    output logic [AXI_PORTS-1:0][63:0]           req_address,
    output logic [AXI_PORTS-1:0][8:0]            req_beats,
    input  logic [AXI_PORTS-1:0]                 beat_valid,
    input  logic [AXI_PORTS-1:0][BEAT_BITS-1:0]  beat_data,
    input  logic [AXI_PORTS-1:0][1:0]            beat_error,
    output feature_request_t                     write_request,
    output feature_data_t                        write_data,
    output feature_strobe_t                      write_strobe,
    input  logic                                 write_grant
);
  localparam int LANES = AXI_BYTES > N ? AXI_BYTES / N : 1;  // slots of a beat
  localparam int BEATS = N > AXI_BYTES ? N / AXI_BYTES : 1;  // of a slot
  localparam int GROUP_BITS = LANES * SLOT_BITS;             // what is written at once: a beat, or a slot
  localparam int LANE_BITS = index_bits(LANES);
  localparam int PIECE_SLOTS = (AXI_BYTES < 32 ? 64 * AXI_BYTES : 2048) / N;
  localparam int PIECE_BITS = $clog2(PIECE_SLOTS + 1);

  load_t box;
  assign box = load_t'(instr);

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
      .box_slot('{word: WORD_BITS'(box.dst_word), bank: BANK_BITS'(box.dst_bank)}),
      .box_pitch(box.dst_pitch), .box_plane(WORD_BITS'(box.dst_plane)),
      .start(start_valid && start_ready), .start_ready(walker_ready), .start_parity,
      .piece_valid, .piece_ready, .piece_address, .piece_slots, .piece_lane, .piece_slot, .piece_row_end, .piece_row,
      .piece_parity, .piece_last, .columns, .last_row, .row_jump, .plane_jump, .row_step, .plane_step
  );

  logic [AXI_PORTS-1:0] port_ready, port_valid;
  port_dealer #(.PORTS(AXI_PORTS)) dealer (
      .clk, .rst, .in_valid(piece_valid), .in_ready(piece_ready), .port_ready, .port_valid
  );

  // --- Ports --------------------------------------------------------------------------------------------------------
  logic [AXI_PORTS-1:0] group_valid, group_ready, group_last, group_parity;
  logic [AXI_PORTS-1:0][LANES-1:0] group_enable;
  slot_t [AXI_PORTS-1:0][LANES-1:0] group_slot;
  logic [AXI_PORTS-1:0][GROUP_BITS-1:0] group_data;

  for (genvar q = 0; q < AXI_PORTS; q++) begin : g_port
    logic reader_ready, queue_ready, next_valid, next_ready;
    logic [PIECE_BITS-1:0] next_slots;
    logic [LANE_BITS-1:0] next_lane;
    slot_t next_slot;
    logic [13:0] next_row_end;
    logic [12:0] next_row;
    logic next_parity;
    logic out_valid, out_ready, step_valid, step_ready, step_beat;
    logic [BEAT_BITS-1:0] out_data;
    logic [$clog2(PIECES+1)-1:0] queued;

    assign port_ready[q] = reader_ready && queue_ready;

    burst_reader #(.ROOM(ROOM)) reader (
        .clk, .rst, .in_valid(port_valid[q]), .in_ready(reader_ready), .in_address(piece_address),
        .in_bytes(13'(piece_slots) << $clog2(N)), .out_valid, .out_ready, .out_data,
        .req_valid(req_valid[q]), .req_ready(req_ready[q]), .req_address(req_address[q]), .req_beats(req_beats[q]),
        .beat_valid(beat_valid[q]), .beat_data(beat_data[q])
    );
    fifo #(.WIDTH(PIECE_BITS + LANE_BITS + $bits(slot_t) + 28), .DEPTH(PIECES)) pieces (
        .clk, .rst, .in_valid(port_valid[q]), .in_ready(queue_ready),
        .in_data({piece_slots, piece_lane, piece_slot, piece_row_end, piece_row, piece_parity}),
        .out_valid(next_valid), .out_ready(next_ready),
        .out_data({next_slots, next_lane, next_slot, next_row_end, next_row, next_parity}), .count(queued)
    );
    slot_walker #(.LANES(LANES), .PIECE_SLOTS(PIECE_SLOTS)) slots (
        .clk, .rst, .piece_valid(next_valid), .piece_ready(next_ready), .piece_slots(next_slots), .piece_lane(next_lane),
        .piece_slot(next_slot), .piece_row_end(next_row_end), .piece_row(next_row), .piece_parity(next_parity),
        .columns, .last_row, .row_jump, .plane_jump, .row_step, .plane_step, .step_valid, .step_ready,
        .step_enable(group_enable[q]), .step_slot(group_slot[q]), .step_beat, .step_piece(group_last[q]),
        .step_parity(group_parity[q])
    );

    if (BEATS == 1) begin : g_beat
      assign group_data[q]  = out_data;
      assign group_valid[q] = step_valid && out_valid;
      assign out_ready      = step_valid && group_ready[q] && step_beat;
    end else begin : g_beats  // gather a slot's beats; the last one is taken as it comes
      logic [BEATS-2:0][BEAT_BITS-1:0] gathered;
      logic [index_bits(BEATS)-1:0] beat;
      logic last;

      assign last           = 32'(beat) == 32'(BEATS - 1);
      assign group_data[q]  = {out_data, gathered};
      assign group_valid[q] = step_valid && out_valid && last;
      assign out_ready      = !last || (step_valid && group_ready[q]);
      always_ff @(posedge clk) begin
        if (rst) beat <= '0;
        else if (out_valid && out_ready) beat <= beat + 1'b1;
        for (int i = 0; i < BEATS - 1; i++) if (out_valid && 32'(beat) == 32'(i)) gathered[i] <= out_data;
      end
      logic unused_beat;
      assign unused_beat = step_beat;
    end
    assign step_ready = group_valid[q] && group_ready[q];

    logic unused;
    assign unused = ^queued;
  end

  // --- Writes -------------------------------------------------------------------------------------------------------
  logic [AXI_PORTS-1:0] groups_done, finished, finished_parity;
  logic [AXI_PORTS-1:0][1:0] group_tag, tag;
  logic valid, waiting;
  logic [AXI_PORTS-1:0][LANES-1:0] served;
  logic [AXI_PORTS-1:0][LANES-1:0][BANK_BITS-1:0] bank;

  always_comb for (int q = 0; q < AXI_PORTS; q++) group_tag[q] = {group_last[q], group_parity[q]};
  lane_scheduler #(.PORTS(AXI_PORTS), .LANES(LANES), .DATA_BITS(SLOT_BITS), .TAG_BITS(2)) scheduler (
      .clk, .rst, .in_valid(group_valid), .in_ready(group_ready), .in_enable(group_enable), .in_slot(group_slot),
      .in_data(group_data), .in_tag(group_tag), .valid, .request(write_request), .grant(write_grant), .data(write_data),
      .served, .bank, .finished(groups_done), .tag, .waiting
  );
  always_comb for (int b = 0; b < P; b++) write_strobe[b] = {2{write_request.enable[b]}};

  // --- Bookkeeping --------------------------------------------------------------------------------------------------
  always_comb
    for (int q = 0; q < AXI_PORTS; q++) begin
      finished[q]        = valid && write_grant && groups_done[q] && tag[q][1];
      finished_parity[q] = tag[q][0];
    end

  logic busy;
  transfer_tracker #(.SOURCES(AXI_PORTS)) tracker (
      .clk, .rst, .start(start_valid && start_ready), .may_start, .start_parity,
      .dealt(piece_valid && piece_ready), .dealt_parity(piece_parity), .dealt_last(piece_last),
      .finished, .finished_parity, .busy, .done
  );

  always_comb begin
    activity.busy  = busy;
    activity.stall = STALL_DDR;
    if (valid && !write_grant) activity.stall = STALL_PORT;
    else if (valid) activity.stall = waiting ? STALL_BANK : STALL_NONE;
  end

  always_ff @(posedge clk) begin
    if (rst) error <= '0;
    else
      for (int q = 0; q < AXI_PORTS; q++)
        if (error == '0 && beat_valid[q] && beat_error[q] != '0) error <= beat_error[q];
  end

  logic unused;
  assign unused = ^{box, served, bank};
endmodule
