// SPDX-License-Identifier: Apache-2.0
// Weight memory: WEIGHT_WORDS words of M·N/WEIGHT_CYCLES bytes, read as a whole, written in lanes of an AXI beat.
//
// Each lane is a memory with its own write address, so that the ports of load_weights write at once as long as they
// mean different lanes (load_weights sees to that). When a word is no multiple of a beat, there is one lane, a whole word wide,
// written by port 0. Read data come CONST_READ_LATENCY cycles after weight_read.
`include "assert.svh"
module weight_memory
  import overlay_pkg::*, heddle_pkg::*;
#(
    localparam int BEAT_BITS = 8 * AXI_BYTES,
    localparam int WRITE_BITS = WEIGHT_WORD_BITS % BEAT_BITS == 0 ? BEAT_BITS : WEIGHT_WORD_BITS,
    localparam int LANES = WEIGHT_WORD_BITS / WRITE_BITS,
    localparam int LANE_BITS = index_bits(LANES)
) (
    input  logic                                                clk,
    input  logic                                                rst,
    input  logic                                                weight_read,
    input  logic [WEIGHT_ADDRESS_BITS-1:0]                      weight_address,
    output logic [WEIGHT_WORD_BITS-1:0]                         weight_data,
    input  logic [AXI_PORTS-1:0]                                weight_write,
    input  logic [AXI_PORTS-1:0][WEIGHT_ADDRESS_BITS-1:0]       weight_write_address,
    input  logic [AXI_PORTS-1:0][LANE_BITS-1:0]                 weight_write_lane,
    input  logic [AXI_PORTS-1:0][WRITE_BITS-1:0]                weight_write_data
);
  logic read_q;
  always_ff @(posedge clk) read_q <= weight_read;

  for (genvar l = 0; l < LANES; l++) begin : g_lane
    logic [WRITE_BITS-1:0] memory[WEIGHT_WORDS];
    logic [WRITE_BITS-1:0] word;
    logic write;
    logic [WEIGHT_ADDRESS_BITS-1:0] address;
    logic [WRITE_BITS-1:0] data;

    always_comb begin
      write   = 1'b0;
      address = '0;
      data    = '0;
      if (weight_write != '0)
        for (int q = 0; q < AXI_PORTS; q++)
          if (weight_write[q] && weight_write_lane[q] == LANE_BITS'(l)) begin
            write   = 1'b1;
            address = weight_write_address[q];
            data    = weight_write_data[q];
          end
    end

    always_ff @(posedge clk) begin
      if (write) memory[address] <= data;
      if (weight_read) word <= memory[weight_address];
      if (read_q) weight_data[l*WRITE_BITS+:WRITE_BITS] <= word;
    end
  end

  logic lanes_differ;
  always_comb begin
    lanes_differ = 1'b1;
    for (int p = 0; p < AXI_PORTS; p++)
      for (int q = p + 1; q < AXI_PORTS; q++)
        if (weight_write[p] && weight_write[q] && weight_write_lane[p] == weight_write_lane[q]) lanes_differ = 1'b0;
  end
  `HEDDLE_ASSERT(one_write_a_lane, lanes_differ)
endmodule
