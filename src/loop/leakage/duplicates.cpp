// Test rows that stand among the training rows as well, to the letter or nearly.
#include <cmath>
#include <cstring>
#include <unordered_map>

#include "base/error.h"
#include "base/fast_hash.h"
#include "base/hash.h"
#include "base/rng.h"
#include "kernels/min_hash.h"
#include "kernels/nearest_rows.h"
#include "loop/leakage/findings.h"
#include "loop/words.h"

namespace querist::loop::leakage {

static constexpr size_t shingle_words = 3;
static constexpr size_t least_dimensions = 16;  // With fewer, a small angle means little.

// Letters' case, spaces and punctuation of a text and spaces about cells aside.
static std::string normalised(const Payload& payload, PayloadKind kind) {
  std::string key;
  if (kind == PayloadKind::image) return payload.image;
  if (kind == PayloadKind::embedding) {
    key.resize(payload.embedding.size() * sizeof(float));
    if (!key.empty()) std::memcpy(key.data(), payload.embedding.data(), key.size());
    return key;
  }
  if (kind == PayloadKind::text) {
    for (const std::string& word : words_of(payload.text)) key += word + ' ';
    return key.empty() ? payload.text : key;
  }
  for (std::string_view cell : payload.cells) {
    while (cell.starts_with(' ')) cell.remove_prefix(1);
    while (cell.ends_with(' ')) cell.remove_suffix(1);
    key += std::string(cell) + '\x1f';
  }
  return key;
}

static void show_pair(Json& examples, const Rows& rows, size_t test, size_t train,
                      double similarity) {
  if (examples.size() == shown_examples) return;
  examples.push_back(
      {{"test", rows.names[test]}, {"train", rows.names[train]}, {"similarity", similarity}});
}

static std::string_view severity_of(int64_t count, int64_t of) {
  const double share = static_cast<double>(count) / static_cast<double>(of);
  return share >= 0.01 ? "high" : "medium";
}

static std::string what_to_do(const Rows& rows) {
  return rows.setting == Setting::project
             ? "They make the audited accuracy too high: take copies out of the data before you "
               "import it."
             : "They make the test result too high: take them out of the test set, or keep copies "
               "on one side.";
}

void exact_duplicates(const Rows& rows, Report& report) {
  std::unordered_map<std::string, size_t> first_train;
  for (size_t i = 0; i < rows.payloads.size(); ++i) {
    if (!rows.is_test[i])
      first_train.try_emplace(sha256_hex(normalised(rows.payloads[i], rows.payload)), i);
  }
  Finding finding;
  int64_t otherwise = 0;
  for (size_t i = 0; i < rows.payloads.size(); ++i) {
    if (!rows.is_test[i]) continue;
    ++finding.of;
    const auto copy = first_train.find(sha256_hex(normalised(rows.payloads[i], rows.payload)));
    if (copy == first_train.end()) continue;
    ++finding.count;
    const int32_t theirs = rows.labels[copy->second];
    otherwise += theirs >= 0 && rows.labels[i] >= 0 && theirs != rows.labels[i];
    show_pair(finding.examples, rows, i, copy->second, 1);
  }
  if (finding.count > 0) {
    // People can be alike in every column of a table without being the same one.
    finding.severity = rows.payload == PayloadKind::columns
                           ? "medium"
                           : std::string(severity_of(finding.count, finding.of));
    finding.data["other_label"] = otherwise;
    finding.sentence = fmt::format(
        "{} of {} test rows are copies of training rows{}. {}", finding.count, finding.of,
        otherwise ? fmt::format(", {} of them with another label", otherwise) : "",
        what_to_do(rows));
  }
  conclude(report, "exact_duplicates", std::move(finding));
}

static kernels::HashedSets shingles(const Rows& rows, const std::vector<int64_t>& side) {
  kernels::HashedSets sets;
  for (const int64_t row : side) {
    const auto words = words_of(rows.payloads[static_cast<size_t>(row)].text);
    std::vector<uint64_t> set;
    const size_t length = std::min(shingle_words, words.size());
    for (size_t i = 0; length > 0 && i + length <= words.size(); ++i) {
      std::string shingle;
      for (size_t w = 0; w < length; ++w) shingle += words[i + w] + ' ';
      set.push_back(fast_hash(shingle));
    }
    sets.add(std::move(set));
  }
  return sets;
}

// Rows of length one; null rows stay so.
static Matrix unit_rows(const Rows& rows) {
  const bool own = rows.payload == PayloadKind::embedding;
  const size_t cols = own ? rows.payloads.front().embedding.size() : rows.features.cols;
  Matrix unit(rows.payloads.size(), cols);
  if (own) {
    for (size_t i = 0; i < unit.rows; ++i)
      std::ranges::copy(rows.payloads[i].embedding, unit.row(i).begin());
  } else {
    std::vector<int64_t> all(unit.rows);
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
    unit = dense_rows(rows.features, all);
  }
  for (size_t i = 0; i < unit.rows; ++i) {
    double squares = 0;
    for (const float value : unit.row(i)) squares += static_cast<double>(value) * value;
    const auto scale = static_cast<float>(squares > 0 ? 1 / std::sqrt(squares) : 0);
    for (float& value : unit.row(i)) value *= scale;
  }
  return unit;
}

static double cosine(const Matrix& unit, size_t a, size_t b) {
  double sum = 0;
  for (size_t c = 0; c < unit.cols; ++c) sum += static_cast<double>(unit.at(a, c)) * unit.at(b, c);
  return sum;
}

// Whether rows picked by chance are as alike as near duplicates would be: then a cosine tells none.
static bool all_alike(const Matrix& unit) {
  Rng rng(1);
  int alike = 0;
  for (int pair = 0; pair < 1000; ++pair) {
    const size_t a = rng.below(unit.rows);
    const size_t b = rng.below(unit.rows);
    alike += a != b && cosine(unit, a, b) >= least_cosine;
  }
  return alike > 10;
}

struct Match {
  int64_t train = -1;
  double similarity = 0;
};

static std::vector<Match> text_matches(const Rows& rows, const std::vector<int64_t>& test,
                                       const std::vector<int64_t>& train) {
  std::vector<Match> matches;
  for (const auto& best :
       kernels::most_similar(shingles(rows, test), shingles(rows, train), least_jaccard)) {
    matches.push_back(
        {best.other < 0 ? -1 : train[static_cast<size_t>(best.other)], best.similarity});
  }
  return matches;
}

static std::vector<Match> vector_matches(const Matrix& unit, const std::vector<int64_t>& test,
                                         const std::vector<int64_t>& train) {
  std::vector<int32_t> which(test.size());
  std::vector<float> squared(test.size());
  kernels::nearest_rows(unit, test, train, which, squared);
  std::vector<Match> matches(test.size());
  for (size_t i = 0; i < test.size(); ++i) {
    const int64_t nearest = train[static_cast<size_t>(which[i])];
    const double similarity =
        cosine(unit, static_cast<size_t>(test[i]), static_cast<size_t>(nearest));
    if (similarity >= least_cosine) matches[i] = {nearest, similarity};
  }
  return matches;
}

void near_duplicates(const Rows& rows, Report& report) {
  constexpr std::string_view check = "near_duplicates";
  if (rows.payload == PayloadKind::columns)
    return skip(report, check, "rows of a table that are nearly alike need not be the same thing");
  const auto test = rows.side(true);
  const auto train = rows.side(false);
  std::vector<Match> matches;
  if (rows.payload == PayloadKind::text) {
    matches = text_matches(rows, test, train);
  } else {
    const bool own = rows.payload == PayloadKind::embedding;
    if (!own && rows.features.kind == Features::Kind::sparse)
      return skip(report, check, "the features of these images are sparse");
    const Matrix unit = unit_rows(rows);
    if (unit.cols < least_dimensions)
      return skip(report, check,
                  fmt::format("with {} dimensions a small angle means little", unit.cols));
    if (all_alike(unit))
      return skip(report, check, "most rows have about the same direction: centre the features");
    matches = vector_matches(unit, test, train);
  }
  Finding finding;
  finding.of = static_cast<int64_t>(test.size());
  for (size_t i = 0; i < matches.size(); ++i) {
    if (matches[i].train < 0) continue;
    const auto a = static_cast<size_t>(test[i]);
    const auto b = static_cast<size_t>(matches[i].train);
    if (normalised(rows.payloads[a], rows.payload) == normalised(rows.payloads[b], rows.payload))
      continue;  // An exact one, counted there.
    ++finding.count;
    show_pair(finding.examples, rows, a, b, matches[i].similarity);
  }
  if (finding.count > 0) {
    const bool text = rows.payload == PayloadKind::text;
    finding.severity = severity_of(finding.count, finding.of);
    finding.sentence = fmt::format(
        "{} of {} test rows are nearly the same as a training row ({}). {}", finding.count,
        finding.of,
        text ? fmt::format("{} or more of their runs of three words are shared", least_jaccard)
             : fmt::format("a cosine of {} or more", least_cosine),
        what_to_do(rows));
  }
  conclude(report, check, std::move(finding));
}

}  // namespace querist::loop::leakage
