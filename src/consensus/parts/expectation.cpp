// Rounds until the posteriors stand still.
#include "consensus/parts/expectation.h"

#include <algorithm>
#include <cmath>

#include "base/interrupt.h"
#include "base/threads.h"

namespace querist::consensus {

static constexpr size_t grain = 1024;

std::vector<double> vote_shares(const AnswerTable& table) {
  std::vector<double> shares(table.items * table.classes);
  for (size_t i = 0; i < table.items; ++i) {
    const double one = 1 / static_cast<double>(table.count(i));
    for (const int32_t label : table.labels_of(i))
      shares[i * table.classes + static_cast<size_t>(label)] += one;
  }
  return shares;
}

void normalise_logs(std::span<double> row) {
  const double top = *std::max_element(row.begin(), row.end());
  double sum = 0;
  for (double& value : row) {
    value = std::exp(value - top);
    sum += value;
  }
  for (double& value : row) value /= sum;
}

ParamSpecs round_params(ParamSpecs own) {
  own.push_back({.name = "max_rounds",
                 .fallback = 1000,
                 .min = 1,
                 .max = 1e6,
                 .whole = true,
                 .help = "Most rounds of guessing the truth and the annotators in turns."});
  own.push_back({.name = "tolerance",
                 .fallback = 1e-6,
                 .min = 0,
                 .max = 1,
                 .help = "The rounds end when no probability moves by more."});
  return own;
}

Posteriors take_turns(const AnswerTable& table, const Params& params,
                      const std::function<void(std::span<const double> posteriors)>& learn,
                      const std::function<void(size_t item, std::span<double> row)>& score) {
  const size_t classes = table.classes;
  const auto most = static_cast<size_t>(params.integer("max_rounds"));
  Posteriors result{vote_shares(table)};
  std::vector<double> moved(table.items);
  double largest = 1;
  while (result.rounds < most && largest > params.number("tolerance")) {
    check_interrupt();
    learn(result.values);
    parallel_for(table.items, grain, [&](size_t begin, size_t end) {
      std::vector<double> row(classes);
      for (size_t i = begin; i < end; ++i) {
        std::fill(row.begin(), row.end(), 0.0);
        score(i, row);
        normalise_logs(row);
        double* before = result.values.data() + i * classes;
        moved[i] = 0;
        for (size_t c = 0; c < classes; ++c) {
          moved[i] = std::max(moved[i], std::abs(row[c] - before[c]));
          before[c] = row[c];
        }
      }
    });
    largest = table.items ? *std::max_element(moved.begin(), moved.end()) : 0;
    ++result.rounds;
  }
  return result;
}

}  // namespace querist::consensus
