// SPDX-License-Identifier: Apache-2.0
// The backend for cards against a Verilated overlay that stands behind the functions of a plug-in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "tests/rtl/cosim/cosim_kit.h"
#include "tests/unit/codegen/hand_networks.h"
#include "xrt/card_executor.h"

namespace heddle::test {
namespace {

/// Card memory and its mirror are two things, as on a card: what was not copied is not there.
struct SimulatedCard {
  struct Memory {
    SimulatedCard* card = nullptr;
    std::uint64_t address = 0;
    std::vector<std::byte> host, own;
  };

  explicit SimulatedCard(const RtlOverlay& rtl) : machine(rtl.library, machine_options(rtl.overlay, 1)) {}

  void see_memory() {
    std::vector<cosim::DdrWindow> windows;
    for (const auto& [address, memory] : all) windows.push_back({address, memory->own, true});
    machine.ddr().set_windows(std::move(windows));
  }

  cosim::Machine machine;
  std::mutex mutex;  // copies and runs meet here
  std::uint64_t next = 1U << 20;
  std::map<std::uint64_t, std::unique_ptr<Memory>> all;
};

SimulatedCard* plugged = nullptr;  // what the plug-in finds

SimulatedCard& card_of(void* card) {
  return *static_cast<SimulatedCard*>(card);
}
SimulatedCard::Memory& memory_of(void* buffer) {
  return *static_cast<SimulatedCard::Memory*>(buffer);
}

int open(const char*, unsigned, void** card) {
  *card = plugged;
  return plugged == nullptr ? 1 : 0;
}

int allocate(void* card, std::uint64_t bytes, xrt::CardBuffer* buffer) {
  SimulatedCard& c = card_of(card);
  const std::lock_guard lock(c.mutex);
  auto memory = std::make_unique<SimulatedCard::Memory>();
  memory->card = &c;
  memory->address = c.next;
  memory->host.resize(bytes);
  memory->own.resize(bytes, std::byte{0x5a});
  *buffer = {memory.get(), memory->host.data(), memory->address};
  c.next += (bytes + 8191) / 4096 * 4096;
  c.all.emplace(memory->address, std::move(memory));
  c.see_memory();
  return 0;
}

void release(void* buffer) {
  SimulatedCard& c = *memory_of(buffer).card;
  const std::lock_guard lock(c.mutex);
  c.all.erase(memory_of(buffer).address);
  c.see_memory();
}

int to_card(void* buffer, std::uint64_t bytes) {
  auto& memory = memory_of(buffer);
  const std::lock_guard lock(memory.card->mutex);
  std::copy_n(memory.host.begin(), bytes, memory.own.begin());
  return 0;
}

int from_card(void* buffer, std::uint64_t bytes) {
  auto& memory = memory_of(buffer);
  const std::lock_guard lock(memory.card->mutex);
  std::copy_n(memory.own.begin(), bytes, memory.host.begin());
  return 0;
}

int write_register(void* card, std::uint32_t address, std::uint32_t value) {
  const std::lock_guard lock(card_of(card).mutex);
  return card_of(card).machine.write_register(address, value) ? 0 : 1;
}

/// Time passes while software waits.
int read_register(void* card, std::uint32_t address, std::uint32_t* value) {
  SimulatedCard& c = card_of(card);
  const std::lock_guard lock(c.mutex);
  if (address == hardware::registers::kStatus.offset)
    for (int i = 0; i < 500; ++i)
      if (!c.machine.cycle()) return 1;
  const auto read = c.machine.read_register(address);
  *value = read.value_or(0);
  return read ? 0 : 1;
}

constexpr xrt::CardApi kSimulated{xrt::kCardApiVersion,
                                  open,
                                  [](void*) {},
                                  allocate,
                                  release,
                                  to_card,
                                  from_card,
                                  write_register,
                                  read_register,
                                  [] { return "the simulation failed"; }};

std::unique_ptr<runtime::Executor> executor_on(SimulatedCard& card, const overlay::Overlay& overlay) {
  plugged = &card;
  auto opened = xrt::Card::open({{}, &kSimulated}, "simulated", 0);
  auto executor = xrt::make_card_executor(overlay, std::move(opened.value()));
  EXPECT_TRUE(executor) << text(executor.error());
  return std::move(executor.value());
}

class CardRuns : public ::testing::TestWithParam<const char*> {
 protected:
  const RtlOverlay& rtl() { return RtlOverlay::get(GetParam()); }
};

TEST_P(CardRuns, ProgramsToTheSameBits) {
  SimulatedCard card(rtl());
  const auto device =
      runtime::make_job_device(rtl().overlay, {.backend = "xrt", .workers = 2}, executor_on(card, rtl().overlay));
  for (const auto& [name, network] : hand_networks()) {
    const Case c = make_case(network, rtl().overlay);
    const auto segment = std::make_shared<const isa::OverlaySegment>(c.segment);
    const auto loaded = device->load(segment);
    ASSERT_TRUE(loaded) << text(loaded.error());
    // Two in flight.
    std::vector<std::pair<runtime::Ticket, runtime::BufferId>> runs;
    for (int i = 0; i < 2; ++i) {
      RunMemory memory(c.segment, rtl().overlay, c.inputs);
      runtime::Bases bases;
      const auto buffer = [&](std::size_t base, std::span<const std::byte> bytes) {
        bases.buffer[base] = device->allocate(bytes.size()).value();
        EXPECT_TRUE(device->copy_to(*bases.buffer[base], 0, bytes));
      };
      buffer(isa::kScratch, memory.scratch);
      buffer(isa::kInputs, memory.inputs);
      buffer(isa::kOutputs, memory.outputs);
      const auto ticket = device->submit(*loaded, bases);
      ASSERT_TRUE(ticket) << text(ticket.error());
      runs.emplace_back(*ticket, *bases.buffer[isa::kOutputs]);
    }
    for (const auto& [ticket, outputs] : runs) {
      const auto completion = device->wait(ticket);
      ASSERT_TRUE(completion) << name << ": " << text(completion.error());
      EXPECT_GT(completion->counters.at("cycles"), 0U);
      RunMemory memory(c.segment, rtl().overlay, c.inputs);
      ASSERT_TRUE(device->copy_from(outputs, 0, memory.outputs));
      EXPECT_EQ(wrong_outputs(c, rtl().overlay, memory), 0U) << name;
    }
    ASSERT_TRUE(device->unload(*loaded));
  }
}

TEST_P(CardRuns, ErrorsOfTheHardwareNameTheInstruction) {
  SimulatedCard card(rtl());
  const auto executor = executor_on(card, rtl().overlay);
  const Case c = make_case(residual_chain(), rtl().overlay);
  const auto prepared = executor->prepare(c.segment);
  ASSERT_TRUE(prepared) << text(prepared.error());
  RunMemory memory(c.segment, rtl().overlay, c.inputs);
  card.machine.ddr().set_fault(
      [](std::uint64_t, bool write) { return write ? cosim::Response::decode_error : cosim::Response::okay; });
  const auto failed = executor->execute(c.segment, **prepared, memory.bases());
  ASSERT_FALSE(failed);
  EXPECT_THAT(text(failed.error()), ::testing::HasSubstr("save[0]"));
  EXPECT_THAT(text(failed.error()), ::testing::HasSubstr("DECERR"));
  card.machine.ddr().set_fault({});
  const auto right = executor->execute(c.segment, **prepared, memory.bases());
  ASSERT_TRUE(right) << text(right.error());
  EXPECT_EQ(wrong_outputs(c, rtl().overlay, memory), 0U);
}

INSTANTIATE_TEST_SUITE_P(Overlays, CardRuns, ::testing::Values("tiny", "narrow"));

}  // namespace
}  // namespace heddle::test
