// SPDX-License-Identifier: Apache-2.0
#include "isa/verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/isa/sample.h"

namespace heddle::isa {
namespace {

using sample::of;
using sample::Streams;
using testing::HasSubstr;
using testing::StartsWith;
using F = Field;

std::string first_finding(const OverlaySegment& segment) {
  const Status status = verify(segment, sample::small_overlay());
  return status ? "accepted" : status.error().front().text();
}

/// The first finding after one change to the legal program.
std::string after(const std::function<void(Streams&)>& change) {
  Streams streams = sample::three_tiles();
  change(streams);
  return first_finding(sample::segment(streams));
}

/// The same with one field of one instruction changed.
std::string with(Engine engine, std::size_t index, Field field, std::int64_t value) {
  return after([&](Streams& s) { of(s, engine)[index][field] = value; });
}

std::string with_segment(const std::function<void(OverlaySegment&)>& change) {
  OverlaySegment segment = sample::segment(sample::three_tiles());
  change(segment);
  return first_finding(segment);
}

TEST(Verifier, AcceptsTheLegalProgram) {
  EXPECT_EQ(after([](Streams&) {}), "accepted");
}

TEST(Verifier, RefusesTheLossOfAnySignalOrWait) {
  const Streams legal = sample::three_tiles();
  for (const Engine engine : kAllEngines)
    for (std::size_t i = 0; i < legal[static_cast<std::size_t>(engine)].size(); ++i)
      for (const Field field : {F::wait0, F::wait1, F::signal0, F::signal1})
        if (legal[static_cast<std::size_t>(engine)][i][field] != 0) {
          EXPECT_THAT(with(engine, i, field, 0), HasSubstr("it must end at 0"))
              << instruction_name(engine, i) << " " << name(field);
        }
}

/// Clears the last use of a semaphore in one of these fields.
void clear_last(Streams& streams, std::int64_t semaphore, std::initializer_list<Field> fields) {
  for (auto& stream : streams)
    for (auto i = stream.rbegin(); i != stream.rend(); ++i)
      for (const Field field : fields)
        if ((*i)[field] == semaphore) {
          (*i)[field] = 0;
          return;
        }
}

TEST(Verifier, RefusesTheLossOfAnySynchronisation) {
  for (std::int64_t semaphore = 1; semaphore <= 8; ++semaphore)
    EXPECT_THAT(after([&](Streams& s) {
                  clear_last(s, semaphore, {F::wait0, F::wait1});
                  clear_last(s, semaphore, {F::signal0, F::signal1});
                }),
                testing::AnyOf(HasSubstr("no semaphore orders that behind"), HasSubstr("nothing wrote it before")))
        << "semaphore " << semaphore;
}

TEST(Verifier, NamesInstructionFieldAndLayerOfAHazard) {
  EXPECT_EQ(after([](Streams& s) {
              clear_last(s, 6, {F::wait1});
              clear_last(s, 6, {F::signal1});
            }),
            "node 'conv[2]' (conv), field 'dst_word': slot 60 is overwritten, but no semaphore orders that behind "
            "stencil[0], which reads it (layer 'conv1')");
}

TEST(Verifier, RefusesMovedAddresses) {
  EXPECT_THAT(with(Engine::load_features, 0, F::dst_word, 1), HasSubstr("slot 0 is read, but nothing wrote it before"));
  EXPECT_THAT(with(Engine::load_features, 1, F::dst_word, 5), HasSubstr("no semaphore orders that behind"));
  EXPECT_THAT(with(Engine::conv, 0, F::src_word, 1), HasSubstr("no semaphore orders that behind load_features[1]"));
  EXPECT_THAT(with(Engine::conv, 0, F::dst_word, 15), HasSubstr("dst_word"));
  EXPECT_THAT(with(Engine::stencil, 0, F::dst_word, 20), HasSubstr("is a source of the same instruction"));
  EXPECT_THAT(with(Engine::save, 0, F::ddr_offset, 64), HasSubstr("field 'output 'y'': slot (0, 0, 0) is never saved"));
  EXPECT_THAT(with(Engine::conv, 0, F::weight_address, 1), HasSubstr("weights 2 is read, but nothing wrote it before"));
  EXPECT_THAT(with(Engine::conv, 0, F::param_address, 20), HasSubstr("conv_params 20 is read, but nothing wrote it"));
  EXPECT_THAT(with(Engine::load_weights, 1, F::address, 1), HasSubstr("conv_params 0 is read, but nothing wrote it"));
}

TEST(Verifier, RefusesAddressesOutsideTheirMemory) {
  EXPECT_THAT(
      with(Engine::conv, 0, F::src_word, 250),
      StartsWith("node 'conv[0]' (conv), field 'src_word': the access ends at slot 779; feature memory has 768"));
  EXPECT_THAT(with(Engine::conv, 0, F::dst_plane, 5000), HasSubstr("field 'dst_word'"));
  EXPECT_THAT(with(Engine::load_features, 0, F::ddr_plane, 100), HasSubstr("base register 2 has 360"));
  EXPECT_THAT(with(Engine::save, 2, F::ddr_offset, 300), HasSubstr("base register 3 has 360"));
  EXPECT_THAT(with(Engine::load_weights, 0, F::bytes, 1000), HasSubstr("base register 0 has 768"));
  EXPECT_THAT(with(Engine::load_weights, 0, F::address, 63), HasSubstr("words 63 ... 64 of weights, which has 64"));
  EXPECT_THAT(with(Engine::conv, 0, F::weight_address, 63), HasSubstr("field 'weight_address'"));
  EXPECT_THAT(with(Engine::conv, 0, F::param_address, 64), HasSubstr("words 64 ... 65 of conv_params"));
  EXPECT_THAT(with(Engine::conv, 0, F::src_bank, 3), HasSubstr("the overlay has P = 3 banks"));
}

TEST(Verifier, RefusesParametersThatEndBehindTheirMemory) {
  // The descriptor fits at words 60 and 61, but 8 channel words do not.
  const std::string text = after([](Streams& s) {
    auto& weights = of(s, Engine::load_weights);
    weights.insert(weights.begin() + 1, sample::load_constants(Space::conv_params, 64, 24, {{F::address, 60}}));
    of(s, Engine::conv)[0][F::param_address] = 60;
  });
  EXPECT_THAT(text, HasSubstr("10 words from 60 on end behind 64"));
}

TEST(Verifier, RefusesSharedSlots) {
  EXPECT_THAT(with(Engine::conv, 0, F::dst_pitch, 4), HasSubstr("pixels, rows or blocks share slots"));
  EXPECT_THAT(with(Engine::conv, 0, F::dst_plane, 4), HasSubstr("pixels, rows or blocks share slots"));
  EXPECT_THAT(with(Engine::load_features, 0, F::dst_pitch, 0), HasSubstr("share slots"));
  EXPECT_THAT(with(Engine::save, 0, F::ddr_row, 4), HasSubstr("rows or blocks share bytes"));
}

TEST(Verifier, AcceptsBroadcastReads) {
  EXPECT_EQ(with(Engine::conv, 0, F::src_pitch, 0), "accepted");
}

TEST(Verifier, RefusesWritesToInputsAndConstants) {
  EXPECT_THAT(with(Engine::save, 0, F::ddr_base, kInputs),
              HasSubstr("only scratch (1) and outputs (3) may be written"));
  EXPECT_THAT(with(Engine::save, 0, F::ddr_base, kConstants), HasSubstr("may be written"));
  EXPECT_THAT(with(Engine::load_features, 0, F::ddr_base, 4), HasSubstr("registers 0 (constants) to 3 (outputs)"));
  EXPECT_THAT(with(Engine::load_weights, 0, F::ddr_base, kInputs), HasSubstr("come from the constants"));
}

TEST(Verifier, RefusesMisalignment) {
  EXPECT_THAT(with(Engine::load_features, 0, F::ddr_offset, 2), HasSubstr("a multiple of the slot, 4 bytes"));
  EXPECT_THAT(with(Engine::load_weights, 0, F::ddr_offset, 8), HasSubstr("a multiple of 16"));
  EXPECT_THAT(with(Engine::conv, 0, F::param_address, 1), HasSubstr("'param_address': is 1; it must be even"));
  EXPECT_THAT(with(Engine::stencil, 0, F::param_address, 3), HasSubstr("is 3; it must be even"));
  overlay::Overlay wide = sample::small_overlay();
  wide.axi_bytes = 128;
  const Status status = verify(sample::segment(sample::three_tiles()), wide);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().front().text(), HasSubstr("is 64; it must be a multiple of 128"));
  EXPECT_THAT(with(Engine::load_weights, 1, F::bytes, 121), HasSubstr("a multiple of 12, a word of conv_params"));
}

TEST(Verifier, RefusesWrongEnginesAndEnds) {
  EXPECT_THAT(after([](Streams& s) { of(s, Engine::conv)[1] = sample::load_tile(1, {}); }),
              HasSubstr("conv does not execute load"));
  EXPECT_THAT(after([](Streams& s) { of(s, Engine::save).pop_back(); }),
              HasSubstr("field 'save': the stream does not close with 'end'"));
  EXPECT_THAT(after([](Streams& s) { of(s, Engine::save).clear(); }), HasSubstr("does not close with 'end'"));
  EXPECT_THAT(after([](Streams& s) {
                auto& save = of(s, Engine::save);
                save.insert(save.begin(), sample::make(Opcode::end, {}));
              }),
              HasSubstr("instructions follow behind the end"));
  EXPECT_THAT(with(Engine::save, 3, F::signal0, 9), HasSubstr("'end' must not signal"));
}

/// The legal program with `overlap` in the second instruction of an engine, and a change.
std::string overlapping(Engine engine, const std::function<void(Streams&)>& change) {
  return after([&](Streams& s) {
    of(s, engine)[1][F::overlap] = 1;
    change(s);
  });
}

TEST(Verifier, AcceptsOverlapOfIndependentInstructions) {
  for (const Engine engine : kAllEngines) EXPECT_EQ(overlapping(engine, [](Streams&) {}), "accepted") << name(engine);
  // The third instructions use the buffers of the first ones, which are over when they start.
  for (const Engine engine : {Engine::load_features, Engine::conv, Engine::stencil})
    EXPECT_EQ(overlapping(engine, [&](Streams& s) { of(s, engine)[2][F::overlap] = 1; }), "accepted") << name(engine);
}

TEST(Verifier, RefusesOverlapWithWhatThePreviousInstructionWrites) {
  // Reading it. conv[1] starts behind the wait for the second tile.
  const auto read = [](Streams& s) { of(s, Engine::conv)[1][F::src_word] = 2 * sample::kTileWords; };
  EXPECT_EQ(overlapping(Engine::conv, read),
            "node 'conv[1]' (conv), field 'src_word': slot 60 is read, but with overlap it may start before the end of "
            "conv[0], which writes it (layer 'conv1')");
  EXPECT_EQ(after(read), "accepted") << "without overlap it is in order";
  // Writing it again: only the transfers may come in another order.
  EXPECT_THAT(overlapping(Engine::load_weights,
                          [](Streams& s) {
                            of(s, Engine::load_weights)[1] =
                                sample::load_constants(Space::weights, 0, 64, {{F::overlap, 1}, {F::signal0, 3}});
                          }),
              HasSubstr("weights 0 is written, but with overlap it may start before the end of load_weights[0]"));
  EXPECT_THAT(overlapping(Engine::save, [](Streams& s) { of(s, Engine::save)[1][F::ddr_offset] = 0; }),
              HasSubstr("output slot 0 is written, but with overlap it may start before the end of save[0]"));
  const auto again = [](Streams& s) {
    auto& conv = of(s, Engine::conv);
    Instruction first = conv[0];
    first[F::signal0] = first[F::signal1] = 0;
    conv[0][F::wait0] = conv[0][F::wait1] = 0;
    conv.insert(conv.begin(), first);
  };
  EXPECT_EQ(overlapping(Engine::conv,
                        [&](Streams& s) {
                          again(s);
                          of(s, Engine::conv)[1][F::overlap] = 1;
                        }),
            "accepted");
}

TEST(Verifier, FencesAndEndsDoNotOverlap) {
  EXPECT_THAT(with(Engine::conv, 3, F::overlap, 1), HasSubstr("field 'overlap': is 1; it must be 0"));
  const auto fenced = [](Streams& s) {
    auto& conv = of(s, Engine::conv);
    conv[1][F::src_word] = 2 * sample::kTileWords;
    conv[1][F::overlap] = 1;
    conv.insert(conv.begin() + 1, sample::make(Opcode::fence, {}));
  };
  EXPECT_EQ(after(fenced), "accepted") << "a fence waits for all that is in execution";
}

TEST(Verifier, RefusesSharedSemaphores) {
  EXPECT_THAT(after([](Streams& s) {
                of(s, Engine::save)[0][F::wait1] = 1;
                of(s, Engine::load_features)[0][F::signal1] = 1;
              }),
              HasSubstr("semaphore 1 is waited for by conv and by save"));
  EXPECT_THAT(after([](Streams& s) {
                of(s, Engine::save)[0][F::signal1] = 1;
                of(s, Engine::conv)[1][F::wait1] = 1;
              }),
              HasSubstr("semaphore 1 is signalled by load_features and by save"));
}

TEST(Verifier, FindsDeadlocks) {
  const std::string text = after([](Streams& s) {
    // load_features waits for conv before its first load, and conv for that load.
    of(s, Engine::load_features)[0][F::wait0] = 2;
    of(s, Engine::load_features)[2][F::wait0] = 0;
  });
  EXPECT_EQ(text, "node 'load_features[0]' (load), field 'wait0': waits for semaphore 2 for ever");
  // Both waits on one semaphore need two signals.
  EXPECT_THAT(after([](Streams& s) {
                of(s, Engine::save)[0][F::wait1] = 9;
                of(s, Engine::save)[0][F::wait0] = 9;
                of(s, Engine::stencil)[0][F::signal0] = 9;
                of(s, Engine::stencil)[0][F::signal1] = 9;
              }),
              testing::Not(HasSubstr("for ever")));
}

TEST(Verifier, FindsOverflowWithALateWaiter) {
  const auto fences = [](int count) {
    return after([&](Streams& s) {
      auto& load = of(s, Engine::load_weights);
      auto& save = of(s, Engine::save);
      for (int i = 0; i < count; ++i) {
        load.insert(load.begin(), sample::make(Opcode::fence, {{F::signal0, 20}}));
        save.insert(save.begin(), sample::make(Opcode::fence, {{F::wait0, 20}}));
      }
    });
  };
  EXPECT_EQ(fences(255), "accepted");
  EXPECT_EQ(fences(256),
            "node 'load_weights[255]' (fence), field 'signal0': semaphore 20 may exceed 255 if save is late");
}

TEST(Verifier, KnowsThatAHandshakePreventsOverflow) {
  EXPECT_EQ(after([&](Streams& s) {
              auto& load = of(s, Engine::load_weights);
              auto& save = of(s, Engine::save);
              for (int i = 0; i < 300; ++i) {
                load.insert(load.begin(), sample::make(Opcode::fence, {{F::signal0, 20}, {F::wait0, 21}}));
                save.insert(save.begin(), {sample::make(Opcode::fence, {{F::signal0, 21}}),
                                           sample::make(Opcode::fence, {{F::wait0, 20}})});
              }
            }),
            "accepted");
}

TEST(Verifier, RefusesIllegalFormatsAndSizes) {
  const auto i4 = static_cast<std::int64_t>(DataType::i4);
  EXPECT_THAT(with(Engine::conv, 0, F::src_format, i4),
              HasSubstr("is i4; the integer overlay computes with i8 and i16"));
  EXPECT_THAT(with(Engine::conv, 0, F::weight_format, i4), HasSubstr("is i4; legal are i8, i16"));
  EXPECT_THAT(with(Engine::conv, 0, F::pad_value, 128), HasSubstr("is 128, which is no i8"));
  const auto op = [](StencilOp o, Field field, std::int64_t value) {
    return after([&](Streams& s) {
      auto& i = of(s, Engine::stencil)[0];
      i[F::stencil_op] = static_cast<std::int64_t>(o);
      i[field] = value;
    });
  };
  EXPECT_THAT(op(StencilOp::global_average, F::rows, 0), HasSubstr("out_height': is 3; it must be 1"));
  EXPECT_THAT(op(StencilOp::add, F::src_height, 2), HasSubstr("source and output have one size"));
  EXPECT_THAT(op(StencilOp::identity, F::kernel_w, 2), HasSubstr("it must be 1 (identity)"));
}

TEST(Verifier, RefusesMissingUnits) {
  const std::array<std::pair<StencilOp, const char*>, 5> ops{{{StencilOp::average, "average"},
                                                              {StencilOp::global_average, "average"},
                                                              {StencilOp::nearest, "upsample"},
                                                              {StencilOp::bilinear, "upsample"},
                                                              {StencilOp::multiply, "multiply"}}};
  for (const auto& [op, unit] : ops) {
    Streams s = sample::three_tiles();
    of(s, Engine::stencil)[0][F::stencil_op] = static_cast<std::int64_t>(op);
    overlay::Overlay o = sample::small_overlay();
    std::erase(o.units, unit);
    const Status status = verify(sample::segment(s), o);
    ASSERT_FALSE(status);
    EXPECT_THAT(status.error().front().text(), HasSubstr(std::string("needs the unit '") + unit + "'"));
  }
}

TEST(Verifier, RefusesBrokenAccumulatorChains) {
  EXPECT_THAT(with(Engine::conv, 1, F::first, 0), HasSubstr("the instruction before it kept no accumulators"));
  EXPECT_THAT(with(Engine::conv, 0, F::last, 0), HasSubstr("drops the accumulators that conv[0] kept"));
  EXPECT_THAT(with(Engine::conv, 2, F::last, 0), HasSubstr("keeps accumulators that nothing drains"));
  EXPECT_THAT(after([](Streams& s) {
                of(s, Engine::conv)[0][F::last] = 0;
                of(s, Engine::conv)[1][F::first] = 0;
                of(s, Engine::conv)[1][F::out_width] = 4;
              }),
              HasSubstr("field 'out_width': differs from that of conv[0]"));
  EXPECT_THAT(after([](Streams& s) {
                auto& conv = of(s, Engine::conv);
                conv[0][F::last] = 0;
                conv[0][F::out_height] = conv[1][F::out_height] = 50;
                conv[1][F::first] = 0;
              }),
              HasSubstr("keeps 84 pixel groups x 1 blocks; there are 64 accumulators"));
}

TEST(Verifier, RefusesSumsThatOverflow) {
  Streams s = sample::three_tiles();
  auto& conv = of(s, Engine::conv)[0];
  conv[F::in_blocks] = 8191;
  conv[F::kernel_h] = 63;
  conv[F::src_plane] = 0;
  overlay::Overlay o = sample::small_overlay();
  o.weight_words = 1 << 20;
  const Status status = verify(sample::segment(s), o);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().front().text(), HasSubstr("the sum may reach 33818738688, which overflows 32 bits"));
}

