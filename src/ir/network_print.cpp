// SPDX-License-Identifier: Apache-2.0
#include <sstream>

#include "ir/network.h"
#include "ir/network_shape.h"

namespace heddle::ir {
namespace {

std::string describe(const Network& network, MapId id) {
  const FeatureMap& map = network.map(id);
  std::ostringstream out;
  out << '%' << id << ':' << heddle::name(map.type) << '[' << map.channels << 'x' << map.height << 'x' << map.width
      << "]";
  return out.str();
}

void print_pair(std::ostream& out, const char* label, std::int32_t a, std::int32_t b, std::int32_t usual) {
  if (a == usual && b == usual) return;
  out << ' ' << label << '=' << a << 'x' << b;
}

void print_window(std::ostream& out, const Window& w) {
  print_pair(out, "kernel", w.kernel_h, w.kernel_w, 1);
  print_pair(out, "stride", w.stride_h, w.stride_w, 1);
  print_pair(out, "dilation", w.dilation_h, w.dilation_w, 1);
  if (w.pad_top != 0 || w.pad_left != 0 || w.pad_bottom != 0 || w.pad_right != 0)
    out << " pads=" << w.pad_top << ',' << w.pad_left << ',' << w.pad_bottom << ',' << w.pad_right;
}

void print_post(std::ostream& out, const Post& post) {
  if (!post.channels.empty() || !post.by_count.empty()) out << " clamp=" << post.lo << ".." << post.hi;
  if (post.table) out << " table";
  if (post.add) {
    out << " add=(" << post.add->mult_a << ',' << post.add->mult_b << ")>>" << int{post.add->shift}
        << " clamp=" << post.add->lo << ".." << post.add->hi;
  }
}

void print_layer(std::ostream& out, const Network& network, const Layer& layer) {
  out << describe(network, layer.output) << " = " << name(layer.kind) << '(';
  for (std::size_t i = 0; i < layer.inputs.size(); ++i) out << (i == 0 ? "" : ", ") << '%' << layer.inputs[i];
  out << ')';
  print_window(out, layer.window);
  if (layer.groups != 1) out << " groups=" << layer.groups;
  if (!layer.weights.values.empty()) out << " weights=" << heddle::name(layer.weights.type);
  if (layer.output_pad_h != 0 || layer.output_pad_w != 0)
    print_pair(out, "output_pad", layer.output_pad_h, layer.output_pad_w, 0);
  if (layer.kind == LayerKind::slice) out << " from=" << layer.slice_begin;
  if (layer.kind == LayerKind::fill) out << " value=" << layer.fill_value;
  if (layer.kind == LayerKind::resize_nearest || layer.kind == LayerKind::resize_bilinear)
    out << " y=" << layer.resize_y.start << '+' << layer.resize_y.step << " x=" << layer.resize_x.start << '+'
        << layer.resize_x.step;
  print_post(out, layer.post);
  out << "  # " << layer.name << '\n';
}

}  // namespace

std::string print(const Network& network) {
  std::ostringstream out;
  out << "network " << network.name << '\n';
  for (const MapId id : network.inputs)
    out << "input " << describe(network, id) << " scale=" << network.map(id).scale
        << " zero=" << network.map(id).zero_point << "  # " << network.map(id).name << '\n';
  for (const Layer& layer : network.layers) print_layer(out, network, layer);
  for (const MapId id : network.outputs)
    out << "output " << describe(network, id) << " scale=" << network.map(id).scale
        << " zero=" << network.map(id).zero_point << "  # " << network.map(id).name << '\n';
  return out.str();
}

}  // namespace heddle::ir
