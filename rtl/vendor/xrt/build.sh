#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the card's binary with Vitis: xrt/build.sh PLATFORM [hw|hw_emu]   (from the folder that heddle rtl wrote)
set -euo pipefail
cd "$(dirname "$0")/.."
platform=${1:?the platform of your card, as 'platforminfo -l' names it}
target=${2:-hw}
vivado -mode batch -source vivado/package_ip.tcl
vivado -mode batch -source xrt/package_kernel.tcl
v++ --link --target "$target" --platform "$platform" --kernel_frequency @CLOCK_MHZ_INT@ --save-temps --temp_dir build/vitis \
  @LINK_OPTIONS@ -o "build/heddle_@OVERLAY@.xclbin" build/heddle_ip.xo
