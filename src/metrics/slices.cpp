// Counts every cell of every pair of columns in one pass each, then tests the cells.
#include "metrics/slices.h"

#include <algorithm>

#include "base/error.h"
#include "metrics/two_groups.h"

namespace querist::metrics {

// What a cell of rows adds up to; losses are taken less the mean of all, to keep their digits.
struct Search {
  std::span<const double> losses;
  std::span<const SliceColumn> columns;
  const SliceOptions& options;
  bool shares = true;  // Losses are 0 or 1.
  double centre = 0;
  Moments all;
  std::vector<std::vector<Moments>> single;  // By column and value.
  std::vector<Slice> found;
};

static void add(Moments& cell, double loss) {
  ++cell.count;
  cell.sum += loss;
  cell.squares += loss * loss;
}

static bool enough(const Search& search, const Moments& cell) {
  return cell.count >= search.options.support &&
         search.all.count - cell.count >= std::max<int64_t>(1, search.options.support);
}

static void test(Search& search, std::vector<SliceCondition> conditions, const Moments& in) {
  if (!enough(search, in)) return;
  const Moments& all = search.all;
  const Moments out = {all.count - in.count, all.sum - in.sum, all.squares - in.squares};
  const auto mean_of = [&](const Moments& m) {
    return search.centre + m.sum / static_cast<double>(m.count);
  };
  Slice slice{std::move(conditions), in.count, mean_of(in), mean_of(out), {}, 1, 1};
  const double confidence = search.options.confidence;
  const auto whole = [](double sum) { return static_cast<int64_t>(sum); };
  const Comparison against =
      search.shares ? compare_shares(whole(in.sum), in.count, whole(out.sum), out.count, confidence)
                    : compare_means(in, out, confidence);
  slice.difference = against.difference;
  slice.p_value = against.p_value;
  search.found.push_back(std::move(slice));
}

static void count_single(Search& search) {
  for (const double loss : search.losses) add(search.all, loss - search.centre);
  for (const SliceColumn& column : search.columns) {
    std::vector<Moments> cells(column.values.size());
    for (size_t i = 0; i < search.losses.size(); ++i) {
      if (column.codes[i] >= 0)
        add(cells[static_cast<size_t>(column.codes[i])], search.losses[i] - search.centre);
    }
    search.single.push_back(std::move(cells));
  }
}

static void test_pairs(Search& search, size_t a, size_t b) {
  const SliceColumn& first = search.columns[a];
  const SliceColumn& second = search.columns[b];
  const auto kept = [&](size_t column, int32_t code) {
    return code >= 0 &&
           search.single[column][static_cast<size_t>(code)].count >= search.options.support;
  };
  const size_t width = second.values.size();
  std::vector<Moments> cells(first.values.size() * width);
  for (size_t i = 0; i < search.losses.size(); ++i) {
    const int32_t x = first.codes[i];
    const int32_t y = second.codes[i];
    if (kept(a, x) && kept(b, y))
      add(cells[static_cast<size_t>(x) * width + static_cast<size_t>(y)],
          search.losses[i] - search.centre);
  }
  for (size_t cell = 0; cell < cells.size(); ++cell) {
    const size_t x = cell / width;
    const size_t y = cell % width;
    const int64_t count = cells[cell].count;
    if (count == search.single[a][x].count || count == search.single[b][y].count) continue;
    test(search, {{a, static_cast<int32_t>(x)}, {b, static_cast<int32_t>(y)}}, cells[cell]);
  }
}

static void check(std::span<const double> losses, std::span<const SliceColumn> columns,
                  const SliceOptions& options) {
  if (options.support < 2) refuse("a slice needs a support of 2 rows or more");
  for (const SliceColumn& column : columns) {
    if (column.codes.size() != losses.size()) {
      refuse("the column {} has {} rows for {} losses", column.name, column.codes.size(),
             losses.size());
    }
    for (const int32_t code : column.codes) {
      if (code < -1 || code >= static_cast<int32_t>(column.values.size()))
        refuse("the column {} has a code that is none of its values", column.name);
    }
  }
}

std::vector<Slice> find_slices(std::span<const double> losses, std::span<const SliceColumn> columns,
                               const SliceOptions& options) {
  check(losses, columns, options);
  if (losses.empty()) return {};
  Search search{losses, columns, options, true, 0, {}, {}, {}};
  double sum = 0;
  for (const double loss : losses) {
    search.shares = search.shares && (loss == 0 || loss == 1);
    sum += loss;
  }
  if (!search.shares) search.centre = sum / static_cast<double>(losses.size());
  count_single(search);
  for (size_t c = 0; c < columns.size(); ++c) {
    for (size_t v = 0; v < search.single[c].size(); ++v)
      test(search, {{c, static_cast<int32_t>(v)}}, search.single[c][v]);
  }
  for (size_t a = 0; options.pairs && a < columns.size(); ++a) {
    for (size_t b = a + 1; b < columns.size(); ++b) test_pairs(search, a, b);
  }
  std::vector<double> p_values;
  for (const Slice& slice : search.found) p_values.push_back(slice.p_value);
  const auto q_values = benjamini_hochberg(p_values);
  for (size_t i = 0; i < q_values.size(); ++i) search.found[i].q_value = q_values[i];
  std::stable_sort(search.found.begin(), search.found.end(), [](const Slice& a, const Slice& b) {
    return a.difference.ci_low > b.difference.ci_low;
  });
  return std::move(search.found);
}

}  // namespace querist::metrics
