// Groups of panels that fit the second-level cache meet the rows of the other side block by block.
#include "kernels/pair_sweep.h"

#include <algorithm>

#include "base/check.h"
#include "base/interrupt.h"
#include "base/threads.h"
#include "kernels/pair_blocks.h"

namespace querist::kernels {

static constexpr size_t group_bytes = 256 << 10;  // Of packed panels.
static constexpr size_t shares = 16;              // Of the triangle, whatever threads there are.
static constexpr size_t segment_rows = 4080;      // Targets summed by one thread; whole blocks.

static size_t panels_a_group(size_t width, size_t cols) {
  return std::clamp<size_t>(group_bytes / (4 * width * std::max<size_t>(cols, 1)), 1,
                            256 / width + 1);
}

// Up to half of a wide panel narrow ones cost less than what would be left of it.
static size_t fitting_width(size_t n) {
  return n <= std::max(narrow_panel(), wide_panel() / 2) ? narrow_panel() : wide_panel();
}

static SweepRows part(const SweepRows& all, size_t from, size_t count) {
  return {all.x, all.rows.subspan(from, count), all.norms.subspan(from, count)};
}

// Packed panels over consecutive rows.
class Group {
 public:
  Group(const SweepRows& all, size_t from, size_t count, size_t width)
      : width_(width),
        cols_(all.x.cols),
        panels_((count + width - 1) / width),
        packed_(panels_ * width * cols_),
        norms_(panels_ * width) {
    RowReader reader(all.x, width);
    for (size_t p = 0; p < panels_; ++p) {
      const auto rows = part(all, from + p * width, std::min(width, count - p * width));
      pack_panel(reader.read(rows.rows), rows.rows.size(), cols_, width,
                 packed_.data() + p * width * cols_);
      for (size_t j = 0; j < width; ++j)
        norms_[p * width + j] = rows.norms[std::min(j, rows.norms.size() - 1)];
    }
  }
  size_t panels() const { return panels_; }
  // Similarities of n rows with panel p, in values (n, width).
  void meet(Kernel kernel, const float* const* rows, const float* norms, size_t n, size_t p,
            float* values) const {
    const float* panel = packed_.data() + p * width_ * cols_;
    panel_products(rows, n, panel, width_, cols_, values);
    similarities(kernel, {rows, norms, n, panel, norms_.data() + p * width_, width_, cols_},
                 values);
  }

