// SPDX-License-Identifier: Apache-2.0
// fifo: a word that enters leaves after all earlier ones, unchanged; the count is never above DEPTH.
module fifo_formal (
    input logic       clk,
    input logic       rst,
    input logic       in_valid,
    input logic       out_ready,
    input logic [3:0] in_data,
    input logic       follow      // start following the word that enters now
);
  localparam int DEPTH = 3;
  logic in_ready, out_valid;
  logic [3:0] out_data;
  logic [1:0] count;
  fifo #(.WIDTH(4), .DEPTH(DEPTH)) dut (.*);

  logic started = 1'b0;
  always_ff @(posedge clk) started <= 1'b1;
  always_comb if (!started) assume (rst);

  logic followed;
  logic [3:0] word;
  logic [1:0] ahead;  // words before it
  always_ff @(posedge clk) begin
    if (rst) followed <= 1'b0;
    else if (!followed) begin
      if (follow && in_valid && in_ready) begin
        followed <= 1'b1;
        word     <= in_data;
        ahead    <= count - 2'(out_valid && out_ready);
      end
    end else if (out_valid && out_ready) begin
      if (ahead == 0) followed <= 1'b0;
      ahead <= ahead - 1'b1;
    end
  end

  logic [2:0] place;
  always_comb begin
    place = {1'b0, dut.head} + {1'b0, ahead};
    if (place >= 3'(DEPTH)) place = place - 3'(DEPTH);
  end
  logic [2:0] tail;
  always_comb begin
    tail = {1'b0, dut.head} + {1'b0, count};
    if (tail >= 3'(DEPTH)) tail = tail - 3'(DEPTH);
  end

  always_comb if (started && !rst) begin
    in_range: assert (count <= 2'(DEPTH));
    pointers: assert (dut.head < 2'(DEPTH) && {1'b0, dut.tail} == tail);
    if (followed) begin
      waits: assert (ahead < count);
      kept: assert (dut.memory[place[1:0]] == word);
      if (ahead == 0) leaves: assert (out_valid && out_data == word);
    end
    full: cover (count == 2'(DEPTH) && followed && ahead == 2);
  end
endmodule
