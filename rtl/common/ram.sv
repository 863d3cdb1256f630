// SPDX-License-Identifier: Apache-2.0
// A memory with one write and one read port. Data come two cycles after `read` (memory and output register). A read in the
// cycle of a write to the same word gives the old word. `write` enables lanes of WIDTH/LANES bits.
module ram #(
    parameter int WIDTH = 128,
    parameter int DEPTH = 1024,
    parameter int LANES = 1,
    localparam int ADDRESS_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
    input  logic                    clk,
    input  logic [       LANES-1:0] write,
    input  logic [ADDRESS_BITS-1:0] write_address,
    input  logic [       WIDTH-1:0] write_data,
    input  logic                    read,
    input  logic [ADDRESS_BITS-1:0] read_address,
    output logic [       WIDTH-1:0] read_data
);
  localparam int LANE_BITS = WIDTH / LANES;

  logic [WIDTH-1:0] memory[DEPTH];
  logic [WIDTH-1:0] word;
  logic read_q;

  always_ff @(posedge clk) begin
    for (int l = 0; l < LANES; l++)
      if (write[l]) memory[write_address][l*LANE_BITS+:LANE_BITS] <= write_data[l*LANE_BITS+:LANE_BITS];
    if (read) word <= memory[read_address];
    read_q <= read;
    if (read_q) read_data <= word;
  end
endmodule
