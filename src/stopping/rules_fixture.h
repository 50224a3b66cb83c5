// Asking a rule in tests, and models whose answers differ by a known number.
#pragma once

#include <string_view>
#include <vector>

#include "stopping/stopping.h"

namespace querist::stopping {

inline Advice ask(std::string_view rule, const History& history) {
  return decide(find(rule), history, Params(find(rule).params));
}

// Two classes in equal parts, of which the first `flipped` answers are turned round.
inline ModelRecord model(size_t labels, size_t flipped, size_t size = 1000) {
  ModelRecord record{.labels = labels, .predictions = std::vector<int32_t>(size)};
  for (size_t i = 0; i < size; ++i) record.predictions[i] = i % 2;
  for (size_t i = 0; i < flipped; ++i) record.predictions[i] ^= 1;
  return record;
}

// Adds a model with an audit of that many labels.
inline void add_audited(History& history, size_t labels, int64_t right, int64_t trials) {
  ModelRecord record{.labels = labels};
  record.audit = metrics::wilson_interval(right, trials);
  record.audit_labels = static_cast<size_t>(trials);
  history.audit = record.audit;
  history.audit_labels = record.audit_labels;
  history.audit_shares = {{right, trials}};
  history.labels = labels;
  history.models.push_back(std::move(record));
}

}  // namespace querist::stopping
