// SPDX-License-Identifier: Apache-2.0
// The AXI4-Lite slave, the state of a run, and its counters. Registers: docs/hardware/registers.md.
//
// After an error or a stop `enable` falls and `reset_engines` clears everything but this module and the AXI ports, which
// finish the transfers that they owe; then the machine is idle again.
`include "assert.svh"
module control
  import overlay_pkg::*, isa_pkg::*, heddle_pkg::*, registers_pkg::*;
(
    input  logic                             clk,
    input  logic                             rst,
    // AXI4-Lite
    input  logic                             s_axi_awvalid,
    output logic                             s_axi_awready,
    input  logic [REGISTER_ADDRESS_BITS-1:0] s_axi_awaddr,
    input  logic                             s_axi_wvalid,
    output logic                             s_axi_wready,
    input  logic [                     31:0] s_axi_wdata,
    input  logic [                      3:0] s_axi_wstrb,
    output logic                             s_axi_bvalid,
    input  logic                             s_axi_bready,
    output logic [                      1:0] s_axi_bresp,
    input  logic                             s_axi_arvalid,
    output logic                             s_axi_arready,
    input  logic [REGISTER_ADDRESS_BITS-1:0] s_axi_araddr,
    output logic                             s_axi_rvalid,
    input  logic                             s_axi_rready,
    output logic [                     31:0] s_axi_rdata,
    output logic [                      1:0] s_axi_rresp,
    output logic                             irq,
    // the run
    output logic                             start,          // begin: take the streams
    output logic                             enable,         // instructions may start
    output logic                             reset_engines,
    input  logic                             ports_busy,     // AXI transfers are in flight
    output logic [ENGINES-1:0][63:0]         stream_address,
    output logic [ENGINES-1:0][31:0]         stream_words,
    output logic [BASE_REGISTERS-1:0][63:0]  bases,
    output logic [31:0]                      watchdog,
    input  logic                             all_ended,
    input  error_e                           error,          // the first one, if any
    input  engine_e                          error_engine,
    input  logic [ENGINES-1:0][31:0]         done_count,
    // what happened in this cycle
    input  category_e [ENGINES-1:0]          category,
    input  engine_e [ENGINES-1:0]            giver,
    input  logic [AXI_PORTS-1:0]             read_beat,
    input  logic [AXI_PORTS-1:0]             write_beat
);
  typedef enum logic [1:0] { IDLE, RUN, CLEAR, DRAIN } state_e;

  // ---- Writes: address and data together.
  logic write;
  logic [REGISTER_ADDRESS_BITS-1:0] write_address;
  assign s_axi_awready = s_axi_awvalid && s_axi_wvalid && !s_axi_bvalid;
  assign s_axi_wready  = s_axi_awready;
  assign s_axi_bresp   = 2'b00;
  assign write         = s_axi_awready && s_axi_wstrb == 4'hf;
  assign write_address = {s_axi_awaddr[REGISTER_ADDRESS_BITS-1:2], 2'b00};

  logic start_written, stop_written;
  assign start_written = write && write_address == REG_CONTROL && s_axi_wdata[CONTROL_START];
  assign stop_written  = write && write_address == REG_CONTROL && s_axi_wdata[CONTROL_STOP];

  logic [1:0] interrupt_enable, interrupt_status;
  logic event_done, event_error;

  always_ff @(posedge clk) begin
    if (rst) begin
      s_axi_bvalid     <= 1'b0;
      interrupt_enable <= '0;
      interrupt_status <= '0;
      irq              <= 1'b0;
      watchdog         <= RESET_WATCHDOG;
      stream_words     <= '0;
      stream_address   <= '0;
      bases            <= '0;
    end else begin
      if (s_axi_awready) s_axi_bvalid <= 1'b1;
      else if (s_axi_bready) s_axi_bvalid <= 1'b0;
      if (write && write_address == REG_INTERRUPT_ENABLE) interrupt_enable <= s_axi_wdata[1:0];
      if (write && write_address == REG_WATCHDOG) watchdog <= s_axi_wdata;
      for (int e = 0; e < ENGINES; e++) begin
        // Addresses are multiples of 4 KB.
        if (write && write_address == REG_STREAM_ADDRESS + 12'(16 * e)) stream_address[e][31:12] <= s_axi_wdata[31:12];
        if (write && write_address == REG_STREAM_ADDRESS + 12'(16 * e + 4)) stream_address[e][63:32] <= s_axi_wdata;
        if (write && write_address == REG_STREAM_WORDS + 12'(16 * e)) stream_words[e] <= s_axi_wdata;
      end
      if (write && write_address[11:7] == REG_BASE[11:7]) begin
        if (write_address[2]) bases[write_address[6:3]][63:32] <= s_axi_wdata;
        else bases[write_address[6:3]][31:12] <= s_axi_wdata[31:12];
      end
      interrupt_status <= (write && write_address == REG_INTERRUPT_STATUS ? interrupt_status & ~s_axi_wdata[1:0]
                                                                          : interrupt_status) | {event_error, event_done};
      irq <= (interrupt_status & interrupt_enable) != 0;
    end
  end

  // ---- The run.
  state_e state;
  logic done, failed, stopped;
  error_e cause;
  engine_e cause_engine;
  logic [31:0] cause_index;
  logic [2:0] clear_cycles;

  assign start         = state == IDLE && start_written;
  assign enable        = state == RUN;
  assign reset_engines = state == CLEAR;
  assign event_done    = state == RUN && error == ERROR_NONE && !stop_written && all_ended;
  assign event_error   = state == DRAIN && !ports_busy;

  always_ff @(posedge clk) begin
    clear_cycles <= state == CLEAR ? clear_cycles - 1'b1 : '1;
    if (rst) begin
      state        <= IDLE;
      done         <= 1'b0;
      failed       <= 1'b0;
      stopped      <= 1'b0;
      cause        <= ERROR_NONE;
      cause_engine <= ENGINE_LOAD_FEATURES;
      cause_index  <= '0;
    end else begin
      case (state)
        IDLE:
        if (start) begin
          state   <= RUN;
          done    <= 1'b0;
          failed  <= 1'b0;
          stopped <= 1'b0;
          cause   <= ERROR_NONE;
        end
        RUN:
        if (error != ERROR_NONE) begin
          state        <= CLEAR;
          failed       <= 1'b1;
          cause        <= error;
          cause_engine <= error_engine;
          cause_index  <= done_count[error_engine];
        end else if (stop_written) begin
          state   <= CLEAR;
          stopped <= 1'b1;
        end else if (all_ended) begin
          state <= IDLE;
          done  <= 1'b1;
        end
        CLEAR: if (clear_cycles == 0) state <= DRAIN;
        default: if (!ports_busy) state <= IDLE;
      endcase
    end
  end

  // ---- Counters.
  logic [47:0] cycles, read_beats, write_beats;
  logic [3:0] counter_index;
  logic [ENGINES-1:0][47:0] counter;
  logic [AXI_PORTS-1:0] read_beat_q, write_beat_q;
  always_ff @(posedge clk) begin
    read_beat_q  <= state == RUN ? read_beat : '0;
    write_beat_q <= state == RUN ? write_beat : '0;
    if (rst || start) begin
      cycles      <= '0;
      read_beats  <= '0;
      write_beats <= '0;
    end else begin
      if (state == RUN) cycles <= cycles + 1'b1;
      read_beats  <= read_beats + 48'($countones(read_beat_q));
      write_beats <= write_beats + 48'($countones(write_beat_q));
    end
  end
  for (genvar e = 0; e < ENGINES; e++) begin : g_counters
    engine_counters counters (
        .clk,
        .rst,
        .clear   (start),
        .active  (enable),
        .category(category[e]),
        .giver   (giver[e]),
        .index   (counter_index),
        .value   (counter[e])
    );
  end

  // ---- Reads: the address, then the counter's value, then the answer.
  typedef enum logic [1:0] { READ_IDLE, READ_COUNTER, READ_SELECT, READ_ANSWER } read_e;
  read_e read_state;
  logic [REGISTER_ADDRESS_BITS-1:0] address;
  logic [63:0] wide;  // of which a half is read
  logic [31:0] narrow, selected;
  logic high;
  logic [31:0] status;

  assign s_axi_arready = read_state == READ_IDLE;
  assign s_axi_rresp   = 2'b00;
  assign counter_index = address[6:3];
  assign high          = address[2];

  always_comb begin
    status = '0;
    status[STATUS_RUNNING]  = state != IDLE;
    status[STATUS_DONE]     = done;
    status[STATUS_ERROR]    = failed;
    status[STATUS_STOPPED]  = stopped;
    status[STATUS_DRAINING] = state == DRAIN;
    status[STATUS_CAUSE+:4] = cause;
    status[STATUS_ENGINE+:3] = cause_engine;
  end

  always_comb begin
    narrow = '0;
    wide = '0;
    case (address)
      REG_IDENTIFICATION: narrow = RESET_IDENTIFICATION;
      REG_VERSION: narrow = RESET_VERSION;
      REG_STATUS: narrow = status;
      REG_ERROR_INSTRUCTION: narrow = cause_index;
      REG_INTERRUPT_ENABLE: narrow = 32'(interrupt_enable);
      REG_INTERRUPT_STATUS: narrow = 32'(interrupt_status);
      REG_WATCHDOG: narrow = watchdog;
      REG_FINGERPRINT, REG_FINGERPRINT + 12'd4: wide = FINGERPRINT;
      REG_CYCLES, REG_CYCLES + 12'd4: wide = 64'(cycles);
      REG_READ_BEATS, REG_READ_BEATS + 12'd4: wide = 64'(read_beats);
      REG_WRITE_BEATS, REG_WRITE_BEATS + 12'd4: wide = 64'(write_beats);
      default: begin
        if (address[11:7] == REG_BASE[11:7]) wide = bases[address[6:3]];
        for (int e = 0; e < ENGINES; e++) begin
          if (address[11:4] == REG_STREAM_ADDRESS[11:4] + 8'(e)) begin
            wide = address[3] ? {done_count[e], stream_words[e]} : stream_address[e];
          end
          if (address[11:7] == REG_COUNTERS[11:7] + 5'(e)) wide = 64'(counter[e]);
        end
      end
    endcase
    selected = narrow | (high ? wide[63:32] : wide[31:0]);
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      read_state   <= READ_IDLE;
      s_axi_rvalid <= 1'b0;
    end else begin
      case (read_state)
        READ_IDLE: if (s_axi_arvalid) read_state <= READ_COUNTER;
        READ_COUNTER: read_state <= READ_SELECT;
        READ_SELECT: begin
          read_state   <= READ_ANSWER;
          s_axi_rvalid <= 1'b1;
        end
        default:
        if (s_axi_rready) begin
          read_state   <= READ_IDLE;
          s_axi_rvalid <= 1'b0;
        end
      endcase
    end
    if (read_state == READ_IDLE) address <= {s_axi_araddr[REGISTER_ADDRESS_BITS-1:2], 2'b00};
    if (read_state == READ_SELECT) s_axi_rdata <= selected;
  end

  logic unused;
  assign unused = &{1'b0, s_axi_awaddr[1:0], s_axi_araddr[1:0]};
endmodule
