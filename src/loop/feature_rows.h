// The stored features of one featurizer version: opened or rebuilt, and brought up to a count of
// rows.
#pragma once

#include <memory>

#include "base/progress.h"
#include "data/records.h"
#include "featurizers/featurizer.h"
#include "storage/feature_store.h"
#include "storage/store.h"

namespace querist::loop {

// A featurizer version, ready to transform.
struct FittedVersion {
  int64_t version = 0;  // 0: none yet.
  std::string name;
  int64_t rows = 0;  // Examples there were when it was fitted.
  featurizers::Fitted fitted;
};

FittedVersion load_featurizer(storage::Store& store, const FeaturizerVersion& version);

// Opens its files; those that are damaged or of another shape are begun anew.
std::unique_ptr<storage::FeatureFiles> open_features(storage::Store& store, int64_t project_id,
                                                     const FittedVersion& featurizer);

// Makes the rows that the files lack, from the stored examples, a batch at a time.
void append_features(storage::Store& store, int64_t project_id, const FittedVersion& featurizer,
                     storage::FeatureFiles& files, int64_t rows, const Progress& progress);

// At least the first `rows` rows as that version made them, whatever has been fitted since. Call
// with the workshop's mutex held: files have one writer.
storage::FeatureView past_features(storage::Store& store, int64_t project_id, int64_t version,
                                   int64_t rows, const Progress& progress);

}  // namespace querist::loop
