// SPDX-License-Identifier: Apache-2.0
// How two int8 products share a multiplier of 27 × 18 bits (UltraScale+): fields of 18 bits hold sums of eight.
package mac_pkg;
  localparam int SHIFT = 18;         // weight of the upper product
  localparam int CHAIN = 8;          // products that a field can hold
  localparam int OPERAND_BITS = 27;

  // high·2^SHIFT + low.
  function automatic logic [OPERAND_BITS-1:0] pack(logic [7:0] high, logic [7:0] low);
    localparam int FIELD = OPERAND_BITS - SHIFT;
    pack = {FIELD'($signed(high)) - FIELD'(low[7]), SHIFT'($signed(low))};
  endfunction
endpackage
