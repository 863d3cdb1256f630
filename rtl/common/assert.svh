// SPDX-License-Identifier: Apache-2.0
// HEDDLE_ASSERT(name, condition): checked in every cycle outside reset, in simulation and in formal proofs; nothing in
// synthesis. To be used where `clk` and `rst` are visible.
`ifndef HEDDLE_ASSERT_SVH
`define HEDDLE_ASSERT_SVH
`ifdef SYNTHESIS
`define HEDDLE_ASSERT(name, condition)
`else
`define HEDDLE_ASSERT(name, condition) \
  always_ff @(posedge clk) begin \
    if (!rst) begin \
      name: assert (condition); \
    end \
  end
`endif
`endif
