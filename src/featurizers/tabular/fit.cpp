// One pass for the statistics, two for each text column, two more for the projection of a wide
// table.
#include "featurizers/tabular/fit.h"

#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "base/limits.h"
#include "base/rng.h"
#include "featurizers/tabular/cells.h"

namespace querist::featurizers {

static constexpr size_t most_text_columns = 16;
static constexpr size_t most_features = 16'384;
static constexpr size_t wide_table =
    256;  // More features than this get a geometry of fewer dimensions.
static constexpr size_t few_rows = 100;       // Below, every category counts.
static constexpr size_t sample_rows = 5'000;  // The projection is fitted on at most so many rows
static constexpr size_t sample_values = 40'000'000;  // and so many numbers.
static constexpr size_t described_categories = 10;

// The kept categories, most frequent first with their counts; ties in alphabetical order.
using Counts = std::vector<std::pair<std::string, uint64_t>>;

static Counts frequent_values(const ColumnSummary& summary, const Params& params) {
  const uint64_t rows = summary.present + summary.missing;
  const auto least = rows < few_rows ? 1 : static_cast<uint64_t>(params.integer("min_count"));
  Counts counts;
  for (const auto& [value, count] : summary.values) {
    if (count >= least) counts.emplace_back(value, count);
  }
  std::sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (const auto most = static_cast<size_t>(params.integer("max_categories")); counts.size() > most)
    counts.resize(most);
  return counts;
}

static std::shared_ptr<const TfidfModel> fit_text(const FitInput& input, size_t column,
                                                  const Params& params, uint64_t seed,
                                                  const Progress& progress) {
  TfidfSettings settings;
  settings.ngrams.columns_log2 = 16;
  settings.geometry_dimensions = static_cast<uint32_t>(params.integer("text_dimensions"));
  const TextStream texts = [&](const std::function<void(std::span<const std::string_view>)>& use) {
    input.payloads([&](std::span<const Payload> batch) {
      std::vector<std::string_view> cells;
      for (const Payload& payload : batch) {
        const std::string_view cell = payload.cells[column];
        cells.push_back(is_missing(cell) ? std::string_view() : cell);
      }
      use(cells);
    });
  };
  return fit_tfidf(texts, settings, mix_seed(seed, column), progress);
}

static void use_moments(const Moments& moments, ColumnModel& column) {
  column.mean = moments.mean;
  const double deviation = moments.deviation();
  column.deviation = deviation > 0 && std::isfinite(deviation) ? deviation : 1;
}

// Learns one column's encoding and says in `entry` what people should know of it.
static ColumnModel fit_column(const ColumnSummary& summary, ColumnType type, const Params& params,
                              Json& entry) {
  ColumnModel column;
  column.type = type;
  const uint64_t rows = summary.present + summary.missing;
  if (type == ColumnType::number) {
    use_moments(summary.numbers, column);
    column.marks_missing = summary.numbers.count < rows;
    entry.update({{"mean", column.mean},
                  {"deviation", column.deviation},
                  {"min", summary.numbers.min},
                  {"max", summary.numbers.max},
                  {"unreadable", summary.present - summary.numbers.count}});
  } else if (type == ColumnType::date) {
    const Moments& dates = summary.dates();
    use_moments(dates, column);
    column.marks_missing = dates.count < rows;
    column.day_first = summary.is_day_first();
    entry.update({{"min", rfc3339(static_cast<int64_t>(dates.min) * 1000)},
                  {"max", rfc3339(static_cast<int64_t>(dates.max) * 1000)},
                  {"day_first", column.day_first},
                  {"unreadable", summary.present - dates.count}});
  } else if (type == ColumnType::category) {
    column.marks_missing = summary.missing > 0;
    uint64_t kept = 0;
    Json shown = Json::array();
    for (const auto& [value, count] : frequent_values(summary, params)) {
      column.categories.push_back(value);
      kept += count;
      if (shown.size() < described_categories)
        shown.push_back({{"value", value}, {"count", count}});
    }
    std::sort(column.categories.begin(), column.categories.end());
    entry.update({{"categories", shown},
                  {"kept_categories", column.categories.size()},
                  {"rare", summary.present - kept}});
  }
  return column;
}

static ColumnType chosen_type(const std::string& name, const ColumnSummary& summary,
                              const std::map<std::string, ColumnType>& given, size_t text_columns,
                              const Params& params, Json& entry) {
  TypeDecision decision = decide_type(name, summary);
  if (const auto found = given.find(name); found != given.end()) {
    decision = {found->second, found->second == ColumnType::dropped ? "dropped by the setting types"
                                                                    : "set by types"};
  }
  const bool nothing_read = (decision.type == ColumnType::number && summary.numbers.count == 0) ||
                            (decision.type == ColumnType::date && summary.dates().count == 0);
  if (nothing_read) {
    refuse("types: column \"{}\" cannot be a {}: none of its cells reads as one", name,
           type_word(decision.type));
  }
  if (decision.type == ColumnType::text && params.integer("text_dimensions") == 0) {
    decision = {ColumnType::dropped, "free text, and text_dimensions is 0"};
  }
  if (decision.type == ColumnType::text && text_columns >= most_text_columns) {
    decision = {ColumnType::dropped,
                fmt::format("free text beyond the first {} such columns", most_text_columns)};
  }
  if (decision.type == ColumnType::category && summary.many_values && summary.values.empty()) {
    decision = {ColumnType::dropped, "too many different values to be a category"};
  }
  entry.update({{"name", name}, {"type", type_word(decision.type)}, {"missing", summary.missing}});
  entry["distinct"] = summary.many_values ? Json() : Json(summary.values.size());
  if (!decision.reason.empty()) entry["reason"] = decision.reason;
  return decision.type;
}

// A random sample of encoded rows decides the axes of a wide table.
static Projection fit_geometry(const FitInput& input, const TabularModel& model, uint64_t rows,
                               const Params& params, uint64_t seed, const Progress& progress) {
  const size_t most = std::max<size_t>(1, std::min(sample_rows, sample_values / model.features()));
  std::vector<int64_t> sample = Rng(seed).sample(rows, most);
  std::sort(sample.begin(), sample.end());
  Matrix encoded(sample.size(), model.features());
  size_t seen = 0;
  size_t next = 0;
  input.payloads([&](std::span<const Payload> batch) {
    progress.check();
    std::vector<Payload> chosen;
    const size_t first = next;
    for (; next < sample.size() && static_cast<size_t>(sample[next]) < seen + batch.size();
         ++next) {
      chosen.push_back(batch[static_cast<size_t>(sample[next]) - seen]);
    }
    const Matrix part = transform_table(model, chosen).dense;
    std::copy(part.values.begin(), part.values.end(), encoded.values.data() + first * encoded.cols);
    seen += batch.size();
  });
  return fit_projection(encoded, static_cast<size_t>(params.integer("geometry_dimensions")), seed);
}

std::shared_ptr<const TabularModel> fit_table(const FitInput& input, const Params& params,
                                              uint64_t seed, const Progress& progress) {
  if (input.columns.empty()) refuse("the table has no columns");
  if (input.columns.size() > limits::max_columns) {
    refuse("the table has {} columns; at most {} are allowed", input.columns.size(),
           limits::max_columns);
  }
  const auto given = parse_types(params.text("types"), input.columns);
  const std::vector<ColumnSummary> summaries = summarise(input, progress);
  const uint64_t rows = summaries[0].present + summaries[0].missing;
  const auto model = std::make_shared<TabularModel>();
  Json entries = Json::array();
  size_t text_columns = 0;
  for (size_t i = 0; i < summaries.size(); ++i) {
    Json entry;
    const ColumnType type =
        chosen_type(input.columns[i], summaries[i], given, text_columns, params, entry);
    ColumnModel column = fit_column(summaries[i], type, params, entry);
    if (type == ColumnType::text) {
      ++text_columns;
      column.text = fit_text(input, i, params, seed, progress);
    }
    entry["features"] = column.width();
    entries.push_back(std::move(entry));
    model->columns.push_back(std::move(column));
  }
  if (model->features() > most_features) {
    refuse(
        "the table would have {} features, more than {}; lower max_categories or drop columns with "
        "types",
        model->features(), most_features);
  }
  if (model->features() > wide_table) {
    model->geometry = fit_geometry(input, *model, rows, params, seed, progress);
  }
  const Json description = {
      {"rows", rows}, {"features", model->features()}, {"columns", std::move(entries)}};
  model->description =
      parse_json(canonical_json(description));  // Names and values may hold invalid UTF-8.
  return model;
}

}  // namespace querist::featurizers
