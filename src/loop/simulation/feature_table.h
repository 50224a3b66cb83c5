// The features of a table's rows, made once and shared by all seeds whose featurizers agree.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "featurizers/featurizer.h"
#include "loop/table.h"

namespace querist::loop {

// Feature rows as a project keeps them: float16 where that loses nothing.
struct FeatureBlock {
  Features::Kind kind = Features::Kind::dense;
  Matrix dense;
  std::vector<uint16_t> half;
  Csr sparse;
  Matrix geometry;  // Unit rows for distances; 0 columns: the features serve as geometry too.
  size_t rows = 0;
  size_t cols = 0;

  Features features() const;
  FeatureBlock chosen(std::span<const int64_t> rows) const;  // Copies, in the order given.
  OwnedFeatures owned(std::span<const int64_t> rows) const;  // The same, half widened to float.
};

// What a featurizer makes of a text that is not the table's, as the table's own features are kept.
FeatureBlock block_of(const featurizers::Fitted& fitted, std::span<const Payload> payloads);

// A fitted featurizer with what it makes of a table's used rows.
struct FittedFeatures {
  featurizers::Fitted fitted;
  FeatureBlock block;
};

// Safe to use from several threads.
class FeatureTable {
 public:
  // rows: those that are ever used. Keeps the reference to the table. Throws invalid_argument where
  // the featurizer reads another payload.
  FeatureTable(const Table& table, std::vector<int64_t> rows, const std::string& featurizer);

  // The features of the used rows, by a featurizer fitted on `fit_rows` of the table alone; block
  // row i is table row rows()[i].
  std::shared_ptr<const FittedFeatures> fit(const std::vector<int64_t>& fit_rows, uint64_t seed,
                                            const Progress& progress);
  const std::vector<int64_t>& rows() const { return rows_; }

 private:
  const Table& table_;
  std::vector<int64_t> rows_;
  featurizers::ChosenFeaturizer featurizer_;
  std::shared_ptr<const void> survey_;  // The featurizer's, of the whole table.
  std::mutex mutex_;
  uint64_t last_seed_ = 0;  // What last_ was asked for with.
  std::vector<int64_t> last_rows_;
  std::string last_fitted_;  // The bytes of the featurizer that made last_.
  std::shared_ptr<const FittedFeatures> last_;
};

}  // namespace querist::loop
