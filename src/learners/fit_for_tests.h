// What the tests of learners and their conformance suites share: settings by name, a fit with them,
// and rows stored sparsely.
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "learners/learner.h"

namespace querist::learners {

using Settings = std::vector<std::pair<std::string_view, ParamValue>>;

inline Params settings_of(std::string_view learner, const Settings& values) {
  Params params(find(learner).params);
  for (const auto& [name, value] : values) params.set(name, value);
  return params;
}

inline std::unique_ptr<Model> fit_learner(std::string_view learner, const Dataset& data,
                                          const Settings& values, uint64_t seed,
                                          const Model* warm_start = nullptr) {
  return train(find(learner), data, settings_of(learner, values), warm_start, seed, Progress());
}

// The entries that are not zero, of at least as many columns as the rows have; 0: just as many.
inline Csr to_sparse(const Matrix& dense, size_t cols = 0) {
  Csr out;
  out.cols = cols == 0 ? dense.cols : cols;
  for (size_t i = 0; i < dense.rows; ++i) {
    for (size_t j = 0; j < dense.cols; ++j) {
      if (dense.at(i, j) == 0) continue;
      out.columns.push_back(static_cast<int32_t>(j));
      out.values.push_back(dense.at(i, j));
    }
    out.offsets.push_back(static_cast<int64_t>(out.columns.size()));
  }
  return out;
}

}  // namespace querist::learners
