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

  // Stages of POST, from in_valid to out_valid.
  localparam int REQUANTIZE_LATENCY = 8;
  localparam int TABLE_LATENCY = UNIT_TABLE ? 5 : 0;
  localparam int ADD_LATENCY = 7;
  localparam int POST_LATENCY = REQUANTIZE_LATENCY + TABLE_LATENCY + ADD_LATENCY;

  localparam int MAC_LATENCY = 2;  // from the operands of the dot products to their sums

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

  localparam slot_t SLOT_ONE = (WORD_BITS + BANK_BITS)'(P == 1 ? 1 << BANK_BITS : 1);

  // A walk over the pixels of an image, row by row: what pixel_walker needs.
  localparam int COORD_BITS = 19;  // source coordinates, those in the padding too
  typedef logic signed [COORD_BITS-1:0] coord_t;
  typedef struct packed {
    slot_t origin;        // slot and coordinates of pixel (0, 0)
    coord_t x, y;
    slot_t column, row;   // from a pixel to the next one in its row, from a row to the next
    slot_t width;         // all columns of a row: width * column
    coord_t x_end;        // x behind the last column: x + width * stride_w
    logic [3:0] stride_w, stride_h;
  } walk_t;

  // CONV: what its set-up prepares for its processes. A pass makes sums of some groups of P pixels for some blocks of M channels.
  localparam int GROUP_BITS = WORD_BITS + 1;
  localparam int DEPTH_BITS = index_bits(ACC_DEPTH);
  localparam int CHANNEL_BLOCK_BITS = index_bits(2 * M / N);  // channel block inside a block of M channels
  localparam int PARAM_PAIR_BITS = index_bits((PARAM_WORDS + 1) / 2);
  typedef struct packed {
    logic all;                      // part of a chain: one pass does everything
    logic [1:0] dataflow;
    logic [GROUP_BITS-1:0] groups;  // of P output pixels
    logic [12:0] blocks;            // of M output channels
    logic [BANK_BITS:0] tail;       // pixels of the last group
  } conv_passes_t;
  typedef struct packed {
    conv_passes_t passes;
    walk_t walk;
    logic wide;                         // 16-bit elements: two slots an x vector
    logic odd;                          // the last set of input channels has one slot only
    logic [12:0] sets;                  // of N input channels
    logic [5:0] kernel_h, kernel_w;
    logic [5:0] dilation_h, dilation_w;
    slot_t tap_row, tap_column;         // dilation in slots
    logic [WORD_BITS-1:0] plane;        // words from one channel block to the next
    logic [12:0] height, width;
  } conv_read_t;
  typedef struct packed {
    conv_passes_t passes;
    logic wide;                              // 16-bit weights: twice as many words a set
    logic [WEIGHT_ADDRESS_BITS-1:0] address;
    logic [WEIGHT_ADDRESS_BITS:0] sets;      // M x N weight sets of a block of M output channels
  } conv_weights_t;
  typedef struct packed {
    conv_passes_t passes;
    logic first, last;
    logic wide;                          // the array's mode
    logic wide_source, wide_weights;
    logic [15:0] pad_value;
    logic [WEIGHT_ADDRESS_BITS:0] sets;
  } conv_steps_t;
  typedef struct packed {
    conv_passes_t passes;
    logic wide;                          // 16-bit results
    logic packed_sums;                   // sums of 32 bits
    logic [12:0] blocks;                 // output channel blocks
    logic use_operand;
    walk_t destination, operand;
    logic [WORD_BITS-1:0] destination_plane, operand_plane;
    logic [13:0] param_address;
  } conv_drain_t;

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
