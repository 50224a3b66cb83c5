// Blocks of queries meet panels of support rows that are sorted by class, so that the votes of a
// class lie side by side.
#include "kernels/parzen.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "base/threads.h"
#include "kernels/rbf.h"

namespace querist::kernels {

static constexpr size_t query_block = 64;
static constexpr size_t panel_rows = 512;

// Four partial sums, since one chain of additions would wait for itself.
static double sum_of(const double* values, size_t n) {
  double parts[4] = {};
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    for (size_t k = 0; k < 4; ++k) parts[k] += values[i + k];
  }
  for (; i < n; ++i) parts[0] += values[i];
  return (parts[0] + parts[1]) + (parts[2] + parts[3]);
}

// Support rows by class, the classes ascending.
struct SortedSupport {
  std::vector<int64_t> rows;
  std::vector<size_t> labels;

  SortedSupport(std::span<const int64_t> given, std::span<const int32_t> classes) {
    std::vector<size_t> order(given.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return classes[a] < classes[b]; });
    for (const size_t i : order) {
      rows.push_back(given[i]);
      labels.push_back(static_cast<size_t>(classes[i]));
    }
  }
};

// Adds the votes of one panel, whose labels ascend, to the queries' frequencies.
static void add_votes(const std::vector<double>& kernel, size_t stride, size_t queries,
                      std::span<const size_t> labels, size_t classes, double* out) {
  for (size_t from = 0, to = 0; from < labels.size(); from = to) {
    while (to < labels.size() && labels[to] == labels[from]) ++to;
    for (size_t q = 0; q < queries; ++q)
      out[q * classes + labels[from]] += sum_of(kernel.data() + q * stride + from, to - from);
  }
}

void parzen_frequencies(ChosenRows queries, ChosenRows support, std::span<const int32_t> labels,
                        size_t classes, double gamma, std::span<double> out) {
  QUERIST_CHECK(labels.size() == support.rows.size());
  QUERIST_CHECK(queries.features.cols == support.features.cols || labels.empty());
  QUERIST_CHECK(out.size() == queries.rows.size() * classes);
  std::fill(out.begin(), out.end(), 0.0);
  const SortedSupport sorted(support.rows, labels);
  const double width = rbf_gamma(gamma, queries.features.cols);
  for (size_t from = 0; from < sorted.rows.size(); from += panel_rows) {
    const size_t count = std::min(panel_rows, sorted.rows.size() - from);
    PackedRows panel;
    pack_rows(support.features, std::span(sorted.rows).subspan(from, count), panel);
    parallel_for(queries.rows.size(), query_block, [&](size_t begin, size_t end) {
      std::vector<double> wide;
      std::vector<double> kernel(query_block * panel.padded());
      for (size_t q = begin; q < end; q += query_block) {
        const auto rows = queries.rows.subspan(q, std::min(query_block, end - q));
        widen_rows(queries.features, rows, wide);
        rbf_kernel(wide.data(), rows.size(), panel, width, kernel.data());
        add_votes(kernel, panel.padded(), rows.size(),
                  std::span(sorted.labels).subspan(from, count), classes, out.data() + q * classes);
      }
    });
  }
}

Matrix parzen_probabilities(ChosenRows queries, ChosenRows support, std::span<const int32_t> labels,
                            size_t classes, double gamma) {
  Matrix out(queries.rows.size(), classes);
  constexpr size_t block = 4096;  // Rows whose votes are kept in double at a time.
  std::vector<double> votes;
  for (size_t from = 0; from < out.rows; from += block) {
    const auto rows = queries.rows.subspan(from, std::min(block, out.rows - from));
    votes.resize(rows.size() * classes);
    parzen_frequencies({queries.features, rows}, support, labels, classes, gamma, votes);
    for (size_t i = 0; i < rows.size(); ++i) {
      const double* own = votes.data() + i * classes;
      const double sum = std::accumulate(own, own + classes, 0.0);
      for (size_t c = 0; c < classes; ++c) {
        out.at(from + i, c) =
            static_cast<float>(sum < least_votes ? 1 / static_cast<double>(classes) : own[c] / sum);
      }
    }
  }
  return out;
}

}  // namespace querist::kernels
