// SPDX-License-Identifier: Apache-2.0
// Parameters of CONV or of STENCIL: words of PARAM_BITS, written one by one, read in pairs (the even word in the low half).
// Read data come CONST_READ_LATENCY cycles after `read`.
module param_memory
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int WORDS = PARAM_WORDS,
    localparam int ADDRESS_BITS = index_bits(WORDS),
    localparam int PAIRS = (WORDS + 1) / 2,
    localparam int PAIR_BITS = index_bits(PAIRS)
) (
    input  logic                     clk,
    input  logic                     rst,
    input  logic                     read,
    input  logic [PAIR_BITS-1:0]     read_address,   // of the pair
    output logic [2*PARAM_BITS-1:0]  read_data,
    input  logic                     write,
    input  logic [ADDRESS_BITS-1:0]  write_address,  // of the word
    input  logic [PARAM_BITS-1:0]    write_data
);
  ram #(.WIDTH(2 * PARAM_BITS), .DEPTH(PAIRS), .LANES(2)) memory (
      .clk,
      .write({write && write_address[0], write && !write_address[0]}),
      .write_address(PAIR_BITS'(write_address >> 1)),
      .write_data({write_data, write_data}),
      .read,
      .read_address,
      .read_data
  );

  logic unused;  // memories are not reset
  assign unused = rst;
endmodule
