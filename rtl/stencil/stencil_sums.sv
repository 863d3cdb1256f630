// SPDX-License-Identifier: Apache-2.0
// Global average: adds the lanes of a group, the groups of a block, and what earlier instructions left of the block's channels. The
// sums of 4,096 channels are kept in a memory of N sums a word; a pass of N/2 channels takes half a word.
// Rigid: `out_valid` comes four cycles after a group whose tag says `out`. The passes of an instruction take different places, and an
// instruction follows the one before only when that is done.
module stencil_sums
  import overlay_pkg::*, heddle_pkg::*;
#(
    localparam int S = STENCIL_PIXELS
) (
    input  logic                         clk,
    input  logic                         rst,
    input  logic                         in_valid,
    input  logic [S-1:0][SLOT_BITS-1:0]  in_data,    // 0 outside the source
    input  stencil_tag_t                 in_tag,
    input  stencil_mode_t                in_mode,
    output logic                         out_valid,
    output logic                         out_last,   // a result; otherwise the sums were kept
    output stencil_tag_t                 out_tag,
    output logic [N-1:0][ACC_BITS-1:0]   out_sum
);
  localparam int WORDS = 4096 / N;
  localparam int ADDRESS_BITS = $clog2(WORDS);
  localparam int FOURS = (S + 3) / 4;

  typedef struct packed {
    stencil_tag_t tag;
    logic half, first, last;
  } beside_t;
  logic [2:0] valid;
  beside_t [2:0] beside;
  always_ff @(posedge clk) begin
    if (rst) valid <= '0;
    else valid <= {valid[1:0], in_valid};
    if (in_valid)
      beside[0] <= '{tag: in_tag, half: in_mode.wide || in_mode.dst_wide, first: in_mode.first, last: in_mode.last};
    for (int i = 1; i < 3; i++) if (valid[i-1]) beside[i] <= beside[i-1];
  end

  function automatic logic signed [31:0] element(logic [15:0] half_word, logic [7:0] one_byte, logic wide);
    element = wide ? 32'($signed(half_word)) : 32'($signed(one_byte));
  endfunction

  // 1: four lanes each; 2: all lanes; 3: the block.
  logic [FOURS-1:0][N-1:0][31:0] four, four_d;
  logic [N-1:0][31:0] group, group_d;
  logic [N-1:0][ACC_BITS-1:0] sum, sum_d;
  always_comb begin
    four_d = '0;
    if (in_valid)
      for (int i = 0; i < S; i++)
        for (int n = 0; n < N; n++) four_d[i/4][n] = four_d[i/4][n] + element(in_data[i][16*(n%(N/2))+:16], in_data[i][8*n+:8], in_mode.wide);
  end
  always_comb begin
    group_d = '0;
    if (valid[0])
      for (int q = 0; q < FOURS; q++) for (int n = 0; n < N; n++) group_d[n] = group_d[n] + four[q][n];
  end
  always_comb begin
    sum_d = '0;
    if (valid[1])
      for (int n = 0; n < N; n++)
        sum_d[n] = ACC_BITS'($signed(group[n])) + (beside[1].tag.first ? '0 : sum[n]);
  end
  always_ff @(posedge clk) begin
    if (in_valid) four <= four_d;
    if (valid[0]) group <= group_d;
    if (valid[1]) sum <= sum_d;
  end

  // The kept sums arrive with the block's.
  function automatic logic [ADDRESS_BITS-1:0] word_of(logic [13:0] pass, logic half);
    word_of = ADDRESS_BITS'(half ? pass >> 1 : pass);
  endfunction

  beside_t ends;
  logic ended;
  assign ends  = beside[2];
  assign ended = valid[2] && ends.tag.out;

  logic [N-1:0][ACC_BITS-1:0] kept, total, written;
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
      .read         (valid[0] && beside[0].tag.out),
      .read_address (word_of(beside[0].tag.pass, beside[0].half)),
      .read_data    (kept)
  );
  always_comb begin
    total   = '0;
    written = '0;
    write   = '0;
    if (ended) begin
      for (int n = 0; n < N; n++)
        total[n] = sum[n] + (ends.first ? '0 : ends.half && ends.tag.pass[0] ? kept[N/2+n%(N/2)] : kept[n]);
      for (int n = 0; n < N; n++) written[n] = ends.half ? total[n%(N/2)] : total[n];
      if (!ends.last) write = !ends.half ? 2'b11 : ends.tag.pass[0] ? 2'b10 : 2'b01;
    end
  end

  always_ff @(posedge clk) begin
    if (rst) out_valid <= 1'b0;
    else out_valid <= ended;
    if (ended) begin
      out_sum  <= total;
      out_tag  <= ends.tag;
      out_last <= ends.last;
    end
  end

  logic unused;
  assign unused = ^in_mode;
endmodule