TEST(Verifier, AcceptsALegalChain) {
  EXPECT_EQ(after([](Streams& s) {
              // conv[0] in two halves: one input block each.
              auto& conv = of(s, Engine::conv);
              Instruction half = conv[0];
              half[F::in_blocks] = 1;
              half[F::last] = 0;
              half[F::signal0] = half[F::signal1] = 0;
              Instruction rest = conv[0];
              rest[F::in_blocks] = 1;
              rest[F::first] = 0;
              rest[F::src_word] = 5;
              rest[F::weight_address] = 1;
              rest[F::wait0] = rest[F::wait1] = 0;
              conv[0] = rest;
              conv.insert(conv.begin(), half);
            }),
            "accepted");
}

TEST(Verifier, RefusesIllegalParameters) {
  const auto patched = [](std::size_t offset, std::uint8_t value) {
    return with_segment([&](OverlaySegment& s) { s.constants[offset] = static_cast<std::byte>(value); });
  };
  EXPECT_EQ(
      patched(64 + 24 + 8, 0),
      "node 'conv[0]' (conv), field 'param_address': channel word 0: shift is 0; legal are 1 ... 47 (layer 'conv1')");
  EXPECT_THAT(patched(64 + 24 + 12 + 8, 48), HasSubstr("channel word 1: shift is 48"));
  EXPECT_THAT(patched(64 + 24 + 9, 1), HasSubstr("the three bytes behind the shift must be 0"));
  EXPECT_THAT(patched(64 + 24 + 5, 0x80), HasSubstr("overflow 48 bits"));
  EXPECT_THAT(patched(64 + 1, 0x10), HasSubstr("post descriptor: clamp 4224 ... 127 is not a range of i8"));
  EXPECT_THAT(patched(64 + 21, 2), HasSubstr("flags beyond bit 0"));
  EXPECT_THAT(patched(64 + 22, 3), HasSubstr("names table 2; there are 2"));
  EXPECT_THAT(patched(64 + 22, 1), HasSubstr("tables 0 is read, but nothing wrote it before"));
}

