// Scores are linear along a line, so a step needs one product with the rows for its direction and
// one for its gradient, however often the line search looks. Rows are taken in blocks whose bounds
// depend on their number alone, so threads never change a sum.
#include "learners/logistic_regression/column_fit.h"

#include <algorithm>
#include <cmath>

#include "base/interrupt.h"
#include "base/threads.h"
#include "kernels/softmax_line.h"
#include "kernels/softmax_regression.h"
#include "learners/logistic_regression/limited_memory.h"
#include "learners/logistic_regression/line_search.h"

namespace querist::learners {

// Scores and gradient of a tile read its rows while they are in cache.
static constexpr size_t tile_rows = 64;

namespace {

using Vector = std::vector<double>;

// Some rows with their scores; arrays are (heads, stride).
struct Block {
  size_t begin = 0;
  size_t end = 0;
  size_t stride = 0;
  Vector labels, weights, scores, steps, residuals, sums;
  std::vector<float> gradient;
  kernels::LineLoss line;
};

class ColumnFit {
 public:
  ColumnFit(const Problem& problem, double strength, Vector& point)
      : problem_(problem), strength_(strength), heads_(problem.heads()), point_(point) {
    penalised_ = heads_ * problem.features.cols;
    const size_t size = problem.size();
    roots_ = curvature(problem, strength);
    for (double& value : roots_) value = std::sqrt(value);
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
    each_tile(block, [&](size_t from, size_t to) {
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
    own_ = mixed_ = bent_ = 0;
    for (size_t i = 0; i < point_.size(); ++i) {
      steps_[i] = direction_[i] / roots_[i];
      narrow_[i] = static_cast<float>(steps_[i]);
    }
    for (size_t i = 0; i < penalised_; ++i) {
      own_ += point_[i] * point_[i];
      mixed_ += point_[i] * steps_[i];
      bent_ += steps_[i] * steps_[i];
    }
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

  // In stretched variables, along which the function bends alike.
  void take_gradient(Vector& out) {
    each_block([&](Block& block) { add_gradient(block); });
    for (size_t i = 0; i < penalised_; ++i) {
      double sum = 0;
      for (const Block& block : blocks_) sum += static_cast<double>(block.gradient[i]);
      out[i] = (point_[i] + strength_ * sum) / roots_[i];
    }
    for (size_t k = 0; k < heads_; ++k) {
      double sum = 0;
      for (const Block& block : blocks_) sum += block.sums[k];
      out[penalised_ + k] = strength_ * sum / roots_[penalised_ + k];
    }
  }

  const Problem& problem_;
  double strength_;
  size_t heads_;
  size_t penalised_ = 0;  // Variables before the biases.
  Vector& point_;
  Vector roots_;  // Of the curvature.
  Vector gradient_, direction_, steps_, biases_, bias_steps_;
  std::vector<float> narrow_;  // What is multiplied with the rows, its biases zero.
  std::vector<Block> blocks_;
  double own_ = 0, mixed_ = 0, bent_ = 0, loss_ = 0;
};

}  // namespace

FitResult fit_columns(const Problem& problem, double strength, const FitOptions& options,
                      const Progress& progress, std::vector<double>& point) {
  return ColumnFit(problem, strength, point).run(options, progress);
}

}  // namespace querist::learners
