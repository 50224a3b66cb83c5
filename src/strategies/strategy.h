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
  // Costs and groups may be present whatever the card says.
  Selection (*select)(const Pool& pool, size_t batch_size, const Params& params,
                      Rng& rng) = nullptr;
  std::string_view source{};  // Author, year.
  bool handles_no_model =
      false;              // Reads an empty `probabilities` itself; others fall back to random then.
  Task task = Task::any;  // What the labels and probabilities that it reads are of.
  std::string_view family;  // Where lists put it: uncertainty, committee, coverage, hybrid …
  Signal reads{};           // What it uses where it is there, besides `needs`.
};

// Every strategy of this folder, by wire name ascending.
const std::vector<QueryStrategy>& all();
const QueryStrategy& find(std::string_view name);

// The wire names of the signals in a set, and the same in one text: "probabilities, embeddings".
std::vector<std::string_view> signal_list(Signal signals);
std::string signal_names(Signal signals);
std::string_view task_name(Task task);
// What the card needs and the pool lacks.
Signal missing_signals(const QueryStrategy& strategy, const Pool& pool);

// Whether a set of missing signals holds one that does not come from a model.
bool lacks_more_than_model(Signal missing);

// Checks the pool's signals against the card, falls back to random where there is no model, and
// runs the strategy. A row that holds a NaN in a signal that the card names, or in the costs, is
// taken out of the pool first; a labelled one is refused. Throws invalid_argument, naming signal
// and row, on infinite numbers, numbers beyond 2^50 (their squares would overflow), probabilities
// that are none (tolerance 0.001), costs that are not positive, labels out of range, unsorted or
// overlapping rows, wrong shapes, or a missing signal.
Selection select_batch(const QueryStrategy& strategy, const Pool& pool, size_t batch_size,
                       const Params& params, uint64_t seed);

// The k candidates of largest utility, or, with costs, of largest utility per cost (after raising
// all utilities so that none is negative). Ties go to the lower row; a candidate whose utility is
// NaN is never picked. utilities: one a candidate.
Selection top_k(const Pool& pool, std::span<const float> utilities, size_t k);
Selection top_k(const Pool& pool, std::span<const double> utilities, size_t k);

#define ENTRY(function, wire_name) QueryStrategy function();
#include "strategies.list"
#undef ENTRY

}  // namespace querist::strategies
