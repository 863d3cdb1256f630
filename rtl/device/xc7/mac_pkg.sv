// SPDX-License-Identifier: Apache-2.0
// How two int8 products share a multiplier of 25 × 18 bits (7 series): fields of 17 bits hold sums of four. The upper weight must
// not be −128, as the ISA demands of 8-bit weights: −128·2^17 with a negative lower weight has no room in 25 bits.
package mac_pkg;
  localparam int SHIFT = 17;         // weight of the upper product
  localparam int CHAIN = 4;          // products that a field can hold
  localparam int OPERAND_BITS = 25;

  // high·2^SHIFT + low.
  function automatic logic [OPERAND_BITS-1:0] pack(logic [7:0] high, logic [7:0] low);
    localparam int FIELD = OPERAND_BITS - SHIFT;
    pack = {FIELD'($signed(high)) - FIELD'(low[7]), SHIFT'($signed(low))};
  endfunction
endpackage
