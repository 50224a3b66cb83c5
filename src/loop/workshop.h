// What the loop keeps at hand for one project: its fitted featurizer, mapped features and newest
// model. A cache: whatever it holds can be rebuilt from the store.
#pragma once

#include <any>
#include <map>
#include <memory>
#include <mutex>

#include "base/progress.h"
#include "learners/learner.h"
#include "loop/feature_rows.h"

namespace querist::loop {

// A stored model, ready to predict.
struct LoadedModel {
  int64_t version = 0;
  std::string learner;
  int64_t featurizer_version = 0;
  std::shared_ptr<const learners::Model> model;  // As it predicts: calibrated.
  std::shared_ptr<const learners::Model> plain;  // As it was trained: no calibration at work.
  std::vector<double> class_weights;             // What metrics::decide weighs by; empty: nothing.
  // Where it was trained with pseudo-labels: what the given labels alone make.
  std::shared_ptr<const LoadedModel> supervised = nullptr;

  // What selection and stopping look at and the next training starts from: it has seen no
  // pseudo-label.
  const LoadedModel& scorer() const { return supervised ? *supervised : *this; }
};

// What a model says of every row, and how it decides.
struct Scores {
  Matrix probabilities;
  std::vector<double> class_weights;
};

Matrix predict_rows(const learners::Model& model, const storage::FeatureView& view,
                    const std::vector<int64_t>& rows);

class Workshop {
 public:
  Workshop(storage::Store& store, int64_t project_id) : store_(store), project_id_(project_id) {}

  // Held by whoever moves the project's loop, so that steps never overlap.
  std::mutex& mutex() { return mutex_; }

  // Brings the features up to date with the examples: fits a featurizer when there is none, the
  // settings name another or the pool has quadrupled since; rebuilds files that are missing or
  // damaged; appends what is new. Safe to repeat.
  storage::FeatureView features(const Progress& progress);
  int64_t featurizer_version() const { return featurizer_.version; }
  const std::string& featurizer_name() const { return featurizer_.name; }
  const featurizers::Fitted& fitted() const { return featurizer_.fitted; }
  // Throws unavailable when somebody else changed the files under the view that features() gave:
  // what was computed from it is not to be kept. The next features() mends them.
  void check_features() const;

  // The newest model if its file is whole and its featurizer is the present one, else nothing.
  LoadedModel newest_model();
  void keep_model(const LoadedModel& model) { newest_ = model; }
  LoadedModel load_model(int64_t version);
  // Nothing when the stored file is missing or damaged.
  std::optional<LoadedModel> load_if_whole(int64_t version);

  // Class probabilities of every row under the model's scorer, kept until the model or the rows
  // change.
  const Matrix& probabilities(const LoadedModel& model, const storage::FeatureView& view);
  // The newest of them, to look at while the loop works on; null before there are any. Needs no
  // lock.
  std::shared_ptr<const Scores> newest_scores() const;

  // What the strategy kept from the last selection over these features (Pool::memory).
  std::any& memory() { return memory_; }

  storage::Store& store() { return store_; }
  int64_t project_id() const { return project_id_; }

 private:
  void fit(const Project& project, std::string_view name, const Progress& progress);

  storage::Store& store_;
  int64_t project_id_;
  std::mutex mutex_;
  FittedVersion featurizer_;
  std::unique_ptr<storage::FeatureFiles> files_;
  std::any memory_;
  LoadedModel newest_;
  mutable std::mutex scores_mutex_;
  std::shared_ptr<const Scores> scores_;
  int64_t scores_version_ = 0;
};

// One workshop a project, made when first asked for. Thread-safe.
class Workshops {
 public:
  explicit Workshops(storage::Store& store) : store_(store) {}
  Workshop& of(int64_t project_id);
  storage::Store& store() { return store_; }

 private:
  storage::Store& store_;
  std::mutex mutex_;
  std::map<int64_t, std::unique_ptr<Workshop>> workshops_;
};

}  // namespace querist::loop
