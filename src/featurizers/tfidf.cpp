// TF-IDF of hashed word and character n-grams, with latent semantic geometry (Salton 1988;
// Deerwester et al. 1990).
#include "featurizers/featurizer.h"
#include "featurizers/stored.h"
#include "featurizers/tfidf/model.h"

namespace querist::featurizers {

static constexpr uint32_t version = 1;

static std::vector<std::string_view> texts_of(std::span<const Payload> payloads) {
  std::vector<std::string_view> texts;
  texts.reserve(payloads.size());
  for (const Payload& payload : payloads) texts.push_back(payload.text);
  return texts;
}

static Fitted fitted(const std::shared_ptr<const TfidfModel>& model) {
  Fitted out;
  out.transform = [model](std::span<const Payload> payloads) {
    return transform_tfidf(*model, texts_of(payloads));
  };
  out.save = [model] { return seal("tfidf", version, write_tfidf(*model)); };
  out.features = model->columns();
  out.geometry_features = model->dimensions;
  out.is_sparse = true;
  const NgramSettings& ngrams = model->settings.ngrams;
  out.description = {{"texts", model->texts},
                     {"columns", model->columns()},
                     {"word_columns", model->word_columns},
                     {"character_columns", model->columns() - model->word_columns},
                     {"word_ngrams", ngrams.word_ngrams},
                     {"char_min", ngrams.char_min},
                     {"char_max", ngrams.char_max},
                     {"columns_log2", ngrams.columns_log2},
                     {"min_df", model->min_df_used},
                     {"geometry_dimensions", model->dimensions}};
  return out;
}

static Fitted fit(const FitInput& input, const Params& params, uint64_t seed,
                  const Progress& progress) {
  const auto whole = [&](std::string_view name) {
    return static_cast<uint32_t>(params.integer(name));
  };
  TfidfSettings settings;
  settings.ngrams = {.word_ngrams = whole("word_ngrams"),
                     .char_min = whole("char_min"),
                     .char_max = whole("char_max"),
                     .columns_log2 = whole("columns_log2")};
  settings.min_df = whole("min_df");
  settings.geometry_dimensions = whole("geometry_dimensions");
  const TextStream texts = [&](const std::function<void(std::span<const std::string_view>)>& use) {
    input.payloads([&](std::span<const Payload> batch) { use(texts_of(batch)); });
  };
  return fitted(fit_tfidf(texts, settings, seed, progress));
}

static Fitted load(std::string_view bytes) {
  return fitted(read_tfidf(unseal("tfidf", version, bytes)));
}

Featurizer tfidf() {
  return {
      .name = "tfidf",
      .summary =
          "Which words and word parts a text has, weighted by how rare they are; works in any "
          "language.",
      .payload = PayloadKind::text,
      .params =
          {{.name = "word_ngrams",
            .fallback = 2,
            .min = 0,
            .max = 5,
            .whole = true,
            .help = "Longest run of words that is one feature; 0 turns words off."},
           {.name = "char_min",
            .fallback = 3,
            .min = 1,
            .max = 10,
            .whole = true,
            .help = "Shortest run of characters that is one feature."},
           {.name = "char_max",
            .fallback = 5,
            .min = 0,
            .max = 10,
            .whole = true,
            .help = "Longest run of characters that is one feature; 0 turns characters off."},
           {.name = "columns_log2",
            .fallback = 18,
            .min = 8,
            .max = 22,
            .whole = true,
            .help = "Features are hashed into two to this power columns, half for words, half for "
                    "characters."},
           {.name = "min_df",
            .fallback = 2,
            .min = 1,
            .max = 1000,
            .whole = true,
            .help = "Features of fewer texts are dropped; below 100 texts all are kept."},
           {.name = "geometry_dimensions",
            .fallback = 128,
            .min = 2,
            .max = 512,
            .whole = true,
            .help =
                "Dimensions of the dense vectors that distances between texts are measured in."}},
      .fit = fit,
      .load = load,
      .source = "Salton and Buckley 1988; Deerwester et al. 1990; Weinberger et al. 2009",
  };
}

}  // namespace querist::featurizers
