// The fitted TF-IDF: which hashed n-grams are columns, their weights, and the projection that gives
// dense geometry.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "featurizers/featurizer.h"
#include "featurizers/tfidf/ngrams.h"

namespace querist::featurizers {

struct TfidfSettings {
  NgramSettings ngrams;
  uint32_t min_df = 2;  // Columns in fewer texts are dropped; below 100 texts every column is kept.
  uint32_t geometry_dimensions = 128;
};

struct TfidfModel {
  TfidfSettings settings;
  uint64_t texts = 0;  // Seen at fit.
  uint32_t min_df_used = 1;
  std::vector<uint32_t>
      numbers;  // The hashed number of each column, ascending: first words, then characters.
  std::vector<float> idf;           // One a column.
  uint32_t dimensions = 1;          // Of the geometry.
  std::vector<uint32_t> projected;  // The columns that the projection reads, ascending.
  std::vector<uint16_t>
      projection;  // (projected.size(), dimensions) bfloat16: half of float32's memory traffic.

  // Made from the above by index().
  std::vector<int32_t> column_of;      // Hashed number -> column or -1.
  std::vector<int32_t> projection_of;  // Column -> row of the projection or -1.
  uint32_t word_columns = 0;

  size_t columns() const { return numbers.size(); }
  void index();
};

// Calls the given function with batches of texts, front to back; runs twice.
using TextStream =
    std::function<void(const std::function<void(std::span<const std::string_view>)>&)>;

std::shared_ptr<const TfidfModel> fit_tfidf(const TextStream& texts, const TfidfSettings& settings,
                                            uint64_t seed, const Progress& progress);

// Rows are of unit length and do not depend on each other. A text without any known n-gram is an
// empty row, and the last axis in the geometry.
FeatureBatch transform_tfidf(const TfidfModel& model, std::span<const std::string_view> texts);

std::string write_tfidf(const TfidfModel& model);
std::shared_ptr<const TfidfModel> read_tfidf(
    std::string_view body);  // Throws invalid_argument on damage.

}  // namespace querist::featurizers
