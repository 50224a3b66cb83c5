// Pseudo-labelers and the gate before them, with a learner of ours or a Python function as trainer.
#include <memory>

#include "base/error.h"
#include "base/expression.h"
#include "kernels/finite.h"
#include "learners/learner.h"
#include "native/module.h"
#include "pseudo_labelers/gate/gate.h"

namespace querist::python {

using pseudo_labelers::PartlyLabeled;

static Listed pseudo_labeler_cards() {
  Listed list;
  for (const auto& card : pseudo_labelers::all()) {
    nb::dict row;
    row["name"] = text(card.name);
    row["summary"] = text(card.summary);
    row["source"] = text(card.source);
    row["needs_second_view"] = card.needs_second_view;
    row["trains"] = card.trains;
    row["reads_geometry"] = card.reads_geometry;
    row["params"] = param_list(card.params);
    list.append(row);
  }
  return list;
}

// A Python object that threads without the interpreter lock may share.
static std::shared_ptr<nb::object> shared(nb::object object) {
  return {new nb::object(std::move(object)), [](nb::object* kept) {
            nb::gil_scoped_acquire lock;
            delete kept;
          }};
}

// Copies, since an estimator may keep what it is given and the rows do not outlive the call.
static nb::object rows_to_python(const Features& features) {
  std::vector<int64_t> every(features.rows);
  for (size_t i = 0; i < every.size(); ++i) every[i] = static_cast<int64_t>(i);
  OwnedFeatures own = take_rows(features, every);
  if (!own.is_sparse) return nb::cast(array_of(std::move(own.dense)));
  return nb::make_tuple(array_of(std::move(own.sparse.offsets)),
                        array_of(std::move(own.sparse.columns)),
                        array_of(std::move(own.sparse.values)), own.sparse.cols);
}

// The function trains: (rows, labels, weights or None, classes) -> (rows -> probabilities). It must
// live as long as the trainer does.
static Trainer function_trainer(nb::handle function) {
  return [function](const Dataset& data) -> Predictor {
    nb::gil_scoped_acquire lock;
    nb::object weights = nb::none();
    if (!data.weights.empty()) weights = nb::cast(array_of(std::vector<float>(data.weights)));
    const auto predict =
        shared(function(rows_to_python(data.features), array_of(std::vector<int32_t>(data.labels)),
                        weights, data.classes));
    return [predict, classes = data.classes](const Features& asked, Matrix& out) {
      nb::gil_scoped_acquire inner;
      const nb::object answer = (*predict)(rows_to_python(asked));
      const auto table = nb::cast<Array<float, 2>>(answer);
      if (table.shape(0) != asked.rows || table.shape(1) != classes) {
        refuse("the estimator answered with {} x {} probabilities, not {} x {}", table.shape(0),
               table.shape(1), asked.rows, classes);
      }
      out = Matrix(asked.rows, classes);
      std::copy(table.data(), table.data() + table.size(), out.values.begin());
    };
  };
}

static Trainer learner_trainer(const std::string& written, const nb::dict& given, uint64_t seed) {
  const Expression expression = parse_expression(written);
  const learners::Learner& learner = learners::find(expression.name);
  if (!learners::learns(learner, Task::classification))
    refuse("the learner {} does not learn classification", expression.name);
  Params params = params_of(learner.params, given);
  for (const auto& [name, value] : expression.settings) params.set_text(name, value);
  return [&learner, params, seed](const Dataset& data) -> Predictor {
    const std::shared_ptr<const learners::Model> model =
        learners::train(learner, data, params, nullptr, seed, interruptible());
    return [model](const Features& asked, Matrix& out) { model->probabilities(asked, out); };
  };
}

namespace {

// What is partly labelled, as the Python side prepared it.
struct World {
  FeatureArrays features, geometry, second_view;
  Array<int64_t, 1> labeled, unlabeled;
  Array<int32_t, 1> labels;
  size_t classes;

  explicit World(const nb::dict& given)
      : features(features_of(nb::cast<nb::dict>(given["features"]))),
        geometry(features_of(nb::cast<nb::dict>(given["geometry"]))),
        labeled(nb::cast<Array<int64_t, 1>>(given["labeled"])),
        unlabeled(nb::cast<Array<int64_t, 1>>(given["unlabeled"])),
        labels(nb::cast<Array<int32_t, 1>>(given["labels"])),
        classes(nb::cast<size_t>(given["classes"])) {
    if (given.contains("second_view"))
      second_view = features_of(nb::cast<nb::dict>(given["second_view"]));
  }

