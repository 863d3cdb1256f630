// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/tensor.h"
#include "isa/program.h"
#include "runtime/device.h"

namespace heddle::runtime {

/// A program resident on a device, ready to run: host operators on this processor, overlay segments on the device.
/// Needs neither ONNX nor the compiler. `run` may be called by several threads at once.
class Session {
 public:
  /// Loads all overlay segments. Errors: compiled for another overlay, names or sizes that do not fit together,
  /// unknown host operators, and everything that the device's verifier refuses.
  [[nodiscard]] static Result<Session> create(std::shared_ptr<const isa::Program> program,
                                              std::shared_ptr<Device> device);

  /// One inference. `inputs` holds every input of the program by name, with its exact type and shape; the result holds
  /// every output. A batch at the border of an overlay segment becomes as many submissions, pipelined.
  [[nodiscard]] Result<std::map<std::string, Tensor>> run(const std::map<std::string, Tensor>& inputs);
  /// The same with inputs and outputs in the model's order.
  [[nodiscard]] Result<std::vector<Tensor>> run(std::span<const Tensor> inputs);

  [[nodiscard]] const isa::Program& program() const;

 private:
  class Impl;
  explicit Session(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

}  // namespace heddle::runtime
