// Loads, opens or rebuilds, appends.
#include "loop/feature_rows.h"

#include "base/log.h"
#include "kernels/finite.h"
#include "storage/examples.h"
#include "storage/models.h"

namespace querist::loop {

FittedVersion load_featurizer(storage::Store& store, const FeaturizerVersion& version) {
  FittedVersion loaded;
  loaded.fitted =
      featurizers::parse_featurizer(version.name)
          .card->load(storage::featurizer_bytes(store, version.project_id, version.version));
  loaded.version = version.version;
  loaded.name = version.name;
  loaded.rows = version.fitted_rows;
  return loaded;
}

std::unique_ptr<storage::FeatureFiles> open_features(storage::Store& store, int64_t project_id,
                                                     const FittedVersion& featurizer) {
  const featurizers::Fitted& fitted = featurizer.fitted;
  storage::FeatureShape shape;
  shape.kind = fitted.is_sparse ? Features::Kind::sparse
               : fitted.is_half ? Features::Kind::half
                                : Features::Kind::dense;
  shape.cols = fitted.features;
  shape.geometry_cols = fitted.geometry_features;
  shape.tag = fmt::format("{} {}", featurizer.name, featurizer.version);
  const auto folder = storage::feature_folder(store.folder(), project_id, featurizer.version);
  try {
    return std::make_unique<storage::FeatureFiles>(folder, shape);
  } catch (const Error& error) {  // Damaged or of another shape: made again from the examples.
    if (error.code() != Code::unavailable && error.code() != Code::conflict) throw;
    log_warning("features are made again from the examples", {{"reason", error.what()}});
    storage::FeatureFiles::recreate(folder, shape);
    return std::make_unique<storage::FeatureFiles>(folder, shape);
  }
}

// Stored features are finite, so that nobody scans a million rows again before each selection.
static void check_finite(const Features& features, std::string_view featurizer) {
  if (kernels::all_finite(features)) return;
  refuse("the featurizer {} made a NaN or infinite number: clean the data or name another",
         featurizer);
}

static constexpr size_t batch_rows = 4096;  // Turned into features at a time: bounds memory.

void append_features(storage::Store& store, int64_t project_id, const FittedVersion& featurizer,
                     storage::FeatureFiles& files, int64_t rows, const Progress& progress) {
  const auto done = static_cast<int64_t>(files.rows());
  if (done >= rows) return;
  const featurizers::Fitted& fitted = featurizer.fitted;
  storage::each_payload(store, project_id, done, rows, batch_rows,
                        [&](int64_t first_row, std::span<const Payload> payloads) {
                          progress.check();
                          const auto batch = fitted.transform(payloads);
                          const Features geometry(batch.geometry);
                          check_finite(batch.features(), featurizer.name);
                          if (fitted.geometry_features) check_finite(geometry, featurizer.name);
                          files.append(static_cast<size_t>(first_row), batch.features(),
                                       fitted.geometry_features ? &geometry : nullptr);
                          progress.at(
                              static_cast<double>(first_row) + static_cast<double>(payloads.size()),
                              static_cast<double>(rows), "features");
                        });
}

storage::FeatureView past_features(storage::Store& store, int64_t project_id, int64_t version,
                                   int64_t rows, const Progress& progress) {
  const auto stored = storage::find_featurizer(store, project_id, version);
  if (!stored) {
    fail(Code::not_found, "there is no featurizer version {} in this project", version);
  }
  const FittedVersion featurizer = load_featurizer(store, *stored);
  const auto files = open_features(store, project_id, featurizer);
  append_features(store, project_id, featurizer, *files, rows, progress);
  return files->view();
}

}  // namespace querist::loop
