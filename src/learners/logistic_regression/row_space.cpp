// Vectors are coefficients of rows; the scores they give the rows are at once their images under
// the inner product of weights, so a step needs one product with the rows and its line search none.
#include "learners/logistic_regression/row_space.h"

#include <algorithm>
#include <cmath>

#include "base/interrupt.h"
#include "kernels/combined_rows.h"
#include "kernels/float_rows.h"
#include "kernels/gemm.h"
#include "kernels/softmax_line.h"
#include "kernels/softmax_regression.h"
#include "kernels/sparse_product.h"
#include "learners/logistic_regression/limited_memory.h"
#include "learners/logistic_regression/line_search.h"

namespace querist::learners {

static constexpr size_t most_rows = 4096;
static constexpr size_t few_heads = 12;  // Below it, a general product is slower.

static bool is_sparse(const Features& rows) { return rows.kind == Features::Kind::sparse; }

bool RowSpace::suits(const Features& rows) {
  return rows.rows <= most_rows && rows.rows <= rows.cols;
}

RowSpace::RowSpace(const Features& rows, size_t heads, double products) : features_(rows) {
  stride_ = (rows.rows + 7) / 8 * 8;
  const auto n = static_cast<double>(stride_);
  const auto k = static_cast<double>(heads);
  double squares = 0;
  double entries = static_cast<double>(rows.rows * rows.cols);
  double cost_to_keep = n * n * static_cast<double>(rows.cols) / 60;  // In about nanoseconds.
  double cost_without = 2 * entries * k / 16;
  if (is_sparse(rows)) {
    const CsrView& x = rows.sparse;
    std::vector<double> counts(rows.cols);
    for (int64_t at = x.offsets[0]; at < x.offsets[x.rows]; ++at) {
      squares += static_cast<double>(x.values[at]) * static_cast<double>(x.values[at]);
      ++counts[static_cast<size_t>(x.columns[at])];
    }
    entries = static_cast<double>(x.offsets[x.rows] - x.offsets[0]);
    cost_to_keep = 0;
    for (const double count : counts) cost_to_keep += count * count;
    cost_without = 2 * entries * (3 + k / 6);
  } else {
    for (size_t i = 0; i < rows.rows * rows.cols; ++i)
      squares += static_cast<double>(rows.dense[i]) * static_cast<double>(rows.dense[i]);
  }
  mean_square_norm_ = squares / static_cast<double>(rows.rows);
  if (cost_to_keep + products * n * n * k / 60 > products * cost_without) return;
  products_ = Matrix(stride_, stride_);
  is_sparse(rows) ? keep_sparse_products() : keep_dense_products();
}

void RowSpace::keep_dense_products() {
  const MatrixView x(features_.rows, features_.cols, features_.dense);
  Matrix products(features_.rows, features_.rows);
  kernels::gram(x, products);
  for (size_t i = 0; i < features_.rows; ++i)
    std::copy_n(products.values.data() + i * features_.rows, features_.rows,
                products_.row(i).data());
}

void RowSpace::keep_sparse_products() {
  const Csr columns = kernels::transpose(features_.sparse);
  const CsrView& x = features_.sparse;
  for (size_t i = 0; i < x.rows; ++i) {
    float* out = products_.row(i).data();
    for (int64_t at = x.offsets[i]; at < x.offsets[i + 1]; ++at) {
      const auto column = static_cast<size_t>(x.columns[at]);
      for (int64_t other = columns.offsets[column]; other < columns.offsets[column + 1]; ++other)
        out[columns.columns[static_cast<size_t>(other)]] +=
            x.values[at] * columns.values[static_cast<size_t>(other)];
    }
  }
}

// (heads, stride) to (rows, heads).
static std::vector<float> by_row(std::span<const double> values, size_t rows, size_t heads,
                                 size_t stride) {
  std::vector<float> out(rows * heads);
  for (size_t k = 0; k < heads; ++k) {
    for (size_t i = 0; i < rows; ++i)
      out[i * heads + k] = static_cast<float>(values[k * stride + i]);
  }
  return out;
}

// Σ coefficients * row, as float32 in the layout of a solver's point.
static std::vector<float> summed_rows(const Features& x, std::span<const double> coefficients,
                                      size_t heads, size_t stride) {
  const std::vector<float> shares = by_row(coefficients, x.rows, heads, stride);
  std::vector<float> sum(x.cols * heads);
  if (is_sparse(x)) {
    kernels::add_sparse_outer_products(x.sparse, 0, x.rows, shares.data(), heads, sum.data());
  } else {
    kernels::add_outer_products(x.dense, x.rows, x.cols, shares.data(), heads, sum.data());
  }
  return sum;
}

void RowSpace::score(std::span<const double> coefficients, size_t heads,
                     std::span<double> scores) const {
  const size_t rows = features_.rows;
  if (products_.rows == 0) {
    const std::vector<float> sum = summed_rows(features_, coefficients, heads, stride_);
    const std::vector<float> none(heads);
    std::vector<float> out(rows * heads);
    if (is_sparse(features_)) {
      kernels::sparse_scores(features_.sparse, 0, rows, sum.data(), none.data(), heads, out.data());
    } else {
      kernels::dense_scores(features_.dense, rows, features_.cols, sum.data(), none.data(), heads,
                            out.data());
    }
    std::fill(scores.begin(), scores.end(), 0.0);
    for (size_t i = 0; i < rows; ++i) {
      for (size_t k = 0; k < heads; ++k)
        scores[k * stride_ + i] = static_cast<double>(out[i * heads + k]);
    }
    return;
  }
  Matrix narrow(heads, stride_), out(heads, stride_);
  std::transform(coefficients.begin(), coefficients.end(), narrow.values.begin(),
                 [](double value) { return static_cast<float>(value); });
  if (heads < few_heads) {
    std::vector<uint32_t> used;  // A fold's held-out rows have no coefficients.
    for (size_t i = 0; i < rows; ++i) {
      bool any = false;
      for (size_t k = 0; k < heads; ++k) any = any || narrow.at(k, i) != 0;
      if (any) used.push_back(static_cast<uint32_t>(i));
    }
    kernels::combine_rows(narrow, used, {products_.values.data(), stride_, stride_},
                          out.values.data(), stride_);
    std::copy(out.values.begin(), out.values.end(), scores.begin());
    return;
  }
  kernels::gemm(kernels::Op::plain, kernels::Op::plain, 1, narrow, products_, 0, out);
  std::copy(out.values.begin(), out.values.end(), scores.begin());
}

std::vector<double> RowSpace::weights(std::span<const double> coefficients, size_t heads) const {
  const std::vector<float> sum = summed_rows(features_, coefficients, heads, stride_);
  return {sum.begin(), sum.end()};
}

namespace {

using Vector = std::vector<double>;

// One fit's vectors. Biases lie behind the coefficients, and behind the scores alike, stretched by
// bias_scale so that the function bends about as much along them as along a weight.
class RowFit {
 public:
  RowFit(const RowSpace& space, const RowTask& task, RowPoint& start)
      : space_(space), task_(task), heads_(task.heads()), wide_(heads_ * space.stride()) {
    const auto classes = static_cast<double>(task.classes);
    const double spread = (classes - 1) / (classes * classes);  // p(1-p) where all p are equal.
    double total = 0;
    for (const double weight : task.weights) total += weight;
    bend_ = 1 + task.strength * spread * space.mean_square_norm();
    bias_scale_ = std::sqrt(task.strength * spread * total / bend_);
    const size_t size = wide_ + heads_;
    for (Vector* v : {&point_, &scores_, &gradient_, &gradient_scores_, &direction_, &steps_scores_,
                      &next_, &next_scores_})
      v->resize(size);
    residuals_.resize(wide_);
    sums_.resize(heads_);
    if (start.coefficients.empty()) return;
    std::copy(start.coefficients.begin(), start.coefficients.end(), point_.begin());
    if (start.scores.empty()) {
      space.score(std::span(point_).first(wide_), heads_, std::span(scores_).first(wide_));
    } else {
      std::copy(start.scores.begin(), start.scores.end(), scores_.begin());
    }
    for (size_t k = 0; k < heads_; ++k) point_[wide_ + k] = bias_scale_ * start.biases[k];
  }

