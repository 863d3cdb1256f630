// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>
#include <vector>

#include "codegen/listing.h"
#include "isa/access.h"
#include "overlay/overlay.h"

/// The memories that load_const fills, each used as a ring.
///
/// A piece of constants is loaded where the last one ended, over the oldest one. Nothing is ever freed by hand: what is
/// needed again and was overwritten is loaded again. So loads of coming layers run ahead of the array until they meet
/// the pieces still in use, whatever the layers' sizes are, and the hazards of the ring hold them back there.
namespace heddle::codegen {

/// Where a piece lies now.
struct Resident {
  std::int64_t address = 0;
  RegionId region = 0;
};

/// Names a piece of constants; equal keys mean equal bytes.
struct ConstantKey {
  std::int32_t step = 0, phase = 0, chunk = 0, piece = 0;
  friend auto operator<=>(const ConstantKey&, const ConstantKey&) = default;
};

class ConstantMemory {
 public:
  using Pack = std::function<void(std::vector<std::byte>&)>;

  ConstantMemory(const overlay::Overlay& overlay, isa::Space space, std::vector<std::byte>& image, Listing& listing);

  /// The piece, loaded if it is not there (any more). `pack` appends its bytes to the image the first time.
  /// Precondition: it fits the memory.
  Resident require(const ConstantKey& key, std::int32_t layer, const Pack& pack);
  /// The same at a fixed address.
  Resident require_at(const ConstantKey& key, std::int64_t address, std::int32_t layer, const Pack& pack);

 private:
  struct Image {
    std::int64_t offset = 0, bytes = 0;
  };
  struct Piece {
    std::int64_t end = 0;
    ConstantKey key;
    RegionId region = 0;
  };
  Image packed(const ConstantKey& key, const Pack& pack);
  Resident load(const ConstantKey& key, const Image& image, std::int64_t address, std::int32_t layer);
  void evict(std::int64_t begin, std::int64_t end);

  isa::Space space_;
  std::int64_t word_bytes_, capacity_;
  std::size_t alignment_;
  std::vector<std::byte>& image_;
  Listing& listing_;
  std::int64_t head_ = 0;
  std::map<ConstantKey, Image> images_;
  std::map<ConstantKey, Resident> residents_;
  std::map<std::int64_t, Piece> pieces_;  ///< by first word
};

}  // namespace heddle::codegen