TEST(Verifier, ChecksTables) {
  const auto with_table = [](const std::function<void(OverlaySegment&)>& change) {
    Streams s = sample::three_tiles();
    auto& weights = of(s, Engine::load_weights);
    weights.insert(weights.begin(), sample::load_constants(Space::tables, 240, 514));
    OverlaySegment segment = sample::segment(s);
    segment.constants[64 + 22] = std::byte{1};
    change(segment);
    return segment;
  };
  EXPECT_EQ(first_finding(with_table([](OverlaySegment&) {})), "accepted");
  EXPECT_THAT(first_finding(with_table([](OverlaySegment& s) { s.constants[240 + 21] = std::byte{1}; })),
              HasSubstr("table 0: entry 10 is 394, which is no i8"));
  overlay::Overlay o = sample::small_overlay();
  std::erase(o.units, "table");
  EXPECT_THAT(verify(with_table([](OverlaySegment&) {}), o).error().front().text(), HasSubstr("has no unit 'table'"));
}

TEST(Verifier, AcceptsResidualAddsInPlace) {
  const auto fused = [](std::int64_t operand_word) {
    return after([&](Streams& s) {
      // The last tile adds what already lies at its destination.
      auto& conv = of(s, Engine::conv)[2];
      conv[F::use_operand] = 1;
      conv[F::operand_word] = operand_word;
      conv[F::operand_pitch] = 5;
      conv[F::operand_plane] = 5;
    });
  };
  EXPECT_EQ(fused(20), "accepted");
  EXPECT_EQ(fused(30), "accepted") << "another buffer";
  EXPECT_THAT(fused(21), HasSubstr("is a source of the same instruction"));
}

