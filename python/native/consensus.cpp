// ActiveLab: which item to label again, which row anew, and whom to ask.
#include <nanobind/stl/tuple.h>

#include "consensus/active_lab/active_lab.h"
#include "consensus/active_lab/work.h"
#include "consensus/consensus.h"
#include "metrics/agreement.h"
#include "metrics/crowd_agreement.h"
#include "native/module.h"

namespace querist::python {

using consensus::Probabilities;

static Probabilities probabilities_of(const std::optional<Array<double, 2>>& array) {
  if (!array) return {};
  return {array->shape(0), array->shape(1), array->data()};
}

// Whether to label again, the row, and its score.
using WorkList = nb::typed<nb::list, nb::typed<nb::tuple, nb::bool_, nb::int_, nb::float_>>;

static Named active_lab(Array<int64_t, 1> items, Array<int64_t, 1> annotators,
                        Array<int32_t, 1> labels, Array<double, 2> probabilities,
                        std::optional<Array<double, 2>> unlabeled,
                        std::optional<double> temperature, bool as_cleanlab) {
  auto found = without_lock([&] {
    return consensus::active_lab({span_of(items), span_of(annotators), span_of(labels)},
                                 probabilities_of(probabilities), probabilities_of(unlabeled),
                                 {temperature, as_cleanlab});
  });
  Named answer;
  answer["scores"] = array_of(std::move(found.scores));
  answer["unlabeled_scores"] = array_of(std::move(found.unlabeled_scores));
  answer["consensus"] = array_of(std::move(found.consensus));
  answer["quality"] = array_of(std::move(found.quality));
  answer["annotator_weights"] = array_of(std::move(found.annotator_weights));
  answer["model_weight"] = found.model_weight;
  answer["temperature"] = found.temperature;
  return answer;
}

static WorkList choose_work(Array<double, 1> scores, Array<double, 1> unlabeled, int64_t count) {
  WorkList list;
  for (const auto& work : consensus::choose_work(span_of(scores), span_of(unlabeled),
                                                 static_cast<size_t>(std::max<int64_t>(count, 0))))
    list.append(nb::make_tuple(work.relabel, work.row, work.score));
  return list;
}

static std::optional<int64_t> whom_to_ask(Array<int32_t, 1> labelled, Array<int64_t, 1> available,
                                          Array<double, 1> weights) {
  return consensus::whom_to_ask(span_of(labelled), span_of(available), span_of(weights));
}

static Named aggregate(const std::string& method, Array<int64_t, 1> items,
                       Array<int64_t, 1> annotators, Array<int32_t, 1> labels, int64_t item_count,
                       int64_t class_count, std::optional<Array<double, 2>> probabilities,
                       const Named& params) {
  const auto& card = consensus::find(method);
  const Params given = params_of(card.params, params);
  auto found = without_lock([&] {
    return consensus::aggregate(card, {span_of(items), span_of(annotators), span_of(labels)},
                                static_cast<size_t>(item_count), static_cast<size_t>(class_count),
                                probabilities_of(probabilities), given);
  });
  Named answer;
  answer["probabilities"] = array_of(std::move(found.probabilities));
  answer["labels"] = array_of(std::move(found.labels));
  answer["annotator_quality"] = array_of(std::move(found.annotator_quality));
  answer["rounds"] = found.rounds;
  return answer;
}

static double cohen_kappa(Array<int32_t, 1> a, Array<int32_t, 1> b) {
  return metrics::cohen_kappa(span_of(a), span_of(b));
}

static double crowd_agreement(const std::string& measure, Array<int64_t, 1> items,
                              Array<int64_t, 1> annotators, Array<int32_t, 1> labels,
                              int64_t item_count, int64_t class_count) {
  return without_lock([&] {
    const auto table =
        consensus::answer_table({span_of(items), span_of(annotators), span_of(labels)},
                                static_cast<size_t>(item_count), static_cast<size_t>(class_count));
    const metrics::ItemLabels view{table.offsets, table.label, table.classes};
    return measure == "fleiss_kappa" ? metrics::fleiss_kappa(view)
                                     : metrics::krippendorff_alpha(view);
  });
}

void bind_consensus(nb::module_& module) {
  module.def("active_lab", &active_lab, nb::arg("items").noconvert(),
             nb::arg("annotators").noconvert(), nb::arg("labels").noconvert(),
             nb::arg("probabilities").noconvert(), nb::arg("unlabeled").noconvert().none(),
             nb::arg("temperature").none(), nb::arg("as_cleanlab"));
  module.def("choose_work", &choose_work, nb::arg("scores").noconvert(),
             nb::arg("unlabeled_scores").noconvert(), nb::arg("count"));
  module.def("aggregate", &aggregate, nb::arg("method"), nb::arg("items").noconvert(),
             nb::arg("annotators").noconvert(), nb::arg("labels").noconvert(),
             nb::arg("item_count"), nb::arg("class_count"),
             nb::arg("probabilities").noconvert().none(), nb::arg("params"));
  module.def("cohen_kappa", &cohen_kappa, nb::arg("a").noconvert(), nb::arg("b").noconvert());
  module.def("crowd_agreement", &crowd_agreement, nb::arg("measure"), nb::arg("items").noconvert(),
             nb::arg("annotators").noconvert(), nb::arg("labels").noconvert(),
             nb::arg("item_count"), nb::arg("class_count"));
  module.def("whom_to_ask", &whom_to_ask, nb::arg("labelled").noconvert(),
             nb::arg("available").noconvert(), nb::arg("weights").noconvert());
}

}  // namespace querist::python
