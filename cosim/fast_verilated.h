// SPDX-License-Identifier: Apache-2.0
#pragma once
// Included before everything else when a model is compiled: some of Verilator's run-time functions in a form that
// compilers turn into single instructions. Sign extension is the array's second most frequent operation; Verilator's
// takes three to five instructions, and as many for each operand of a 64-bit product, where it does nothing.
#include <cstring>

#include "verilated.h"

namespace heddle::cosim {

/// The low `bits` bits of `value` as a signed number.
[[gnu::always_inline]] inline std::int64_t sign_extend(int bits, std::uint64_t value) {
  return static_cast<std::int64_t>(value << (64 - bits)) >> (64 - bits);
}

[[gnu::always_inline]] inline WDataOutP assign_wide(int bits, WDataOutP to, WDataInP from) {
  std::memcpy(to, from, sizeof(EData) * VL_WORDS_I(bits));
  return to;
}

}  // namespace heddle::cosim

#define VL_EXTENDS_II(obits, lbits, lhs) static_cast<IData>(heddle::cosim::sign_extend(lbits, lhs))
#define VL_EXTENDS_QI(obits, lbits, lhs) static_cast<QData>(heddle::cosim::sign_extend(lbits, lhs))
#define VL_EXTENDS_QQ(obits, lbits, lhs) static_cast<QData>(heddle::cosim::sign_extend(lbits, lhs))
#define HEDDLE_SIGNED(bits, lhs, operation, rhs) \
  (heddle::cosim::sign_extend(bits, lhs) operation heddle::cosim::sign_extend(bits, rhs))
#define VL_MULS_III(bits, lhs, rhs) static_cast<IData>(HEDDLE_SIGNED(bits, lhs, *, rhs))
#define VL_MULS_QQQ(bits, lhs, rhs) static_cast<QData>(HEDDLE_SIGNED(bits, lhs, *, rhs))
#define VL_GTS_III(bits, lhs, rhs) HEDDLE_SIGNED(bits, lhs, >, rhs)
#define VL_GTS_IQQ(bits, lhs, rhs) HEDDLE_SIGNED(bits, lhs, >, rhs)
#define VL_LTS_III(bits, lhs, rhs) HEDDLE_SIGNED(bits, lhs, <, rhs)
#define VL_LTS_IQQ(bits, lhs, rhs) HEDDLE_SIGNED(bits, lhs, <, rhs)
#define VL_GTES_III(bits, lhs, rhs) HEDDLE_SIGNED(bits, lhs, >=, rhs)
#define VL_GTES_IQQ(bits, lhs, rhs) HEDDLE_SIGNED(bits, lhs, >=, rhs)
#define VL_LTES_III(bits, lhs, rhs) HEDDLE_SIGNED(bits, lhs, <=, rhs)
#define VL_LTES_IQQ(bits, lhs, rhs) HEDDLE_SIGNED(bits, lhs, <=, rhs)
#define VL_ASSIGN_W(bits, to, from) heddle::cosim::assign_wide(bits, to, from)
