// SPDX-License-Identifier: Apache-2.0
// LANES positions that walk over the pixels of an image, row by row: lane l stands at pixels l, l + LANES, l + 2 LANES, …
//
// `prepare` starts on `walk`, which must hold until `prepared`, 2 + LANES cycles later: the first LANES pixels are
// visited one by one. That gives where the lanes begin, and the two steps that LANES pixels forward can be: with one more row or
// not. So no multiplication and no division is needed for narrow images, whose step is several rows. `load` takes the prepared walk over
// (its first position is the base, too), and the next `prepare` may follow while this walk goes on.
//
// In each cycle lanes may `advance` one by one; `mark` makes the positions after that the base, `rewind` returns all lanes to
// the base. Positions behind the last pixel are of no meaning; who walks counts pixels.
`include "assert.svh"
module pixel_walker
  import overlay_pkg::*, heddle_pkg::*;
#(
    parameter int LANES = P
) (
    input  logic               clk,
    input  logic               rst,
    input  logic               prepare,
    input  walk_t              walk,
    output logic               prepared,
    input  logic               load,
    input  logic   [LANES-1:0] advance,
    input  logic               rewind,
    input  logic               mark,
    output slot_t  [LANES-1:0] slot,
    output coord_t [LANES-1:0] x,
    output coord_t [LANES-1:0] y
);
  localparam int COUNT_BITS = $clog2(LANES + 1);

  typedef struct packed {
    slot_t slot;
    coord_t x, y;
  } position_t;

  // One step of LANES pixels, within `wrap` rows or one row more.
  typedef struct packed {
    position_t plain, wrapped;
    coord_t wrap_x;  // lanes at this x or beyond take the wrapped step
  } step_t;

  // Preparation.
  typedef enum logic [1:0] { IDLE, WALKING, STEP, READY } state_e;
  state_e state;
  logic [COUNT_BITS-1:0] count;
  position_t cursor, cursor_next;
  slot_t row_start, row_start_next;
  position_t [LANES-1:0] first;
  step_t next_step;

  always_comb begin
    cursor_next = cursor;
    row_start_next = row_start;
    cursor_next.x = cursor.x + COORD_BITS'(walk.stride_w);
    cursor_next.slot = slot_add(cursor.slot, walk.column);
    if (cursor_next.x == walk.x_end) begin
      row_start_next = slot_add(row_start, walk.row);
      cursor_next = '{slot: row_start_next, x: walk.x, y: cursor.y + COORD_BITS'(walk.stride_h)};
    end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      state <= IDLE;
    end else begin
      unique case (state)
        IDLE: if (prepare) state <= WALKING;
        WALKING: if (count == COUNT_BITS'(LANES - 1)) state <= STEP;
        STEP: state <= READY;
        READY: if (load) state <= IDLE;
      endcase
    end
    if (state == IDLE) begin
      cursor <= '{slot: walk.origin, x: walk.x, y: walk.y};
      row_start <= walk.origin;
      count <= '0;
    end
    if (state == WALKING) begin
      cursor <= cursor_next;
      row_start <= row_start_next;
      count <= count + 1'b1;
      first[LANES-1] <= cursor;
      for (int l = 0; l < LANES - 1; l++) first[l] <= first[l+1];
    end
    if (state == STEP) begin
      next_step.plain <= '{
          slot: slot_add(cursor.slot, slot_negate(first[0].slot)),
          x: cursor.x - first[0].x,
          y: cursor.y - first[0].y
      };
      next_step.wrapped <= '{
          slot: slot_add(slot_add(cursor.slot, slot_negate(first[0].slot)), slot_add(walk.row, slot_negate(walk.width))),
          x: cursor.x - walk.x_end,
          y: cursor.y - first[0].y + COORD_BITS'(walk.stride_h)
      };
      next_step.wrap_x <= walk.x_end - (cursor.x - first[0].x);
    end
  end
  assign prepared = state == READY;

  // The walk.
  step_t step;
  position_t [LANES-1:0] at, base, at_d;

  always_comb begin
    at_d = at;
    for (int l = 0; l < LANES; l++)
      if (advance[l]) begin
        if (at[l].x >= step.wrap_x)
          at_d[l] = '{
              slot: slot_add(at[l].slot, step.wrapped.slot),
              x: at[l].x + step.wrapped.x,
              y: at[l].y + step.wrapped.y
          };
        else
          at_d[l] = '{slot: slot_add(at[l].slot, step.plain.slot), x: at[l].x + step.plain.x, y: at[l].y + step.plain.y};
      end
  end

  always_ff @(posedge clk) begin
    if (load) begin
      step <= next_step;
      at   <= first;
      base <= first;
    end else begin
      if (rewind) at <= base;
      else if (advance != 0) at <= at_d;
      if (mark) base <= at_d;
    end
  end

  for (genvar l = 0; l < LANES; l++) begin : lane
    assign slot[l] = at[l].slot;
    assign x[l]    = at[l].x;
    assign y[l]    = at[l].y;
  end

  `HEDDLE_ASSERT(load_when_prepared, !load || prepared)
  `HEDDLE_ASSERT(mark_or_rewind, !(mark && rewind))
endmodule
