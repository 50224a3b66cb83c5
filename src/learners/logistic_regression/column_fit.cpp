// Scores are linear along a line, so a step needs one product with the rows for its direction and
// one for its gradient, however often the line search looks. Rows are taken in blocks whose bounds
// depend on their number alone, so threads never change a sum.
#include "learners/logistic_regression/column_fit.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/interrupt.h"
#include "base/threads.h"
#include "kernels/combined_rows.h"
#include "kernels/float_rows.h"
#include "kernels/softmax_line.h"
#include "kernels/softmax_regression.h"
#include "learners/logistic_regression/limited_memory.h"
#include "learners/logistic_regression/line_search.h"

namespace querist::learners {

// Scores and gradient of a tile read its rows while they are in cache.
static constexpr size_t tile_rows = 64;
// From so many heads on, dense rows are kept a second time, tile by tile turned over: products with
// many heads are nearly twice as fast so. Up to so many numbers.
static constexpr size_t many_heads = 12;
static constexpr size_t most_turned = size_t{1} << 25;

namespace {

using Vector = std::vector<double>;

// Some rows with their scores; arrays are (heads, stride).
struct Block {
  size_t begin = 0;
  size_t end = 0;
  size_t stride = 0;
  Vector labels, weights, scores, steps, residuals, sums;
  std::vector<float> gradient;
  std::vector<float> turned;   // (tiles, columns, tile_rows), the last tile filled up with zeros.
  std::vector<uint32_t> used;  // Rows that are learnt from, numbered within the block.
  kernels::LineLoss line;
};

class ColumnFit {
 public:
  ColumnFit(const Problem& problem, double strength, Vector& point)
      : problem_(problem), strength_(strength), heads_(problem.heads()), point_(point) {
    penalised_ = heads_ * problem.features.cols;
    const size_t size = problem.size();
    ColumnMoments moments = column_moments(problem);
    shrinks_ = curvature(problem, moments, strength);
    means_ = std::move(moments.means);
    for (double& value : shrinks_) value = 1 / std::sqrt(value);
    gradient_.resize(size);
    direction_.resize(size);
    steps_.resize(size);
    narrow_.resize(size);
    biases_.resize(heads_);
    bias_steps_.resize(heads_);
    make_blocks();
    std::copy_n(point.begin(), penalised_, narrow_.begin());
    if (std::any_of(point.begin(), point.end(), [](double value) { return value != 0; }))
      each_block([&](Block& block) { score(block, block.scores); });
  }

  FitResult run(const FitOptions& options, const Progress& progress) {
    LimitedMemory memory(1);
    FitResult result;
    begin_line();
    result.value = try_step(0).value;
    take_gradient(gradient_);
    Vector next(gradient_.size());
    for (; result.iterations < options.max_iterations; ++result.iterations) {
      progress.check();
      check_interrupt();
      const double slope = memory.direction(gradient_, gradient_, direction_, direction_);
      result.converged =
          -slope <= std::max(options.remaining, options.remaining_share * result.value);
      if (result.converged) break;
      begin_line();
      const Trial start{0, strength_ * loss_ + own_ / 2, slope};
      Trial end;
      if (!search_line([&](double step) { return try_step(step); }, start,
                       1e-9 * std::abs(start.value), end)) {
        if (memory.empty()) break;  // Even the plain direction gains nothing: this is the bottom.
        memory.forget();
        try_step(0);
        take_gradient(gradient_);
        continue;
      }
      result.value = end.value;
      move(end.step);
      take_gradient(next);
      for (size_t i = 0; i < next.size(); ++i) gradient_[i] = next[i] - gradient_[i];
      memory.add(end.step, direction_, direction_, gradient_, gradient_);
      gradient_.swap(next);
    }
    return result;
  }

 private:
  void make_blocks() {
    const size_t rows = problem_.features.rows;
    const size_t most = std::max<size_t>(2048, (rows + 15) / 16);
    for (size_t begin = 0; begin < rows; begin += most) {
      Block block{.begin = begin, .end = std::min(rows, begin + most)};
      block.stride = (block.end - begin + 7) / 8 * 8;
      block.labels.assign(problem_.labels.begin() + static_cast<std::ptrdiff_t>(begin),
                          problem_.labels.begin() + static_cast<std::ptrdiff_t>(block.end));
      block.weights.assign(problem_.weights.begin() + static_cast<std::ptrdiff_t>(begin),
                           problem_.weights.begin() + static_cast<std::ptrdiff_t>(block.end));
      block.labels.resize(block.stride);
      block.weights.resize(block.stride);
      for (Vector* v : {&block.scores, &block.steps, &block.residuals})
        v->resize(heads_ * block.stride);
      block.sums.resize(heads_);
      blocks_.push_back(std::move(block));
    }
    const Features& x = problem_.features;
    if (x.kind == Features::Kind::sparse || heads_ < many_heads || rows * x.cols > most_turned)
      return;
    all_columns_.resize(x.cols);
    std::iota(all_columns_.begin(), all_columns_.end(), 0);
    each_block([&](Block& block) { turn_over(block); });
  }

