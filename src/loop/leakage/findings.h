// What a look for leakage reads and says: rows of two sides, and one finding a way in which the
// test rows may be known to the training rows.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/matrix.h"
#include "base/progress.h"
#include "data/example.h"

namespace querist::loop::leakage {

// Whose rows: a table's own split, or a project's training and audit labels (its training rows were
// chosen on purpose, so the two may differ without a fault).
enum class Setting { table, project };

struct Rows {
  Setting setting = Setting::table;
  PayloadKind payload = PayloadKind::text;
  std::vector<std::string> columns;  // Names of Payload::cells.
  std::vector<Payload> payloads;
  std::vector<std::string> names;  // How a row is called in examples.
  std::vector<int32_t> labels;     // Class ids; -1: none.
  std::vector<std::string> classes;
  std::vector<std::string> groups;  // Empty: none.
  std::vector<std::string> times;
  std::vector<uint8_t> is_test;  // One a row.
  Features features;             // One row a payload, as a learner reads them …
  Features geometry;  // … and as distances do, dense; the features where there is none.

  std::vector<int64_t> side(bool test) const;  // Ascending rows.
};

// Rows for the adversarial validation, where they are others than the two sides.
struct Contrast {
  Features features;  // Dense where there are any: wide sparse rows take long to tell apart.
  std::vector<int64_t> first;  // As training.
  std::vector<int64_t> second;
};

struct Finding {
  std::string check;
  std::string severity;  // high, medium, low.
  int64_t count = 0;     // Test rows, or columns or words, that it is about …
  int64_t of = 0;        // … of so many.
  std::string sentence;  // What it is and what to do.
  Json examples = Json::array();
  Json data = Json::object();
};

struct Report {
  std::vector<Finding> findings;
  Json checks = Json::array();  // {"check", "state": found | clean | skipped, "reason"}.
};

// The features, or the geometry where they are sparse.
inline const Features& dense_if_any(const Features& features, const Features& geometry) {
  return features.kind == Features::Kind::sparse ? geometry : features;
}

inline constexpr double least_jaccard = 0.8;
inline constexpr double least_cosine = 0.995;
inline constexpr double telling_auc = 0.99;
inline constexpr size_t shown_examples = 5;

// Each adds what it found and one row of checks.
void exact_duplicates(const Rows& rows, Report& report);
void near_duplicates(const Rows& rows, Report& report);
void group_overlap(const Rows& rows, Report& report);
void time_order(const Rows& rows, Report& report);
void single_features(const Rows& rows, uint64_t seed, Report& report);
void adversarial(const Rows& rows, const Contrast* contrast, uint64_t seed,
                 const Progress& progress, Report& report);

// The columns, words or dimensions by which one of the classes is told from the others best, the
// largest area under the curve first. labels: class ids, -1: left out. Of columns that are
// categories the area is that of shares learnt out of fold, so that a column of ids tells nothing.
struct TellingFeature {
  std::string name;
  size_t cls = 0;
  double auc = 0;  // Of the better direction: 0.5 … 1.
};
std::vector<TellingFeature> telling_features(const Rows& rows, std::span<const int32_t> labels,
                                             size_t classes, uint64_t seed);

void skip(Report& report, std::string_view check, std::string reason);
void conclude(Report& report, std::string_view check, Finding finding);  // Count 0: clean.

}  // namespace querist::loop::leakage
