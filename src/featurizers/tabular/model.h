// The fitted table: how each column's cell becomes numbers, and the projection of wide tables.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "featurizers/featurizer.h"
#include "featurizers/projection.h"
#include "featurizers/tabular/summary.h"
#include "featurizers/tfidf/model.h"

namespace querist::featurizers {

struct ColumnModel {
  ColumnType type = ColumnType::dropped;
  bool marks_missing = false;  // Has a column that is 1 where the cell is missing.
  bool day_first = false;      // Dates read 14/3/2020.
  double mean = 0;             // Of numbers, and of dates in seconds.
  double deviation = 1;        // Above 0.
  std::vector<std::string>
      categories;  // Ascending; all other values share the rare column behind them.
  std::shared_ptr<const TfidfModel> text;

  size_t width() const;  // Feature columns.
};

struct TabularModel {
  std::vector<ColumnModel> columns;
  std::optional<Projection> geometry;  // Only of tables wider than 256 features.
  Json description;

  size_t features() const;
};

FeatureBatch transform_table(const TabularModel& model, std::span<const Payload> payloads);
std::string write_table(const TabularModel& model);
std::shared_ptr<const TabularModel> read_table(
    std::string_view body);  // Throws invalid_argument on damage.

}  // namespace querist::featurizers
