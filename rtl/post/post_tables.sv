// SPDX-License-Identifier: Apache-2.0
// The activation table behind the requantiser: look_up_8() and look_up_16() of src/kernels/integer/arithmetic.h.
//
// Each two lanes share one copy of the tables. At 8 bits each of the two looks up its own value; at 16 bits copy j serves lane
// j of its pixel (only half of the lanes count), which needs entries i and i + 1. Entry 256 of each table is in registers.
// A rigid pipeline of TABLE_LATENCY cycles; values pass unchanged where `in_number` is 0.
//
// table_write is taken in a cycle with `table_ready`: one in whose successor nothing is looked up.
module post_tables
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int PIXELS = 1,
    parameter bit DSP = 1'b0  // multiply in DSPs
) (
    input  logic                           clk,
    input  logic                           rst,
    input  logic                           in_valid,
    input  logic                           in_wide,
    input  logic [7:0]                     in_number,  // table + 1
    input  logic [PIXELS-1:0][N-1:0][15:0] in_value,
    output logic [PIXELS-1:0][N-1:0][15:0] out_value,
    input  logic                           table_write,
    input  logic [7:0]                     table_number,
    input  logic [8:0]                     table_entry,
    input  logic [15:0]                    table_data,
    output logic                           table_ready
);
  localparam int PAIRS = PIXELS * N / 2;
  localparam int ADDRESS_BITS = $clog2(256 * TABLES);
  localparam int TABLE_BITS = index_bits(TABLES);

  typedef struct packed {
    logic wide, look_up;
    logic [TABLE_BITS-1:0] number;
  } mode_t;

  logic [TABLE_LATENCY-2:0] valid;  // behind each stage but the last
  mode_t [2:0] mode;
  always_ff @(posedge clk) begin
    if (rst) valid <= '0;
    else valid <= (TABLE_LATENCY - 1)'({valid, in_valid});
    if (in_valid) mode[0] <= '{in_wide, in_number != 0, TABLE_BITS'(in_number - 8'd1)};
    for (int i = 1; i < 3; i++) if (valid[i-1]) mode[i] <= mode[i-1];
  end

  // 1: addresses. A write stands in their place in a cycle without a look-up.
  logic [PAIRS-1:0][7:0] index_a, index_b;
  logic write;
  logic [15:0] write_data;
  assign table_ready = !(in_valid && in_number != 0);

  always_ff @(posedge clk) begin
    if (in_valid && in_number != 0) begin
      for (int p = 0; p < PIXELS; p++)
        for (int j = 0; j < N / 2; j++) begin
          index_a[p*N/2+j] <= 8'h80 ^ (in_wide ? in_value[p][j][15:8] : in_value[p][2*j][7:0]);
          index_b[p*N/2+j] <= 8'h80 ^ (in_wide ? in_value[p][j][15:8] + 8'd1 : in_value[p][2*j+1][7:0]);
        end
    end else if (table_write) begin
      for (int j = 0; j < PAIRS; j++) index_a[j] <= table_entry[7:0];
    end
  end

  logic [TABLE_BITS-1:0] write_number;
  logic [TABLES-1:0][15:0] closing;  // entries 256
  always_ff @(posedge clk) begin
    if (rst) write <= 1'b0;
    else write <= table_write && table_ready && !table_entry[8];
    write_data   <= table_data;
    write_number <= TABLE_BITS'(table_number);
    if (table_write && table_ready && table_entry[8]) closing[TABLE_BITS'(table_number)] <= table_data;
  end

  // 2, 3: the memories.
  logic read;
  logic [PAIRS-1:0][15:0] data_a, data_b;
  assign read = valid[0] && mode[0].look_up;
  for (genvar j = 0; j < PAIRS; j++) begin : copies
    table_memory copy (
        .clk,
        .write,
        .write_data,
        .read,
        .address_a(ADDRESS_BITS'({write ? write_number : mode[0].number, index_a[j]})),
        .address_b(ADDRESS_BITS'({mode[0].number, index_b[j]})),
        .data_a   (data_a[j]),
        .data_b   (data_b[j])
    );
  end

  // Beside them: the values, and whether the second entry is entry 256.
  logic [PIXELS-1:0][N-1:0][15:0] value_1, value_2, value;
  always_ff @(posedge clk) if (valid[1]) value <= value_2;
  always_ff @(posedge clk) if (valid[0]) value_2 <= value_1;
  always_ff @(posedge clk) if (in_valid) value_1 <= in_value;

  // 4: choose and multiply; 5: add.
  logic [15:0] closing_q;
  logic [PIXELS-1:0][N-1:0][15:0] from;
  (* use_dsp = DSP ? "yes" : "no" *)
  logic [PIXELS-1:0][N-1:0][31:0] product;
  always_ff @(posedge clk) begin
    if (valid[1]) closing_q <= closing[mode[1].number];
    if (valid[2])
      for (int p = 0; p < PIXELS; p++)
        for (int n = 0; n < N; n++) begin
          from[p][n] <= entry(
              mode[2].look_up, mode[2].wide, value[p][n],
              data_a[p*N/2+n/2][7:0], data_b[p*N/2+n/2][7:0], data_a[p*N/2+n%(N/2)], n % 2);
          product[p][n] <= slope(
              mode[2].look_up && mode[2].wide, value[p][n],
              data_a[p*N/2+n%(N/2)], data_b[p*N/2+n%(N/2)], closing_q);
        end
    if (valid[3])
      for (int p = 0; p < PIXELS; p++)
        for (int n = 0; n < N; n++) out_value[p][n] <= from[p][n] + 16'((product[p][n] + 32'd128) >> 8);
  end

  // The entry on which a lane stands: `a` or `b` of its pair at 8 bits, `own` at 16.
  function automatic logic [15:0] entry(logic look_up, logic wide, logic [15:0] y, logic [7:0] a, logic [7:0] b,
                                        logic [15:0] own, int odd);
    if (!look_up) entry = y;
    else if (wide) entry = own;
    else entry = odd != 0 ? {{8{b[7]}}, b} : {{8{a[7]}}, a};
  endfunction
  // (to − from)·low at 16 bits.
  function automatic logic [31:0] slope(logic interpolate, logic [15:0] y, logic [15:0] from, logic [15:0] next,
                                        logic [15:0] last);
    logic signed [31:0] to;
    to = 32'($signed(y[15:8] == 8'h7f ? last : next));
    slope = interpolate ? (to - 32'($signed(from))) * 32'($signed({1'b0, y[7:0]})) : '0;
  endfunction

  if (TABLE_BITS < 8) begin : narrow
    logic unused;
    assign unused = ^table_number[7:TABLE_BITS];
  end
endmodule
