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

  // STENCIL: what its set-up prepares for its processes.
  localparam int STENCIL_COLUMNS = 2 * STENCIL_PIXELS + 1;  // of a row register: 3 columns, stride 2
  localparam int STENCIL_PARAM_PAIR_BITS = index_bits((STENCIL_PARAM_WORDS + 1) / 2);
  localparam int STRIP_BITS = $clog2(STENCIL_PIXELS + 1);   // counts the pixels of a strip
  localparam int STENCIL_TAPS_LATENCY = 5;                  // from the row registers to the sums of a window
  localparam int STENCIL_LANES_LATENCY = 3;                 // from a gathered tap to its accumulators
  // Through row registers; tap by tap; sums over the whole source.
  typedef enum logic [1:0] { PATH_WINDOW, PATH_POINT, PATH_SUM } stencil_path_e;

  // A position along one axis of the source: whole pixels, 1/65536 pixels, and the slots of the whole pixels.
  localparam int AXIS_BITS = 23;
  typedef struct packed {
    logic signed [AXIS_BITS-1:0] at;
    logic [15:0] fraction;
    slot_t slot;
  } position_t;
  // A step to the next position; `slot_carry` where the fractions overflow into one more pixel.
  typedef struct packed {
    logic signed [AXIS_BITS-1:0] at;
    logic [15:0] fraction;
    slot_t slot, slot_carry;
  } axis_step_t;

  function automatic position_t axis_forward(position_t from, axis_step_t step);
    logic carry;
    {carry, axis_forward.fraction} = {1'b0, from.fraction} + {1'b0, step.fraction};
    axis_forward.at   = from.at + step.at + AXIS_BITS'(carry);
    axis_forward.slot = slot_add(from.slot, carry ? step.slot_carry : step.slot);
  endfunction

  // For the walk over blocks and strips.
  typedef struct packed {
    logic [12:0] blocks;                            // channel blocks of the source
    logic halves;                                   // each block twice, for its lower and its upper lanes (8 to 16 bits)
    logic [12:0] width;                             // columns that are walked over
    logic [STRIP_BITS-1:0] strip;                   // columns of a strip
    position_t [STENCIL_PIXELS-1:0] column;         // of the first strip's lanes
    axis_step_t column_step;                        // from strip to strip
    slot_t origin, operand_origin;                  // of block 0
    logic [WORD_BITS-1:0] plane, operand_plane;
  } stencil_strips_t;

  // For the walks over the rows of a strip.
  typedef struct packed {
    logic [3:0] op;
    stencil_path_e path;
    logic results;                                  // there are some (not with `last` = 0)
    logic [12:0] height, width;                     // of the source
    logic [12:0] rows;                              // of the source (window, sum) or the output (point)
    position_t row;                                 // first row, and the step to the next one
    axis_step_t row_step;
    slot_t pitch, operand_pitch;
    logic broadcast;
    logic [5:0] kernel_h, kernel_w;
    logic [5:0] dilation_h, dilation_w;
    slot_t tap_row, tap_column;                     // from tap to tap
    slot_t last_row, last_column;                   // of the source (resize)
    logic [15:0] coefficient_address;
    logic skip;                                     // window: every other row gives outputs (stride 2)
    logic [1:0] lead, trail;                        // rows before the first output's last one, rows below the source
    logic [1:0] groups;                             // groups of P columns in a row, less 1
    logic [$clog2(STENCIL_COLUMNS+1)-1:0] columns;  // of a row
  } stencil_rows_t;

  // For the datapath; there is one of each instruction in execution.
  typedef struct packed {
    logic [3:0] op;
    stencil_path_e path;
    logic first, last;
    logic wide, dst_wide;                           // 16-bit source and output
    logic signed [15:0] pad;                        // element outside the source
    logic [1:0] kernel_h, kernel_w;                 // window
    logic skip;                                     // window: horizontal stride 2
  } stencil_mode_t;

  // For the fetch of parameters and coefficients.
  typedef struct packed {
    logic which;
    logic [12:0] blocks;
    logic halves;
    logic wide;
    logic descriptor, channels;                     // are needed
    logic coefficients;                             // of a window, in registers
    logic ones;                                     // they are 1 (average)
    logic [1:0] kernel_h, kernel_w;
    logic [13:0] param_address;
    logic [15:0] coefficient_address;
  } stencil_fetch_t;

  // For the writer.
  typedef struct packed {
    logic [12:0] blocks;
    logic halves, narrows;                          // 8 to 16 bits, 16 to 8 bits
    logic results;
    logic [12:0] height, width;
    logic [STRIP_BITS-1:0] strip;
    slot_t origin;
    logic [WORD_BITS-1:0] plane;
    slot_t pitch;
    slot_t [STENCIL_PIXELS-1:0] column;             // of the lanes
    slot_t strip_step;                              // from strip to strip
  } stencil_write_t;

  typedef struct packed {
    stencil_strips_t strips;
    stencil_rows_t rows;
    stencil_mode_t mode;
    stencil_fetch_t fetch;
    stencil_write_t write;
  } stencil_work_t;

  // What travels with a group of slots through STENCIL.
  typedef struct packed {
    logic which;                                    // instruction
    logic half;                                     // take the upper half of the slots
    logic out;                                      // completes outputs, of:
    logic bank, pass_last, final_out;               // parameter bank; the last of the block, of the instruction
    // Window
    logic push;                                     // completes a row
    logic [1:0] group;
    logic [2:0] outside;                            // row registers that stand above or below the source
    // Point and sum
    logic first;                                    // tap of its outputs
    logic second;                                   // operand
    logic coefficient;                              // needs one
    logic [15:0] coefficient_address;
    logic [8:0] weight_y;                           // bilinear
    logic [STENCIL_PIXELS-1:0][8:0] weight_x;
    logic [13:0] pass;                              // sum: block, or half block
  } stencil_tag_t;

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
