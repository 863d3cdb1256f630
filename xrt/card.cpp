// SPDX-License-Identifier: Apache-2.0
#include "xrt/card.h"

#include <fmt/format.h>

namespace heddle::xrt {
namespace {

tl::unexpected<Diagnostics> refused(const std::string& file, std::string message, std::string hint) {
  return fail({.error_class = ErrorClass::unsupported,
               .code = "xrt.plugin",
               .message = std::move(message),
               .file = file,
               .hint = std::move(hint)});
}

/// The last failure of the card's runtime.
tl::unexpected<Diagnostics> failed(const CardApi& api, std::string_view doing) {
  return fail({.code = "xrt.card", .message = fmt::format("{}: {}", doing, api.error())});
}

}  // namespace

Result<CardLibrary> open_card_library(const std::string& path) {
  auto opened = SharedLibrary::open(path);
  if (!opened)
    return refused(path, std::move(opened.error()),
                   "the plug-in is built where libxrt-dev and uuid-dev are installed, and needs libxrt to run");
  const auto entry = opened->function<const CardApi* (*)()>(kCardSymbol);
  if (entry == nullptr) return refused(path, "is no plug-in for cards", "build heddle again");
  CardLibrary library{std::move(*opened), entry()};
  if (library.api->version != kCardApiVersion)
    return refused(path, "is a plug-in for another version of heddle", "build heddle again");
  return library;
}

Status Buffer::to_card() const {
  if (bytes_ > 0 && library_.api->to_card(buffer_.handle, bytes_) != 0)
    return failed(*library_.api, "copying to the card");
  return {};
}

Status Buffer::from_card() const {
  if (bytes_ > 0 && library_.api->from_card(buffer_.handle, bytes_) != 0)
    return failed(*library_.api, "copying from the card");
  return {};
}

Result<std::unique_ptr<Card>> Card::open(const CardLibrary& library, const std::string& binary, unsigned index) {
  void* handle = nullptr;
  if (library.api->open(binary.c_str(), index, &handle) != 0)
    return fail(
        {.error_class = ErrorClass::unsupported,
         .code = "xrt.card",
         .message = fmt::format("card {} cannot be opened with '{}': {}", index, binary, library.api->error()),
         .hint = "$HEDDLE_XCLBIN names the card's binary, $HEDDLE_CARD its number; `xbutil examine` lists cards"});
  auto card = std::make_unique<Card>();
  card->library_ = library;
  card->handle_ = std::shared_ptr<void>(handle, [library](void* opened) { library.api->close(opened); });
  return card;
}

Result<Buffer> Card::allocate(std::size_t bytes) {
  Buffer buffer;
  if (bytes == 0) return buffer;
  if (library_.api->allocate(handle_.get(), bytes, &buffer.buffer_) != 0)
    return failed(*library_.api, fmt::format("allocating {} bytes on the card", bytes));
  buffer.library_ = library_;
  buffer.bytes_ = bytes;
  // The card outlives its buffers.
  buffer.handle_ = std::shared_ptr<void>(
      buffer.buffer_.handle, [library = library_, card = handle_](void* handle) { library.api->release(handle); });
  return buffer;
}

Status Card::write_register(std::uint32_t address, std::uint32_t value) {
  if (library_.api->write_register(handle_.get(), address, value) != 0)
    return failed(*library_.api, fmt::format("writing register {:#05x}", address));
  return {};
}

Result<std::uint32_t> Card::read_register(std::uint32_t address) {
  std::uint32_t value = 0;
  if (library_.api->read_register(handle_.get(), address, &value) != 0)
    return failed(*library_.api, fmt::format("reading register {:#05x}", address));
  return value;
}

}  // namespace heddle::xrt
