// Gaussian process regression with an RBF kernel and noise (Rasmussen and Williams 2006).
#include <algorithm>
#include <cmath>
#include <numeric>

#include "learners/gaussian_process/process_model.h"
#include "learners/learner.h"

namespace querist::learners {

// All rows, or a random choice of `most` of them in their order.
static std::vector<int64_t> some_rows(size_t rows, size_t most, uint64_t seed) {
  std::vector<int64_t> chosen(rows);
  if (rows <= most) {
    std::iota(chosen.begin(), chosen.end(), 0);
    return chosen;
  }
  chosen = Rng(seed).sample(rows, most);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

static ProcessParts take(const Dataset& data, std::span<const int64_t> rows) {
  ProcessParts parts;
  parts.rows = take_rows(data.features, rows);
  for (const int64_t row : rows) {
    parts.targets.push_back(data.targets[static_cast<size_t>(row)]);
    if (!data.weights.empty()) parts.weights.push_back(data.weights[static_cast<size_t>(row)]);
  }
  return parts;
}

static std::unique_ptr<Model> train(const Dataset& data, const Params& params, const Model*,
                                    uint64_t seed, const Progress& progress) {
  const auto most = static_cast<size_t>(params.integer("max_rows"));
  const auto search = static_cast<size_t>(params.integer("search_below"));
  const std::vector<int64_t> rows = some_rows(data.features.rows, most, mix_seed(seed, 0));
  ProcessKernel kernel{.length_scale = params.number("length_scale"),
                       .noise = params.number("noise"),
                       .variance = params.number("variance")};
  if (kernel.length_scale == 0 || kernel.noise == 0) {
    std::vector<int64_t> fewer;
    for (const int64_t at : some_rows(rows.size(), search, mix_seed(seed, 1))) {
      fewer.push_back(rows[static_cast<size_t>(at)]);
    }
    ProcessParts sample = take(data, fewer);
    const NormalTargets normal(sample.targets);
    const TrainingInputs inputs(std::move(sample.rows));
    choose_kernel(inputs.squared_distances(), normal.values, sample.weights, progress, kernel);
  }
  progress.check();
  ProcessParts parts = take(data, rows);
  parts.kernel = kernel;
  parts.members = static_cast<size_t>(params.integer("members"));
  return std::make_unique<ProcessModel>(std::move(parts));
}

Learner gaussian_process() {
  return {
      .name = "gaussian_process",
      .summary =
          "Smooth regression that says how sure it is; remembers its rows, so large sets "
          "train on a sample, and a warm start has nothing to save.",
      .params = {{.name = "length_scale",
                  .fallback = 0.0,
                  .min = 0,
                  .max = 1e9,
                  .help = "Distance over which the function changes; 0: the likeliest.",
                  .automatic = true},
                 {.name = "noise",
                  .fallback = 0.0,
                  .min = 0,
                  .max = 1e6,
                  .help = "Variance of the noise by the function's own; 0: the likeliest.",
                  .automatic = true},
                 {.name = "variance",
                  .fallback = 0.0,
                  .min = 0,
                  .max = 1e9,
                  .help = "The function's variance by that of the targets; 0: the likeliest.",
                  .automatic = true},
                 {.name = "members",
                  .fallback = 10,
                  .min = 2,
                  .max = 1000,
                  .whole = true,
                  .help = "Functions that stand for the posterior: their variance is exactly its."},
                 {.name = "max_rows",
                  .fallback = 2000,
                  .min = 2,
                  .max = 10'000,
                  .whole = true,
                  .help = "Largest number of rows to remember: time grows with its cube, memory "
                          "with its square. Larger sets train on a random choice of this size."},
                 {.name = "search_below",
                  .fallback = 500,
                  .min = 2,
                  .max = 10'000,
                  .whole = true,
                  .help = "Largest number of rows on which the kernel is searched; larger sets "
                          "search on a sample of this size."}},
      .train = train,
      .load = load_process_model,
      .source = "Rasmussen and Williams 2006",
      .gives = Signal::predictions | Signal::member_predictions,
      .tasks = {Task::regression},
  };
}

}  // namespace querist::learners
