// SPDX-License-Identifier: Apache-2.0
// Global average: adds the lanes' sums of a block, and what earlier instructions left of its channels. The sums of 4,096 channels are
// kept in a memory of N sums a word; a pass of N/2 channels (`in_half`) takes half a word. Rigid; the passes of an instruction take
// different places, and an instruction follows the one before only when that is done.
module stencil_sums
  import overlay_pkg::*, heddle_pkg::*;
#(
    localparam int S = STENCIL_PIXELS
) (
    input  logic                               clk,
    input  logic                               rst,
    input  logic                               in_valid,
    input  logic [S-1:0][N-1:0][ACC_BITS-1:0]  in_sum,
    input  stencil_tag_t                       in_tag,
    input  logic                               in_half,
    input  logic                               in_first,   // nothing was kept
    input  logic                               in_last,    // nothing is kept: a result
    output logic                               out_valid,
    output logic                               out_last,
    output stencil_tag_t                       out_tag,
    output logic [N-1:0][ACC_BITS-1:0]         out_sum
);
  localparam int LEVELS = $clog2(S);
  localparam int DEPTH = LEVELS > 2 ? LEVELS : 2;  // stages of the tree, at least as many as the memory's latency
  localparam int WORDS = 4096 / N;
  localparam int ADDRESS_BITS = $clog2(WORDS);

  typedef struct packed {
    stencil_tag_t tag;
    logic half, first, last;
  } beside_t;
  logic [DEPTH-1:0] valid;
  beside_t [DEPTH-1:0] beside;
  logic [DEPTH-1:0][S-1:0][N-1:0][ACC_BITS-1:0] level;

  function automatic logic [S-1:0][N-1:0][ACC_BITS-1:0] halve(logic [S-1:0][N-1:0][ACC_BITS-1:0] sums);
    halve = '0;
    for (int i = 0; i < S; i++)
      for (int n = 0; n < N; n++) halve[i/2][n] = halve[i/2][n] + sums[i][n];
  endfunction

  always_ff @(posedge clk) begin
    if (rst) valid <= '0;
    else valid <= DEPTH'({valid, in_valid});
    if (in_valid) begin
      level[0]  <= halve(in_sum);
      beside[0] <= '{tag: in_tag, half: in_half, first: in_first, last: in_last};
    end
    for (int i = 1; i < DEPTH; i++)
      if (valid[i-1]) begin
        level[i]  <= halve(level[i-1]);
        beside[i] <= beside[i-1];
      end
  end

  // The kept sums arrive as the tree ends.
  function automatic logic [ADDRESS_BITS-1:0] word_of(logic [13:0] pass, logic half);
    word_of = ADDRESS_BITS'(half ? pass >> 1 : pass);
  endfunction

  beside_t reads, ends;
  logic read;
  if (DEPTH == CONST_READ_LATENCY) begin : at_once
    assign read  = in_valid;
    assign reads = '{tag: in_tag, half: in_half, first: in_first, last: in_last};
  end else begin : later
    assign read  = valid[DEPTH-1-CONST_READ_LATENCY];
    assign reads = beside[DEPTH-1-CONST_READ_LATENCY];
  end
  assign ends = beside[DEPTH-1];

  logic [N-1:0][ACC_BITS-1:0] kept, old, total, written;
  logic [1:0] write;
  ram #(
      .WIDTH(N * ACC_BITS),
      .DEPTH(WORDS),
      .LANES(2)
  ) memory (
      .clk,
      .write,
      .write_address(word_of(ends.tag.pass, ends.half)),
      .write_data   (written),
      .read,
      .read_address (word_of(reads.tag.pass, reads.half)),
      .read_data    (kept)
  );
  always_comb begin
    for (int n = 0; n < N; n++) begin
      old[n] = ends.half && ends.tag.pass[0] ? kept[N/2+n%(N/2)] : kept[n];
      total[n] = level[DEPTH-1][0][n] + (ends.first ? '0 : old[n]);
    end
    for (int n = 0; n < N; n++) written[n] = ends.half ? total[n%(N/2)] : total[n];
    write = '0;
    if (valid[DEPTH-1] && !ends.last) write = !ends.half ? 2'b11 : ends.tag.pass[0] ? 2'b10 : 2'b01;
  end

  always_ff @(posedge clk) begin
    if (rst) out_valid <= 1'b0;
    else out_valid <= valid[DEPTH-1];
    if (valid[DEPTH-1]) begin
      out_sum  <= total;
      out_tag  <= ends.tag;
      out_last <= ends.last;
    end
  end

  logic unused;
  assign unused = ^{reads, level};
endmodule
