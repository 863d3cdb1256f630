// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

/// What a plug-in for a family of cards offers to heddle, which is built without the vendor's runtime.
namespace heddle::xrt {

inline constexpr std::uint32_t kCardApiVersion = 1;

/// Memory of the card with its mirror on the host. `address` is what the overlay uses; a multiple of 4,096.
struct CardBuffer {
  void* handle = nullptr;
  void* host = nullptr;
  std::uint64_t address = 0;
};

/// Functions that can fail return 0 where they succeed; `error` then is the text of this thread's last failure. Buffers
/// may be used by several threads; registers of a card by one at a time.
struct CardApi {
  std::uint32_t version;
  /// Opens card number `index` and loads `binary` (a file) into it.
  int (*open)(const char* binary, unsigned index, void** card);
  void (*close)(void* card);
  int (*allocate)(void* card, std::uint64_t bytes, CardBuffer* buffer);
  void (*release)(void* buffer);
  int (*to_card)(void* buffer, std::uint64_t bytes);
  int (*from_card)(void* buffer, std::uint64_t bytes);
  int (*write_register)(void* card, std::uint32_t address, std::uint32_t value);
  int (*read_register)(void* card, std::uint32_t address, std::uint32_t* value);
  const char* (*error)();
};

/// Name of the function `const CardApi* heddle_card_api()` in the plug-in.
inline constexpr const char* kCardSymbol = "heddle_card_api";

}  // namespace heddle::xrt
