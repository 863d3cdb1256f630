// SPDX-License-Identifier: Apache-2.0
// The plug-in for cards under XRT: the functions of card_api.h by the vendor's runtime, and nothing else.
#include <experimental/xrt_ip.h>
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>

#include <exception>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "xrt/card_api.h"

namespace heddle::xrt {
namespace {

/// The kernel in the binary that `heddle rtl` lets Vitis build, and the memory bank that its ports are linked to.
constexpr const char* kKernel = "heddle_ip";
constexpr ::xrt::memory_group kBank = 0;

thread_local std::string last_error;

/// Exceptions of the runtime end here.
template <class Function>
int guarded(Function&& function) {
  try {
    function();
    return 0;
  } catch (const std::exception& error) {
    last_error = error.what();
  } catch (...) {
    last_error = "unknown failure of XRT";
  }
  return 1;
}

struct OpenCard {
  OpenCard(unsigned index, const std::string& binary)
      : device(index), ip(device, device.load_xclbin(binary), kKernel) {}
  ::xrt::device device;
  ::xrt::ip ip;
};

OpenCard& card_of(void* card) {
  return *static_cast<OpenCard*>(card);
}
::xrt::bo& buffer_of(void* buffer) {
  return *static_cast<::xrt::bo*>(buffer);
}

int open(const char* binary, unsigned index, void** card) {
  return guarded([&] {
    if (*binary == '\0') throw std::runtime_error("no binary for the card is named; set HEDDLE_XCLBIN to an .xclbin");
    if (!std::filesystem::exists(binary)) throw std::runtime_error("there is no such file");
    *card = std::make_unique<OpenCard>(index, binary).release();
  });
}

void close(void* card) {
  delete static_cast<OpenCard*>(card);
}

int allocate(void* card, std::uint64_t bytes, CardBuffer* buffer) {
  return guarded([&] {
    auto bo = std::make_unique<::xrt::bo>(card_of(card).device, bytes, kBank);
    buffer->host = bo->map();
    buffer->address = bo->address();
    buffer->handle = bo.release();
  });
}

void release(void* buffer) {
  delete static_cast<::xrt::bo*>(buffer);
}

int to_card(void* buffer, std::uint64_t bytes) {
  return guarded([&] { buffer_of(buffer).sync(XCL_BO_SYNC_BO_TO_DEVICE, bytes, 0); });
}

int from_card(void* buffer, std::uint64_t bytes) {
  return guarded([&] { buffer_of(buffer).sync(XCL_BO_SYNC_BO_FROM_DEVICE, bytes, 0); });
}

int write_register(void* card, std::uint32_t address, std::uint32_t value) {
  return guarded([&] { card_of(card).ip.write_register(address, value); });
}

int read_register(void* card, std::uint32_t address, std::uint32_t* value) {
  return guarded([&] { *value = card_of(card).ip.read_register(address); });
}

const char* error() {
  return last_error.c_str();
}

constexpr CardApi kApi{kCardApiVersion, open,      close,          allocate,      release,
                       to_card,         from_card, write_register, read_register, error};

}  // namespace
}  // namespace heddle::xrt

extern "C" __attribute__((visibility("default"))) const heddle::xrt::CardApi* heddle_card_api() {
  return &heddle::xrt::kApi;
}
