// SPDX-License-Identifier: Apache-2.0
#include "overlay/keys.h"

#include <array>

namespace heddle::overlay {
namespace {

constexpr bool kRequired = true, kOptional = false, kBits = true, kNoBits = false;

constexpr std::array kOverlayKeys{
    Key<Overlay>{"name", &Overlay::name, kOptional, kNoBits, "default: the file's name"},
    Key<Overlay>{"device", &Overlay::device, kRequired, kNoBits, "key of the device file"},
    Key<Overlay>{"format", &Overlay::format, kOptional, kBits, "int, fp32 or bf16"},
    Key<Overlay>{"P", &Overlay::P, kRequired, kBits, "output pixels in parallel = banks"},
    Key<Overlay>{"M", &Overlay::M, kRequired, kBits, "output channels in parallel"},
    Key<Overlay>{"N", &Overlay::N, kRequired, kBits, "input channels in parallel, bytes of a slot"},
    Key<Overlay>{"acc_depth", &Overlay::acc_depth, kOptional, kBits, "accumulators per lane pair"},
    Key<Overlay>{"weight_cycles", &Overlay::weight_cycles, kOptional, kBits, "cycles that fill the weight registers"},
    Key<Overlay>{"winograd", &Overlay::winograd, kOptional, kBits, "none, f2 or f4"},
    Key<Overlay>{"stencil_pixels", &Overlay::stencil_pixels, kRequired, kNoBits, "pixels a cycle of STENCIL"},
    Key<Overlay>{"post_lanes", &Overlay::post_lanes, kRequired, kNoBits, "results requantised a cycle"},
    Key<Overlay>{"regions", &Overlay::regions, kRequired, kBits, "independent feature memories"},
    Key<Overlay>{"region_words", &Overlay::region_words, kRequired, kBits, "words per bank of one region"},
    Key<Overlay>{"weight_words", &Overlay::weight_words, kRequired, kBits, "words of M*N/weight_cycles bytes"},
    Key<Overlay>{"weight_bits", &Overlay::weight_bits, kOptional, kBits, "stored widths of weights"},
    Key<Overlay>{"param_words", &Overlay::param_words, kOptional, kBits, "96-bit words for CONV"},
    Key<Overlay>{"stencil_param_words", &Overlay::stencil_param_words, kOptional, kBits, "96-bit words for STENCIL"},
    Key<Overlay>{"coefficient_words", &Overlay::coefficient_words, kOptional, kBits, "words of 2*N bytes"},
    Key<Overlay>{"tables", &Overlay::tables, kOptional, kBits, "activation tables"},
    Key<Overlay>{"axi_ports", &Overlay::axi_ports, kOptional, kNoBits, "memory ports"},
    Key<Overlay>{"axi_bytes", &Overlay::axi_bytes, kOptional, kNoBits, "bytes a beat of each"},
    Key<Overlay>{"ddr_gb_per_s", &Overlay::ddr_gb_per_s, kRequired, kNoBits, "peak of all ports together"},
    Key<Overlay>{"ddr_efficiency", &Overlay::ddr_efficiency, kOptional, kNoBits, "share of the peak that bursts reach"},
    Key<Overlay>{"clock_mhz", &Overlay::clock_mhz, kRequired, kNoBits, "assumed for times"},
    Key<Overlay>{"cores", &Overlay::cores, kOptional, kNoBits, "independent copies"},
    Key<Overlay>{"units", &Overlay::units, kOptional, kBits, "optional units that are built in"},
};

constexpr std::array kDeviceKeys{
    Key<Device>{"name", &Device::name, kOptional, kNoBits, "default: the file's name"},
    Key<Device>{"part", &Device::part, kRequired, kNoBits, "manufacturer's part number"},
    Key<Device>{"board", &Device::board, kOptional, kNoBits, ""},
    Key<Device>{"family", &Device::family, kRequired, kNoBits, "xcup, xc7 or ecp5"},
    Key<Device>{"lut", &Device::lut, kRequired, kNoBits, ""},
    Key<Device>{"ff", &Device::ff, kRequired, kNoBits, ""},
    Key<Device>{"dsp", &Device::dsp, kRequired, kNoBits, ""},
    Key<Device>{"bram36", &Device::bram36, kRequired, kNoBits, "blocks of 36 kb"},
    Key<Device>{"uram", &Device::uram, kOptional, kNoBits, "blocks of 288 kb"},
    Key<Device>{"ddr_gb_per_s", &Device::ddr_gb_per_s, kRequired, kNoBits, ""},
    Key<Device>{"note", &Device::note, kOptional, kNoBits, ""},
};

}  // namespace

std::span<const Key<Overlay>> overlay_keys() {
  return kOverlayKeys;
}

std::span<const Key<Device>> device_keys() {
  return kDeviceKeys;
}

std::string_view name(NumberFormat format) {
  switch (format) {
    case NumberFormat::integer:
      return "int";
    case NumberFormat::fp32:
      return "fp32";
    case NumberFormat::bf16:
      return "bf16";
  }
  return "";
}

std::string_view name(Winograd winograd) {
  switch (winograd) {
    case Winograd::none:
      return "none";
    case Winograd::f2:
      return "f2";
    case Winograd::f4:
      return "f4";
  }
  return "";
}

}  // namespace heddle::overlay
