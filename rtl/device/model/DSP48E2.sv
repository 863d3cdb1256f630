// SPDX-License-Identifier: Apache-2.0
// Behaviour of the UltraScale+ DSP slice, as far as mac_cell uses it (product, PCIN or 0, RND or 0; registers AREG, BREG,
// MREG, PREG), for simulators and proofs; the names of the ports are the vendor's. Not for synthesis.
module DSP48E2 #(
    parameter AMULTSEL = "A", BMULTSEL = "B", A_INPUT = "DIRECT", B_INPUT = "DIRECT", USE_MULT = "MULTIPLY", USE_SIMD = "ONE48",
    parameter logic [47:0] RND = '0,
    parameter int AREG = 1, ACASCREG = 1, BREG = 1, BCASCREG = 1, MREG = 1, PREG = 1, ADREG = 1, DREG = 1, CREG = 1,
    parameter int ALUMODEREG = 1, CARRYINREG = 1, CARRYINSELREG = 1, INMODEREG = 1, OPMODEREG = 1
) (
    input  logic [29:0] A,
    input  logic [29:0] ACIN,
    input  logic [3:0] ALUMODE,
    input  logic [17:0] B,
    input  logic [17:0] BCIN,
    input  logic [47:0] C,
    input  logic CARRYCASCIN,
    input  logic CARRYIN,
    input  logic [2:0] CARRYINSEL,
    input  logic CEA1,
    input  logic CEA2,
    input  logic CEAD,
    input  logic CEALUMODE,
    input  logic CEB1,
    input  logic CEB2,
    input  logic CEC,
    input  logic CECARRYIN,
    input  logic CECTRL,
    input  logic CED,
    input  logic CEINMODE,
    input  logic CEM,
    input  logic CEP,
    input  logic CLK,
    input  logic [26:0] D,
    input  logic [4:0] INMODE,
    input  logic MULTSIGNIN,
    input  logic [8:0] OPMODE,
    input  logic [47:0] PCIN,
    input  logic RSTA,
    input  logic RSTALLCARRYIN,
    input  logic RSTALUMODE,
    input  logic RSTB,
    input  logic RSTC,
    input  logic RSTCTRL,
    input  logic RSTD,
    input  logic RSTINMODE,
    input  logic RSTM,
    input  logic RSTP,
    output logic [29:0] ACOUT,
    output logic [17:0] BCOUT,
    output logic CARRYCASCOUT,
    output logic [3:0] CARRYOUT,
    output logic MULTSIGNOUT,
    output logic OVERFLOW,
    output logic [47:0] P,
    output logic PATTERNBDETECT,
    output logic PATTERNDETECT,
    output logic [47:0] PCOUT,
    output logic UNDERFLOW,
    output logic [7:0] XOROUT
);
  logic signed [26:0] a;
  logic signed [17:0] b;
  logic signed [44:0] m;
  logic [47:0] z;
  logic [47:0] w;
  assign z = OPMODE[6:4] == 3'b001 ? PCIN : '0;
  assign w = OPMODE[8:7] == 2'b10 ? RND : '0;

  always_ff @(posedge CLK) begin
    if (CEA2) a <= A[26:0];
    if (CEB2) b <= B;
    if (CEM) m <= a * b;
    if (CEP) P <= 48'(m) + z + w;
  end
  assign PCOUT = P;
  assign {ACOUT, BCOUT, CARRYCASCOUT, CARRYOUT, MULTSIGNOUT, OVERFLOW, PATTERNBDETECT, PATTERNDETECT, UNDERFLOW, XOROUT} = '0;

  logic unused;
  assign unused = ^{ACIN, ALUMODE, BCIN, C, CARRYCASCIN, CARRYIN, CARRYINSEL, CEA1, CEAD, CEALUMODE, CEB1, CEC, CECARRYIN,
      CECTRL, CED, CEINMODE, D, INMODE, MULTSIGNIN, RSTA, RSTALLCARRYIN, RSTALUMODE, RSTB, RSTC, RSTCTRL, RSTD, RSTINMODE,
      RSTM, RSTP, OPMODE[3:0], A[29:27]};
endmodule
