// Metrics of predicted classes, scores and numbers, and tests of two models on the same rows.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>

#include "base/error.h"
#include "metrics/confusion.h"
#include "metrics/intervals.h"
#include "metrics/paired_tests.h"
#include "metrics/ranking.h"
#include "metrics/regression.h"
#include "native/module.h"

namespace querist::python {

using metrics::Estimate;
using Doubles = Array<double, 1>;
using DoubleRows = Array<double, 2>;
using Classes = Array<int32_t, 1>;
using Flags = Array<uint8_t, 1>;
using Weights = std::optional<Doubles>;
using Tuple = std::tuple<double, double, double, std::string>;

static Tuple tuple_of(const Estimate& e) {
  return {e.value, e.ci_low, e.ci_high, std::string(e.method)};
}

static metrics::DoubleView view(const DoubleRows& rows) {
  return {rows.shape(0), rows.shape(1), rows.data()};
}

static metrics::Average average_of(const std::string& name) {
  if (name == "micro") return metrics::Average::micro;
  if (name == "macro") return metrics::Average::macro;
  if (name == "weighted") return metrics::Average::weighted;
  refuse("average must be micro, macro or weighted, not {}", name);
}

// What is read from the table of labels against predictions, by name.
static double confusion_score(const std::string& name, Classes labels, Classes predicted,
                              size_t classes, Weights weights) {
  const auto table =
      metrics::confusion(span_of(labels), span_of(predicted), classes, span_of(weights));
  if (name == "accuracy") return metrics::accuracy(table);
  if (name == "balanced_accuracy") return metrics::balanced_accuracy(table);
  if (name == "matthews_correlation") return metrics::matthews_correlation(table);
  refuse("there is no score {}", name);
}

static double ranking_score(const std::string& name, Flags positive, Doubles scores,
                            Weights weights) {
  if (positive.size() != scores.size()) refuse("labels and scores must be of one length");
  return name == "roc_auc"
             ? metrics::roc_auc(span_of(scores), span_of(positive), span_of(weights))
             : metrics::average_precision(span_of(scores), span_of(positive), span_of(weights));
}

static double roc_auc_of_classes(Classes labels, DoubleRows scores, const std::string& average,
                                 const std::string& multi_class, Weights weights) {
  if (multi_class == "ovr")
    return metrics::roc_auc_one_vs_rest(span_of(labels), view(scores), average_of(average),
                                        span_of(weights));
  if (multi_class == "ovo")
    return metrics::roc_auc_one_vs_one(span_of(labels), view(scores), average_of(average));
  refuse("multi_class must be ovr or ovo, not {}", multi_class);
}

static double regression_score(const std::string& name, Doubles targets, Doubles predicted,
                               Weights weights) {
  const auto truth = span_of(targets), found = span_of(predicted), counted = span_of(weights);
  if (name == "mean_absolute_error") return metrics::mean_absolute_error(truth, found, counted);
  if (name == "r_squared") return metrics::r_squared(truth, found, counted);
  return metrics::root_mean_squared_error(truth, found, counted);
}

static double pinball_loss(Doubles targets, Doubles predicted, double quantile, Weights weights) {
  return metrics::pinball_loss(span_of(targets), span_of(predicted), quantile, span_of(weights));
}

static Tuple interval_coverage(Doubles targets, Doubles low, Doubles high, double confidence) {
  return tuple_of(
      metrics::interval_coverage(span_of(targets), span_of(low), span_of(high), confidence));
}

static std::pair<double, double> mcnemar(Flags first, Flags second) {
  const auto found = metrics::mcnemar_exact(span_of(first), span_of(second));
  return {found.statistic, found.p_value};
}

static Tuple paired_bootstrap(Doubles a, Doubles b, uint64_t seed, size_t resamples,
                              double confidence) {
  return without_lock([&] {
    return tuple_of(metrics::paired_bootstrap(span_of(a), span_of(b), seed, resamples, confidence));
  });
}

void bind_scores(nb::module_& module) {
  const auto weights = [] { return nb::arg("weights").noconvert().none(); };
  const auto labels = [] { return nb::arg("labels").noconvert(); };
  const auto predicted = [] { return nb::arg("predicted").noconvert(); };
  const auto targets = [] { return nb::arg("targets").noconvert(); };
  module.def("confusion_score", &confusion_score, nb::arg("name"), labels(), predicted(),
             nb::arg("classes"), weights());
  module.def("ranking_score", &ranking_score, nb::arg("name"), nb::arg("positive").noconvert(),
             nb::arg("scores").noconvert(), weights());
  module.def("roc_auc_of_classes", &roc_auc_of_classes, labels(), nb::arg("scores").noconvert(),
             nb::arg("average"), nb::arg("multi_class"), weights());
  module.def("regression_score", &regression_score, nb::arg("name"), targets(), predicted(),
             weights());
  module.def("pinball_loss", &pinball_loss, targets(), predicted(), nb::arg("quantile"), weights());
  module.def("interval_coverage", &interval_coverage, targets(), nb::arg("low").noconvert(),
             nb::arg("high").noconvert(), nb::arg("confidence"));
  module.def("mcnemar", &mcnemar, nb::arg("first_right").noconvert(),
             nb::arg("second_right").noconvert());
  module.def("paired_bootstrap", &paired_bootstrap, nb::arg("a").noconvert(),
             nb::arg("b").noconvert(), nb::arg("seed"), nb::arg("resamples"),
             nb::arg("confidence"));
}

}  // namespace querist::python