  void turn_over(Block& block) const {
    const Features& x = problem_.features;
    const size_t rows = block.end - block.begin;
    block.turned.resize((rows + tile_rows - 1) / tile_rows * x.cols * tile_rows);
    for (size_t i = 0; i < rows; ++i) {
      const float* row = x.dense + (block.begin + i) * x.cols;
      float* out = block.turned.data() + i / tile_rows * x.cols * tile_rows + i % tile_rows;
      for (size_t j = 0; j < x.cols; ++j) out[j * tile_rows] = row[j];
      if (block.weights[i] != 0) block.used.push_back(static_cast<uint32_t>(i));
    }
  }

  template <class Body>
  void each_block(const Body& body) {
    parallel_for(blocks_.size(), 1, [&](size_t begin, size_t end) {
      for (size_t b = begin; b < end; ++b) body(blocks_[b]);
    });
  }

  // Calls body(begin, end) on tiles with a row that is learnt from, numbered within the block.
  template <class Body>
  static void each_tile(const Block& block, const Body& body) {
    const size_t rows = block.end - block.begin;
    for (size_t from = 0; from < rows; from += tile_rows) {
      const size_t to = std::min(rows, from + tile_rows);
      const auto weights = std::span(block.weights).subspan(from, to - from);
      if (std::any_of(weights.begin(), weights.end(), [](double w) { return w != 0; }))
        body(from, to);
    }
  }

  // What narrow_ scores a block's rows, biases left out.
  void score(const Block& block, Vector& out) const {
    std::vector<float> scores(tile_rows * heads_);
    const size_t cols = problem_.features.cols;
    each_tile(block, [&](size_t from, size_t to) {
      if (!block.turned.empty()) {
        kernels::combine_rows({heads_, cols, narrow_.data()}, all_columns_,
                              {block.turned.data() + from * cols, tile_rows, tile_rows},
                              scores.data(), tile_rows);
        for (size_t k = 0; k < heads_; ++k)
          std::copy_n(scores.data() + k * tile_rows, to - from,
                      out.data() + k * block.stride + from);
        return;
      }
      head_scores(problem_.features, block.begin + from, block.begin + to, heads_, narrow_,
                  scores.data());
      for (size_t k = 0; k < heads_; ++k) {
        for (size_t i = from; i < to; ++i)
          out[k * block.stride + i] = static_cast<double>(scores[(i - from) * heads_ + k]);
      }
    });
  }

  // The direction's scores, and the products that the penalty along it needs.
  void begin_line() {
    for (size_t i = 0; i < point_.size(); ++i) {
      steps_[i] = direction_[i] * shrinks_[i];
      narrow_[i] = static_cast<float>(steps_[i]);
    }
    lower_biases();
    const auto point = std::span<const double>(point_).first(penalised_);
    const auto steps = std::span<const double>(steps_).first(penalised_);
    own_ = kernels::dot(point, point);
    mixed_ = kernels::dot(point, steps);
    bent_ = kernels::dot(steps, steps);
    for (size_t k = 0; k < heads_; ++k) {
      biases_[k] = point_[penalised_ + k];
      bias_steps_[k] = steps_[penalised_ + k];
      narrow_[penalised_ + k] = 0;
    }
    each_block([&](Block& block) { score(block, block.steps); });
  }

  // Leaves the loss and the residuals of that step.
  Trial try_step(double step) {
    each_block([&](Block& block) {
      block.line = kernels::softmax_line(
          {block.stride, heads_, block.labels.data(), block.weights.data()}, block.scores.data(),
          block.steps.data(), biases_.data(), bias_steps_.data(), step, block.residuals.data(),
          block.sums.data());
    });
    loss_ = 0;
    double slope = 0;
    for (const Block& block : blocks_) {
      loss_ += block.line.loss;
      slope += block.line.slope;
    }
    return {step, strength_ * loss_ + (own_ + step * (2 * mixed_ + step * bent_)) / 2,
            strength_ * slope + mixed_ + step * bent_};
  }

