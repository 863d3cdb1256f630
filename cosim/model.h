// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "base/diagnostic.h"
#include "base/shared_library.h"
#include "cosim/model_api.h"

namespace heddle::cosim {

/// The shared library of a Verilated overlay. It stays loaded as long as a copy of this or one of its machines lives.
class ModelLibrary {
 public:
  /// Errors: no library, or one of another version.
  [[nodiscard]] static Result<ModelLibrary> open(const std::string& path);

  [[nodiscard]] int ports() const { return static_cast<int>(api_->ports); }
  [[nodiscard]] int beat_bytes() const { return static_cast<int>(api_->beat_bytes); }

 private:
  friend class Model;
  SharedLibrary library_;
  const ModelApi* api_ = nullptr;
};

/// One machine of a library. Not thread-safe, but it may move between threads.
class Model {
 public:
  Model(const ModelLibrary& library, std::uint32_t seed);
  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  /// The low phase of the clock: applies the pins to the overlay and reads those from it.
  void settle(Pins& pins) { library_.api_->settle(machine_, &pins); }
  /// The rising edge. False: an assertion of the sources failed.
  [[nodiscard]] bool clock() { return library_.api_->clock(machine_) != 0; }

 private:
  ModelLibrary library_;
  void* machine_;
};

}  // namespace heddle::cosim
