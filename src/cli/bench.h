// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"

namespace heddle::cli {

/// One row of a bench table.
struct BenchRow {
  std::string row, unit;
  std::optional<double> reference;  ///< what is compared with: a published figure, the float model, …
  std::optional<double> goal;
  bool least = true;  ///< the goal is a lower (true) or an upper (false) bound
  double value = 0;
  std::string how;  ///< "rtl", "cycle", "functional", "estimate" or "wall clock"
  [[nodiscard]] bool holds() const { return !goal || (least ? value >= *goal : value <= *goal); }
};
using BenchTable = Result<std::vector<BenchRow>>;

struct BenchOptions {
  std::vector<std::string> pose_models;  ///< the real pose networks, if there are any
  std::string images;                    ///< folder with photos for them
  std::string overlay = "zcu102";
  std::string demo_model;      ///< another file than models/demo_pose.onnx
  std::string split = "test";  ///< which renderings of models/render.py
  int pictures = 500;          ///< how many of them
  std::string fit;             ///< write the resource model's coefficients to this file
  bool full = false;           ///< also rows that take long
};

[[nodiscard]] BenchTable bench_accuracy(const BenchOptions& options);
[[nodiscard]] BenchTable bench_sim(const BenchOptions& options);
[[nodiscard]] BenchTable bench_resources(const BenchOptions& options);
[[nodiscard]] BenchTable bench_cosim(const BenchOptions& options);

/// Runs one of the project's Python programs in .venv from the source tree's root; returns its standard output.
[[nodiscard]] Result<std::string> run_python(const std::vector<std::string>& arguments);
/// A scratch folder under the source tree's build/ for what benches make.
[[nodiscard]] std::string bench_folder();

}  // namespace heddle::cli
