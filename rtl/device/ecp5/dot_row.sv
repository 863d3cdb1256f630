// SPDX-License-Identifier: Apache-2.0
// The dot products of one lane on MULT18X18D: one product each, packed and wide alike, with registers at their inputs and
// outputs; a tree of adders with a register behind each level. Ports as in the portable variant.
module dot_row
  import overlay_pkg::*, heddle_pkg::*;
(
    input  logic                        clk,
    input  logic                        valid,
    input  logic                        wide,
    input  logic                        half,
    input  logic [N-1:0][15:0]          x,
    input  logic [DOT_OPERAND_BITS-1:0] w,
    output logic [M-1:0][63:0]          sums
);
  localparam int LEVELS = $clog2(N);  // MAC_LATENCY = 2 + LEVELS
  localparam int BITS = 32 + LEVELS;

  for (genvar m = 0; m < M; m++) begin : g_channel
    logic [N-1:0][35:0] product;
    logic [N-1:1][BITS-1:0] node;  // sum of nodes 2i and 2i + 1; behind the nodes follow the products
    for (genvar n = 0; n < N; n++) begin : g_lane
      mac_cell cell_n (.clk, .operand(w[(m*N+n)*16+:16]), .x(x[n]), .product(product[n]));
    end
    for (genvar i = 1; i < N; i++) begin : g_node
      if (2 * i < N) begin : g_inner
        always_ff @(posedge clk) node[i] <= node[2*i] + node[2*i+1];
      end else begin : g_leaf
        always_ff @(posedge clk)
          node[i] <= BITS'($signed(product[2*i-N][31:0])) + BITS'($signed(product[2*i+1-N][31:0]));
      end
    end
    assign sums[m] = 64'($signed(node[1]));

    logic unused;
    assign unused = ^product;
  end

  logic unused;
  assign unused = ^{valid, wide, half};
endmodule
