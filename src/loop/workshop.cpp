// Fits, loads, appends and rebuilds.
#include "loop/workshop.h"

#include <filesystem>

#include "base/rng.h"
#include "kernels/finite.h"
#include "storage/examples.h"
#include "storage/models.h"
#include "storage/projects.h"

namespace querist::loop {

static constexpr size_t feature_batch =
    4096;  // Examples turned into features at a time: bounds memory.
static constexpr int64_t refit_growth =
    4;  // Fit anew once the pool is this many times what it was fitted on.

void Workshop::load_featurizer(const FeaturizerVersion& version) {
  fitted_ = featurizers::find(version.name)
                .load(storage::featurizer_bytes(store_, project_id_, version.version));
  featurizer_version_ = version.version;
  featurizer_name_ = version.name;
  fitted_rows_ = version.fitted_rows;
  files_.reset();
}

void Workshop::fit(const Project& project, std::string_view name, const Progress& progress) {
  const auto& card = featurizers::find(name);
  if (!project.payload || card.payload != *project.payload) {
    refuse("the featurizer {} reads {}, but the project holds {}", name, payload_word(card.payload),
           project.payload ? payload_word(*project.payload) : "nothing yet");
  }
  featurizers::FitInput input;
  for (const Column& column : project.columns) input.columns.push_back(column.name);
  input.payloads = [&](const std::function<void(std::span<const Payload>)>& take) {
    storage::each_payload(store_, project_id_, 0, project.counts.examples, feature_batch,
                          [&](int64_t, std::span<const Payload> payloads) { take(payloads); });
  };
  const auto seed = static_cast<uint64_t>(project.settings.integer("seed"));
  fitted_ = card.fit(input, Params(card.params), mix_seed(seed, 1), progress);
  FeaturizerVersion version;
  version.project_id = project_id_;
  version.name = name;
  version.features = static_cast<int64_t>(fitted_.features);
  version.geometry_features = static_cast<int64_t>(fitted_.geometry_features);
  version.is_sparse = fitted_.is_sparse;
  version.fitted_rows = project.counts.examples;
  version.description = fitted_.description;
  version = storage::add_featurizer(store_, version, fitted_.save(), "querist");
  featurizer_version_ = version.version;
  featurizer_name_ = name;
  fitted_rows_ = version.fitted_rows;
  files_.reset();
}

void Workshop::open_files() {
  memory_.reset();  // Other features may come to lie where the last ones lay.
  storage::FeatureShape shape;
  shape.kind = fitted_.is_sparse ? Features::Kind::sparse : Features::Kind::dense;
  shape.cols = fitted_.features;
  shape.geometry_cols = fitted_.geometry_features;
  shape.tag = fmt::format("{} {}", featurizer_name_, featurizer_version_);
  const auto folder = storage::feature_folder(store_.folder(), project_id_, featurizer_version_);
  try {
    files_ = std::make_unique<storage::FeatureFiles>(folder, shape);
  } catch (const Error& error) {  // Damaged or of another shape: made again from the examples.
    if (error.code() != Code::unavailable && error.code() != Code::conflict) throw;
    storage::FeatureFiles::recreate(folder, shape);
    files_ = std::make_unique<storage::FeatureFiles>(folder, shape);
  }
}

// Stored features are finite, so that nobody scans a million rows again before each selection.
static void check_finite(const Features& features, std::string_view featurizer) {
  if (kernels::all_finite(features)) return;
  refuse("the featurizer {} made a NaN or infinite number: clean the data or name another",
         featurizer);
}

void Workshop::append_rows(int64_t rows, const Progress& progress) {
  const auto done = static_cast<int64_t>(files_->rows());
  if (done >= rows) return;
  storage::each_payload(store_, project_id_, done, rows, feature_batch,
                        [&](int64_t first_row, std::span<const Payload> payloads) {
                          progress.check();
                          const auto batch = fitted_.transform(payloads);
                          const Features geometry(batch.geometry);
                          check_finite(batch.features(), featurizer_name_);
                          if (fitted_.geometry_features) check_finite(geometry, featurizer_name_);
                          files_->append(static_cast<size_t>(first_row), batch.features(),
                                         fitted_.geometry_features ? &geometry : nullptr);
                          progress.at(
                              static_cast<double>(first_row) + static_cast<double>(payloads.size()),
                              static_cast<double>(rows), "features");
                        });
}

storage::FeatureView Workshop::features(const Progress& progress) {
  const Project project = storage::project(store_, project_id_);
  if (!project.payload)
    refuse("the project {} holds no examples yet: import some first", project.name);
  std::string name = project.settings.text("featurizer");
  if (name.empty()) name = featurizers::default_for(*project.payload);
  if (featurizer_version_ == 0) {
    if (const auto stored = storage::latest_featurizer(store_, project_id_))
      load_featurizer(*stored);
  }
  const bool outgrown =
      project.counts.examples >= refit_growth * std::max<int64_t>(1, fitted_rows_);
  if (featurizer_version_ == 0 || featurizer_name_ != name || outgrown)
    fit(project, name, progress);
  if (!files_) open_files();
  append_rows(project.counts.examples, progress);
  return files_->view();
}

LoadedModel Workshop::load_model(int64_t version) {
  const auto stored = storage::find_model(store_, project_id_, version);
  if (!stored) fail(Code::not_found, "there is no model version {} in this project", version);
  LoadedModel loaded;
  loaded.version = version;
  loaded.learner = stored->learner;
  loaded.featurizer_version = stored->featurizer_version;
  loaded.model =
      learners::find(stored->learner).load(storage::model_bytes(store_, project_id_, version));
  return loaded;
}

LoadedModel Workshop::newest_model() {
  if (!newest_.model) {
    if (const auto stored = storage::latest_model(store_, project_id_))
      newest_ = load_model(stored->version);
  }
  return newest_.model && newest_.featurizer_version == featurizer_version_ ? newest_
                                                                            : LoadedModel{};
}

const Matrix& Workshop::probabilities(const LoadedModel& model, const storage::FeatureView& view) {
  if (probabilities_version_ != model.version || probabilities_->rows != view.rows) {
    auto fresh = std::make_shared<Matrix>();
    model.model->probabilities(view.features, *fresh);
    const std::lock_guard lock(scores_mutex_);
    probabilities_ = std::move(fresh);
    probabilities_version_ = model.version;
  }
  return *probabilities_;
}

std::shared_ptr<const Matrix> Workshop::newest_probabilities() const {
  const std::lock_guard lock(scores_mutex_);
  return probabilities_;
}

Workshop& Workshops::of(int64_t project_id) {
  const std::lock_guard lock(mutex_);
  auto& workshop = workshops_[project_id];
  if (!workshop) workshop = std::make_unique<Workshop>(store_, project_id);
  return *workshop;
}

}  // namespace querist::loop