TEST(Verifier, AcceptsStencilAddInPlace) {
  EXPECT_EQ(after([&](Streams& s) {
              auto& add = of(s, Engine::stencil)[0];
              add[F::stencil_op] = static_cast<std::int64_t>(StencilOp::add);
              add[F::operand_word] = 20;
              add[F::operand_pitch] = 5;
              add[F::operand_plane] = 5;
              add[F::dst_word] = 20;
              Instruction copy = sample::tile_instruction(Opcode::stencil, 2, 4, {{F::signal0, 7}, {F::signal1, 6}});
              copy[F::stencil_op] = static_cast<std::int64_t>(StencilOp::identity);
              add[F::signal0] = add[F::signal1] = 0;
              of(s, Engine::stencil).insert(of(s, Engine::stencil).begin() + 1, copy);
            }),
            "accepted");
}

/// A copy through scratch: load inputs, identity, save to scratch, load again, save to outputs.
Streams through_scratch() {
  Streams s;
  const auto identity = static_cast<std::int64_t>(StencilOp::identity);
  of(s, Engine::load_features) = {
      sample::load_tile(0, {{F::signal0, 1}}),
      sample::load_tile(1, {{F::ddr_base, kScratch}, {F::ddr_offset, 0}, {F::wait0, 3}, {F::signal0, 1}}),
      sample::make(Opcode::end, {})};
  of(s, Engine::load_weights) = {sample::load_constants(Space::stencil_params, 192, 36, {{F::signal0, 4}}),
                                 sample::make(Opcode::end, {})};
  of(s, Engine::conv) = {sample::make(Opcode::end, {})};
  Instruction first = sample::tile_instruction(Opcode::stencil, 0, 4, {{F::wait0, 1}, {F::wait1, 4}, {F::signal0, 2}});
  Instruction second = sample::tile_instruction(Opcode::stencil, 1, 5, {{F::wait0, 1}, {F::signal0, 2}});
  first[F::stencil_op] = second[F::stencil_op] = identity;
  of(s, Engine::stencil) = {first, second, sample::make(Opcode::end, {})};
  of(s, Engine::save) = {sample::save_tile(0, {{F::ddr_base, kScratch}, {F::wait0, 2}, {F::signal0, 3}}),
                         sample::save_tile(1, {{F::ddr_offset, 0}, {F::wait0, 2}}), sample::make(Opcode::end, {})};
  return s;
}

