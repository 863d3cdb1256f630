// SPDX-License-Identifier: Apache-2.0
// The dot products of one lane on DSP48 columns: chains of CHAIN cells, each of which multiplies x[n] with the weights of two
// channels at once; behind them packed_sums takes the two sums apart. Ports as in the portable variant.
//
// MAC_LATENCY cycles: 1 (dot_weights), n % CHAIN (the skew of a chain), 3 (multiplier), 1 (packed_sums).
module dot_row
  import overlay_pkg::*, heddle_pkg::*, mac_pkg::*;
(
    input  logic                        clk,
    input  logic                        valid,
    input  logic                        wide,
    input  logic                        half,
    input  logic [N-1:0][15:0]          x,
    input  logic [DOT_OPERAND_BITS-1:0] w,
    output logic [M-1:0][63:0]          sums
);
  localparam int H = M / 2;
  localparam int LENGTH = N < CHAIN ? N : CHAIN;
  localparam int CHAINS = N / LENGTH;

  logic [N-1:0][15:0] x_q;
  for (genvar n = 0; n < N; n++) begin : g_skew
    localparam int DELAY = n % CHAIN;
    logic [DELAY:0][15:0] line;
    always_ff @(posedge clk) line <= ((DELAY + 1) * 16)'({line, x[n]});
    assign x_q[n] = line[DELAY];
  end

  logic [MAC_LATENCY-2:0] wide_q;
  always_ff @(posedge clk) wide_q <= (MAC_LATENCY - 1)'({wide_q, wide});

  for (genvar h = 0; h < H; h++) begin : g_channel
    logic [CHAINS-1:0][47:0] total;
    for (genvar k = 0; k < CHAINS; k++) begin : g_chain
      logic [LENGTH:0][47:0] cascade;
      logic [LENGTH-1:0][47:0] sum;
      assign cascade[0] = '0;
      for (genvar i = 0; i < LENGTH; i++) begin : g_cell
        mac_cell #(.FIRST(i == 0)) cell_i (
            .clk,
            .operand    (w[(h*N+k*LENGTH+i)*OPERAND_BITS+:OPERAND_BITS]),
            .x          (x_q[k*LENGTH+i]),
            .cascade_in (cascade[i]),
            .cascade_out(cascade[i+1]),
            .sum        (sum[i])
        );
      end
      assign total[k] = sum[LENGTH-1];

      logic unused;
      assign unused = ^{cascade, sum};
    end
    packed_sums #(.CHAINS(CHAINS)) split (
        .clk, .wide(wide_q[MAC_LATENCY-2]), .total, .low(sums[h]), .high(sums[h+H])
    );
  end

  logic unused;
  assign unused = ^{valid, half};
endmodule
