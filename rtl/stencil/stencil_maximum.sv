// SPDX-License-Identifier: Apache-2.0
// Maxima of a window: first over the rows of each column, then over the columns of each output. A rigid pipeline of
// STENCIL_TAPS_LATENCY cycles, as that of the sums beside it.
module stencil_maximum
  import overlay_pkg::*, heddle_pkg::*;
#(
    localparam int S = STENCIL_PIXELS,
    localparam int C = STENCIL_COLUMNS
) (
    input  logic                                clk,
    input  logic                                rst,
    input  logic                                in_valid,
    input  logic [C-1:0][SLOT_BITS-1:0]         oldest,    // row registers
    input  logic [C-1:0][SLOT_BITS-1:0]         middle,
    input  logic [C-1:0][SLOT_BITS-1:0]         newest,
    input  logic [2:0]                          outside,   // rows that are padding or beyond the kernel
    input  logic [1:0]                          kernel_w,
    input  logic [SLOT_BITS-1:0]                lowest,
    input  logic                                wide,
    input  logic                                skip,      // horizontal stride 2
    output logic [S-1:0][N-1:0][ACC_BITS-1:0]   result
);
  typedef struct packed {
    logic wide, skip;
    logic [1:0] kernel_w;
  } mode_t;
  logic [STENCIL_TAPS_LATENCY-2:0] valid;
  mode_t [STENCIL_TAPS_LATENCY-2:0] mode;
  always_ff @(posedge clk) begin
    if (rst) valid <= '0;
    else valid <= (STENCIL_TAPS_LATENCY - 1)'({valid, in_valid});
    mode[0] <= '{wide: wide, skip: skip, kernel_w: kernel_w};
    for (int i = 1; i < STENCIL_TAPS_LATENCY - 1; i++) mode[i] <= mode[i-1];
  end

  // Larger elements of two slots. At 16 bits the high bytes decide for both unless they are equal, then the low ones, unsigned.
  function automatic logic [SLOT_BITS-1:0] larger(logic [SLOT_BITS-1:0] a, logic [SLOT_BITS-1:0] b, logic w);
    for (int j = 0; j < N / 2; j++) begin
      logic high, equal, low;
      high  = $signed(a[16*j+8+:8]) > $signed(b[16*j+8+:8]);
      equal = a[16*j+8+:8] == b[16*j+8+:8];
      low   = {a[16*j+7] ^ !w, a[16*j+:7]} > {b[16*j+7] ^ !w, b[16*j+:7]};
      if (w) begin
        high = high || (equal && low);
        low  = high;
      end
      larger[16*j+8+:8] = high ? a[16*j+8+:8] : b[16*j+8+:8];
      larger[16*j+:8]   = low ? a[16*j+:8] : b[16*j+:8];
    end
  endfunction

  // 1, 2: columns; 3, 4: outputs; 5: to accumulators.
  logic [C-1:0][SLOT_BITS-1:0] upper, bottom, column;
  logic [S-1:0][SLOT_BITS-1:0] left, right, best;
  logic [SLOT_BITS-1:0] lowest_q, lowest_qq;
  always_ff @(posedge clk) begin
    if (in_valid) begin
      for (int c = 0; c < C; c++) begin
        upper[c]  <= larger(outside[0] ? lowest : oldest[c], outside[1] ? lowest : middle[c], wide);
        bottom[c] <= outside[2] ? lowest : newest[c];
      end
      lowest_q <= lowest;
    end
    if (valid[0]) begin
      for (int c = 0; c < C; c++) column[c] <= larger(upper[c], bottom[c], mode[0].wide);
      lowest_qq <= lowest_q;
    end
    if (valid[1])
      for (int i = 0; i < S; i++) begin
        left[i] <= larger(
            mode[1].skip ? column[2*i] : column[i],
            mode[1].kernel_w < 2 ? lowest_qq : mode[1].skip ? column[2*i+1] : column[i+1], mode[1].wide);
        right[i] <= mode[1].kernel_w < 3 ? lowest_qq : mode[1].skip ? column[2*i+2] : column[i+2];
      end
    if (valid[2]) for (int i = 0; i < S; i++) best[i] <= larger(left[i], right[i], mode[2].wide);
    if (valid[3])
      for (int i = 0; i < S; i++)
        for (int n = 0; n < N; n++)
          if (!mode[3].wide) result[i][n] <= ACC_BITS'($signed(best[i][8*n+:8]));
          else if (n < N / 2) result[i][n] <= ACC_BITS'($signed(best[i][16*(n%(N/2))+:16]));
  end
endmodule
