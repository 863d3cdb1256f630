// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "base/diagnostic.h"
#include "base/tensor.h"

namespace heddle::frontend {

/// Weights stored in files beside the model. The one place that opens a path named by a model.
///
/// A location is accepted only if it is relative and, with all symbolic links resolved, lies inside the model's
/// directory. The bytes read from one file are bounded by its size: a file that many tensors quote in overlapping
/// ranges is refused, so that a small model cannot ask for absurd memory. Equal ranges are read once and shared.
class ExternalData {
 public:
  /// `directory` "" refuses every location.
  explicit ExternalData(std::string directory) : directory_(std::move(directory)) {}
  ~ExternalData();
  ExternalData(const ExternalData&) = delete;
  ExternalData& operator=(const ExternalData&) = delete;

  /// The file's bytes from `offset` on as a tensor of this type and shape. Errors carry no tensor name.
  [[nodiscard]] Result<Tensor> read(std::string_view location, std::int64_t offset, DataType type, const Shape& shape);
  /// Size of the file in bytes.
  [[nodiscard]] Result<std::int64_t> size(std::string_view location);

 private:
  struct File {
    int descriptor = -1;
    std::int64_t size = 0;
    std::int64_t quoted = 0;                                                    ///< bytes of all distinct ranges so far
    std::map<std::tuple<std::int64_t, std::int64_t, DataType>, Tensor> ranges;  ///< by offset, bytes and type
  };
  [[nodiscard]] Result<File*> open(std::string_view location);

  std::string directory_;
  std::map<std::string, File, std::less<>> files_;
};

}  // namespace heddle::frontend
