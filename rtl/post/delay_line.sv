// SPDX-License-Identifier: Apache-2.0
// Delays what comes with `in_valid` by CYCLES cycles, in a small ring memory instead of CYCLES registers. `out_data` is of
// meaning only CYCLES cycles after an `in_valid`. CYCLES is at least 2.
module delay_line #(
    parameter int WIDTH  = 8,
    parameter int CYCLES = 2
) (
    input  logic             clk,
    input  logic             rst,
    input  logic             in_valid,
    input  logic [WIDTH-1:0] in_data,
    output logic [WIDTH-1:0] out_data
);
  // Written in the cycle of the input, read CYCLES - 1 cycles later into the output register.
  localparam int DEPTH = CYCLES - 1;
  localparam int INDEX_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1;

  logic [WIDTH-1:0] memory[DEPTH];
  logic [INDEX_BITS-1:0] index;
  logic [DEPTH-1:0] valid;

  always_ff @(posedge clk) begin
    if (rst) begin
      index <= '0;
      valid <= '0;
    end else begin
      index <= index == INDEX_BITS'(DEPTH - 1) ? '0 : index + 1'b1;
      valid <= DEPTH'({valid, in_valid});
    end
    if (valid[DEPTH-1]) out_data <= memory[index];
    if (in_valid) memory[index] <= in_data;
  end
endmodule
