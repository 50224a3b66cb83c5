// Coincidences of classes within items.
#include "metrics/crowd_agreement.h"

#include <cmath>
#include <limits>
#include <vector>

#include "base/error.h"

namespace querist::metrics {

// How many answers of item i each class has.
static void count_item(const ItemLabels& answers, size_t i, std::vector<double>& counts) {
  counts.assign(answers.classes, 0);
  for (size_t j = answers.offsets[i]; j < answers.offsets[i + 1]; ++j) {
    const int32_t label = answers.labels[j];
    if (label < 0 || static_cast<size_t>(label) >= answers.classes)
      refuse("labels holds class {}, but there are {} classes", label, answers.classes);
    ++counts[static_cast<size_t>(label)];
  }
}

static size_t items_of(const ItemLabels& answers) {
  return answers.offsets.empty() ? 0 : answers.offsets.size() - 1;
}

double krippendorff_alpha(const ItemLabels& answers) {
  std::vector<double> totals(answers.classes);
  std::vector<double> counts;
  double pairable = 0;
  double observed = 0;  // Of unequal pairs, each item by its answers less one.
  for (size_t i = 0; i < items_of(answers); ++i) {
    count_item(answers, i, counts);
    double m = 0;
    double same = 0;
    for (const double n : counts) {
      m += n;
      same += n * n;
    }
    if (m < 2) continue;
    pairable += m;
    observed += (m * m - same) / (m - 1);
    for (size_t c = 0; c < answers.classes; ++c) totals[c] += counts[c];
  }
  if (pairable == 0) return std::numeric_limits<double>::quiet_NaN();
  double expected = pairable * pairable;
  for (const double n : totals) expected -= n * n;
  if (expected == 0) return 1;
  return 1 - (pairable - 1) * observed / expected;
}

double fleiss_kappa(const ItemLabels& answers) {
  const size_t items = items_of(answers);
  std::vector<double> totals(answers.classes);
  std::vector<double> counts;
  double agreement = 0;
  double each = 0;
  for (size_t i = 0; i < items; ++i) {
    const auto m = static_cast<double>(answers.offsets[i + 1] - answers.offsets[i]);
    if (i == 0) each = m;
    if (m != each || m < 2) {
      refuse(
          "item {} has {} answers, but Fleiss' kappa needs equally many of every item, 2 at "
          "least; take krippendorff_alpha",
          i, m);
    }
    count_item(answers, i, counts);
    double same = 0;
    for (size_t c = 0; c < answers.classes; ++c) {
      same += counts[c] * counts[c];
      totals[c] += counts[c];
    }
    agreement += (same - m) / (m * (m - 1));
  }
  if (items == 0) return std::numeric_limits<double>::quiet_NaN();
  const auto n = static_cast<double>(items);
  double chance = 0;
  for (const double total : totals) chance += (total / (n * each)) * (total / (n * each));
  if (chance == 1) return 1;
  return (agreement / n - chance) / (1 - chance);
}

double observed_agreement(const ItemLabels& answers) {
  std::vector<double> counts;
  double sum = 0;
  double items = 0;
  for (size_t i = 0; i < items_of(answers); ++i) {
    const auto m = static_cast<double>(answers.offsets[i + 1] - answers.offsets[i]);
    if (m < 2) continue;
    count_item(answers, i, counts);
    double same = 0;
    for (const double n : counts) same += n * (n - 1);
    sum += same / (m * (m - 1));
    ++items;
  }
  return sum / items;
}

}  // namespace querist::metrics
