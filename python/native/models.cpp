// The learners: their cards, training, and the models that come of it.
#include <memory>

#include "base/error.h"
#include "kernels/finite.h"
#include "learners/gbdt/gbdt_model.h"
#include "learners/gbdt/xgboost.h"
#include "learners/learner.h"
#include "learners/logistic_regression/linear_model.h"
#include "learners/naive_bayes/naive_bayes_model.h"
#include "native/module.h"

namespace querist::python {

FeatureArrays features_of(const nb::dict& given) {
  FeatureArrays out;
  if (given.contains("dense")) out.dense = nb::cast<Array<float, 2>>(given["dense"]);
  if (given.contains("half")) out.half = nb::cast<Array<uint16_t, 2>>(given["half"]);
  if (given.contains("offsets")) {
    out.offsets = nb::cast<Array<int64_t, 1>>(given["offsets"]);
    out.columns = nb::cast<Array<int32_t, 1>>(given["columns"]);
    out.values = nb::cast<Array<float, 1>>(given["values"]);
    out.cols = nb::cast<size_t>(given["cols"]);
  }
  return out;
}

static void check_sparse(const CsrView& rows, size_t entries) {
  if (rows.offsets[0] != 0) refuse("sparse rows must begin at entry 0");
  for (size_t i = 0; i < rows.rows; ++i) {
    if (rows.offsets[i + 1] < rows.offsets[i]) refuse("sparse row {} ends before it begins", i);
  }
  if (static_cast<size_t>(rows.offsets[rows.rows]) > entries)
    refuse("sparse rows end at entry {} of {}", rows.offsets[rows.rows], entries);
  for (int64_t at = 0; at < rows.offsets[rows.rows]; ++at) {
    if (rows.columns[at] < 0 || static_cast<size_t>(rows.columns[at]) >= rows.cols)
      refuse("an entry names column {}, but there are {}", rows.columns[at], rows.cols);
  }
}

Features FeatureArrays::view() const {
  if (dense) return MatrixView(dense->shape(0), dense->shape(1), dense->data());
  if (half) return Features::of_half(half->shape(0), half->shape(1), half->data());
  if (!offsets || offsets->size() == 0) refuse("there are no rows");
  const CsrView rows(offsets->size() - 1, cols, offsets->data(), columns->data(), values->data());
  check_sparse(rows, std::min(columns->size(), values->size()));
  return rows;
}

static std::string_view task_name(Task task) {
  return task == Task::regression    ? "regression"
         : task == Task::multi_label ? "multi_label"
                                     : "classification";
}

static Task task_of(const std::string& name) {
  for (const Task task : {Task::classification, Task::multi_label, Task::regression}) {
    if (name == task_name(task)) return task;
  }
  refuse("there is no task {}", name);
}

static Listed learner_cards() {
  Listed list;
  for (const auto& card : learners::all()) {
    std::vector<std::string_view> tasks;
    for (const Task task : card.tasks) tasks.push_back(task_name(task));
    nb::dict row;
    row["name"] = text(card.name);
    row["summary"] = text(card.summary);
    row["source"] = text(card.source);
    row["tasks"] = texts(tasks);
    row["gives_members"] = has(card.gives, Signal::member_probabilities) ||
                           has(card.gives, Signal::member_predictions);
    row["params"] = param_list(card.params);
    list.append(row);
  }
  return list;
}

namespace {

// A trained model with the name that its bytes are read by.
struct TrainedModel {
  std::string learner;
  std::shared_ptr<const learners::Model> model;
  int64_t iterations = 0;  // Of the training; not stored.