std::string scratch_finding(const std::function<void(Streams&)>& change) {
  Streams streams = through_scratch();
  change(streams);
  OverlaySegment segment = sample::segment(streams);
  segment.scratch_bytes = 360;
  segment.spans = {};
  segment.outputs[0].height = 3;
  return first_finding(segment);
}

TEST(Verifier, OrdersScratch) {
  EXPECT_EQ(scratch_finding([](Streams&) {}), "accepted");
  EXPECT_THAT(scratch_finding([](Streams& s) {
                of(s, Engine::load_features)[1][F::wait0] = 0;
                of(s, Engine::save)[0][F::signal0] = 0;
              }),
              testing::AnyOf(HasSubstr("scratch slot 0 is read, but nothing wrote it before"),
                             HasSubstr("scratch slot 0 is read, but no semaphore orders that behind save[0]")));
  EXPECT_THAT(scratch_finding([](Streams& s) { of(s, Engine::load_features)[1][F::ddr_offset] = 60; }),
              HasSubstr("scratch slot 15 is read, but nothing wrote it before"));
  EXPECT_THAT(scratch_finding([](Streams& s) {
                // Another load of the same slots, which nothing orders before the second save.
                auto& load = of(s, Engine::load_features);
                load.insert(load.begin() + 2, load[1]);
                load[2][F::wait0] = load[2][F::signal0] = 0;
                load[2][F::dst_word] = 70;
                of(s, Engine::save)[1][F::ddr_base] = kScratch;
              }),
              HasSubstr("scratch slot 0 is overwritten, but no semaphore orders that behind load_features[2]"));
}

