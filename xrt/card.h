// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/shared_library.h"
#include "hardware/run.h"
#include "xrt/card_api.h"

namespace heddle::xrt {

/// The functions of a plug-in, loaded from a shared library that stays as long as a copy lives.
struct CardLibrary {
  SharedLibrary library;
  const CardApi* api = nullptr;
};
/// Errors (unsupported): no such library, its runtime is not installed, or it is one for another version.
[[nodiscard]] Result<CardLibrary> open_card_library(const std::string& path);

/// Memory on a card; released with its last copy.
class Buffer {
 public:
  [[nodiscard]] std::uint64_t address() const { return buffer_.address; }
  [[nodiscard]] std::span<std::byte> host() const { return {static_cast<std::byte*>(buffer_.host), bytes_}; }
  Status to_card() const;
  Status from_card() const;

 private:
  friend class Card;
  CardLibrary library_;
  CardBuffer buffer_;
  std::size_t bytes_ = 0;
  std::shared_ptr<void> handle_;
};

/// A card with an overlay in it.
class Card final : public hardware::RegisterPort {
 public:
  /// Errors: no such card, a binary that does not fit it.
  [[nodiscard]] static Result<std::unique_ptr<Card>> open(const CardLibrary& library, const std::string& binary,
                                                          unsigned index);
  /// Errors: the card's memory is full. Empty buffers are allowed; they have no address.
  [[nodiscard]] Result<Buffer> allocate(std::size_t bytes);
  Status write_register(std::uint32_t address, std::uint32_t value) override;
  [[nodiscard]] Result<std::uint32_t> read_register(std::uint32_t address) override;

 private:
  CardLibrary library_;
  std::shared_ptr<void> handle_;
};

}  // namespace heddle::xrt
