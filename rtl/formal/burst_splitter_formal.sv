// SPDX-License-Identifier: Apache-2.0
// burst_splitter: the bursts of a piece cover its bytes, in order, each beat once; none crosses a 4 KB page.
module burst_splitter_formal
  import overlay_pkg::*;
(
    input logic        clk,
    input logic        rst,
    input logic        in_valid,
    input logic [63:0] in_address,
    input logic [12:0] in_bytes,
    input logic        in_parity,
    input logic        out_ready
);
  logic in_ready, out_valid, out_last, out_parity;
  logic [63:0] out_address;
  logic [8:0] out_beats;
  burst_splitter dut (.*);

  localparam int OFFSET_BITS = $clog2(AXI_BYTES);
  localparam int MOST_BYTES = 256 * AXI_BYTES > 4096 ? 4096 : 256 * AXI_BYTES - AXI_BYTES;

  logic started = 1'b0;
  always_ff @(posedge clk) started <= 1'b1;
  always_comb begin
    if (!started) assume (rst);
    assume (in_bytes >= 1 && 32'(in_bytes) <= MOST_BYTES);
    assume (in_address[63:32] == '0);  // 64-bit carries are left to simulation
  end

  // The pieces that are in the splitter: at most one in each of its registers.
  typedef struct packed {
    logic [63:0] next, stop;  // the beat that must come next; behind the last one
    logic parity;
  } piece_t;
  piece_t [1:0] pieces, pieces_d;
  piece_t entering, newest;
  logic [63:0] behind;
  assign behind = in_address + 64'(in_bytes) + 64'(AXI_BYTES - 1);
  logic [1:0] count, count_d;
  logic took, gave;
  assign took = in_valid && in_ready;
  assign gave = out_valid && out_ready;
  always_comb begin
    entering.next   = {in_address[63:OFFSET_BITS], OFFSET_BITS'(0)};
    entering.stop   = {behind[63:OFFSET_BITS], OFFSET_BITS'(0)};
    entering.parity = in_parity;
    newest = count == 2'd2 ? pieces[1] : pieces[0];
  end
  always_comb begin
    pieces_d = pieces;
    count_d  = count;
    if (gave) begin
      pieces_d[0].next = pieces[0].next + 64'(out_beats) * AXI_BYTES;
      if (out_last) begin
        pieces_d[0] = pieces[1];
        count_d = count - 1'b1;
      end
    end
    if (took) begin
      if (count_d[0]) pieces_d[1] = entering;
      else pieces_d[0] = entering;
      count_d = count_d + 1'b1;
    end
  end
  always_ff @(posedge clk) begin
    pieces <= pieces_d;
    count  <= rst ? '0 : count_d;
  end

  logic waited;
  logic [63:0] address_q;
  logic [8:0] beats_q;
  logic last_q;
  always_ff @(posedge clk) begin
    waited    <= !rst && out_valid && !out_ready;
    address_q <= out_address;
    beats_q   <= out_beats;
    last_q    <= out_last;
  end

  logic [63:0] stop;
  assign stop = out_address + 64'(out_beats) * AXI_BYTES;
  // What the first register holds is what remains of the newest piece.
  logic [63:0] held_next, held_stop;
  assign held_next = out_valid && !out_last ? stop : newest.next;
  assign held_stop = dut.address + 64'(dut.beats) * AXI_BYTES;
  always_comb if (started && !rst) begin
    room: assert (count <= 2'd2 && 32'(count) == 32'(dut.valid) + 32'(out_valid && out_last));
    rest_is_held: assert (!out_valid || out_last || dut.valid);
    stops: assert ((count == 0 || pieces[0].stop[63:33] == '0) && (count != 2'd2 || pieces[1].stop[63:33] == '0));
    if (dut.valid) begin
      held: assert (dut.address == held_next && held_stop == newest.stop && dut.beats != '0 &&
                    dut.parity == newest.parity && (!(out_valid && !out_last) || count == 2'd1));
      held_in_reach: assert (32'(dut.beats) <= MOST_BYTES / AXI_BYTES + 1 && dut.address[63:33] == '0 && dut.address[OFFSET_BITS-1:0] == '0);
    end
    if (out_valid) begin
      in_order: assert (out_address == pieces[0].next && out_address[OFFSET_BITS-1:0] == '0);
      whole_beats: assert (out_beats != '0 && out_beats <= 9'd256);
      in_a_page: assert (32'(out_address[11:0]) + 32'(out_beats) * AXI_BYTES <= 4096);
      last_is_last: assert (out_last ? stop == pieces[0].stop : stop < pieces[0].stop && stop[11:0] == '0);
      parity_kept: assert (out_parity == pieces[0].parity);
    end
    if (waited) holds: assert (out_valid && out_address == address_q && out_beats == beats_q && out_last == last_q);
    two_bursts: cover (gave && !out_last && out_beats > 9'd2);
    unaligned: cover (gave && out_last && out_beats == 9'd2 && took);
  end
endmodule
