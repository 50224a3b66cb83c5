// What a strategy answers: examples in the order to ask about them.
#pragma once

#include <cstdint>
#include <vector>

namespace querist {

struct Selection {
  std::vector<int64_t> rows;  // Row numbers of the pool, in the order picked, without repeats.
  std::vector<double>
      utilities;  // One a row picked; larger is more wanted; comparable within one selection only.
  std::vector<float> propensities;  // Probability that the row was picked at all; 1 where the rule
                                    // is deterministic.
  std::vector<int32_t> arms;  // Which strategy of a portfolio picked the row; empty: there is none.
};

}  // namespace querist
