// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "verilated.h"
#if VM_COVERAGE
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>

#include "verilated_cov.h"
#endif

namespace heddle::cosim {

#if VM_COVERAGE
/// What all models of the program have covered together; written to $HEDDLE_RTL_COVERAGE/PROCESS.dat at its end.
class Coverage {
 public:
  Coverage() {
    const char* folder = std::getenv("HEDDLE_RTL_COVERAGE");
    // Programs and the models that they load have one of these each.
    if (folder != nullptr)
      file_ = std::string(folder) + "/" + std::to_string(getpid()) + "-" +
              std::to_string(reinterpret_cast<std::uintptr_t>(this)) + ".dat";
  }
  ~Coverage() {
    if (counts_.empty()) return;
    std::ofstream out(file_);
    out << "# SystemC::Coverage-3\n";
    for (const auto& [point, count] : counts_) out << point << ' ' << count << '\n';
  }
  Coverage(const Coverage&) = delete;
  Coverage& operator=(const Coverage&) = delete;

  void add(VerilatedContext& context) {
    if (file_.empty()) return;
    context.coveragep()->write(file_.c_str());
    std::ifstream in(file_);
    for (std::string line; std::getline(in, line);)
      if (const auto end = line.rfind(' '); line.starts_with("C "))
        counts_[line.substr(0, end)] += std::stoull(line.substr(end));
  }

 private:
  std::string file_;
  std::map<std::string, std::uint64_t> counts_;
};
#endif

/// Call it before the models of the context are deleted. Nothing where they were verilated without --coverage.
inline void add_coverage([[maybe_unused]] VerilatedContext& context) {
#if VM_COVERAGE
  static Coverage coverage;
  coverage.add(context);
#endif
}

}  // namespace heddle::cosim
