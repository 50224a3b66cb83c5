// The card of a query strategy: what it is called, what it reads, what can be set, and the function
// that chooses.
#pragma once

#include <string_view>
#include <vector>

#include "base/params.h"
#include "base/rng.h"
#include "data/pool.h"
#include "data/selection.h"

namespace querist::strategies {

struct QueryStrategy {
  std::string_view name;
  std::string_view summary;
  Signal needs = Signal::none;
  ParamSpecs params{};
  // At most batch_size candidates, without repeats. Signals named in `needs` are present unless
  // there is no model yet: then probabilities are empty and select_batch has already fallen back.
  Selection (*select)(const Pool& pool, size_t batch_size, const Params& params,
                      Rng& rng) = nullptr;
  std::string_view source{};  // Author, year.
  bool handles_no_model =
      false;  // Reads an empty `probabilities` itself; others fall back to random then.
};

// Every strategy of this folder, by wire name ascending.
const std::vector<QueryStrategy>& all();
const QueryStrategy& find(std::string_view name);

// Checks the pool's signals against the card, falls back to random where there is no model, and
// runs the strategy. Throws invalid_argument on NaN probabilities or embeddings, unsorted or
// overlapping rows, or a missing signal.
Selection select_batch(const QueryStrategy& strategy, const Pool& pool, size_t batch_size,
                       const Params& params, uint64_t seed);

// The k candidates of largest utility; ties go to the lower row. utilities: one a candidate.
Selection top_k(const Pool& pool, const std::vector<float>& utilities, size_t k);

#define ENTRY(function, wire_name) QueryStrategy function();
#include "strategies.list"
#undef ENTRY

}  // namespace querist::strategies
