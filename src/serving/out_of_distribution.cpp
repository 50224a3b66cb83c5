// Reads the stored detector; hands it logits and embeddings.
#include "serving/out_of_distribution.h"

#include "base/log.h"
#include "storage/blobs.h"

namespace querist::serving {

std::optional<NoveltyRule> stored_rule(storage::Store& store, const ModelVersion& version) {
  const auto found = version.data.find("out_of_distribution");
  if (found == version.data.end()) return std::nullopt;
  try {
    return NoveltyRule{out_of_distribution::load(storage::blob(store, json_text(*found, "blob"))),
                       json_number(*found, "threshold")};
  } catch (const Error& error) {  // Predictions do without; only who asks for scores is refused.
    log_warning("an out-of-distribution detector is done without", {{"reason", error.what()}});
    return std::nullopt;
  }
}

std::vector<double> novelty_scores(const NoveltyRule& rule, const featurizers::FeatureBatch& batch,
                                   const Matrix& probabilities) {
  const auto logits = out_of_distribution::logits_of(probabilities);
  out_of_distribution::Rows rows{{probabilities.rows, probabilities.cols, logits.data()}, {}};
  if (batch.geometry.cols > 0) {
    rows.embeddings = batch.geometry;
  } else if (!batch.is_sparse) {
    rows.embeddings = batch.dense;
  }
  return out_of_distribution::score(rule.detector, rows);
}

}  // namespace querist::serving
