// SPDX-License-Identifier: Apache-2.0
#include "cosim/model.h"

namespace heddle::cosim {
namespace {

Diagnostic refused(const std::string& path, std::string message) {
  Diagnostic d;
  d.code = "cosim.library";
  d.message = std::move(message);
  d.file = path;
  return d;
}

}  // namespace

Result<ModelLibrary> ModelLibrary::open(const std::string& path) {
  auto opened = SharedLibrary::open(path);
  if (!opened) return fail(refused(path, std::move(opened.error())));
  ModelLibrary library;
  library.library_ = std::move(*opened);
  const auto entry = library.library_.function<const ModelApi* (*)()>(kModelSymbol);
  if (entry == nullptr) return fail(refused(path, "is no model of an overlay"));
  library.api_ = entry();
  if (library.api_->version != kModelApiVersion)
    return fail(refused(path, "is a model for another version of heddle; delete it, and it is built anew"));
  return library;
}

Model::Model(const ModelLibrary& library, std::uint32_t seed)
    : library_(library), machine_(library_.api_->create(seed)) {}

Model::~Model() {
  library_.api_->destroy(machine_);
}

}  // namespace heddle::cosim
