// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "isa/program.h"

/// What lies in parameter and table memory while the streams run: the verifier knows it, because load_const copies
/// from the constants.
namespace heddle::isa::verifier {

/// Contents of one of these memories, as byte offsets into the constants.
class ConstantMemory {
 public:
  ConstantMemory(std::int64_t words, std::int64_t bytes)
      : word_bytes_(bytes), source_(static_cast<std::size_t>(words)) {}

  void load(std::int64_t first, std::int64_t count, std::int64_t offset) {
    for (std::int64_t i = 0; i < count; ++i) source_[static_cast<std::size_t>(first + i)] = offset + i * word_bytes_;
  }
  /// The bytes of a word. It must have been loaded.
  [[nodiscard]] const std::byte* word(const OverlaySegment& segment, std::int64_t index) const {
    return segment.constants.data() + source_[static_cast<std::size_t>(index)];
  }

 private:
  std::int64_t word_bytes_;
  std::vector<std::int64_t> source_;
};

[[nodiscard]] PostDescriptor read_descriptor(const std::byte* first_word, const std::byte* second_word);

/// What is wrong with a descriptor for results of this type, or "". `drains`: it has a requantiser.
[[nodiscard]] std::string descriptor_error(const PostDescriptor& descriptor, DataType type, bool drains, bool adds);
/// What is wrong with a channel word when |acc| may reach `bound`, or "".
[[nodiscard]] std::string channel_error(const std::byte* word, std::int64_t bound);
/// What is wrong with a table for results of this type, or "".
[[nodiscard]] std::string table_error(const std::byte* table, DataType type);

}  // namespace heddle::isa::verifier
