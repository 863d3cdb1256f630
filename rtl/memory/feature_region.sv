// SPDX-License-Identifier: Apache-2.0
// One region of feature memory: P banks of REGION_WORDS slots, each with one read and one write port. Data come two
// cycles after `read` (memory, output register). The write data of all writers come in, and `writer` says whose are meant.
module feature_region
  import overlay_pkg::*, heddle_pkg::*;
(
    input  logic                                         clk,
    input  logic          [P-1:0]                        read,
    input  logic          [P-1:0][ROW_BITS-1:0]          read_row,
    output feature_data_t                                read_data,
    input  logic          [P-1:0][1:0]                   write,      // low and high half
    input  logic          [P-1:0][ROW_BITS-1:0]          write_row,
    input  logic          [1:0]                          writer,
    input  feature_data_t [FEATURE_WRITERS-1:0]          write_data
);
  for (genvar b = 0; b < P; b++) begin : g_bank
    logic [SLOT_BITS-1:0] memory[REGION_WORDS];
    logic [SLOT_BITS-1:0] word;
    logic read_q;

    always_ff @(posedge clk) begin
      if (write[b][0]) memory[write_row[b]][0+:HALF_BITS] <= write_data[writer][b][0+:HALF_BITS];
      if (write[b][1]) memory[write_row[b]][HALF_BITS+:HALF_BITS] <= write_data[writer][b][HALF_BITS+:HALF_BITS];
      if (read[b]) word <= memory[read_row[b]];
      read_q <= read[b];
      if (read_q) read_data[b] <= word;
    end
  end
endmodule