  void move(double step) {
    for (size_t i = 0; i < point_.size(); ++i) point_[i] += step * steps_[i];
    for (Block& block : blocks_) {
      for (size_t i = 0; i < block.scores.size(); ++i) block.scores[i] += step * block.steps[i];
    }
  }

  void add_gradient(Block& block) const {
    const Features& x = problem_.features;
    block.gradient.assign(penalised_, 0);
    if (!block.turned.empty()) {
      const std::vector<float> shares(block.residuals.begin(), block.residuals.end());
      kernels::combine_rows({heads_, block.stride, shares.data()}, block.used,
                            {x.dense + block.begin * x.cols, x.cols, x.cols}, block.gradient.data(),
                            x.cols);
      return;
    }
    std::vector<float> shares(tile_rows * heads_);
    each_tile(block, [&](size_t from, size_t to) {
      for (size_t k = 0; k < heads_; ++k) {
        for (size_t i = from; i < to; ++i)
          shares[(i - from) * heads_ + k] =
              static_cast<float>(block.residuals[k * block.stride + i]);
      }
      if (x.kind == Features::Kind::sparse) {
        kernels::add_sparse_outer_products(x.sparse, block.begin + from, block.begin + to,
                                           shares.data(), heads_, block.gradient.data());
      } else {
        kernels::add_outer_products(x.dense + (block.begin + from) * x.cols, to - from, x.cols,
                                    shares.data(), heads_, block.gradient.data());
      }
    });
  }

  // Columns are taken less their means, which the biases make up for.
  void lower_biases() {
    const size_t cols = means_.size();
    if (problem_.features.kind != Features::Kind::sparse) {
      for (size_t k = 0; k < heads_; ++k)
        steps_[penalised_ + k] -=
            kernels::dot(means_, std::span<const double>(steps_).subspan(k * cols, cols));
      return;
    }
    for (size_t j = 0; j < cols; ++j) {
      for (size_t k = 0; k < heads_; ++k)
        steps_[penalised_ + k] -= means_[j] * steps_[j * heads_ + k];
    }
  }

  // In the variables of the solver: columns less their means, so that a weight moves without the
  // bias, and stretched, so that the function bends alike along each. The penalty stays what it is.
  void take_gradient(Vector& out) {
    each_block([&](Block& block) { add_gradient(block); });
    std::fill(out.begin(), out.end(), 0.0);
    for (const Block& block : blocks_) {
      for (size_t i = 0; i < penalised_; ++i) out[i] += static_cast<double>(block.gradient[i]);
      for (size_t k = 0; k < heads_; ++k) out[penalised_ + k] += block.sums[k];
    }
    for (size_t i = penalised_; i < out.size(); ++i) out[i] *= strength_;
    const double* biases = out.data() + penalised_;
    const auto finish = [&](size_t i, double mean, double bias) {
      out[i] = (point_[i] + strength_ * out[i] - mean * bias) * shrinks_[i];
    };
    const size_t cols = means_.size();
    if (problem_.features.kind == Features::Kind::sparse) {
      for (size_t j = 0; j < cols; ++j) {
        for (size_t k = 0; k < heads_; ++k) finish(j * heads_ + k, means_[j], biases[k]);
      }
    } else {
      for (size_t k = 0; k < heads_; ++k) {
        const double bias = biases[k];
        for (size_t j = 0; j < cols; ++j) finish(k * cols + j, means_[j], bias);
      }
    }
    for (size_t i = penalised_; i < out.size(); ++i) out[i] *= shrinks_[i];
  }

  const Problem& problem_;
  double strength_;
  size_t heads_;
  size_t penalised_ = 0;  // Variables before the biases.
  Vector& point_;
  Vector means_;    // Of the columns.
  Vector shrinks_;  // One over the roots of the curvature.
  Vector gradient_, direction_, steps_, biases_, bias_steps_;
  std::vector<float> narrow_;  // What is multiplied with the rows, its biases zero.
  std::vector<uint32_t> all_columns_;
  std::vector<Block> blocks_;
  double own_ = 0, mixed_ = 0, bent_ = 0, loss_ = 0;
};

}  // namespace

FitResult fit_columns(const Problem& problem, double strength, const FitOptions& options,
                      const Progress& progress, std::vector<double>& point) {
  return ColumnFit(problem, strength, point).run(options, progress);
}

}  // namespace querist::learners
