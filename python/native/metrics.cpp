// Metrics: estimates with their intervals, as tuples (value, low, high, method).
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>

#include "base/error.h"
#include "metrics/calibration.h"
#include "metrics/cbpe.h"
#include "metrics/class_calibration.h"
#include "metrics/classification.h"
#include "metrics/confidence_sequence.h"
#include "metrics/intervals.h"
#include "metrics/learning_curve.h"
#include "metrics/lure.h"
#include "metrics/recall.h"
#include "metrics/resampling.h"
#include "metrics/stratified.h"
#include "native/module.h"

namespace querist::python {

using metrics::DoubleView;
using metrics::Estimate;
using Doubles = Array<double, 1>;
using DoubleRows = Array<double, 2>;
using Integers = Array<int64_t, 1>;
using Classes = Array<int32_t, 1>;
using Tuple = std::tuple<double, double, double, std::string>;

static Tuple tuple_of(const Estimate& e) {
  return {e.value, e.ci_low, e.ci_high, std::string(e.method)};
}

static DoubleView view(const DoubleRows& rows) {
  return {rows.shape(0), rows.shape(1), rows.data()};
}

// A count that Python gave; a negative one would wrap around.
static size_t count_of(const char* name, int64_t value) {
  if (value < 0) refuse("{} must not be negative, as {} is", name, value);
  return static_cast<size_t>(value);
}

static double calibration_error(Classes labels, DoubleRows probabilities, int64_t bins,
                                const std::string& method, const std::optional<Doubles>& weights) {
  const size_t count = count_of("bins", bins);
  return without_lock([&] {
    metrics::log_loss(span_of(labels), view(probabilities));  // Refuses labels that do not fit.
    if (method == "classwise")
      return metrics::classwise_calibration_error(span_of(labels), view(probabilities), count,
                                                  span_of(weights));
    const auto top = metrics::top_labels(span_of(labels), view(probabilities));
    if (method == "width")
      return metrics::expected_calibration_error(top.confidences, top.right, span_of(weights),
                                                 count);
    if (method == "mass")
      return metrics::adaptive_calibration_error(top.confidences, top.right, count);
    if (method == "debiased")
      return metrics::debiased_calibration_error(top.confidences, top.right, count);
    refuse("method must be width, mass, classwise or debiased, not {}", method);
  });
}

static double brier_score(Classes labels, DoubleRows probabilities,
                          const std::optional<Doubles>& weights) {
  return metrics::brier_score(span_of(labels), view(probabilities), span_of(weights));
}

static Tuple lure(Doubles losses, Doubles propensities, int64_t pool_size, double confidence) {
  return tuple_of(metrics::lure(span_of(losses), span_of(propensities),
                                count_of("pool_size", pool_size), confidence));
}

template <class Value>
using Column = nb::ndarray<nb::numpy, Value, nb::ndim<1>>;

static std::pair<Column<int64_t>, Column<double>> draw_test_rows(Doubles expected_loss,
                                                                 int64_t count, double clip,
                                                                 uint64_t seed) {
  const auto proposal = metrics::clipped_proposal(span_of(expected_loss), clip);
  auto draws = metrics::draw_test_rows(proposal, count_of("count", count), seed);
  return {array_of(std::move(draws.rows)), array_of(std::move(draws.propensities))};
}

static Tuple stratified_estimate(Doubles values, Classes strata, Integers sizes,
                                 double confidence) {
  return tuple_of(
      metrics::stratified_estimate(span_of(values), span_of(strata), span_of(sizes), confidence));
}

static Column<int64_t> neyman_allocation(Integers sizes, Doubles deviations, int64_t count,
                                         int64_t at_least) {
  return array_of(metrics::neyman_allocation(span_of(sizes), span_of(deviations), count, at_least));
}

static Column<int32_t> strata_by_deviation(Doubles deviations, int64_t strata) {
  return array_of(metrics::strata_by_deviation(span_of(deviations), count_of("strata", strata)));
}

static Tuple wilson_interval(int64_t successes, int64_t trials, double confidence) {
  return tuple_of(metrics::wilson_interval(successes, trials, confidence));
}

// From the weights of the rows to a number.
using Weighing = nb::typed<nb::callable, double(Column<double>)>;

static Tuple bootstrap_interval(int64_t rows, Weighing statistic,
                                const std::optional<Classes>& groups, int64_t resamples,
                                uint64_t seed, double confidence) {
  const metrics::WeightedStatistic weighted = [&](std::span<const double> weights) {
    auto counts = array_of(std::vector<double>(weights.begin(), weights.end()));
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
    return nb::cast<double>(statistic(counts));
  };
  return tuple_of(metrics::resampled_interval(count_of("rows", rows), weighted,
                                              {.groups = span_of(groups),
                                               .seed = seed,
                                               .resamples = count_of("resamples", resamples),
                                               .confidence = confidence}));
}

static double aulc(Doubles labels, Doubles values, bool log) {
  return log ? metrics::aulc_log(span_of(labels), span_of(values))
             : metrics::aulc(span_of(labels), span_of(values));
}

static Named cbpe(DoubleRows probabilities, Classes predicted, const std::optional<Doubles>& scores,
                  int64_t simulations, uint64_t seed, double confidence) {
  const auto all = without_lock([&] {
    return metrics::cbpe(view(probabilities), span_of(predicted),
                         {.scores = span_of(scores),
                          .seed = seed,
                          .simulations = count_of("simulations", simulations),
                          .confidence = confidence});
  });
  Named answer;
  for (const auto& one : all) answer[text(one.name)] = tuple_of(one.estimate);
  return answer;
}

static Tuple betting_interval(Doubles values, double confidence, int64_t pool_size) {
  return without_lock([&] {
    return tuple_of(
        metrics::betting_interval(span_of(values), confidence, count_of("pool_size", pool_size)));
  });
}

static Tuple relevant_total(Integers known, Integers remaining, Integers relevant, int64_t found,
                            int64_t unread, double confidence, bool anytime) {
  if (known.size() != remaining.size() || known.size() != relevant.size())
    refuse("known, remaining and relevant must be of one length");
  std::vector<metrics::AuditDraw> draws;
  for (size_t i = 0; i < known.size(); ++i)
    draws.push_back({known.data()[i], remaining.data()[i], relevant.data()[i] != 0});
  return without_lock([&] {
    return tuple_of(anytime ? metrics::relevant_total_anytime(draws, {found, unread}, confidence)
                            : metrics::relevant_total(draws, {found, unread}, confidence));
  });
}

void bind_metrics(nb::module_& module) {
  module.def("calibration_error", &calibration_error, nb::arg("labels").noconvert(),
             nb::arg("probabilities").noconvert(), nb::arg("bins"), nb::arg("method"),
             nb::arg("weights").noconvert().none());
  module.def("brier_score", &brier_score, nb::arg("labels").noconvert(),
             nb::arg("probabilities").noconvert(), nb::arg("weights").noconvert().none());
  module.def("lure", &lure, nb::arg("losses").noconvert(), nb::arg("propensities").noconvert(),
             nb::arg("pool_size"), nb::arg("confidence"));
  module.def("draw_test_rows", &draw_test_rows, nb::arg("expected_loss").noconvert(),
             nb::arg("count"), nb::arg("clip"), nb::arg("seed"));
  module.def("stratified_estimate", &stratified_estimate, nb::arg("values").noconvert(),
             nb::arg("strata").noconvert(), nb::arg("sizes").noconvert(), nb::arg("confidence"));
  module.def("neyman_allocation", &neyman_allocation, nb::arg("sizes").noconvert(),
             nb::arg("deviations").noconvert(), nb::arg("count"), nb::arg("at_least"));
  module.def("strata_by_deviation", &strata_by_deviation, nb::arg("deviations").noconvert(),
             nb::arg("strata"));
  module.def("wilson_interval", &wilson_interval, nb::arg("successes"), nb::arg("trials"),
             nb::arg("confidence"));
  module.def("bootstrap_interval", &bootstrap_interval, nb::arg("rows"), nb::arg("statistic"),
             nb::arg("groups").noconvert().none(), nb::arg("resamples"), nb::arg("seed"),
             nb::arg("confidence"));
  module.def("aulc", &aulc, nb::arg("labels").noconvert(), nb::arg("values").noconvert(),
             nb::arg("log"));
  module.def("cbpe", &cbpe, nb::arg("probabilities").noconvert(), nb::arg("predicted").noconvert(),
             nb::arg("scores").noconvert().none(), nb::arg("simulations"), nb::arg("seed"),
             nb::arg("confidence"));
  module.def("betting_interval", &betting_interval, nb::arg("values").noconvert(),
             nb::arg("confidence"), nb::arg("pool_size"));
  module.def("recall_p_value", &metrics::recall_p_value, nb::arg("found_before"),
             nb::arg("remaining"), nb::arg("drawn"), nb::arg("found_at_random"),
             nb::arg("target_recall"));
  module.def("relevant_total", &relevant_total, nb::arg("known").noconvert(),
             nb::arg("remaining").noconvert(), nb::arg("relevant").noconvert(), nb::arg("found"),
             nb::arg("unread"), nb::arg("confidence"), nb::arg("anytime"));
}

}  // namespace querist::python
