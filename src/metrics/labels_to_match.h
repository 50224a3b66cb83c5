// How many labels one way of getting them takes to teach as much as another way's models know, from
// what all of these models answer on few labelled rows and many unlabelled ones.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/estimate.h"

namespace querist::metrics {

// Errors of the models of one way, by their labels, less those of the models to match. `measured`
// are true errors on labelled rows; `proxy` and `unlabeled` count answers other than those of one
// good model, on the same labelled rows and on unlabelled rows of the same population: they carry
// what is known of the differences over to far more rows than have labels, and the labelled ones
// correct them (prediction-powered inference; Angelopoulos, Bates, Fannjiang, Jordan and Zrnic
// 2023).
struct ErrorDifferences {
  std::vector<double> labels;                  // Of each model, ascending and above 0.
  std::vector<std::vector<double>> measured;   // A row a model, a column a labelled row.
  std::vector<std::vector<double>> proxy;      // The same shape.
  std::vector<std::vector<double>> unlabeled;  // A row a model; columns may be none.
  std::vector<double> deviations;  // Of each model, from which labels it happened to get.
  // Where labelled rows were drawn one after the other while other rows were labelled by choice: at
  // the draw of each, what is chosen by then counts by its true errors, the drawn row stands for
  // the rest, and the mean over draws holds whatever was chosen (Des Raj 1956). All empty
  // otherwise.
  std::vector<double> stands_for;          // Of each labelled row, the rest's share of all rows.
  std::vector<std::vector<double>> known;  // True errors, in the shape of `unlabeled`.
  std::vector<double> known_shares;  // Of each of its columns, how much of it is known: 0 to 1.
};

// The differences' means, weighed between the labelled rows alone and the proxy so that they vary
// least (Angelopoulos, Duchi and Zrnic 2023).
struct PoweredDifferences {
  double weight = 0;                           // Of the proxy, 0 to 1.
  std::vector<double> means;                   // One a model.
  std::vector<std::vector<double>> resampled;  // As many means, of other rows and other labels.
};

// Rows are reweighted at random (Bayesian bootstrap; Rubin 1981); half a row that errs on one side
// alone stands on either side among the labelled ones, so that few errors do not pass for none
// (after Agresti and Min 2005). Refuses fewer than two labelled rows or rows that do not match.
PoweredDifferences powered_differences(const ErrorDifferences& errors, uint64_t seed,
                                       size_t resamples = 1000);

// Where a curve of differences first falls to 0, by its closest falling curve, linear in the
// logarithm of labels; the first or last number of labels where it lies below or above all the way.
struct Crossing {
  double labels = 0;
  int beyond = 0;  // -1: below from the first on; 1: never below.
};
Crossing falls_to_zero(std::span<const double> labels, std::vector<double> differences);

// The labels that match, with percentiles. An end is open where the curve lies to one side all the
// way for more resamples than the interval leaves out, so that a closed one lies within the search;
// intervals of more confidence hold those of less. log_deviation: what else the logarithm of
// the labels may be off by, a standard deviation.
struct LabelsToMatch {
  Estimate labels;          // "prediction_powered".
  bool low_open = false;    // Fewer labels than the first model's may do.
  bool high_open = false;   // More labels than the last model's may be needed.
  bool value_open = false;  // The estimate itself lies at an end.
};
LabelsToMatch labels_to_match(std::span<const double> labels, const PoweredDifferences& differences,
                              double log_deviation, uint64_t seed, double confidence = 0.95);

}  // namespace querist::metrics