  FitResult run(const FitOptions& options, const Progress& progress) {
    LimitedMemory memory(1 / bend_);
    FitResult result;
    begin_line();
    result.value = try_step(0).value;
    take_gradient(gradient_, gradient_scores_);
    for (; result.iterations < options.max_iterations; ++result.iterations) {
      progress.check();
      check_interrupt();
      const double slope = memory.direction(gradient_, gradient_scores_, direction_, steps_scores_);
      const double enough = std::max(options.remaining, options.remaining_share * result.value);
      result.converged = -slope <= enough;
      if (result.converged) break;
      begin_line();
      const Trial start{0, task_.strength * loss_ + own_ / 2, slope};
      Trial end;
      const auto at = [&](double step) { return try_step(step); };
      if (!search_line(at, start, 1e-9 * std::abs(start.value), end)) {
        if (memory.empty()) break;  // Even the plain direction gains nothing: this is the bottom.
        memory.forget();
        try_step(0);
        take_gradient(gradient_, gradient_scores_);
        continue;
      }
      result.value = end.value;
      move(end.step);
      take_gradient(next_, next_scores_);
      for (size_t i = 0; i < next_.size(); ++i) {
        gradient_[i] = next_[i] - gradient_[i];
        gradient_scores_[i] = next_scores_[i] - gradient_scores_[i];
      }
      memory.add(end.step, direction_, steps_scores_, gradient_, gradient_scores_);
      gradient_.swap(next_);
      gradient_scores_.swap(next_scores_);
    }
    return result;
  }

