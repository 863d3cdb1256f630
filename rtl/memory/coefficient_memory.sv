// SPDX-License-Identifier: Apache-2.0
// Depthwise coefficients: COEFFICIENT_WORDS words of N 16-bit numbers. Read data come CONST_READ_LATENCY cycles after
// coefficient_read.
module coefficient_memory
  import overlay_pkg::*, heddle_pkg::*;
(
    input  logic                     clk,
    input  logic                     rst,
    input  logic                     coefficient_read,
    input  logic [15:0]              coefficient_address,
    output logic [16*N-1:0]          coefficient_data,
    input  logic                     coefficient_write,
    input  logic [15:0]              coefficient_write_address,
    input  logic [16*N-1:0]          coefficient_write_data
);
  localparam int ADDRESS_BITS = index_bits(COEFFICIENT_WORDS);

  ram #(.WIDTH(16 * N), .DEPTH(COEFFICIENT_WORDS)) memory (
      .clk,
      .write(coefficient_write),
      .write_address(ADDRESS_BITS'(coefficient_write_address)),
      .write_data(coefficient_write_data),
      .read(coefficient_read),
      .read_address(ADDRESS_BITS'(coefficient_address)),
      .read_data(coefficient_data)
  );

  logic unused;  // memories are not reset; address bits beyond this overlay's memory
  assign unused = ^{rst, coefficient_address, coefficient_write_address};
endmodule
