// SPDX-License-Identifier: Apache-2.0
// Types and functions that follow from the parameters of the overlay. docs/hardware.md explains the machine.
package heddle_pkg;
  import overlay_pkg::*;

  // Bits that count 0 ... n-1; at least one.
  function automatic int index_bits(int n);
    return n > 1 ? $clog2(n) : 1;
  endfunction

  localparam int SLOT_BITS = 8 * N;  // one pixel of one channel block
  localparam int HALF_BITS = SLOT_BITS / 2;
  localparam int BANK_BITS = index_bits(P);
  localparam int REGION_BITS = index_bits(REGIONS);
  localparam int ROW_BITS = index_bits(REGION_WORDS);  // word inside a region
  localparam int WORD_BITS = index_bits(REGIONS * REGION_WORDS);

  localparam int WEIGHT_WORD_BITS = 8 * M * N / WEIGHT_CYCLES;
  localparam int WEIGHT_ADDRESS_BITS = index_bits(WEIGHT_WORDS);
  localparam int PARAM_BITS = 96;  // one parameter word; memories deliver pairs
  localparam int POST_PIXELS = POST_LANES / N;  // pixels that POST takes a cycle
  localparam int ACC_BITS = 48;

  localparam int FEATURE_READ_LATENCY = 3;  // from the cycle of the grant to the cycle of the data
  localparam int CONST_READ_LATENCY = 2;    // weight, parameter, coefficient and table memories

  // Slot s of feature memory: word s div P of bank s mod P. Arithmetic is modulo the memory's size, so that sums with
  // negative offsets come out right whenever the final slot lies in the memory.
  typedef struct packed {
    logic [WORD_BITS-1:0] word;
    logic [BANK_BITS-1:0] bank;
  } slot_t;

  function automatic slot_t slot_add(slot_t a, slot_t b);
    logic [BANK_BITS:0] bank;
    logic carry;
    bank = {1'b0, a.bank} + {1'b0, b.bank};
    carry = bank >= (BANK_BITS + 1)'(P);
    if (carry) bank = bank - (BANK_BITS + 1)'(P);
    slot_add.bank = bank[BANK_BITS-1:0];
    slot_add.word = a.word + b.word + WORD_BITS'(carry);
  endfunction

  function automatic slot_t slot_negate(slot_t a);
    slot_negate.bank = a.bank == 0 ? '0 : BANK_BITS'(P) - a.bank;
    slot_negate.word = a.bank == 0 ? -a.word : ~a.word;
  endfunction

  // A request to feature memory for one cycle: at most one word of each bank. `regions` is the union of the enabled
  // banks' regions, for arbitration; a request without an enabled bank is none.
  typedef struct packed {
    logic [P-1:0] enable;
    logic [P-1:0][REGION_BITS-1:0] region;
    logic [P-1:0][ROW_BITS-1:0] row;
    logic [REGIONS-1:0] regions;
  } feature_request_t;

  typedef logic [P-1:0][SLOT_BITS-1:0] feature_data_t;
  typedef logic [P-1:0][1:0] feature_strobe_t;  // low and high half of each slot

  // Readers and writers of feature memory in the order of their priority.
  localparam int FEATURE_READERS = 4;
  typedef enum logic [1:0] { READ_CONV, READ_OPERAND, READ_STENCIL, READ_SAVE } feature_reader_e;
  localparam int FEATURE_WRITERS = 3;
  typedef enum logic [1:0] { WRITE_POST, WRITE_STENCIL, WRITE_LOAD } feature_writer_e;

  // One parameter word of a channel, as in the ISA page.
  typedef struct packed {
    logic [23:0] unused;
    logic [7:0] shift;
    logic [15:0] mult;
    logic signed [47:0] bias;
  } channel_param_t;

  // Post descriptor: two parameter words.
  typedef struct packed {
    logic [7:0] reserved;
    logic [7:0] table_number;  // 0: none
    logic [7:0] flags;         // bit 0: one channel word serves all channels
    logic [7:0] add_shift;
    logic signed [15:0] add_hi, add_lo, add_zero_y, add_zero_b, add_zero_a, add_mult_b, add_mult_a;
    logic signed [15:0] zero_point, hi, lo;
  } post_descriptor_t;

  // Why a busy engine does no useful work in a cycle. One cause a cycle; `none` while it works.
  typedef enum logic [2:0] {
    STALL_NONE, STALL_WEIGHTS, STALL_PORT, STALL_POST, STALL_HAZARD, STALL_BANK, STALL_DDR
  } stall_e;

  // What an engine does in a cycle, for the performance counters.
  typedef struct packed {
    logic busy;     // an instruction is in execution
    stall_e stall;  // meaningful while busy
  } activity_t;

  // Causes of an error, as in the status register.
  typedef enum logic [3:0] {
    ERROR_NONE, ERROR_CRC, ERROR_OPCODE, ERROR_AXI_SLAVE, ERROR_AXI_DECODE, ERROR_WATCHDOG, ERROR_SEMAPHORE
  } error_e;
endpackage
