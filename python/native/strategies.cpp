// The query strategies: their cards, the one call that runs any of them, and the k largest.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/variant.h>
#include <nanobind/typing.h>

#include "base/error.h"
#include "kernels/top_k.h"
#include "native/module.h"
#include "strategies/strategy.h"

namespace querist::python {

// As the stub writes it.
using Named = nb::typed<nb::dict, nb::str, nb::any>;

static nb::typed<nb::list, Named> cards() {
  nb::typed<nb::list, Named> list;
  for (const auto& card : strategies::all()) {
    nb::dict row;
    row["name"] = text(card.name);
    row["summary"] = text(card.summary);
    row["source"] = text(card.source);
    row["family"] = text(card.family);
    row["task"] = text(strategies::task_name(card.task));
    row["needs"] = texts(strategies::signal_list(card.needs));
    row["params"] = param_list(card.params);
    list.append(row);
  }
  return list;
}

using Halves = Array<uint16_t, 2>;

// What a call brings, as the Python side prepared it.
struct Arrays {
  std::optional<Array<float, 2>> probabilities;
  std::optional<Array<float, 3>> member_probabilities;
  std::optional<Array<float, 2>> embeddings;
  std::optional<Halves> half_embeddings;
  std::optional<Array<float, 1>> predictions;
  std::optional<Array<float, 2>> member_predictions;
  std::optional<Array<int32_t, 1>> labels;
  std::optional<Array<float, 1>> targets;
  std::optional<Array<float, 2>> label_matrix;
  std::optional<Array<float, 1>> costs;
  std::optional<Array<int32_t, 1>> groups;
};

static Pool pool_of(const Arrays& arrays, size_t size, size_t classes) {
  Pool pool;
  pool.size = size;
  pool.classes = classes;
  pool.probabilities = view_of(arrays.probabilities);
  if (const auto& members = arrays.member_probabilities) {
    pool.member_probabilities = {members->shape(0), members->shape(1), members->shape(2),
                                 members->data()};
  }
  if (arrays.embeddings) pool.embeddings = view_of(arrays.embeddings);
  if (const auto& half = arrays.half_embeddings)
    pool.embeddings = Features::of_half(half->shape(0), half->shape(1), half->data());
  pool.predictions = span_of(arrays.predictions);
  pool.member_predictions = view_of(arrays.member_predictions);
  pool.labels = span_of(arrays.labels);
  pool.targets = span_of(arrays.targets);
  pool.label_matrix = view_of(arrays.label_matrix);
  pool.costs = span_of(arrays.costs);
  pool.groups = span_of(arrays.groups);
  return pool;
}

using Answer = std::pair<nb::ndarray<nb::numpy, int64_t, nb::ndim<1>>,
                         nb::ndarray<nb::numpy, double, nb::ndim<1>>>;

template <class Value>
static std::optional<Value> taken(const nb::dict& arrays, const char* name) {
  if (!arrays.contains(name)) return std::nullopt;
  return nb::cast<Value>(arrays[name]);
}

static Answer select(const std::string& name, int64_t batch_size, size_t size, size_t classes,
                     Array<int64_t, 1> candidates, Array<int64_t, 1> labeled, Named given,
                     uint64_t seed, Named params) {
  const auto& card = strategies::find(name);
  if (batch_size < 0) refuse("batch_size must not be negative, as {} is", batch_size);
  const Arrays arrays = {taken<Array<float, 2>>(given, "probabilities"),
                         taken<Array<float, 3>>(given, "member_probabilities"),
                         taken<Array<float, 2>>(given, "embeddings"),
                         taken<Halves>(given, "half_embeddings"),
                         taken<Array<float, 1>>(given, "predictions"),
                         taken<Array<float, 2>>(given, "member_predictions"),
                         taken<Array<int32_t, 1>>(given, "labels"),
                         taken<Array<float, 1>>(given, "targets"),
                         taken<Array<float, 2>>(given, "label_matrix"),
                         taken<Array<float, 1>>(given, "costs"),
                         taken<Array<int32_t, 1>>(given, "groups")};
  Pool pool = pool_of(arrays, size, classes);
  pool.candidates = span_of(candidates);
  pool.labeled = span_of(labeled);
  const Params settings = params_of(card.params, params);
  const Signal missing = strategies::missing_signals(card, pool);
  const bool is_cold = card.handles_no_model && !strategies::lacks_more_than_model(missing);
  if (missing != Signal::none && !is_cold) {
    refuse("{} needs {}: pass {} by name", name, strategies::signal_names(missing),
           strategies::signal_list(missing).size() > 1 ? "them" : "it");
  }
  Selection selection = without_lock([&] {
    return strategies::select_batch(card, pool, static_cast<size_t>(batch_size), settings, seed);
  });
  return {array_of(std::move(selection.rows)), array_of(std::move(selection.utilities))};
}

template <class Value>
static nb::ndarray<nb::numpy, int64_t, nb::ndim<1>> largest(Array<Value, 1> values, int64_t k) {
  if (k < 0) refuse("k must not be negative, as {} is", k);
  const auto indices =
      without_lock([&] { return kernels::top_k(span_of(values), static_cast<size_t>(k)); });
  return array_of(std::vector<int64_t>(indices.begin(), indices.end()));
}

void bind_strategies(nb::module_& module) {
  module.def("cards", &cards, "The card of every strategy, by name.");
  module.def("select", &select, nb::arg("name"), nb::arg("batch_size"), nb::arg("size"),
             nb::arg("classes"), nb::arg("candidates").noconvert(), nb::arg("labeled").noconvert(),
             nb::arg("arrays"), nb::arg("seed"), nb::arg("params"),
             "Runs a strategy on prepared arrays: indices and utilities.");
  module.def("top_k", &largest<float>, nb::arg("values").noconvert(), nb::arg("k"));
  module.def("top_k", &largest<double>, nb::arg("values").noconvert(), nb::arg("k"),
             "Indices of the k largest values.");
}

}  // namespace querist::python
