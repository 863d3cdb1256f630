// SPDX-License-Identifier: Apache-2.0
// Reads the five streams ahead into their queues, in blocks of BLOCK_WORDS instructions, whenever a queue has room for a
// block. Checks the CRC of every instruction on the way.
//
// Streams start at multiples of 4 KB, so that no block crosses such a boundary. Answers come in the order of the requests.
`include "assert.svh"
module instruction_fetch
  import overlay_pkg::*, isa_pkg::*, heddle_pkg::*;
#(
    parameter int QUEUE_WORDS = 32
) (
    input  logic                    clk,
    input  logic                    rst,
    input  logic                    start,  // take addresses and lengths
    input  logic                    enable,
    input  logic [ENGINES-1:0][63:0] stream_address,
    input  logic [ENGINES-1:0][31:0] stream_words,
    // one instruction for the queue of `word_engine`
    output logic                    word_valid,
    output engine_e                 word_engine,
    output logic [           511:0] word,
    output error_e                  word_error,
    input  logic [ENGINES-1:0]      queue_popped,
    // client of an AXI read port
    output logic                    req_valid,
    input  logic                    req_ready,
    output logic [            63:0] req_address,
    output logic [             8:0] req_beats,
    input  logic                    beat_valid,
    input  logic [8*AXI_BYTES-1:0]  beat_data,
    input  logic                    beat_last,
    input  logic [             1:0] beat_error
);
  localparam int BLOCK_WORDS = 8;
  localparam int PIECE_BYTES = AXI_BYTES < INSTRUCTION_BYTES ? AXI_BYTES : INSTRUCTION_BYTES;
  localparam int PIECES = INSTRUCTION_BYTES / PIECE_BYTES;  // of an instruction
  localparam int PIECE_BITS = index_bits(PIECES);
  localparam int WORDS_PER_BEAT = AXI_BYTES / PIECE_BYTES;
  localparam int COUNT_BITS = $clog2(QUEUE_WORDS + 1);
  localparam int BLOCK_BITS = $clog2(BLOCK_WORDS + 1);

  // ---- Requests: one stream at a time.
  logic [ENGINES-1:0][57:0] next_word;  // its address / 64
  logic [ENGINES-1:0][31:0] remaining;
  logic [ENGINES-1:0][COUNT_BITS-1:0] room;
  // Instructions of each stream's next request, and is there room for them? One cycle old, which is safe: room only
  // grows unless this stream's own request is taken.
  logic [ENGINES-1:0][BLOCK_BITS-1:0] block_d, block;
  logic [ENGINES-1:0] wanted_d, wanted;
  engine_e turn, chosen;
  logic choose, found;
  logic [BLOCK_BITS-1:0] req_words;
  engine_e req_engine;
  logic request;  // a new request is registered

  function automatic engine_e following(engine_e engine);
    following = engine == ENGINE_SAVE ? ENGINE_LOAD_FEATURES : engine_e'(engine + 3'd1);
  endfunction

  always_comb begin
    for (int e = 0; e < ENGINES; e++) begin
      block_d[e] = BLOCK_BITS'(BLOCK_WORDS) - {1'b0, next_word[e][BLOCK_BITS-2:0]};
      if (remaining[e] < 32'(block_d[e])) block_d[e] = remaining[e][BLOCK_BITS-1:0];
      wanted_d[e] = remaining[e] != 0 && room[e] >= COUNT_BITS'(block_d[e]) && !(request && chosen == engine_e'(e));
    end
  end

  always_comb begin
    chosen = turn;
    found = 1'b0;
    for (int i = 0; i < ENGINES; i++)
      if (!found) begin
        if (wanted[chosen]) found = 1'b1;
        else chosen = following(chosen);
      end
  end

  logic blocks_in_ready;
  assign choose  = !req_valid || req_ready;
  assign request = choose && found && enable && blocks_in_ready;

  always_ff @(posedge clk) begin
    if (rst || start) begin
      for (int e = 0; e < ENGINES; e++) begin
        next_word[e] <= stream_address[e][63:6];
        remaining[e] <= rst ? '0 : stream_words[e];
        room[e]      <= COUNT_BITS'(QUEUE_WORDS);
      end
      turn      <= ENGINE_LOAD_FEATURES;
      req_valid <= 1'b0;
      wanted    <= '0;
    end else begin
      wanted <= wanted_d;
      block  <= block_d;
      for (int e = 0; e < ENGINES; e++)
        if (request && chosen == engine_e'(e))
          room[e] <= room[e] - COUNT_BITS'(block[e]) + COUNT_BITS'(queue_popped[e]);
        else if (queue_popped[e]) room[e] <= room[e] + 1'b1;
      if (choose) req_valid <= request;
      if (request) begin
        turn              <= following(chosen);
        next_word[chosen] <= next_word[chosen] + 58'(block[chosen]);
        remaining[chosen] <= remaining[chosen] - 32'(block[chosen]);
        req_address       <= {next_word[chosen], 6'd0};
        req_words         <= block[chosen];
        req_engine        <= chosen;
      end
    end
  end

  // A beat of 128 bytes is two instructions; the last one may be half used.
  assign req_beats = AXI_BYTES > INSTRUCTION_BYTES ? 9'((32'(req_words) + WORDS_PER_BEAT - 1) / WORDS_PER_BEAT)
                                                  : 9'(32'(req_words) * PIECES);

  // ---- Blocks that were asked for, in order.
  localparam int OUTSTANDING = 8;
  logic block_valid, block_done, block_ready;
  engine_e block_engine;
  logic [BLOCK_BITS-1:0] block_words;
  logic [$clog2(OUTSTANDING+1)-1:0] outstanding;
  assign blocks_in_ready = outstanding < 4'(OUTSTANDING - 1);

  fifo #(
      .WIDTH(3 + BLOCK_BITS),
      .DEPTH(OUTSTANDING)
  ) blocks (
      .clk,
      .rst      (rst || start),
      .in_valid (req_valid && req_ready),
      .in_ready (block_ready),
      .in_data  ({req_engine, req_words}),
      .out_valid(block_valid),
      .out_ready(block_done),
      .out_data ({block_engine, block_words}),
      .count    (outstanding)
  );

  // ---- Beats to pieces of at most one instruction.
  logic piece_valid, piece_last;  // last: no more pieces of this block
  logic [8*PIECE_BYTES-1:0] piece;
  logic [1:0] piece_axi_error;
  if (WORDS_PER_BEAT == 1) begin : g_narrow
    assign piece_valid     = beat_valid;
    assign piece           = beat_data;
    assign piece_axi_error = beat_error;
    assign piece_last      = beat_last;
  end else begin : g_wide
    // Two instructions a beat: the second one goes in the next cycle.
    localparam int BEATS = OUTSTANDING * BLOCK_WORDS / WORDS_PER_BEAT;
    logic in_ready, out_valid, out_last, second;
    logic [$clog2(BEATS+1)-1:0] count;
    logic [1:0][8*PIECE_BYTES-1:0] out_data;
    fifo #(
        .WIDTH(8 * AXI_BYTES + 3),
        .DEPTH(BEATS)
    ) beats (
        .clk,
        .rst      (rst || start),
        .in_valid (beat_valid),
        .in_ready,
        .in_data  ({beat_last, beat_error, beat_data}),
        .out_valid,
        .out_ready(second),
        .out_data ({out_last, piece_axi_error, out_data}),
        .count
    );
    `HEDDLE_ASSERT(beats_have_room, in_ready || count != 0 && !beat_valid)
    always_ff @(posedge clk) second <= !rst && !start && out_valid && !second;
    assign piece_valid = out_valid;
    assign piece       = out_data[second];
    assign piece_last  = second && out_last;
  end

  // ---- Pieces to instructions. With the two bytes of the CRC swapped into the order of the polynomial, the CRC of all 64
  // bytes is 0.
  logic [PIECE_BITS-1:0] index;
  logic last_of_word;
  logic [15:0] crc, crc_next;
  logic [8*PIECE_BYTES-1:0] crc_data;
  logic [BLOCK_BITS-1:0] words_done;
  logic drop;  // the unused half of the last beat
  logic [1:0] axi_error;

  assign last_of_word = index == PIECE_BITS'(PIECES - 1);
  assign drop         = words_done == block_words;
  always_comb begin
    crc_data = piece;
    if (last_of_word) crc_data[8*PIECE_BYTES-1-:16] = {piece[8*PIECE_BYTES-16+:8], piece[8*PIECE_BYTES-8+:8]};
  end
  crc16 #(
      .BYTES(PIECE_BYTES)
  ) check (
      .crc (index == 0 ? 16'hffff : crc),
      .data(crc_data),
      .next(crc_next)
  );
  assign block_done = piece_valid && piece_last;

  logic [511:0] word_d;
  if (PIECES > 1) assign word_d = {piece, word[511:8*PIECE_BYTES]};
  else assign word_d = piece;

  logic [1:0] error_so_far;
  assign error_so_far = index == 0 || axi_error == 0 ? piece_axi_error : axi_error;

  always_ff @(posedge clk) begin
    word_valid <= 1'b0;
    if (rst || start) begin
      index      <= '0;
      words_done <= '0;
    end else if (piece_valid) begin
      index <= last_of_word ? '0 : index + 1'b1;
      if (piece_last) words_done <= '0;
      else if (last_of_word) words_done <= words_done + 1'b1;
      word_valid <= last_of_word && !drop;
    end
    if (piece_valid) begin
      crc       <= crc_next;
      axi_error <= error_so_far;
      word      <= word_d;
      word_engine <= block_engine;
      if (error_so_far == 2'd2) word_error <= ERROR_AXI_SLAVE;
      else if (error_so_far == 2'd3) word_error <= ERROR_AXI_DECODE;
      else if (crc_next != 0) word_error <= ERROR_CRC;
      else word_error <= ERROR_NONE;
    end
  end

  `HEDDLE_ASSERT(room_in_range, room[turn] <= COUNT_BITS'(QUEUE_WORDS))
  `HEDDLE_ASSERT(blocks_have_room, block_ready || !req_valid)
  `HEDDLE_ASSERT(answer_was_asked_for, !piece_valid || block_valid)
  `HEDDLE_ASSERT(block_ends_with_a_word, !(piece_valid && piece_last) || last_of_word)
endmodule
