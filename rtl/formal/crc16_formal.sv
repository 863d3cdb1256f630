// SPDX-License-Identifier: Apache-2.0
// crc16: equals the bit-serial algorithm, and so finds every change of one or two bits of an instruction: the CRC is linear, so
// that a change shows when the CRC of the flipped bits alone is not 0.
module crc16_formal (
    input logic        clk,
    input logic [15:0] crc,
    input logic [23:0] data,
    input logic [4:0] flip_a,
    input logic [4:0] flip_b
);
  logic [15:0] next, change;
  logic [23:0] flips;
  assign flips = (24'd1 << flip_a) | (24'd1 << flip_b);
  crc16 #(.BYTES(3)) dut (.crc, .data, .next);
  crc16 #(.BYTES(3)) of_flips (.crc(16'd0), .data(flips), .next(change));

  logic [15:0] serial;
  always_comb begin
    serial = crc;
    for (int i = 0; i < 3; i++) begin
      serial = serial ^ {data[8*i+:8], 8'h00};
      for (int b = 0; b < 8; b++) serial = serial[15] ? {serial[14:0], 1'b0} ^ 16'h1021 : {serial[14:0], 1'b0};
    end
  end

  always_comb begin
    assume (flip_a < 5'd24 && flip_b < 5'd24);
    is_serial: assert (next == serial);
    flips_show: assert (change != 16'd0);
    zero: cover (next == 16'h0000 && crc == 16'hffff && data[7:0] == 8'd1);
  end
endmodule
