// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "overlay/overlay.h"

namespace heddle::hardware {

struct ExportedFile {
  std::string path;  ///< relative, with '/'
  std::string text;
};

/// The hardware of an overlay as a self-contained folder: sources of `rtl_folder` (without proofs), generated packages,
/// a wrapper with one AXI bundle a port (`heddle_ip.v`), the list of files, and for the device's family constraints and
/// scripts of the vendor's or open tools. Errors: a source that cannot be read.
[[nodiscard]] Result<std::vector<ExportedFile>> export_overlay(const overlay::Overlay& overlay,
                                                               const overlay::Device& device,
                                                               const std::string& rtl_folder);
/// `heddle_ip.v`: plain Verilog around `heddle_overlay`, with ports s_axi_*, m00_axi_*, m01_axi_* …
[[nodiscard]] std::string ip_wrapper(const overlay::Overlay& overlay);

}  // namespace heddle::hardware
