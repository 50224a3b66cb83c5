// Which out-of-distribution detector suits a project: classes are held out in turn, and have to be
// told from new rows of the others.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "learners/learner.h"
#include "metrics/estimate.h"
#include "out_of_distribution/detector.h"

namespace querist::loop {

// Labelled rows with all that detectors read of them.
struct DetectorData {
  Dataset data;
  Features embeddings{};  // Dense or half rows, one a row of the data; no columns: there are none.
  // They are a projection that was fitted on such rows: it has seen the classes that are held out,
  // as it never will have seen what is truly new, so that a trial flatters distances in it.
  bool fitted_projection = false;
};

struct DetectorCandidate {
  std::string_view name;
  std::optional<metrics::Estimate> auroc;  // Nothing: it could not be tried.
  std::string reason;                      // Why it could not, or may not be chosen.
};

struct DetectorChoice {
  std::string_view name = "max_softmax";
  std::vector<DetectorCandidate> candidates;  // Every detector, by name.
  size_t class_folds = 0;                     // 0: classes could not be held out.
  size_t classes = 0;                         // That took part.
  size_t rows = 0;
  std::string sentence;
};

inline constexpr size_t held_out_folds = 5;         // So a fifth of the classes each time.
inline constexpr size_t least_labels_a_class = 5;   // Classes with fewer take no part.
inline constexpr size_t most_choice_rows = 10'000;  // More are sampled, class by class.

// The detector of the greatest area under the curve (held-out classes against new rows of the
// others; the mean over folds, each with a model of its own), ties to the probability of the
// likeliest class, which is also the choice where fewer than three classes have labels enough.
// Distances in a fitted projection are tried, but not chosen.
// Intervals draw rows again; they do not speak of other classes than these. Deterministic by seed.
DetectorChoice choose_detector(const learners::Learner& learner, const Params& params,
                               const DetectorData& data, uint64_t seed, const Progress& progress);

// A detector's scores of rows that neither the model nor the detector was trained on, by folds of
// rows.
std::vector<double> out_of_fold_scores(const learners::Learner& learner, const Params& params,
                                       const DetectorData& data,
                                       const out_of_distribution::Detector& detector, uint64_t seed,
                                       const Progress& progress);

// The least score that at most `share` of rows like those given exceed, in expectation: their
// quantile with the correction for a finite sample (Vovk et al. 2005), or their largest.
double flagging_threshold(std::vector<double> scores, double share);

}  // namespace querist::loop
