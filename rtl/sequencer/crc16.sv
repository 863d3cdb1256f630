// SPDX-License-Identifier: Apache-2.0
// BYTES more bytes of a CRC-16/CCITT (polynomial 0x1021, not reflected; byte 0 first). Combinational: every bit of the
// result is the parity of some bits of the inputs.
module crc16 #(
    parameter int BYTES = 16
) (
    input  logic [       15:0] crc,
    input  logic [8*BYTES-1:0] data,
    output logic [       15:0] next
);
  localparam int BITS = 16 + 8 * BYTES;

  // For each bit of the result, which bits of {data, crc} it is the parity of: the bitwise algorithm on sets of bits.
  function automatic logic [15:0][BITS-1:0] make_masks();
    logic [15:0][BITS-1:0] rows;
    logic [BITS-1:0] feedback;
    for (int i = 0; i < 16; i++) rows[i] = BITS'(1) << i;
    for (int i = 0; i < 8 * BYTES; i++) begin
      feedback = rows[15] ^ (BITS'(1) << (16 + (i / 8) * 8 + 7 - i % 8));
      for (int r = 15; r > 0; r--) rows[r] = rows[r-1];
      rows[0]  = feedback;
      rows[5]  = rows[5] ^ feedback;
      rows[12] = rows[12] ^ feedback;
    end
    make_masks = rows;
  endfunction

  localparam logic [15:0][BITS-1:0] MASKS = make_masks();

  always_comb for (int i = 0; i < 16; i++) next[i] = ^({data, crc} & MASKS[i]);
endmodule
