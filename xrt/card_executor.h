// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "runtime/job_device.h"
#include "xrt/card.h"

namespace heddle::xrt {

struct CardOptions {
  std::uint32_t watchdog = 1U << 20;              ///< cycles without progress of an engine
  std::chrono::milliseconds longest_run{60'000};  ///< of one run; then the card is given up
  std::chrono::microseconds between_polls{20};    ///< of the status register
};

/// Runs segments on a card, one after the other; copies of one run go on while another computes. Errors: the card holds
/// another overlay.
[[nodiscard]] Result<std::unique_ptr<runtime::Executor>> make_card_executor(const overlay::Overlay& overlay,
                                                                            std::unique_ptr<Card> card,
                                                                            const CardOptions& options = {});

/// The executor for the card that the environment names: $HEDDLE_XCLBIN (the card's binary) and $HEDDLE_CARD (its
/// number, 0 by default), through the plug-in beside the executable or in $HEDDLE_PLUGIN_DIR. Errors (unsupported):
/// what of this is missing.
[[nodiscard]] Result<std::unique_ptr<runtime::Executor>> make_xrt_executor(const overlay::Overlay& overlay);

}  // namespace heddle::xrt
