// Fits, loads, appends and rebuilds.
#include "loop/workshop.h"

#include "base/log.h"
#include "base/rng.h"
#include "loop/calibration.h"
#include "loop/column_types.h"
#include "storage/examples.h"
#include "storage/models.h"
#include "storage/projects.h"

namespace querist::loop {

static constexpr size_t fit_batch = 4096;  // Examples read at a time: bounds memory.
static constexpr int64_t refit_growth =
    4;  // Fit anew once the pool is this many times what it was fitted on.

Matrix predict_rows(const learners::Model& model, const storage::FeatureView& view,
                    const std::vector<int64_t>& rows) {
  Matrix probabilities;
  const OwnedFeatures features = take_rows(view.features, rows);
  model.probabilities(features.view(), probabilities);
  return probabilities;
}

// What `load` gives; nothing when the stored file is missing or damaged, for then it can be made
// anew.
template <class Load>
static auto if_whole(Load&& load) -> std::optional<decltype(load())> {
  try {
    return load();
  } catch (const Error& error) {
    if (error.code() != Code::unavailable) throw;
    log_warning("a stored version is done without", {{"reason", error.what()}});
    return std::nullopt;
  }
}

void Workshop::fit(const Project& project, std::string_view name, const Progress& progress) {
  const auto chosen = featurizers::parse_featurizer(name, *project.payload, "the project holds");
  featurizers::FitInput input;
  for (const Column& column : project.columns) input.columns.push_back(column.name);
  input.payloads = [&](const std::function<void(std::span<const Payload>)>& take) {
    storage::each_payload(store_, project_id_, 0, project.counts.examples, fit_batch,
                          [&](int64_t, std::span<const Payload> payloads) { take(payloads); });
  };
  const auto seed = static_cast<uint64_t>(project.settings.integer("seed"));
  FittedVersion made;
  made.fitted = chosen.card->fit(input, chosen.params, mix_seed(seed, 1), progress);
  FeaturizerVersion version;
  version.project_id = project_id_;
  version.name = name;
  version.features = static_cast<int64_t>(made.fitted.features);
  version.geometry_features = static_cast<int64_t>(made.fitted.geometry_features);
  version.is_sparse = made.fitted.is_sparse;
  version.fitted_rows = project.counts.examples;
  version.description = made.fitted.description;
  made.version = storage::add_featurizer(store_, version, made.fitted.save(), "querist").version;
  keep_column_types(store_, project, version.description);
  made.name = name;
  made.rows = version.fitted_rows;
  featurizer_ = std::move(made);
  files_.reset();
}

storage::FeatureView Workshop::features(const Progress& progress) {
  const Project project = storage::project(store_, project_id_);
  if (!project.payload)
    refuse("the project {} holds no examples yet: import some first", project.name);
  std::string name = project.settings.text("featurizer");
  if (name.empty()) name = featurizers::default_for(*project.payload);
  if (featurizer_.version == 0) {
    if (const auto stored = storage::latest_featurizer(store_, project_id_)) {
      keep_column_types(store_, project, stored->description);  // Older projects kept none.
      auto loaded = if_whole([&] { return load_featurizer(store_, *stored); });
      if (loaded) featurizer_ = std::move(*loaded);
    }
  }
  const bool outgrown =
      project.counts.examples >= refit_growth * std::max<int64_t>(1, featurizer_.rows);
  if (featurizer_.version == 0 || featurizer_.name != name || outgrown)
    fit(project, name, progress);
  if (files_ && files_->touched()) files_.reset();
  if (!files_) {
    memory_.reset();  // Other features may come to lie where the last ones lay.
    files_ = open_features(store_, project_id_, featurizer_);
  }
  append_features(store_, project_id_, featurizer_, *files_, project.counts.examples, progress);
  return files_->view();
}

void Workshop::check_features() const {
  if (!files_ || !files_->touched()) return;
  fail(Code::unavailable,
       "the feature files of project {} changed while they were read: the step is done again",
       project_id_);
}

LoadedModel Workshop::load_model(int64_t version) {
  const auto stored = storage::find_model(store_, project_id_, version);
  if (!stored) fail(Code::not_found, "there is no model version {} in this project", version);
  LoadedModel loaded;
  loaded.version = version;
  loaded.learner = stored->learner;
  loaded.featurizer_version = stored->featurizer_version;
  set_models(
      loaded,
      learners::find(stored->learner).load(storage::model_bytes(store_, project_id_, version)),
      stored->data);
  const Json report = stored->data.value("semi_supervised", Json::object());
  if (report.contains("supervised_sha256")) {
    LoadedModel supervised{version, loaded.learner, loaded.featurizer_version, {}, {}, {}};
    set_models(supervised,
               learners::find(stored->learner)
                   .load(storage::model_part(store_, project_id_, report["supervised_sha256"])),
               supervised_data(stored->data));
    loaded.supervised = std::make_shared<const LoadedModel>(std::move(supervised));
  }
  return loaded;
}

std::optional<LoadedModel> Workshop::load_if_whole(int64_t version) {
  return if_whole([&] { return load_model(version); });
}

LoadedModel Workshop::newest_model() {
  if (!newest_.model) {
    if (const auto stored = storage::latest_model(store_, project_id_))
      newest_ = load_if_whole(stored->version).value_or(LoadedModel{});
  }
  return newest_.model && newest_.featurizer_version == featurizer_.version ? newest_
                                                                            : LoadedModel{};
}

const Matrix& Workshop::probabilities(const LoadedModel& model, const storage::FeatureView& view) {
  if (scores_version_ != model.version || scores_->probabilities.rows != view.rows) {
    auto fresh = std::make_shared<Scores>();
    model.scorer().model->probabilities(view.features, fresh->probabilities);
    fresh->class_weights = model.scorer().class_weights;
    check_features();
    const std::lock_guard lock(scores_mutex_);
    scores_ = std::move(fresh);
    scores_version_ = model.version;
  }
  return scores_->probabilities;
}

std::shared_ptr<const Scores> Workshop::newest_scores() const {
  const std::lock_guard lock(scores_mutex_);
  return scores_;
}

Workshop& Workshops::of(int64_t project_id) {
  const std::lock_guard lock(mutex_);
  auto& workshop = workshops_[project_id];
  if (!workshop) workshop = std::make_unique<Workshop>(store_, project_id);
  return *workshop;
}

}  // namespace querist::loop