 private:
  size_t width_, cols_, panels_;
  std::vector<float> packed_;
  std::vector<float> norms_;
};

// Calls body(first row, count, panel, values) for rows from … to-1 against every panel of a group.
template <class Body>
static void meet_all(Kernel kernel, const SweepRows& all, size_t from, size_t to,
                     const Group& group, size_t width, const Body& body) {
  RowReader reader(all.x, block_rows);
  std::vector<float> values(block_rows * width);
  for (size_t i = from; i < to; i += block_rows) {
    check_interrupt();
    const size_t n = std::min(block_rows, to - i);
    const float* const* rows = reader.read(all.rows.subspan(i, n));
    for (size_t p = 0; p < group.panels(); ++p) {
      group.meet(kernel, rows, all.norms.data() + i, n, p, values.data());
      body(i, n, p, values.data());
    }
  }
}

// Sums of the pairs (row before or in a group, row of the group), both ways.
static void add_group(Kernel kernel, const SweepRows& all, std::span<const float> weights,
                      std::span<const float> best, size_t from, size_t count, double* down,
                      double* across) {
  const size_t width = wide_panel();
  const Group group(all, from, count, width);
  const size_t padded = group.panels() * width;
  std::vector<double> sums(padded, 0);
  std::vector<float> lane_weights(padded, 0);
  std::vector<float> lane_best(padded, 0);
  std::copy_n(weights.data() + from, count, lane_weights.data());
  std::copy_n(best.data() + from, count, lane_best.data());
  meet_all(kernel, all, 0, from, group, width, [&](size_t i, size_t n, size_t p, const float* v) {
    add_growth(v, n, width, weights.data() + i, best.data() + i, sums.data() + p * width);
    add_growth_across(v, n, width, lane_weights.data() + p * width, lane_best.data() + p * width,
                      across + i);
  });
  meet_all(kernel, all, from, from + count, group, width,
           [&](size_t i, size_t n, size_t p, const float* v) {
             add_growth(v, n, width, weights.data() + i, best.data() + i, sums.data() + p * width);
           });
  std::copy_n(sums.data(), count, down + from);
}

std::vector<double> growth_of_all(Kernel kernel, const SweepRows& rows,
                                  std::span<const float> weights, std::span<const float> best) {
  const size_t n = rows.rows.size();
  QUERIST_CHECK(weights.size() == n && best.size() == n && rows.norms.size() == n);
  const size_t width = wide_panel();
  const size_t step = width * panels_a_group(width, rows.x.cols);
  std::vector<double> down(n, 0);
  std::vector<std::vector<double>> across(std::min(shares, (n + step - 1) / step));
  parallel_for(across.size(), 1, [&](size_t first, size_t last) {
    for (size_t s = first; s < last; ++s) {
      across[s].assign(n, 0);
      for (size_t from = s * step; from < n; from += across.size() * step) {
        add_group(kernel, rows, weights, best, from, std::min(step, n - from), down.data(),
                  across[s].data());
      }
    }
  });
  for (const auto& share : across) {
    for (size_t i = 0; i < n; ++i) down[i] += share[i];
  }
  return down;
}

// add(target, count, values, width, sums of a panel) for every block of targets and panel of
// candidates; sums of segments are added in their order.
template <class Add>
static std::vector<double> sum_over_targets(Kernel kernel, const SweepRows& candidates,
                                            const SweepRows& targets, const Add& add) {
  const size_t n = candidates.rows.size();
  const size_t width = fitting_width(n);
  const size_t step = width * panels_a_group(width, candidates.x.cols);
  const size_t groups = (n + step - 1) / step;
  const size_t segments = (targets.rows.size() + segment_rows - 1) / segment_rows;
  std::vector<double> parts(segments * groups * step, 0);
  parallel_for(groups * segments, 1, [&](size_t first, size_t last) {
    for (size_t task = first; task < last; ++task) {
      const size_t g = task / segments;
      const size_t from = task % segments * segment_rows;
      const Group group(candidates, g * step, std::min(step, n - g * step), width);
      double* sums = parts.data() + (task % segments * groups + g) * step;
      meet_all(kernel, targets, from, std::min(from + segment_rows, targets.rows.size()), group,
               width, [&](size_t t, size_t count, size_t p, const float* values) {
                 add(t, count, values, width, sums + p * width);
               });
    }
  });
  std::vector<double> sums(n, 0);
  for (size_t s = 0; s < segments; ++s) {
    for (size_t i = 0; i < n; ++i) sums[i] += parts[s * groups * step + i];
  }
  return sums;
}

std::vector<double> growth(Kernel kernel, const SweepRows& candidates, const SweepRows& targets,
                           std::span<const float> weights, std::span<const float> best) {
  return sum_over_targets(kernel, candidates, targets,
                          [&](size_t t, size_t n, const float* values, size_t width, double* sums) {
                            add_growth(values, n, width, weights.data() + t, best.data() + t, sums);
                          });
}

std::vector<double> shrinkage(Kernel kernel, const SweepRows& candidates, const SweepRows& targets,
                              std::span<const float> weights, std::span<const float> before,
                              std::span<const float> after) {
  return sum_over_targets(kernel, candidates, targets,
                          [&](size_t t, size_t n, const float* values, size_t width, double* sums) {
                            add_shrinkage(values, n, width, weights.data() + t, before.data() + t,
                                          after.data() + t, sums);
                          });
}

void raise_best(Kernel kernel, const SweepRows& covering, const SweepRows& targets,
                std::span<float> best) {
  const size_t n = covering.rows.size();
  const size_t width = fitting_width(n);
  const size_t step = width * panels_a_group(width, covering.x.cols);
  for (size_t from = 0; from < n; from += step) {
    const Group group(covering, from, std::min(step, n - from), width);
    const size_t blocks = (targets.rows.size() + block_rows - 1) / block_rows;
    parallel_for(blocks, 8, [&](size_t first, size_t last) {
      meet_all(kernel, targets, first * block_rows,
               std::min(last * block_rows, targets.rows.size()), group, width,
               [&](size_t t, size_t count, size_t, const float* values) {
                 raise_best(values, count, width, best.data() + t);
               });
    });
  }
}

}  // namespace querist::kernels
