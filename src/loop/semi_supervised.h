// Pseudo-labels for a model: candidates behind the gate, watched by the hazard monitors. What they
// touch is the model that predicts and nothing else: selection, stopping and calibration look at
// the model of the given labels alone.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "learners/learner.h"
#include "pseudo_labelers/pseudo_labeler.h"

namespace querist::loop {

// How pseudo-labels are come by: one pseudo-labeler with its parameters.
struct SslMethod {
  const pseudo_labelers::PseudoLabeler* labeler = nullptr;
  Params params;
};

// The setting `ssl`: off; auto; or NAME or NAME(key=value), which is used whatever the gate would
// say.
struct SslSetting {
  bool is_off = true;
  SslMethod forced;  // Without a labeler: auto.
};
// Throws not_found for a name that is none and invalid_argument for a parameter that is wrong.
SslSetting parse_ssl(std::string_view text);

// A pool of which some rows are labelled; rows are of `features`. Audit rows are never
// pseudo-labelled.
struct SslData {
  Features features;
  Features geometry;              // Sparse: there is none, and label spreading is no candidate.
  std::span<const int64_t> rows;  // Ascending, trained on.
  std::span<const int32_t> labels;
  std::span<const int64_t> audit_rows;
  std::span<const int32_t> audit_labels;
  size_t classes = 0;
};

struct SslPlan {
  std::string setting = "off";
  size_t most_rows = 10'000;  // Unlabelled rows that are looked at: a uniform sample of more.
  uint64_t seed = 0;
};

inline constexpr size_t ssl_folds = 5;             // At most; fewer where a class has fewer labels.
inline constexpr size_t ssl_judged_by_audit = 50;  // From so many audit labels on they judge.
inline constexpr size_t ssl_watched_by_audit = 20;  // Fewer audit labels tell a monitor nothing.
inline constexpr size_t ssl_most_labels = 200;      // A class; with more, auto tries nothing.

struct SemiSupervised {
  std::shared_ptr<const learners::Model> model;  // Null: the given labels alone.
  pseudo_labelers::PseudoLabels pseudo;          // Of pool rows; empty where there is no model.
  Json report;                                   // As docs/http.md has `semi_supervised`.
};

// Trains with each candidate's pseudo-labels (label spreading, with its labels as heavy as the
// given ones and four times so; balanced self-training; naive Bayes where no feature is negative),
// takes the one with the fewest errors whose gain over `supervised` is more than one standard
// error: on the audit labels once there are 50, else out of five folds. A monitor that sees a
// hazard takes auto's choice back; of a forced one it only tells. before: the model that predicted
// until now, or null. The learner must take weights. Costs about 30 trainings on as many rows as
// are looked at.
SemiSupervised semi_supervise(const SslData& data, const SslPlan& plan,
                              const learners::Learner& learner, const Params& params,
                              const std::shared_ptr<const learners::Model>& supervised,
                              const learners::Model* before, const Progress& progress);

// For calibration of a model with pseudo-labels: the given labels predicted by models that had
// neither them nor pseudo-labels from them, by the recipe of a report whose `method` is not null;
// (rows, classes). The held-out rows are not pseudo-labelled either.
Matrix semi_supervised_out_of_fold(const SslData& data, const SslPlan& plan, const Json& report,
                                   const learners::Learner& learner, const Params& params,
                                   const Progress& progress);

}  // namespace querist::loop
