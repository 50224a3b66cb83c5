// Which rows are like none that a version was trained on, by what the loop stored with it.
#pragma once

#include "featurizers/featurizer.h"
#include "out_of_distribution/detector.h"
#include "storage/store.h"

namespace querist::serving {

// A detector and the score above which a row is flagged.
struct NoveltyRule {
  out_of_distribution::Fitted detector;
  double threshold = 0;
};

// Nothing where the loop has not fitted one for the version yet, or its file is damaged.
std::optional<NoveltyRule> stored_rule(storage::Store& store, const ModelVersion& version);

// One score a row of the batch, higher: less like the training rows.
std::vector<double> novelty_scores(const NoveltyRule& rule, const featurizers::FeatureBatch& batch,
                                   const Matrix& probabilities);

}  // namespace querist::serving
