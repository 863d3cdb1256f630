// SPDX-License-Identifier: Apache-2.0
#include "hardware/on_chip_conv.h"

#include "isa/access.h"

namespace heddle::hardware {

isa::Instruction instruction(const OnChipConv& layer, const overlay::Overlay& o) {
  using isa::Field;
  isa::Instruction i;
  i.opcode = isa::Opcode::conv;
  const std::int64_t source = (layer.size - 1) * layer.stride + 1, pad = layer.kernel / 2;
  // Rows that continue their groups in other banks: pitch ≡ out_width (mod P).
  const auto pitch = [&](std::int64_t width) {
    while (width % o.P != layer.size % o.P) ++width;
    return width;
  };
  i[Field::src_format] = static_cast<std::int64_t>(layer.source);
  i[Field::weight_format] = static_cast<std::int64_t>(layer.weights);
  i[Field::dst_format] = static_cast<std::int64_t>(layer.destination);
  i[Field::use_operand] = layer.operand;
  i[Field::src_height] = i[Field::src_width] = source;
  i[Field::out_height] = i[Field::out_width] = layer.size;
  i[Field::src_pitch] = pitch(source);
  i[Field::dst_pitch] = i[Field::operand_pitch] = pitch(layer.size);
  i[Field::src_plane] = (i[Field::src_pitch] * source + o.P - 1) / o.P;
  i[Field::dst_plane] = i[Field::operand_plane] = (i[Field::dst_pitch] * layer.size + o.P - 1) / o.P;
  i[Field::in_blocks] = layer.in_channels / isa::lanes(o, layer.source);
  i[Field::out_blocks] = layer.out_channels / isa::lanes(o, layer.destination);
  i[Field::dst_word] = o.feature_words() / 2;
  i[Field::operand_word] = o.feature_words() * 3 / 4;
  i[Field::dst_step] = 1;
  i[Field::kernel_h] = i[Field::kernel_w] = layer.kernel;
  i[Field::stride_h] = i[Field::stride_w] = layer.stride;
  i[Field::dilation_h] = i[Field::dilation_w] = 1;
  i[Field::pad_top] = i[Field::pad_left] = pad;
  i[Field::first] = i[Field::last] = 1;
  i[Field::dataflow] = static_cast<std::int64_t>(layer.dataflow);
  return i;
}

}  // namespace heddle::hardware