TEST(Verifier, RefusesIllegalSegments) {
  EXPECT_THAT(with_segment([](OverlaySegment& s) { s.scratch_bytes = -1; }), HasSubstr("field 'scratch_bytes': is -1"));
  EXPECT_THAT(with_segment([](OverlaySegment& s) { s.input_bytes = std::int64_t{1} << 39; }),
              HasSubstr("field 'input_bytes': is 549755813888; legal are 0 ... 4294967296"));
  EXPECT_THAT(with_segment([](OverlaySegment& s) { s.output_bytes = std::int64_t{1} << 31; }),
              HasSubstr("slots together"));
  EXPECT_THAT(with_segment([](OverlaySegment& s) { s.spans[2][0].end = 9; }), HasSubstr("field 'conv': span [0, 9)"));
  EXPECT_THAT(with_segment([](OverlaySegment& s) { s.spans[2][0].layer = 2; }), HasSubstr("of layer 2"));
  EXPECT_THAT(with_segment([](OverlaySegment& s) { s.streams[2][1][20] ^= std::byte{1}; }),
              HasSubstr("node 'conv[1]' (conv): CRC is"));
}

TEST(Verifier, RefusesIllegalBindings) {
  const auto input = [](const std::function<void(Binding&)>& change) {
    return with_segment([&](OverlaySegment& s) { change(s.inputs[0]); });
  };
  EXPECT_THAT(input([](Binding& b) { b.base = kScratch; }),
              HasSubstr("field 'input 'x'': base register is 1; it must be 2"));
  EXPECT_THAT(input([](Binding& b) { b.type = DataType::f32; }), HasSubstr("element type is f32"));
  EXPECT_THAT(input([](Binding& b) { b.width = 0; }), HasSubstr("must be positive"));
  EXPECT_THAT(input([](Binding& b) { b.offset = 2; }), HasSubstr("offset is 2"));
  EXPECT_THAT(input([](Binding& b) { b.offset = 4; }), HasSubstr("end behind 90 slots"));
  EXPECT_THAT(input([](Binding& b) { b.row_slots = 4; }), HasSubstr("do not hold 9 x 5 pixels"));
  EXPECT_THAT(input([](Binding& b) { b.height = 2147483647, b.row_slots = std::int64_t{1} << 62; }),
              HasSubstr("do not hold"));
  EXPECT_THAT(input([](Binding& b) { b.blocks = 2147483647; }), HasSubstr("end behind"));
  EXPECT_THAT(input([](Binding& b) { b.channel_map = {}; }), HasSubstr("does not place each of 8 channels"));
  EXPECT_THAT(input([](Binding& b) { b.channel_map = {{0, 4, 0}, {4, 4, 0}}; }), HasSubstr("channel map"));
  EXPECT_THAT(input([](Binding& b) { b.channel_map = {{0, 9, 0}}; }), HasSubstr("channel map"));
  EXPECT_EQ(input([](Binding& b) { b.channel_map = {{4, 4, 0}, {0, 4, 1}}; }), "accepted");
}

TEST(Verifier, RefusesOtherNumberFormats) {
  overlay::Overlay o = sample::small_overlay();
  o.format = overlay::NumberFormat::fp32;
  const Status status = verify(sample::segment(sample::three_tiles()), o);
  ASSERT_FALSE(status);
  EXPECT_EQ(exit_code(status.error()), 3);
}

}  // namespace
}  // namespace heddle::isa
