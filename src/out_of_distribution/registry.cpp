// The list of every detector in this folder, written by the build, and the doors through which they
// learn, score and are stored.
#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/registry.h"
#include "kernels/finite.h"
#include "out_of_distribution/detector.h"

namespace querist::out_of_distribution {

const std::vector<Detector>& all() {
  static const std::vector<Detector> cards = {
#define ENTRY(function, wire_name) function(),
#include "out_of_distribution.list"
#undef ENTRY
  };
  return cards;
}

const Detector& find(std::string_view name) {
  return find_card(all(), "out-of-distribution detector", name);
}

static bool reads_embeddings(const Detector& detector) {
  return has(detector.needs, Signal::embeddings);
}

bool can_read(const Detector& detector, const Rows& rows) {
  if (reads_embeddings(detector))
    return rows.embeddings.cols > 0 && rows.embeddings.kind != Features::Kind::sparse;
  return rows.logits.cols > 0;
}

static void check(const Detector& detector, const Rows& rows) {
  if (!can_read(detector, rows)) {
    refuse("{} needs {}", detector.name,
           reads_embeddings(detector) ? "dense embeddings" : "the model's probabilities");
  }
  if (reads_embeddings(detector)) {
    if (!kernels::all_finite(rows.embeddings, kernels::largest_moderate))
      refuse("the embeddings hold a NaN or a number too large for distances");
    return;
  }
  for (size_t i = 0; i < rows.logits.rows; ++i) {
    for (const double value : rows.logits.row(i)) {
      if (!std::isfinite(value)) refuse("the logits of row {} must be finite, not {}", i, value);
    }
  }
}

Fitted fit(const Detector& detector, const TrainingRows& training, const Params& params) {
  check(detector, training.rows);
  const size_t rows = training.rows.count();
  if (rows == 0) refuse("there are no rows to learn from");
  if (training.labels.size() != rows)
    refuse("there are {} labels for {} rows", training.labels.size(), rows);
  const size_t classes = training.rows.logits.cols;
  for (const int32_t label : training.labels) {
    if (label < 0 || (classes > 0 && static_cast<size_t>(label) >= classes))
      refuse("labels holds class {}, but there are {} classes", label, classes);
  }
  const size_t dimensions = reads_embeddings(detector) ? training.rows.embeddings.cols : 0;
  return {detector.name, classes, dimensions, detector.fit(training, params)};
}

std::vector<double> score(const Fitted& fitted, const Rows& rows) {
  const Detector& detector = find(fitted.name);
  std::vector<double> scores(rows.count());
  if (scores.empty()) return scores;
  check(detector, rows);
  const size_t expected = fitted.dimensions > 0 ? fitted.dimensions : fitted.classes;
  const size_t given = fitted.dimensions > 0 ? rows.embeddings.cols : rows.logits.cols;
  if (given != expected) {
    refuse("{} knows {} {}, not {}", detector.name, expected,
           fitted.dimensions > 0 ? "dimensions" : "classes", given);
  }
  detector.score(fitted.state, rows, scores);
  return scores;
}

static constexpr std::string_view magic = "querist out-of-distribution 1";

std::string save(const Fitted& fitted) {
  ByteWriter out;
  out.put(magic);
  out.put(fitted.name);
  out.put<uint64_t>(fitted.classes);
  out.put<uint64_t>(fitted.dimensions);
  out.put(fitted.state.numbers);
  out.put<uint64_t>(fitted.state.rows.rows);
  out.put<uint64_t>(fitted.state.rows.cols);
  out.put(fitted.state.rows.values);
  return out.take();
}

Fitted load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.text() != magic) refuse("the stored object is no out-of-distribution detector");
  const Detector& detector = find(in.text());
  Fitted fitted{detector.name, in.number<uint64_t>(), in.number<uint64_t>(), {}};
  State& state = fitted.state;
  state.numbers = in.vector<double>();
  state.rows.rows = in.number<uint64_t>();
  state.rows.cols = in.number<uint64_t>();
  state.rows.values = in.vector<float>();
  const auto finite = [](const auto& values) {
    return std::all_of(values.begin(), values.end(), [](auto v) { return std::isfinite(v); });
  };
  const bool sized = state.rows.cols == 0
                         ? state.rows.rows == 0 && state.rows.values.empty()
                         : state.rows.values.size() % state.rows.cols == 0 &&
                               state.rows.values.size() / state.rows.cols == state.rows.rows;
  if (!in.at_end() || !sized || !finite(state.numbers) || !finite(state.rows.values) ||
      fitted.classes > limits::max_classes || fitted.dimensions > limits::max_features ||
      (fitted.dimensions > 0) != reads_embeddings(detector) ||
      !detector.fits(state, fitted.dimensions)) {
    refuse("the stored out-of-distribution detector is damaged");
  }
  return fitted;
}

std::vector<double> logits_of(MatrixView probabilities) {
  std::vector<double> logits(probabilities.rows * probabilities.cols);
  for (size_t i = 0; i < probabilities.rows; ++i) {
    const std::span<double> row(logits.data() + i * probabilities.cols, probabilities.cols);
    double sum = 0;
    for (size_t k = 0; k < row.size(); ++k) {
      const double p = double{probabilities.row(i)[k]};
      if (!(p >= 0 && p <= 1 + 1e-5)) refuse("a probability must lie between 0 and 1, not {}", p);
      row[k] = std::log(std::clamp(p, 1e-38, 1.0));
      sum += row[k];
    }
    for (double& value : row) value -= sum / static_cast<double>(row.size());
  }
  return logits;
}

}  // namespace querist::out_of_distribution