  // Features are read by row numbers from here on, so all kinds are checked at this door.
  PartlyLabeled view() const {
    PartlyLabeled data;
    data.features = features.view();
    data.geometry = geometry.view();
    if (second_view.dense || second_view.half || second_view.offsets)
      data.second_view = second_view.view();
    for (const Features* one : {&data.features, &data.geometry, &data.second_view}) {
      if (one->rows > 0 && !kernels::all_finite(*one)) refuse("X holds a NaN or infinite number");
    }
    data.labeled = span_of(labeled);
    data.labels = span_of(labels);
    data.unlabeled = span_of(unlabeled);
    data.classes = classes;
    return data;
  }
};

}  // namespace

static Trainer trainer_of(const nb::object& estimator, const nb::dict& params, uint64_t seed) {
  if (nb::isinstance<nb::str>(estimator))
    return learner_trainer(nb::cast<std::string>(estimator), params, seed);
  return function_trainer(estimator);
}

using Labelled = nb::typed<nb::tuple, nb::ndarray<nb::numpy, int64_t, nb::ndim<1>>,
                           nb::ndarray<nb::numpy, int32_t, nb::ndim<1>>,
                           nb::ndarray<nb::numpy, float, nb::ndim<1>>>;

static Labelled to_python(pseudo_labelers::PseudoLabels found) {
  return Labelled(nb::make_tuple(array_of(std::move(found.rows)), array_of(std::move(found.labels)),
                                 array_of(std::move(found.weights))));
}

static Labelled pseudo_label(const std::string& name, Named world, nb::object estimator,
                             Named estimator_params, Named params, uint64_t seed) {
  const auto& card = pseudo_labelers::find(name);
  const Params settings = params_of(card.params, params);
  const World given(world);
  const Trainer train = trainer_of(estimator, estimator_params, seed);
  return to_python(without_lock([&] {
    return pseudo_labelers::label(card, given.view(), settings, train, seed, interruptible());
  }));
}

using Decided = nb::typed<nb::tuple, nb::any, nb::any, nb::any>;

// The chosen method's name or None, its labels, and of each method (the given labels alone first)
// its loss, gain and standard error.
static Decided gate(Named world, nb::typed<nb::list, nb::str> methods, nb::object estimator,
                    Named estimator_params, size_t folds, uint64_t seed) {
  std::vector<pseudo_labelers::GateMethod> chosen_from;
  for (const nb::handle written : methods) {
    const auto line = nb::cast<std::string>(written);
    const Expression expression = parse_expression(line);
    const auto& card = pseudo_labelers::find(expression.name);
    Params params(card.params);
    for (const auto& [name, value] : expression.settings) params.set_text(name, value);
    chosen_from.push_back({&card, std::move(params)});
  }
  const World given(world);
  const Trainer train = trainer_of(estimator, estimator_params, seed);
  auto decision = without_lock([&] {
    return pseudo_labelers::gate(given.view(), chosen_from, train, folds, seed, interruptible());
  });
  nb::list scores;
  for (const auto& one : decision.methods)
    scores.append(nb::make_tuple(one.loss, one.gain, one.standard_error));
  nb::object name = nb::none();
  if (decision.chosen) name = text(decision.chosen->name);
  return Decided(nb::make_tuple(name, to_python(std::move(decision.pseudo)), scores));
}

void bind_pseudo_labelers(nb::module_& module) {
  module.def("pseudo_labeler_cards", &pseudo_labeler_cards,
             "The card of every pseudo-labeler, by name.");
  module.def("pseudo_label", &pseudo_label, nb::arg("name"), nb::arg("world"), nb::arg("estimator"),
             nb::arg("estimator_params"), nb::arg("params"), nb::arg("seed"),
             "Rows, labels and weights that a pseudo-labeler gives.");
  module.def("gate", &gate, nb::arg("world"), nb::arg("methods"), nb::arg("estimator"),
             nb::arg("estimator_params"), nb::arg("folds"), nb::arg("seed"),
             "What the gate chooses, and what it measured.");
}

}  // namespace querist::python
