// A ring of utilities beside its sorted copy, in which one number replaces another.
#include "streams/parts/quantile_filter.h"

#include <algorithm>
#include <cmath>

namespace querist::streams {

QuantileFilter::QuantileFilter(double budget, size_t window, double tolerance)
    : budget_(budget), window_(window), tolerance_(tolerance) {
  history_.reserve(window);
  sorted_.reserve(window);
}

void QuantileFilter::remember(double utility) {
  if (history_.size() < window_) {
    history_.push_back(utility);
  } else {
    const auto old = std::lower_bound(sorted_.begin(), sorted_.end(), history_[oldest_]);
    sorted_.erase(old);
    history_[oldest_] = utility;
    oldest_ = oldest_ + 1 == window_ ? 0 : oldest_ + 1;
  }
  sorted_.insert(std::upper_bound(sorted_.begin(), sorted_.end(), utility), utility);
}

// In NumPy's order of operations, so that the last bit is the same.
double QuantileFilter::quantile() const {
  const double last = static_cast<double>(sorted_.size() - 1);
  const double place = last * (1 - budget_);
  if (place >= last) return sorted_.back();
  const double below = std::floor(place);
  const double share = place - below;
  const double a = sorted_[static_cast<size_t>(below)];
  const double b = sorted_[static_cast<size_t>(below) + 1];
  const double step = b - a;
  return share >= 0.5 ? b - step * (1 - share) : a + step * share;
}

bool QuantileFilter::decide(double utility, bool may_ask) {
  remember(utility);
  if (!may_ask) {
    count_.add(false);
    return false;
  }
  const double range = sorted_.back() - sorted_.front();
  const double left =
      budget_ * static_cast<double>(count_.observed + 1) - static_cast<double>(count_.queried);
  const bool ask = utility >= quantile() - range * (left / tolerance_);
  count_.add(ask);
  return ask;
}

void QuantileFilter::fields(Archive& archive) {
  count_.fields(archive);
  archive.count("oldest", oldest_);
  archive.values("utilities", history_);
  archive.require(history_.size() <= window_ && history_.size() <= count_.observed, "utilities");
  archive.require(std::all_of(history_.begin(), history_.end(),
                              [](double utility) { return std::isfinite(utility); }),
                  "utilities");
  archive.require(oldest_ == 0 || (history_.size() == window_ && oldest_ < window_), "oldest");
  if (!archive.reading()) return;
  history_.reserve(window_);
  sorted_.assign(history_.begin(), history_.end());
  std::sort(sorted_.begin(), sorted_.end());
  sorted_.reserve(window_);
}

}  // namespace querist::streams
