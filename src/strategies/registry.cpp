// The list of every strategy file in this folder, written by the build, and the one door through
// which they run.
#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/registry.h"
#include "kernels/top_k.h"
#include "strategies/door/check_pool.h"
#include "strategies/strategy.h"

namespace querist::strategies {

const std::vector<QueryStrategy>& all() {
  static const std::vector<QueryStrategy> cards = {
#define ENTRY(function, wire_name) function(),
#include "strategies.list"
#undef ENTRY
  };
  return cards;
}

const QueryStrategy& find(std::string_view name) { return find_card(all(), "strategy", name); }

static constexpr std::array<std::pair<Signal, std::string_view>, 6> names = {{
    {Signal::probabilities, "probabilities"},
    {Signal::embeddings, "embeddings"},
    {Signal::member_probabilities, "member_probabilities"},
    {Signal::predictions, "predictions"},
    {Signal::member_predictions, "member_predictions"},
    {Signal::labels, "labels"},
}};

std::vector<std::string_view> signal_list(Signal signals) {
  std::vector<std::string_view> list;
  for (const auto& [signal, name] : names) {
    if (has(signals, signal)) list.push_back(name);
  }
  return list;
}

std::string signal_names(Signal signals) {
  return fmt::format("{}", fmt::join(signal_list(signals), ", "));
}

std::string_view task_name(Task task) {
  switch (task) {
    case Task::any:
      return "any";
    case Task::classification:
      return "classification";
    case Task::multi_label:
      return "multi_label";
    case Task::regression:
      return "regression";
  }
  return "any";
}

static bool has_labels(Task task, const Pool& pool) {
  if (pool.labeled.empty()) return true;
  if (task == Task::regression) return !pool.targets.empty();
  if (task == Task::multi_label) return pool.label_matrix.rows > 0;
  return !pool.labels.empty();
}

static Signal present_signals(Task task, const Pool& pool) {
  Signal present = Signal::none;
  const auto add = [&](bool is_there, Signal signal) {
    if (is_there) present = present | signal;
  };
  add(pool.probabilities.rows > 0 || pool.size == 0, Signal::probabilities);
  add(pool.embeddings.rows > 0 || pool.size == 0, Signal::embeddings);
  add(pool.member_probabilities.members > 0 || pool.size == 0, Signal::member_probabilities);
  add(!pool.predictions.empty() || pool.size == 0, Signal::predictions);
  add(pool.member_predictions.rows > 0 || pool.size == 0, Signal::member_predictions);
  add(has_labels(task, pool), Signal::labels);
  return present;
}

Signal missing_signals(const QueryStrategy& strategy, const Pool& pool) {
  const auto present = static_cast<unsigned>(present_signals(strategy.task, pool));
  return static_cast<Signal>(static_cast<unsigned>(strategy.needs) & ~present);
}

// Whether nothing that only a model gives is there.
static bool has_no_model(const Pool& pool) {
  return pool.probabilities.rows == 0 && pool.member_probabilities.members == 0 &&
         pool.predictions.empty() && pool.member_predictions.rows == 0;
}

static constexpr Signal of_a_model = Signal::probabilities | Signal::member_probabilities |
                                     Signal::predictions | Signal::member_predictions;

bool lacks_more_than_model(Signal missing) {
  return (static_cast<unsigned>(missing) & ~static_cast<unsigned>(of_a_model)) != 0;
}

static Selection choose(const QueryStrategy& strategy, const Pool& pool, size_t batch_size,
                        const Params& params, Rng& rng) {
  const Signal missing = missing_signals(strategy, pool);
  const bool lacks_model = (missing & of_a_model) != Signal::none;
  if (lacks_model && has_no_model(pool)) {
    if (!strategy.handles_no_model) return random().select(pool, batch_size, params, rng);
  } else if (missing != Signal::none) {
    refuse("{} needs {}, which nothing at hand gives", strategy.name, signal_names(missing));
  }
  return strategy.select(pool, batch_size, params, rng);
}

// Where labels are not known, the model's likeliest class stands for each.
static std::vector<int32_t> likeliest_labels(const Pool& pool) {
  std::vector<int32_t> labels;
  if (pool.probabilities.rows == 0) return labels;
  for (const int64_t row : pool.labeled) {
    const auto p = pool.probabilities.row(static_cast<size_t>(row));
    labels.push_back(static_cast<int32_t>(std::max_element(p.begin(), p.end()) - p.begin()));
  }
  return labels;
}

Selection select_batch(const QueryStrategy& strategy, const Pool& given, size_t batch_size,
                       const Params& params, uint64_t seed) {
  const auto dropped = check_pool(strategy, given);
  std::optional<SmallerPool> smaller;
  if (!dropped.empty()) smaller.emplace(given, strategy.needs | strategy.reads, dropped);
  Pool pool = smaller ? smaller->pool() : given;
  std::vector<int32_t> likeliest;
  if (pool.labels.empty() && !has(strategy.needs, Signal::labels))
    pool.labels = likeliest = likeliest_labels(pool);
  batch_size = std::min(batch_size, pool.candidates.size());
  if (batch_size == 0) return {};
  Rng rng(seed);
  Selection selection = choose(strategy, pool, batch_size, params, rng);
  QUERIST_CHECK(selection.rows.size() <= batch_size);
  QUERIST_CHECK(selection.utilities.size() == selection.rows.size());
  if (selection.propensities.empty()) selection.propensities.assign(selection.rows.size(), 1);
  if (smaller) {
    for (int64_t& row : selection.rows) row = smaller->row_of(row);
  }
  return selection;
}

template <class Value>
static Selection best(const Pool& pool, std::span<const Value> utilities, size_t k) {
  QUERIST_CHECK(utilities.size() == pool.candidates.size());
  std::vector<Value> per_cost;
  if (!pool.costs.empty()) {
    Value least = 0;
    for (const Value utility : utilities) least = utility < least ? utility : least;
    for (size_t i = 0; i < utilities.size(); ++i) {
      const float cost = pool.costs[static_cast<size_t>(pool.candidates[i])];
      per_cost.push_back((utilities[i] - least) / static_cast<Value>(cost));
    }
    utilities = per_cost;
  }
  Selection selection;
  for (const size_t i : kernels::top_k(utilities, k)) {
    selection.rows.push_back(pool.candidates[i]);
    selection.utilities.push_back(static_cast<double>(utilities[i]));
  }
  return selection;
}

Selection top_k(const Pool& pool, std::span<const float> utilities, size_t k) {
  return best(pool, utilities, k);
}

Selection top_k(const Pool& pool, std::span<const double> utilities, size_t k) {
  return best(pool, utilities, k);
}

}  // namespace querist::strategies
