// Tables: standardised numbers, one-hot categories, dates on circles and free text, with each
// column's type inferred.
#include "featurizers/featurizer.h"
#include "featurizers/stored.h"
#include "featurizers/tabular/fit.h"

namespace querist::featurizers {

static constexpr uint32_t version = 1;

static Fitted fitted(const std::shared_ptr<const TabularModel>& model) {
  Fitted out;
  out.transform = [model](std::span<const Payload> payloads) {
    return transform_table(*model, payloads);
  };
  out.save = [model] { return seal("tabular", version, write_table(*model)); };
  out.features = model->features();
  out.geometry_features = model->geometry ? model->geometry->axes.cols : 0;
  out.description = model->description;
  out.check = [model](const Payload& payload) {
    return refuse_width(payload.cells.size(), model->columns.size());
  };
  return out;
}

static Fitted fit(const FitInput& input, const Params& params, uint64_t seed,
                  const Progress& progress) {
  return fitted(fit_table(input, params, seed, progress));
}

static Fitted load(std::string_view bytes) {
  return fitted(read_table(unseal("tabular", version, bytes)));
}

Featurizer tabular() {
  return {
      .name = "tabular",
      .summary = "The columns of a table as numbers; types are inferred and can be set.",
      .payload = PayloadKind::columns,
      .params =
          {{.name = "types",
            .fallback = "",
            .help = "Types that differ from the inferred ones, such as age=number,zip=category; "
                    "number, category, date, text or drop."},
           {.name = "min_count",
            .fallback = 5,
            .min = 1,
            .max = 1e6,
            .whole = true,
            .help = "Rarer categories share one column; below 100 rows every category counts."},
           {.name = "max_categories",
            .fallback = 64,
            .min = 1,
            .max = 4096,
            .whole = true,
            .help = "The most frequent categories of a column that get a column of their own."},
           {.name = "text_dimensions",
            .fallback = 32,
            .min = 0,
            .max = 256,
            .whole = true,
            .help = "Columns that a free-text column becomes; 0 drops free text."},
           {.name = "geometry_dimensions",
            .fallback = 64,
            .min = 2,
            .max = 512,
            .whole = true,
            .help = "Dimensions that distances are measured in once there are more than 256 "
                    "features."}},
      .fit = fit,
      .load = load,
  };
}

}  // namespace querist::featurizers
