# SPDX-License-Identifier: Apache-2.0
# A block design for @BOARD@: processing system, the overlay, one memory port of the processing system for each AXI port. Then bitstream
# and hardware handoff. Run package_ip.tcl first: vivado -mode batch -source vivado/block_design.tcl
set part @PART@
create_project -force heddle_@BOARD@ build/project -part $part
set boards [get_board_parts -quiet @BOARD_PART@]
if {[llength $boards] > 0} {
  set_property board_part [lindex $boards end] [current_project]
}
set_property ip_repo_paths build/ip [current_project]
update_ip_catalog

create_bd_design system
set ps [create_bd_cell -type ip -vlnv xilinx.com:ip:zynq_ultra_ps_e ps]
if {[llength $boards] > 0} {
  apply_bd_automation -rule xilinx.com:bd_rule:zynq_ultra_ps_e -config {apply_board_preset "1"} $ps
}
set_property -dict [list \
  CONFIG.PSU__USE__M_AXI_GP0 1 CONFIG.PSU__USE__M_AXI_GP1 0 CONFIG.PSU__USE__M_AXI_GP2 0 \
  CONFIG.PSU__USE__IRQ0 1 CONFIG.PSU__FPGA_PL0_ENABLE 1 CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ @CLOCK_MHZ@] $ps
set overlay [create_bd_cell -type ip -vlnv heddle:user:heddle_@OVERLAY@ overlay]
set reset [create_bd_cell -type ip -vlnv xilinx.com:ip:proc_sys_reset reset]
connect_bd_net [get_bd_pins $ps/pl_clk0] [get_bd_pins $overlay/clk] [get_bd_pins $reset/slowest_sync_clk] [get_bd_pins $ps/maxihpm0_fpd_aclk]
connect_bd_net [get_bd_pins $ps/pl_resetn0] [get_bd_pins $reset/ext_reset_in]
connect_bd_net [get_bd_pins $reset/peripheral_aresetn] [get_bd_pins $overlay/resetn]
connect_bd_net [get_bd_pins $overlay/irq] [get_bd_pins $ps/pl_ps_irq0]

# One converter a port: the processing system's memory ports are AXI4 of up to 128 bits.
for {set port 0} {$port < @PORTS@} {incr port} {
  set hp [expr {$port + 2}]
  set_property CONFIG.PSU__USE__S_AXI_GP$hp 1 $ps
  set bridge [create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect memory_$port]
  set_property -dict [list CONFIG.NUM_SI 1 CONFIG.NUM_MI 1] $bridge
  connect_bd_net [get_bd_pins $ps/pl_clk0] [get_bd_pins $bridge/aclk] [get_bd_pins $ps/saxihp${port}_fpd_aclk]
  connect_bd_net [get_bd_pins $reset/interconnect_aresetn] [get_bd_pins $bridge/aresetn]
  connect_bd_intf_net [get_bd_intf_pins $overlay/[format "m%02d_axi" $port]] [get_bd_intf_pins $bridge/S00_AXI]
  connect_bd_intf_net [get_bd_intf_pins $bridge/M00_AXI] [get_bd_intf_pins $ps/S_AXI_HP${port}_FPD]
}
set bridge [create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect control]
set_property -dict [list CONFIG.NUM_SI 1 CONFIG.NUM_MI 1] $bridge
connect_bd_net [get_bd_pins $ps/pl_clk0] [get_bd_pins $bridge/aclk]
connect_bd_net [get_bd_pins $reset/interconnect_aresetn] [get_bd_pins $bridge/aresetn]
connect_bd_intf_net [get_bd_intf_pins $ps/M_AXI_HPM0_FPD] [get_bd_intf_pins $bridge/S00_AXI]
connect_bd_intf_net [get_bd_intf_pins $bridge/M00_AXI] [get_bd_intf_pins $overlay/s_axi]
assign_bd_address
validate_bd_design
save_bd_design

make_wrapper -files [get_files system.bd] -top -import
set_property top system_wrapper [current_fileset]
add_files -fileset constrs_1 -norecurse constraints.xdc
launch_runs impl_1 -to_step write_bitstream -jobs 4
wait_on_run impl_1
open_run impl_1
report_timing_summary -file build/timing.rpt
report_utilization -hierarchical -file build/utilization.rpt
write_hw_platform -fixed -include_bit -force build/heddle_@OVERLAY@.xsa
