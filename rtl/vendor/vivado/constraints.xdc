# SPDX-License-Identifier: Apache-2.0
# The overlay alone (out of context) at @CLOCK_MHZ@ MHz; in a block design the clock comes from there.
if {[llength [get_ports -quiet clk]] > 0} {
  create_clock -name clk -period @PERIOD_NS@ [get_ports clk]
}
