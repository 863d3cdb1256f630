// SPDX-License-Identifier: Apache-2.0
// build_cosim_model [--assert] OVERLAY FOLDER: builds the model of an overlay unless it is there.
#include <fmt/format.h>

#include <cstring>

#include "cosim/build_model.h"

namespace {

int refuse(const heddle::Diagnostics& findings) {
  for (const heddle::Diagnostic& d : findings) fmt::print(stderr, "{}\n", d.text());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  heddle::cosim::ModelOptions options;
  options.assertions = argc > 1 && std::strcmp(argv[1], "--assert") == 0;
  const int first = options.assertions ? 2 : 1;
  if (argc != first + 2) {
    fmt::print(stderr, "usage: build_cosim_model [--assert] OVERLAY FOLDER\n");
    return 1;
  }
  const auto overlay = heddle::overlay::find_overlay(argv[first]);
  if (!overlay) return refuse(overlay.error());
  const auto library = heddle::cosim::build_model(*overlay, options, argv[first + 1]);
  if (!library) return refuse(library.error());
  fmt::print("{}\n", *library);
  return 0;
}
