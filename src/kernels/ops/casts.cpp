// SPDX-License-Identifier: Apache-2.0
#include "kernels/convert.h"
#include "kernels/onnx_type.h"
#include "kernels/ops/ops.h"

namespace heddle::kernels::ops {
namespace {

Inferred infer_cast(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "input", kAny);
  const std::int64_t to = get_int(attributes, "to", 0);
  const auto type = data_type_from_onnx(to);
  if (!type)
    check.unsupported("op.attribute", "to", text("element type ", to, " of TensorProto.DataType is not supported"));
  if (!check.ok()) return check.failed();
  return check.done({{.type = *type, .shape = check.shape(0)}});
}

Computed run_cast(const Attributes& attributes, Tensors inputs, std::size_t) {
  const auto type = data_type_from_onnx(get_int(attributes, "to", 0));
  if (!type) return bad_value("to", "the element type is not supported");
  return one(cast(inputs[0], *type));
}

Inferred infer_cast_like(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "input", kAny);
  check.type(1, "target_type", kAny);
  return check.done({{.type = check.in(1).type, .shape = check.shape(0)}});
}

Computed run_cast_like(const Attributes&, Tensors inputs, std::size_t) {
  return one(cast(inputs[0], inputs[1].type()));
}

constexpr std::array<std::string_view, 3> kCast{"round_mode", "saturate", "to"};
constexpr std::array<std::string_view, 2> kCastLike{"round_mode", "saturate"};

constexpr std::array kCasts{
    OperatorDefinition{"Cast", 1, 1, kCast, infer_cast, run_cast},
    OperatorDefinition{"CastLike", 2, 2, kCastLike, infer_cast_like, run_cast_like},
};

}  // namespace

Definitions casts() {
  return kCasts;
}

}  // namespace heddle::kernels::ops
