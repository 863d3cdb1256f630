// SPDX-License-Identifier: Apache-2.0
// Takes the two sums of packed chains apart, and adds the chains. A chain's total is high·2^SHIFT + low − 1: it started at −1, because
// sums of CHAIN int8 products lie in −2^(SHIFT−1)+1 … 2^(SHIFT−1), one too far for a signed field. In wide mode the whole total is
// the sum, of both channels.
module packed_sums
  import mac_pkg::*;
#(
    parameter int CHAINS = 1
) (
    input  logic                    clk,
    input  logic                    wide,
    input  logic [CHAINS-1:0][47:0] total,
    output logic [63:0]             low,
    output logic [63:0]             high
);
  // A field with its sign bit taken as the carry of the other one.
  logic signed [47:0] low_d, high_d;
  always_comb begin
    low_d  = '0;
    high_d = '0;
    for (int k = 0; k < CHAINS; k++) begin
      low_d  = low_d + 48'sd1 + (wide ? total[k] : 48'($signed(total[k][SHIFT-1:0])));
      high_d = high_d + (wide ? total[k] : 48'($signed(total[k][47:SHIFT]))) + 48'(wide || total[k][SHIFT-1]);
    end
  end
  always_ff @(posedge clk) begin
    low  <= 64'(low_d);
    high <= 64'(high_d);
  end
endmodule
