// Models ready to answer: loaded once, swapped warm, the very featurizer of training in front.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "featurizers/featurizer.h"
#include "learners/learner.h"
#include "serving/out_of_distribution.h"
#include "storage/store.h"

namespace querist::serving {

// One version with its featurizer; immutable, so a request that holds it is never disturbed by a
// promotion.
struct Deployment {
  int64_t project_id = 0;
  int64_t version = 0;
  std::vector<std::string> classes;
  PayloadKind payload = PayloadKind::text;
  std::vector<std::string> columns;
  size_t dimensions = 0;  // Of an embedding payload.
  featurizers::Fitted featurizer;
  std::shared_ptr<const learners::Model> model;  // Calibrated, as the version says.
  std::vector<double> class_weights;             // How it decides: metrics::decide.
  std::shared_ptr<const learners::Model> plain;  // As trained: what the novelty rule reads.
  bool has_rule = false;                         // One was stored when the version was loaded …
  std::optional<NoveltyRule> novelty;            // … and is this, if its file is whole.
};

struct Prediction {
  std::vector<std::string> labels;  // The class decided for, one a payload.
  Matrix probabilities;             // (payloads, classes).
  std::vector<double> ood_scores;   // One a payload, only on request; higher: less like the
                                    // training rows.
  std::vector<uint8_t> is_ood;      // Likewise: 1 above the version's threshold.
};

inline constexpr size_t max_batch = 10'000;  // Payloads in one request.

// Refuses a payload the featurizer cannot read, naming its position. with_ood: fills ood_scores and
// is_ood; throws conflict where the version has no detector yet.
Prediction predict(const Deployment& deployment, std::span<const Payload> payloads,
                   bool with_ood = false);

// Keeps the deployments in use. Thread-safe; loading a version never blocks answers from another.
class Deployments {
 public:
  explicit Deployments(storage::Store& store) : store_(store) {}

  // The version that an alias names now. Throws not_found when there is no such model yet.
  std::shared_ptr<const Deployment> of_alias(const Project& project, std::string_view alias);
  std::shared_ptr<const Deployment> of_version(const Project& project, int64_t version);

 private:
  std::shared_ptr<const Deployment> load(const Project& project, const ModelVersion& version);

  storage::Store& store_;
  std::mutex mutex_;
  std::map<std::pair<int64_t, int64_t>, std::shared_ptr<const Deployment>> loaded_;
  std::vector<std::pair<int64_t, int64_t>>
      recent_;  // Oldest first; the cache keeps the newest few.
};

// Points the alias at a version after the gate. Throws conflict when the version's gate did not
// pass, unless forced; the reason and the force are recorded.
AliasChange promote(storage::Store& store, const Project& project, std::string_view alias,
                    int64_t version, bool force, const std::string& reason,
                    const std::string& actor);

}  // namespace querist::serving
