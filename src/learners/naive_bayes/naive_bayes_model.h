// A trained naive Bayes classifier: its statistics, and the tables that predictions read.
#pragma once

#include <optional>

#include "kernels/normal_classes.h"
#include "learners/learner.h"
#include "learners/naive_bayes/statistics.h"

namespace querist::learners {

// What a class's size is taken for where classes are to weigh the same: its rows (as models were
// made and stored at first, whose weights then stood beside it), or the weights of its rows.
enum class Balance : uint8_t { none, rows, weights };

struct NaiveBayesSettings {
  double smoothing = 1;              // Added to every count.
  double variance_smoothing = 1e-9;  // Share of the largest variance, added to all.
  Balance balance = Balance::none;
};

class NaiveBayesModel final : public Model {
 public:
  NaiveBayesModel(NaiveBayesStatistics statistics, NaiveBayesSettings settings);

  size_t classes() const override { return statistics_.classes; }
  size_t features() const override { return statistics_.features; }
  void probabilities(const Features& features, Matrix& out) const override;
  std::string save() const override;

  const NaiveBayesStatistics& statistics() const { return statistics_; }
  const NaiveBayesSettings& settings() const { return settings_; }

 private:
  std::vector<double> class_factors() const;
  void prepare_counts(const std::vector<double>& factors);
  void prepare_moments();
  void score_counts(const Features& features, size_t row, double* scores) const;
  void score_moments(const Features& features, size_t begin, size_t end, double* scores) const;

  NaiveBayesStatistics statistics_;
  NaiveBayesSettings settings_;
  std::vector<int32_t> seen_;   // The classes that have rows, ascending; scores are of these.
  std::vector<double> prior_;   // Log of the share of each.
  double unseen_ = 0;           // Probability of all other classes together.
  std::vector<double> tables_;  // Counts: (columns + 1, seen), the last for columns never met.
  std::vector<int32_t> place_;  // Counts: the row of `tables_` of each column.
  std::optional<kernels::NormalClasses> normal_;  // Gaussian.
  std::vector<double> at_zero_;                   // Gaussian: the scores of a row of zeros.
};

std::unique_ptr<Model> load_naive_bayes(std::string_view bytes);

// The model trained on its rows and these too: for counts the same bits as training on all at once
// in this order, for variant gaussian too. Cost: that of the new rows alone, and of the tables.
std::unique_ptr<Model> update_naive_bayes(const NaiveBayesModel& model, const Dataset& more);

}  // namespace querist::learners
