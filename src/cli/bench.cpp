// SPDX-License-Identifier: Apache-2.0
#include "cli/bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/model_options.h"

namespace heddle::cli {
namespace {

struct Table {
  const char* name;
  const char* what;
  BenchTable (*run)(const BenchOptions&);
};

/// A table is added by one file and one line.
constexpr std::array kTables{
    Table{"accuracy", "quantised against float: pose networks, demo model", bench_accuracy},
    Table{"cosim", "Verilated overlay: same bits, busy array, DDR, speed of the simulation", bench_cosim},
    Table{"resources", "resource model against stored synthesis", bench_resources},
    Table{"sim", "functional machine against ONNX Runtime, compile time, program size", bench_sim},
};

struct BenchArguments {
  std::string table;
  BenchOptions bench;
  bool json = false;
};

Json number(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::string text(const std::optional<double>& value) {
  return value ? fmt::format("{:.4g}", *value) : "-";
}

void print(const std::vector<BenchRow>& rows) {
  fmt::print("{:<44} {:<10} {:>10} {:>12} {:>10}  {:<5} {}\n", "row", "unit", "reference", "goal", "value", "holds",
             "how");
  for (const BenchRow& row : rows)
    fmt::print("{:<44} {:<10} {:>10} {:>12} {:>10.4g}  {:<5} {}\n", row.row, row.unit, text(row.reference),
               row.goal ? fmt::format("{} {:.4g}", row.least ? ">=" : "<=", *row.goal) : "-", row.value,
               row.holds() ? "yes" : "NO", row.how);
}

Result<int> bench(const BenchArguments& options) {
  const auto table =
      std::find_if(kTables.begin(), kTables.end(), [&](const Table& t) { return options.table == t.name; });
  const BenchTable rows = table->run(options.bench);
  if (!rows) return fail(rows.error());
  if (!options.json) {
    print(*rows);
    return 0;
  }
  Json list = Json::array();
  for (const BenchRow& row : *rows)
    list.push_back({{"row", row.row},
                    {"unit", row.unit},
                    {"reference", number(row.reference)},
                    {"goal", number(row.goal)},
                    {"value", row.value},
                    {"holds", row.holds()},
                    {"how", row.how}});
  print_json(list);
  return 0;
}

/// Quoted for the shell.
std::string quoted(const std::string& word) {
  std::string result = "'";
  for (const char c : word) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

}  // namespace

Result<std::string> run_python(const std::vector<std::string>& arguments) {
  std::string command = fmt::format("cd {} && .venv/bin/python", quoted(HEDDLE_SOURCE_DIR));
  for (const std::string& argument : arguments) command += " " + quoted(argument);
  FILE* pipe = popen(command.c_str(), "r");  // NOLINT: every word is quoted
  std::string output;
  std::array<char, 4096> block{};
  while (pipe != nullptr) {
    const std::size_t got = std::fread(block.data(), 1, block.size(), pipe);
    if (got == 0) break;
    output.append(block.data(), got);
  }
  if (pipe == nullptr || pclose(pipe) != 0)
    return fail({.code = "bench.python", .message = "failed: " + command, .hint = "./check makes .venv"});
  return output;
}

std::string bench_folder() {
  const std::filesystem::path folder = std::filesystem::path(HEDDLE_SOURCE_DIR) / "build/bench";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  return folder.string();
}

void add_bench(CLI::App& app, Outcome& outcome) {
  auto options = std::make_shared<BenchArguments>();
  CLI::App* command = add_command(app, outcome, "bench",
                                  "Measure what the project claims; prints rows with their goals.", bench, options);
  std::vector<std::string> names;
  std::string help = "one of:";
  for (const Table& table : kTables) {
    names.emplace_back(table.name);
    help += fmt::format(" {} ({});", table.name, table.what);
  }
  command->add_option("table", options->table, help)->required()->check(CLI::IsMember(names));
  command->add_option("--pose-model", options->bench.pose_models,
                      "real pose networks (ONNX); rows that need them are left out without");
  command->add_option("--images", options->bench.images, "folder with photos for --pose-model");
  command->add_option("--demo-model", options->bench.demo_model, "another file than models/demo_pose.onnx");
  command->add_option("--split", options->bench.split, "renderings for the demo model")
      ->capture_default_str()
      ->check(CLI::IsMember({"train", "validation", "test", "calibration"}));
  command->add_option("--pictures", options->bench.pictures, "how many of them")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  command->add_option("--fit", options->bench.fit, "resources: fit the model anew, to this C++ source");
  add_overlay_option(*command, options->bench.overlay);
  command->add_flag("--full", options->bench.full, "also what takes long: published networks in RTL");
  command->add_flag("--json", options->json, "print JSON");
}

}  // namespace heddle::cli