  // Rows to predict, checked: models do not look at them again.
  Features rows_of(const FeatureArrays& arrays, bool of_numbers) const {
    if ((model->task() == Task::regression) != of_numbers)
      refuse("the model of {} predicts {}", learner, of_numbers ? "classes" : "numbers");
    const Features rows = arrays.view();
    if (rows.cols != model->features())
      refuse("X has {} columns, but the model was trained on {}", rows.cols, model->features());
    if (!kernels::all_finite(rows)) refuse("X holds a NaN or infinite number");
    return rows;
  }
};

}  // namespace

static TrainedModel train(const std::string& name, Named rows, const std::string& task,
                          std::optional<Array<int32_t, 1>> labels,
                          std::optional<Array<float, 1>> targets,
                          std::optional<Array<float, 2>> label_matrix,
                          std::optional<Array<float, 1>> weights, size_t classes, Named params,
                          uint64_t seed, const TrainedModel* warm_start) {
  const auto& learner = learners::find(name);
  const Params settings = params_of(learner.params, params);
  const FeatureArrays arrays = features_of(rows);
  const auto copied = [](auto span) { return std::vector(span.begin(), span.end()); };
  Dataset data{.labels = copied(span_of(labels)),
               .weights = copied(span_of(weights)),
               .classes = classes,
               .task = task_of(task),
               .targets = copied(span_of(targets)),
               .label_matrix = view_of(label_matrix)};
  return without_lock([&] {
    data.features = arrays.view();
    TrainedModel made{name, nullptr};
    const Progress progress([&](double done, double, std::string_view what) {
      check_interrupt();
      if (what == "epochs") made.iterations = static_cast<int64_t>(done);
    });
    const learners::Model* start = warm_start ? warm_start->model.get() : nullptr;
    made.model = learners::train(learner, data, settings, start, seed, progress);
    if (const auto* linear = dynamic_cast<const learners::LinearModel*>(made.model.get()))
      made.iterations = linear->head().iterations;
    return made;
  });
}

// Further rows for a model that can go on learning: only naive Bayes can.
static TrainedModel update_model(const TrainedModel& of, Named rows, Array<int32_t, 1> labels,
                                 std::optional<Array<float, 1>> weights, size_t classes) {
  const auto* earlier = dynamic_cast<const learners::NaiveBayesModel*>(of.model.get());
  if (!earlier) refuse("a model of {} cannot go on learning", of.learner);
  const FeatureArrays arrays = features_of(rows);
  const auto copied = [](auto span) { return std::vector(span.begin(), span.end()); };
  Dataset more{
      .labels = copied(span_of(labels)), .weights = copied(span_of(weights)), .classes = classes};
  return without_lock([&] {
    more.features = arrays.view();
    return TrainedModel{of.learner, learners::update_naive_bayes(*earlier, more)};
  });
}

static size_t rounds(const TrainedModel& of) {
  const auto* boosted = dynamic_cast<const learners::GbdtModel*>(of.model.get());
  return boosted ? boosted->rounds() : 0;
}

static nb::ndarray<nb::numpy, float, nb::ndim<2>> probabilities(const TrainedModel& of,
                                                                Named rows) {
  const FeatureArrays arrays = features_of(rows);
  Matrix found;
  without_lock([&] { of.model->probabilities(of.rows_of(arrays, false), found); });
  return array_of(std::move(found));
}

static nb::ndarray<nb::numpy, float, nb::ndim<1>> predictions(const TrainedModel& of, Named rows) {
  const FeatureArrays arrays = features_of(rows);
  std::vector<float> found;
  without_lock([&] { of.model->predictions(of.rows_of(arrays, true), found); });
  return array_of(std::move(found));
}

static nb::ndarray<nb::numpy, float, nb::ndim<2>> member_answers(const TrainedModel& of,
                                                                 Named rows) {
  if (of.model->members() == 0) refuse("the model of {} is no committee", of.learner);
  const FeatureArrays arrays = features_of(rows);
  Matrix found;
  without_lock([&] {
    const bool of_numbers = of.model->task() == Task::regression;
    const Features asked = of.rows_of(arrays, of_numbers);
    if (of_numbers) {
      of.model->member_predictions(asked, found);
    } else {
      of.model->member_probabilities(asked, found);
    }
  });
  return array_of(std::move(found));
}

static nb::bytes saved(const TrainedModel& of) {
  const std::string bytes = without_lock([&] { return of.model->save(); });
  return nb::bytes(bytes.data(), bytes.size());
}

static TrainedModel loaded(const std::string& learner, const nb::bytes& bytes) {
  const std::string_view view(bytes.c_str(), bytes.size());
  const auto& card = learners::find(learner);
  return without_lock([&] { return TrainedModel{learner, card.load(view)}; });
}

using State = nb::typed<nb::tuple, nb::str, nb::bytes>;

void bind_models(nb::module_& module) {
  module.def("learner_cards", &learner_cards, "The card of every learner, by name.");
  nb::class_<TrainedModel>(module, "Model", "A trained, immutable predictor.")
      .def_prop_ro("learner", [](const TrainedModel& of) { return of.learner; })
      .def_prop_ro("task", [](const TrainedModel& of) { return text(task_name(of.model->task())); })
      .def_prop_ro("rounds", &rounds, "Of boosting; 0 of other models.")
      .def_prop_ro("iterations", [](const TrainedModel& of) { return of.iterations; })
      .def_prop_ro("members", [](const TrainedModel& of) { return of.model->members(); })
      .def("probabilities", &probabilities, nb::arg("rows"))
      .def("predictions", &predictions, nb::arg("rows"))
      .def("member_answers", &member_answers, nb::arg("rows"),
           "(members · rows, classes) probabilities, or (members, rows) numbers.")
      .def("save", &saved)
      .def("__getstate__",
           [](const TrainedModel& of) -> State {
             return State(nb::make_tuple(of.learner, saved(of)));
           })
      .def("__setstate__", [](TrainedModel& of, State state) {
        const auto learner = nb::cast<std::string>(state[0]);
        new (&of) TrainedModel(loaded(learner, nb::cast<nb::bytes>(state[1])));
      });
  module.def("load_model", &loaded, nb::arg("learner"), nb::arg("bytes"),
             "Reads what Model.save wrote.");
  module.def("train", &train, nb::arg("learner"), nb::arg("rows"), nb::arg("task"),
             nb::arg("labels").noconvert().none(), nb::arg("targets").noconvert().none(),
             nb::arg("label_matrix").noconvert().none(), nb::arg("weights").noconvert().none(),
             nb::arg("classes"), nb::arg("params"), nb::arg("seed"), nb::arg("warm_start").none(),
             "Trains a learner on prepared arrays.");
  module.def("set_xgboost_fallback", &learners::set_xgboost_fallback, nb::arg("path"),
             "The library to open where the system has none.");
  module.def("update_model", &update_model, nb::arg("model"), nb::arg("rows"),
             nb::arg("labels").noconvert(), nb::arg("weights").noconvert().none(),
             nb::arg("classes"), "The model after further rows.");
}

}  // namespace querist::python
