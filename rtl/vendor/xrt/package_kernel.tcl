# SPDX-License-Identifier: Apache-2.0
# The packaged IP as a Vitis kernel.
package_xo -force -xo_path build/heddle_ip.xo -kernel_name heddle_ip -ip_directory build/ip -kernel_xml xrt/kernel.xml
