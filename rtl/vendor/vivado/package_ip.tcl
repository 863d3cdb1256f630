# SPDX-License-Identifier: Apache-2.0
# Packages the overlay as an IP core: vivado -mode batch -source vivado/package_ip.tcl   (from the folder that heddle rtl wrote)
set part @PART@
create_project -force heddle_ip build/ip_project -part $part
set sources [open sources.f]
foreach file [split [string trim [read $sources]] "\n"] {
  add_files -norecurse $file
}
close $sources
set_property file_type SystemVerilog [get_files *.sv]
set_property file_type {Verilog Header} [get_files -quiet *.svh]
set_property top heddle_ip [current_fileset]
update_compile_order -fileset sources_1

ipx::package_project -root_dir build/ip -vendor heddle -library user -taxonomy /UserIP -import_files -set_current true
set core [ipx::current_core]
set_property name heddle_@OVERLAY@ $core
set_property display_name "heddle overlay @OVERLAY@" $core
set_property version 1.0 $core
set interfaces s_axi
for {set port 0} {$port < @PORTS@} {incr port} {
  lappend interfaces [format "m%02d_axi" $port]
}
foreach interface $interfaces {
  ipx::associate_bus_interfaces -busif $interface -clock clk $core
}
ipx::associate_bus_interfaces -clock clk -reset resetn $core
ipx::create_xgui_files $core
ipx::update_checksums $core
ipx::check_integrity $core
ipx::save_core $core
close_project
puts "IP core: build/ip"
