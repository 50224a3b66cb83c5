// Enumeration, and ancestral sampling where there is too much to enumerate.
#include "strategies/information/joint_labels.h"

namespace querist::strategies {

JointLabels::JointLabels(size_t members, size_t samples, Rng& rng)
    : samples_(samples), rng_(rng), outcomes_(kernels::no_outcomes(members)) {}

void JointLabels::add(std::span<const double> row) {
  const size_t classes = row.size() / outcomes_.members;
  if (exact() && outcomes_.count() <= samples_ / classes) {
    rows_.emplace_back(row.begin(), row.end());
    enumerate(row);
    return;
  }
  if (exact()) {
    start_sampling();
    for (const auto& earlier : rows_) extend(earlier);
    rows_.clear();
  }
  extend(row);
}

void JointLabels::enumerate(std::span<const double> row) {
  const size_t members = outcomes_.members;
  const size_t classes = row.size() / members;
  kernels::Outcomes next{members, {}, {}};
  next.weights.reserve(outcomes_.count() * classes);
  next.posteriors.reserve(outcomes_.count() * classes * members);
  for (size_t o = 0; o < outcomes_.count(); ++o) {
    const double* posterior = outcomes_.posteriors.data() + o * members;
    for (size_t c = 0; c < classes; ++c) {
      double sum = 0;
      for (size_t k = 0; k < members; ++k) sum += posterior[k] * row[k * classes + c];
      next.weights.push_back(outcomes_.weights[o] * sum);
      for (size_t k = 0; k < members; ++k)
        next.posteriors.push_back(posterior[k] * row[k * classes + c] / sum);
    }
  }
  outcomes_ = std::move(next);
}

void JointLabels::start_sampling() {
  const size_t members = outcomes_.members;
  const size_t in_turn = samples_ / members * members;
  for (size_t s = 0; s < samples_; ++s)
    member_of_.push_back(s < in_turn ? s % members : rng_.below(members));
  const double share = 1 / static_cast<double>(members);
  outcomes_.weights.assign(samples_, 1 / static_cast<double>(samples_));
  outcomes_.posteriors.assign(samples_ * members, share);
}

void JointLabels::extend(std::span<const double> row) {
  const size_t members = outcomes_.members;
  const size_t classes = row.size() / members;
  for (size_t s = 0; s < samples_; ++s) {
    const double* p = row.data() + member_of_[s] * classes;
    double left = rng_.uniform();
    size_t c = 0;
    while (c + 1 < classes && left >= p[c]) left -= p[c++];
    double* posterior = outcomes_.posteriors.data() + s * members;
    double sum = 0;
    for (size_t k = 0; k < members; ++k) sum += posterior[k] *= row[k * classes + c];
    for (size_t k = 0; k < members; ++k) posterior[k] /= sum;
  }
}

}  // namespace querist::strategies