  RowPoint take() {
    RowPoint out;
    for (size_t k = 0; k < heads_; ++k) out.biases.push_back(point_[wide_ + k] / bias_scale_);
    point_.resize(wide_);
    scores_.resize(wide_);
    out.coefficients = std::move(point_);
    out.scores = std::move(scores_);
    return out;
  }

 private:
  // The products that the penalty along the direction needs.
  void begin_line() {
    const auto wide = [&](const Vector& v) { return std::span(v).first(wide_); };
    own_ = kernels::dot(wide(point_), wide(scores_));
    mixed_ = kernels::dot(wide(point_), wide(steps_scores_));
    bent_ = kernels::dot(wide(direction_), wide(steps_scores_));
    biases_.clear();
    bias_steps_.clear();
    for (size_t k = 0; k < heads_; ++k) {
      biases_.push_back(point_[wide_ + k] / bias_scale_);
      bias_steps_.push_back(direction_[wide_ + k] / bias_scale_);
    }
  }

  // Leaves the loss and the residuals of that step.
  Trial try_step(double step) {
    const auto line =
        kernels::softmax_line({space_.stride(), heads_, task_.labels.data(), task_.weights.data()},
                              scores_.data(), steps_scores_.data(), biases_.data(),
                              bias_steps_.data(), step, residuals_.data(), sums_.data());
    loss_ = line.loss;
    return {step, task_.strength * line.loss + (own_ + step * (2 * mixed_ + step * bent_)) / 2,
            task_.strength * line.slope + mixed_ + step * bent_};
  }

  void move(double step) {
    for (size_t i = 0; i < point_.size(); ++i) {
      point_[i] += step * direction_[i];
      scores_[i] += step * steps_scores_[i];
    }
  }

  void take_gradient(Vector& gradient, Vector& scores) const {
    for (size_t i = 0; i < wide_; ++i) gradient[i] = point_[i] + task_.strength * residuals_[i];
    space_.score(std::span<const double>(gradient).first(wide_), heads_,
                 std::span(scores).first(wide_));
    for (size_t k = 0; k < heads_; ++k)
      gradient[wide_ + k] = scores[wide_ + k] = task_.strength * sums_[k] / bias_scale_;
  }

  const RowSpace& space_;
  const RowTask& task_;
  size_t heads_;
  size_t wide_;  // Coefficients, without the biases.
  double bend_ = 1;
  double bias_scale_ = 1;
  Vector point_, scores_, gradient_, gradient_scores_, direction_, steps_scores_;
  Vector next_, next_scores_, residuals_, sums_, biases_, bias_steps_;
  double own_ = 0, mixed_ = 0, bent_ = 0, loss_ = 0;
};

}  // namespace

FitResult fit_rows(const RowSpace& space, const RowTask& task, const FitOptions& options,
                   const Progress& progress, RowPoint& point) {
  RowFit fit(space, task, point);
  const FitResult result = fit.run(options, progress);
  point = fit.take();
  return result;
}

}  // namespace querist::learners
