// What naive Bayes keeps of the rows it saw: sums that further rows only add to.
#pragma once

#include <vector>

#include "data/dataset.h"

namespace querist::learners {

enum class NaiveBayesVariant : uint8_t { multinomial, complement, gaussian };

// Sufficient statistics; all of them in double, added up row by row, so that rows added later give
// the same bits as rows given at once.
struct NaiveBayesStatistics {
  NaiveBayesVariant variant = NaiveBayesVariant::multinomial;
  size_t classes = 0;
  size_t features = 0;
  std::vector<double> rows;     // Of each class.
  std::vector<double> weights;  // Of each class: the sum of its rows' weights.
  // Multinomial and complement: the columns that are not zero in some row, ascending, and the
  // weighted sums of their values (columns, classes).
  std::vector<int32_t> columns;
  std::vector<double> sums;
  // Gaussian: weighted means and sums of squared differences from them (classes + 1, features),
  // the last row those of all rows, unweighted.
  std::vector<double> means;
  std::vector<double> squares;
};

// Adds rows; data may bring further classes. Refuses (invalid_argument) a negative feature unless
// the variant is gaussian; the statistics are then as before.
void add_rows(NaiveBayesStatistics& statistics, const Dataset& data);

// Whether some feature is below zero.
bool has_negative(const Features& features);

// Memory-safe and consistent: what a stored model must be.
bool consistent(const NaiveBayesStatistics& statistics);

}  // namespace querist::learners
