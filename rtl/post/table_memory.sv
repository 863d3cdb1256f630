// SPDX-License-Identifier: Apache-2.0
// One copy of all tables, without their entries 256: a true dual-port memory. Data come two cycles after `read`; a write takes
// port a.
module table_memory
  import overlay_pkg::*;
#(
    localparam int ADDRESS_BITS = $clog2(256 * TABLES)
) (
    input  logic                    clk,
    input  logic                    write,
    input  logic [            15:0] write_data,
    input  logic                    read,
    input  logic [ADDRESS_BITS-1:0] address_a,
    input  logic [ADDRESS_BITS-1:0] address_b,
    output logic [            15:0] data_a,
    output logic [            15:0] data_b
);
  logic [15:0] memory[256*TABLES];
  logic [15:0] word_a, word_b;
  logic read_q;

  always_ff @(posedge clk) begin
    if (write) memory[address_a] <= write_data;
    if (read) begin
      word_a <= memory[address_a];
      word_b <= memory[address_b];
    end
    read_q <= read;
    if (read_q) begin
      data_a <= word_a;
      data_b <= word_b;
    end
  end
endmodule
