// A coarse and then a fine search; sums are taken in blocks of rows, whose order never changes.
#include "consensus/active_lab/temperature.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/threads.h"

namespace querist::consensus {

static constexpr double least_probability = 1e-30;
static constexpr size_t block_rows = 512;

// log p of a block of rows.
static void block_logs(const Probabilities& probabilities, size_t begin, size_t end,
                       std::vector<double>& logs) {
  logs.resize((end - begin) * probabilities.cols);
  for (size_t i = begin; i < end; ++i) {
    probabilities.copy_row(
        i, std::span(logs).subspan((i - begin) * probabilities.cols, probabilities.cols));
  }
  for (double& v : logs) v = v > 0 ? std::log(v) : -std::numeric_limits<double>::infinity();
}

// The class that each answer of an item counts for.
static void counted_classes(std::span<const int32_t> labels, bool as_cleanlab,
                            std::vector<int32_t>& classes) {
  classes.assign(labels.begin(), labels.end());
  if (!as_cleanlab) return;
  std::sort(classes.begin(), classes.end());
  int32_t rank = -1;
  int32_t last = -1;
  for (int32_t& c : classes) {
    rank += c != last;
    last = c;
    c = rank;
  }
}

static double cross_entropy(std::span<const double> logs, std::span<const int32_t> classes,
                            double temperature) {
  const double most = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (const double l : logs) sum += std::exp((l - most) / temperature);
  const double log_sum = std::log(sum);
  double total = 0;
  for (const int32_t c : classes) {
    const double log_p = (logs[static_cast<size_t>(c)] - most) / temperature - log_sum;
    total -= std::max(log_p, std::log(least_probability));
  }
  return total / static_cast<double>(classes.size());
}

// The mean cross entropy at each temperature.
static std::vector<double> entropies(const AnswerTable& table, const Probabilities& probabilities,
                                     std::span<const double> temperatures, bool as_cleanlab) {
  const size_t count = temperatures.size();
  const size_t blocks = (table.items + block_rows - 1) / block_rows;
  std::vector<double> sums(blocks * count);
  parallel_for(blocks, 1, [&](size_t first, size_t last) {
    std::vector<double> logs;
    std::vector<int32_t> classes;
    for (size_t block = first; block < last; ++block) {
      const size_t begin = block * block_rows;
      const size_t end = std::min(begin + block_rows, table.items);
      block_logs(probabilities, begin, end, logs);
      for (size_t i = begin; i < end; ++i) {
        const auto row = std::span(logs).subspan((i - begin) * table.classes, table.classes);
        counted_classes(table.labels_of(i), as_cleanlab, classes);
        for (size_t t = 0; t < count; ++t) {
          sums[block * count + t] += cross_entropy(row, classes, temperatures[t]);
        }
      }
    }
  });
  std::vector<double> means(count);
  for (size_t i = 0; i < sums.size(); ++i) means[i % count] += sums[i];
  return means;
}

double best_temperature(const AnswerTable& table, const Probabilities& probabilities,
                        bool as_cleanlab) {
  if (table.classes < 2 || table.items == 0) return 1;
  const std::vector<double> coarse = {0.1, 0.2, 0.5, 0.8, 1, 2, 3, 5, 8};
  const auto best = [&](std::span<const double> temperatures) {
    const auto found = entropies(table, probabilities, temperatures, as_cleanlab);
    return static_cast<size_t>(std::min_element(found.begin(), found.end()) - found.begin());
  };
  const size_t middle = best(coarse);
  std::vector<double> fine;
  const auto add_steps = [&](size_t from) {
    const double step = (coarse[from + 1] - coarse[from]) / 4;
    for (int i = 0; i < 4; ++i) fine.push_back(coarse[from] + i * step);
  };
  if (middle > 0) add_steps(middle - 1);
  if (middle + 1 < coarse.size()) {
    add_steps(middle);
    fine.push_back(coarse[middle + 1]);
  }
  return fine[best(fine)];
}

void scale_row(std::span<double> row, double temperature) {
  double sum = 0;
  for (double& p : row) sum += p = std::max(p, least_probability);
  double scaled_sum = 0;
  for (double& p : row) scaled_sum += p = std::exp(std::log(p / sum) / temperature);
  for (double& p : row) p /= scaled_sum;
}

}  // namespace querist::consensus
