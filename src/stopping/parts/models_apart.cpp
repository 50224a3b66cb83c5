// A walk back through the models, and what two of them disagree about.
#include "stopping/parts/models_apart.h"

#include <algorithm>
#include <map>

#include "base/error.h"

namespace querist::stopping {

ParamSpec window_param(std::string_view help) {
  return {.name = "window", .fallback = 3, .min = 1, .max = 20, .whole = true, .help = help};
}

ParamSpec distance_param() {
  return {.name = "distance",
          .fallback = 0.05,
          .min = 0,
          .max = 1,
          .help = "Share of the labels by which compared models differ, at least one batch."};
}

std::vector<const ModelRecord*> models_apart(const History& history, double distance) {
  std::vector<const ModelRecord*> chain;
  for (auto model = history.models.rbegin(); model != history.models.rend(); ++model) {
    if (!chain.empty()) {
      const auto later = static_cast<double>(chain.back()->labels);
      const double gap = std::max(static_cast<double>(history.batch_size), distance * later);
      if (later - static_cast<double>(model->labels) < gap) continue;
    }
    chain.push_back(&*model);
  }
  return chain;
}

size_t changed_answers(const ModelRecord& before, const ModelRecord& after) {
  size_t changed = 0;
  for (size_t i = 0; i < after.predictions.size(); ++i) {
    changed += after.predictions[i] != before.predictions[i];
  }
  return changed;
}

bool gives_one_answer(const ModelRecord& model) {
  return std::all_of(model.predictions.begin(), model.predictions.end(),
                     [&](int32_t cls) { return cls == model.predictions.front(); });
}

std::string more_batches(size_t missing) {
  return fmt::format("{} more {}", missing, missing == 1 ? "batch" : "batches");
}

std::map<int32_t, Overlap> overlaps(std::span<const int32_t> before,
                                    std::span<const int32_t> after) {
  std::map<int32_t, Overlap> classes;
  for (size_t i = 0; i < before.size(); ++i) {
    ++classes[before[i]].before;
    ++classes[after[i]].after;
    if (before[i] == after[i]) ++classes[before[i]].both;
  }
  return classes;
}

double largest_f_change(std::span<const int32_t> before, std::span<const int32_t> after) {
  const auto classes = overlaps(before, after);
  const auto n = static_cast<double>(before.size());
  double sum = 0;
  for (const auto& [cls, count] : classes) {
    const double differ = count.before + count.after - 2 * count.both;
    if (differ == 0) continue;  // A kappa of 1, also where chance agrees on everything.
    const double chance =
        (count.before * count.after + (n - count.before) * (n - count.after)) / (n * n);
    const double kappa = (1 - differ / n - chance) / (1 - chance);
    sum += kappa > 0 ? std::min(1.0, 4 * (1 - kappa) / kappa) : 1;
  }
  return classes.empty() ? 0 : sum / static_cast<double>(classes.size());
}

double predicted_f_change(std::span<const int32_t> before, std::span<const int32_t> after) {
  const auto classes = overlaps(before, after);
  double sum = 0;
  for (const auto& [cls, count] : classes) {
    sum += 1 - 2 * count.both / (count.before + count.after);
  }
  return classes.empty() ? 0 : sum / static_cast<double>(classes.size());
}

}  // namespace querist::stopping
