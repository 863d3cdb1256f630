// SPDX-License-Identifier: Apache-2.0
// One multiplier of a chain: `sum` = operand · x + cascade_in, as one DSP48E2. Operand and x are taken in one cycle, `cascade_in` two
// cycles later, `sum` stands one cycle after that. The first cell of a chain adds −1 in place of `cascade_in` (dot_row says why).
module mac_cell
  import mac_pkg::*;
#(
    parameter bit FIRST = 1'b0
) (
    input  logic                    clk,
    input  logic [OPERAND_BITS-1:0] operand,
    input  logic [15:0]             x,
    input  logic [47:0]             cascade_in,
    output logic [47:0]             cascade_out,  // to the next cell of the column
    output logic [47:0]             sum           // the same, to fabric
);
  // X, Y: the product. Z: PCIN or 0. W: 0 or RND.
  localparam logic [8:0] OPMODE = FIRST ? 9'b10_000_01_01 : 9'b00_001_01_01;

  DSP48E2 #(
      .AMULTSEL("A"), .BMULTSEL("B"), .A_INPUT("DIRECT"), .B_INPUT("DIRECT"), .USE_MULT("MULTIPLY"), .USE_SIMD("ONE48"),
      .RND(48'hffff_ffff_ffff), .AREG(1), .ACASCREG(1), .BREG(1), .BCASCREG(1), .MREG(1), .PREG(1), .ADREG(0), .DREG(0),
      .CREG(0), .ALUMODEREG(0), .CARRYINREG(0), .CARRYINSELREG(0), .INMODEREG(0), .OPMODEREG(0)
  ) dsp (
      .CLK(clk), .A(30'($signed(operand))), .B(18'($signed(x))), .PCIN(FIRST ? '0 : cascade_in), .PCOUT(cascade_out), .P(sum),
      .OPMODE, .ALUMODE(4'd0), .INMODE(5'd0), .CARRYINSEL(3'd0), .CARRYIN(1'b0), .C('1), .D('0), .CEA1(1'b0), .CEA2(1'b1),
      .CEB1(1'b0), .CEB2(1'b1), .CEM(1'b1), .CEP(1'b1), .CEAD(1'b0), .CEALUMODE(1'b0), .CEC(1'b0), .CECARRYIN(1'b0),
      .CECTRL(1'b0), .CED(1'b0), .CEINMODE(1'b0), .RSTA(1'b0), .RSTALLCARRYIN(1'b0), .RSTALUMODE(1'b0), .RSTB(1'b0),
      .RSTC(1'b0), .RSTCTRL(1'b0), .RSTD(1'b0), .RSTINMODE(1'b0), .RSTM(1'b0), .RSTP(1'b0), .ACIN('0), .BCIN('0),
      .CARRYCASCIN(1'b0), .MULTSIGNIN(1'b0),
      // verilator lint_off PINCONNECTEMPTY
      .ACOUT(), .BCOUT(), .CARRYCASCOUT(), .CARRYOUT(), .MULTSIGNOUT(), .OVERFLOW(),
      .PATTERNBDETECT(), .PATTERNDETECT(), .UNDERFLOW(), .XOROUT()
      // verilator lint_on PINCONNECTEMPTY
  );
endmodule
