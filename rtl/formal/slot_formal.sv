// SPDX-License-Identifier: Apache-2.0
// slot_add, slot_negate, slot_scale: (word, bank) pairs calculate as the slot numbers that they stand for, modulo the memory.
module slot_formal
  import overlay_pkg::*, heddle_pkg::*;
(
    input logic       clk,
    input logic       rst,
    input slot_t      a,
    input slot_t      b,
    input logic       start,
    input logic [4:0] factor,
    input slot_t      unit
);
  localparam int BITS = WORD_BITS + BANK_BITS + 8;
  localparam logic [BITS-1:0] SIZE = BITS'((1 << WORD_BITS) * P);  // slots that a word number can address

  function automatic logic [BITS-1:0] number(slot_t s);
    number = BITS'(s.word) * BITS'(P) + BITS'(s.bank);
  endfunction
  function automatic logic [BITS-1:0] wrap(logic [BITS-1:0] n);  // n < 2 * SIZE
    wrap = n >= SIZE ? n - SIZE : n;
  endfunction
  function automatic logic is_slot(slot_t s);
    is_slot = 32'(s.bank) < 32'(P);
  endfunction

  logic busy;
  slot_t result;
  slot_scale #(.FACTOR_BITS(5)) dut (.*);

  logic started = 1'b0;
  always_ff @(posedge clk) started <= 1'b1;

  logic ran;  // a product was made
  logic [4:0] factor_q;
  slot_t unit_q;
  always_ff @(posedge clk) begin
    if (rst) ran <= 1'b0;
    else if (start && !busy) begin
      ran      <= 1'b1;
      factor_q <= factor;
      unit_q   <= unit;
    end
  end

  always_comb begin
    if (!started) assume (rst);
    assume (is_slot(a) && is_slot(b) && is_slot(unit));
    assume (!(start && busy));
    // The final slot lies in the memory (intermediate ones then do, too).
    assume (BITS'(factor) * number(unit) < SIZE);
  end

  // While busy, the result is the unit times the factor's bits that were used.
  logic [4:0] used;
  always_comb used = factor_q >> dut.bits_q;

  slot_t sum, opposite;
  always_comb begin
    sum      = slot_add(a, b);
    opposite = slot_negate(a);
    if (started && !rst) begin
      sum_is_slot: assert (is_slot(sum));
      sum_adds: assert (number(sum) == wrap(number(a) + number(b)));
      opposite_is_slot: assert (is_slot(opposite));
      opposite_cancels: assert (number(slot_add(a, opposite)) == 0);
      if (ran) begin
        bounded: assert (BITS'(factor_q) * number(unit_q) < SIZE && is_slot(unit_q));
        registers: assert (dut.bits_q <= 5 && (!busy || (dut.unit_q == unit_q && dut.factor_q == factor_q)));
        scale_steps: assert (is_slot(result) && number(result) == BITS'(used) * number(unit_q));
        if (!busy) scale_multiplies: assert (number(result) == BITS'(factor_q) * number(unit_q));
        product: cover (!busy && factor_q == 5'd21 && result.bank != 0);
      end else begin
        idle: assert (!busy);
      end
    end
  end
endmodule
