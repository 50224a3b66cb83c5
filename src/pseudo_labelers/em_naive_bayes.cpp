// Expectation maximisation over multinomial naive Bayes: every unlabelled row is a little of each
// class, by what the words of all rows say (Nigam, McCallum, Thrun and Mitchell 2000).
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "kernels/sparse_product.h"
#include "pseudo_labelers/pseudo_labeler.h"

namespace querist::pseudo_labelers {

static constexpr double smoothing = 1;  // Of a word's count in a class, as in the paper.

// Log shares of words and classes: scores = X W + b.
struct WordModel {
  Matrix weights;  // (columns, classes).
  std::vector<double> bias;
};

static Csr sparse_copy(const Features& features, std::span<const int64_t> rows) {
  Csr out;
  if (features.kind == Features::Kind::sparse) {
    out = sparse_rows(features, rows);
  } else {
    const Matrix dense = dense_rows(features, rows);
    out.cols = dense.cols;
    for (size_t i = 0; i < dense.rows; ++i) {
      for (size_t j = 0; j < dense.cols; ++j) {
        if (dense.at(i, j) == 0) continue;
        out.columns.push_back(static_cast<int32_t>(j));
        out.values.push_back(dense.at(i, j));
      }
      out.offsets.push_back(static_cast<int64_t>(out.columns.size()));
    }
  }
  for (const float value : out.values) {
    if (value < 0) refuse("em_naive_bayes needs features that are not negative, such as tfidf's");
  }
  return out;
}

// counts (columns, classes) and mass (classes) of rows that belong to classes in these shares.
static WordModel fit(const Csr& transposed, const Matrix& shares) {
  WordModel model;
  model.weights = kernels::sparse_times_dense(transposed, shares);
  const size_t classes = shares.cols;
  std::vector<double> mass(classes, 1), words(classes, 0);
  double rows = static_cast<double>(classes);
  for (size_t i = 0; i < shares.rows; ++i) {
    for (size_t c = 0; c < classes; ++c) {
      mass[c] += static_cast<double>(shares.at(i, c));
      rows += static_cast<double>(shares.at(i, c));
    }
  }
  for (size_t j = 0; j < model.weights.rows; ++j) {
    for (size_t c = 0; c < classes; ++c)
      words[c] += static_cast<double>(model.weights.at(j, c)) + smoothing;
  }
  for (size_t j = 0; j < model.weights.rows; ++j) {
    for (size_t c = 0; c < classes; ++c) {
      const double count = static_cast<double>(model.weights.at(j, c)) + smoothing;
      model.weights.at(j, c) = static_cast<float>(std::log(count / words[c]));
    }
  }
  for (size_t c = 0; c < classes; ++c) model.bias.push_back(std::log(mass[c] / rows));
  return model;
}

// Posteriors of the rows from `from` on, times `weight`; those before keep their shares. Returns by
// how much they moved on average.
static double expect(const WordModel& model, const Csr& rows, size_t from, double weight,
                     Matrix& shares) {
  const Matrix scores = kernels::sparse_times_dense(rows, model.weights);
  double moved = 0;
  for (size_t i = from; i < shares.rows; ++i) {
    std::vector<double> p(shares.cols);
    for (size_t c = 0; c < p.size(); ++c)
      p[c] = static_cast<double>(scores.at(i, c)) + model.bias[c];
    const double top = *std::max_element(p.begin(), p.end());
    double sum = 0;
    for (double& value : p) sum += value = std::exp(value - top);
    for (size_t c = 0; c < p.size(); ++c) {
      const auto share = static_cast<float>(weight * p[c] / sum);
      moved += std::abs(static_cast<double>(share - shares.at(i, c)));
      shares.at(i, c) = share;
    }
  }
  return moved / (weight * static_cast<double>(std::max<size_t>(1, shares.rows - from)));
}

static PseudoLabels label(const PartlyLabeled& data, const Params& params, const Trainer&, Rng&,
                          const Progress& progress) {
  std::vector<int64_t> rows(data.labeled.begin(), data.labeled.end());
  rows.insert(rows.end(), data.unlabeled.begin(), data.unlabeled.end());
  const Csr x = sparse_copy(data.features, rows);
  const Csr transposed = kernels::transpose(x);
  const size_t labeled = data.labeled.size();
  const double weight = params.number("weight");
  Matrix shares(rows.size(), data.classes);
  for (size_t i = 0; i < labeled; ++i) shares.at(i, static_cast<size_t>(data.labels[i])) = 1;
  WordModel model = fit(transposed, shares);
  for (int64_t round = 0; round < params.integer("iterations"); ++round) {
    progress.check();
    if (expect(model, x, labeled, weight, shares) < 1e-4) break;
    model = fit(transposed, shares);
  }
  PseudoLabels pseudo;
  for (size_t i = labeled; i < rows.size(); ++i) {
    const auto row = shares.row(i);
    const auto top = std::max_element(row.begin(), row.end());
    if (!(*top > 0)) continue;
    pseudo.rows.push_back(rows[i]);
    pseudo.labels.push_back(static_cast<int32_t>(top - row.begin()));
    pseudo.weights.push_back(*top);
  }
  return pseudo;
}

PseudoLabeler em_naive_bayes() {
  return {
      .name = "em_naive_bayes",
      .summary =
          "Words of labelled and unlabelled texts explain each other. Wants counts: features of at "
          "least "
          "0, such as counts of words or tf-idf, whatever the estimator.",
      .params = {{.name = "iterations",
                  .fallback = 20,
                  .min = 1,
                  .max = 1000,
                  .whole = true,
                  .help = "Most rounds of expectation and maximisation."},
                 {.name = "weight",
                  .fallback = 0.1,
                  .min = 0.0001,
                  .max = 1,
                  .help = "Weight of an unlabelled example beside a labelled one."}},
      .trains = false,
      .label = label,
      .source = "Nigam, McCallum, Thrun and Mitchell 2000",
  };
}

}  // namespace querist::pseudo_labelers
