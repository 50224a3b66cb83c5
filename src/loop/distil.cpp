// What a student costs is measured where it is made, on the same rows as its teacher.
#include "loop/distil.h"

#include <algorithm>

#include "base/clock.h"
#include "learners/distillation.h"
#include "loop/audit_columns.h"
#include "loop/estimate_json.h"
#include "loop/evaluate.h"
#include "loop/gate.h"
#include "loop/given_params.h"
#include "loop/numbered_labels.h"
#include "loop/signals.h"
#include "loop/student.h"
#include "metrics/classification.h"
#include "storage/annotations.h"
#include "storage/events.h"
#include "storage/models.h"
#include "storage/projects.h"

namespace querist::loop {

static constexpr size_t timed_rows = 1000;
static constexpr double timed_seconds = 0.05;  // The fastest of the runs in so long counts.

static ModelVersion teacher_of(storage::Store& store, const Project& project, int64_t version) {
  const auto found = version > 0 ? storage::find_model(store, project.id, version)
                                 : storage::model_of_alias(store, project.id, "champion");
  if (!found && version > 0)
    fail(Code::not_found, "the project {} has no model version {}", project.name, version);
  if (!found) fail(Code::conflict, "there is no model yet to distil; label some examples first");
  if (found->data.contains("distillation")) {
    fail(Code::conflict, "version {} was distilled from version {}: distil that one",
         found->version, found->data["distillation"]["teacher_version"].get<int64_t>());
  }
  return *found;
}

// Microseconds to predict a row, several rows at a time.
static double microseconds_a_row(const learners::Model& model, const Features& x) {
  std::vector<int64_t> rows;
  for (size_t i = 0; i < std::min(x.rows, timed_rows); ++i) rows.push_back(static_cast<int64_t>(i));
  const OwnedFeatures some = take_rows(x, rows);
  Matrix probabilities;
  double best = 1e9;
  const double until = monotonic_seconds() + timed_seconds;
  do {
    const double started = monotonic_seconds();
    model.probabilities(some.view(), probabilities);
    best = std::min(best, monotonic_seconds() - started);
  } while (monotonic_seconds() < until);
  return 1e6 * best / static_cast<double>(rows.size());
}

// What the audit labels say of the student beside its teacher.
struct Judged {
  Gate gate;
  Json metrics;
  Json agreement;
};

static Judged judge(storage::Store& store, const Project& project, const NumberedLabels& audit,
                    const Matrix& student, const Matrix& teacher, const DistilRequest& request) {
  const auto seed = static_cast<uint64_t>(project.settings.integer("seed"));
  Judged judged;
  const auto groups = audit_groups(store, project.id, audit.rows);
  judged.gate = paired_gate(audit.ids, student, teacher, groups, seed);
  if (audit.ids.empty()) return judged;
  judged.metrics = evaluation_json(audit.ids, student, project.classes, {}, groups);
  const auto ours = metrics::likeliest(student);
  const auto theirs = metrics::likeliest(teacher);
  int64_t same = 0;
  for (size_t i = 0; i < ours.size(); ++i) same += ours[i] == theirs[i];
  const auto total = static_cast<int64_t>(ours.size());
  judged.agreement = share_json(same, total);
  if (audit.ids.size() < gate_minimum) return judged;
  judged.gate.passed = judged.gate.difference >= -request.max_loss;
  judged.gate.sentence = fmt::format(
      "It says what its teacher says on {} of {} audit examples; its accuracy differs by {:+.3f} "
      "(95 % {:+.3f} to {:+.3f}): {}, it may lose {:.3f}.",
      same, total, judged.gate.difference, judged.gate.ci_low, judged.gate.ci_high,
      judged.gate.passed ? "passed" : "not passed", request.max_loss);
  return judged;
}

static ModelVersion version_of(const ModelVersion& teacher, const learners::ChosenLearner& student,
                               uint64_t seed) {
  ModelVersion version = teacher;  // Featurizer, classes, labels and whether audit is among them.
  version.version = 0;
  version.learner = student.card->name;
  version.params = given_json(student.params);
  version.seed = static_cast<int64_t>(seed >> 1);
  version.metrics = nullptr;
  version.gate = nullptr;
  version.data = Json::object();
  version.aliases.clear();
  version.build = QUERIST_BUILD;
  return version;
}

static int64_t store_student(storage::Store& store, const ModelVersion& version,
                             const std::string& bytes, const Judged& judged,
                             const std::string& actor) {
  return store.atomically([&] {
    const int64_t made = storage::add_model(store, version, bytes, actor).version;
    if (!judged.metrics.is_null()) {
      Json named = judged.metrics;
      named["model_version"] = made;
      storage::set_model_metrics(store, version.project_id, made, named, actor);
    }
    const int64_t teacher = version.data["distillation"]["teacher_version"].get<int64_t>();
    storage::set_model_gate(store, version.project_id, made, gate_json(judged.gate, teacher),
                            actor);
    storage::set_alias(store, version.project_id, "challenger", made, "automatic",
                       fmt::format("distilled from version {}", teacher), actor);
    return made;
  });
}

// Every example's class id for the lesson, -1 where it has no label; audit examples are left out of
// `rows`.
struct Lesson {
  std::vector<int64_t> rows;
  std::vector<int32_t> labels;
};

static Lesson lesson_of(const NumberedLabels& trained, const NumberedLabels& audit, size_t rows) {
  std::vector<int32_t> ids(rows, -1);
  for (size_t i = 0; i < trained.rows.size(); ++i)
    ids[static_cast<size_t>(trained.rows[i])] = trained.ids[i];
  for (const int64_t row : audit.rows) ids[static_cast<size_t>(row)] = -2;
  Lesson lesson;
  for (size_t row = 0; row < rows; ++row) {
    if (ids[row] == -2) continue;
    lesson.rows.push_back(static_cast<int64_t>(row));
    lesson.labels.push_back(ids[row]);
  }
  return lesson;
}

ModelVersion distil(Workshop& workshop, const DistilRequest& request, const std::string& actor,
                    const Progress& progress) {
  storage::Store& store = workshop.store();
  if (!(request.temperature >= 1 && request.temperature <= 20))
    refuse("temperature must lie between 1 and 20, not {}", request.temperature);
  if (!(request.max_loss >= 0 && request.max_loss <= 1))
    refuse("max_loss must lie between 0 and 1, not {}", request.max_loss);
  const auto view = workshop.features(progress);
  const Project project = storage::project(store, workshop.project_id());
  const ModelVersion teacher = teacher_of(store, project, request.version);
  if (teacher.featurizer_version != workshop.featurizer_version()) {
    fail(Code::conflict, "version {} reads features of an older featurizer: train again first",
         teacher.version);
  }
  const auto student =
      learner_for(!request.learner.empty()
                      ? request.learner
                      : small_student(teacher, view.features.cols, teacher.classes.size()));
  learners::check_student(student);
  const LoadedModel loaded = workshop.load_model(teacher.version);
  const auto labels = [&](storage::LabelUse use, int64_t through_event) {
    return numbered(storage::labels_as_of(store, project.id, use, through_event), teacher.classes,
                    static_cast<int64_t>(view.rows));
  };
  const NumberedLabels trained =
      labels(teacher.with_audit ? storage::LabelUse::all : storage::LabelUse::training,
             teacher.through_event);
  NumberedLabels audit;  // None where the teacher was trained on them.
  if (!teacher.with_audit) audit = labels(storage::LabelUse::audit, storage::last_sequence(store));
  const Lesson lesson = lesson_of(trained, audit, view.rows);
  const OwnedFeatures features = take_rows(view.features, lesson.rows);
  const auto seed = mix_seed(static_cast<uint64_t>(project.settings.integer("seed")), 9);
  const double started = monotonic_seconds();
  const auto model = learners::distil(*loaded.model, features.view(), lesson.labels, student,
                                      {.temperature = request.temperature}, seed, progress);

  ModelVersion version = version_of(teacher, student, seed);
  version.seconds = monotonic_seconds() - started;
  Judged judged;
  Matrix ours, theirs;
  const OwnedFeatures measured = take_rows(view.features, audit.rows);
  if (!audit.rows.empty()) {
    model->probabilities(measured.view(), ours);
    loaded.model->probabilities(measured.view(), theirs);
  }
  judged = judge(workshop.store(), project, audit, ours, theirs, request);
  const std::string bytes = model->save();
  version.data["distillation"] = {
      {"teacher_version", teacher.version},
      {"teacher_learner", teacher.learner},
      {"temperature", request.temperature},
      {"max_loss", request.max_loss},
      {"rows", lesson.rows.size()},
      {"agreement", judged.agreement},
      {"bytes", {{"teacher", teacher.bytes}, {"student", bytes.size()}}},
      {"microseconds_a_row",
       {{"teacher", microseconds_a_row(*loaded.model, view.features)},
        {"student", microseconds_a_row(*model, view.features)}}}};
  Json& how = version.data["distillation"];
  how["sentence"] = cost_warning(how["bytes"], how["microseconds_a_row"]);
  workshop.check_features();
  const int64_t made = store_student(store, version, bytes, judged, actor);
  return storage::find_model(store, project.id, made).value();
}

}  // namespace querist::loop
