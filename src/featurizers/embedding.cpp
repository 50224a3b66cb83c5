// Vectors that the source computed itself, passed through as they are or brought to unit length.
#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/limits.h"
#include "featurizers/featurizer.h"
#include "featurizers/stored.h"
#include "kernels/half_rows.h"

namespace querist::featurizers {

static constexpr uint32_t version = 1;
static constexpr size_t told_rows = 256;  // After so many a fit says again where it is.

struct EmbeddingModel {
  uint64_t width = 0;
  uint64_t rows = 0;       // Seen at fit.
  bool were_unit = false;  // Every row at fit was of unit length.
  bool normalize = false;
  bool half = false;  // Rounded to float16, so that half the bytes are stored and read.
};

static double length_of(const std::vector<float>& embedding) {
  double sum = 0;
  for (const float value : embedding) sum += double{value} * value;
  return std::sqrt(sum);
}

static std::string check(const Payload& payload) {
  const std::vector<float>& embedding = payload.embedding;
  if (embedding.empty()) return "the embedding is empty";
  if (embedding.size() > limits::max_features) {
    return fmt::format("the embedding has {} numbers; at most {} are allowed", embedding.size(),
                       limits::max_features);
  }
  for (size_t i = 0; i < embedding.size(); ++i) {
    if (!std::isfinite(embedding[i]))
      return fmt::format("number {} of the embedding is NaN or infinite", i);
  }
  return "";
}

// A number as float16 keeps it; beyond its range, the largest that it has.
static float rounded(float value) {
  constexpr float largest = 65'504;
  return half_to_float(float_to_half(std::clamp(value, -largest, largest)));
}

static bool are_whole(const std::vector<float>& embedding) {
  return std::all_of(embedding.begin(), embedding.end(),
                     [](float value) { return std::trunc(value) == value; });
}

static std::string check_width(const EmbeddingModel& model, const Payload& payload) {
  if (payload.embedding.size() == model.width) return check(payload);
  return fmt::format("the embedding has {} numbers, but this project's have {}",
                     payload.embedding.size(), model.width);
}

static FeatureBatch transform(const EmbeddingModel& model, std::span<const Payload> payloads) {
  FeatureBatch out;
  out.dense = Matrix(payloads.size(), model.width);
  for (size_t i = 0; i < payloads.size(); ++i) {
    // Squares of finite floats have a finite sum, so most rows need no look at each number.
    const std::vector<float>& embedding = payloads[i].embedding;
    if (embedding.size() != model.width || !std::isfinite(kernels::sum_of_squares(embedding))) {
      if (const std::string reason = check_width(model, payloads[i]); !reason.empty())
        refuse("payload {}: {}", i, reason);
    }
    const auto row = out.dense.row(i);
    std::copy(payloads[i].embedding.begin(), payloads[i].embedding.end(), row.begin());
    if (model.normalize) {
      const double length = length_of(payloads[i].embedding);
      const double factor = length > 0 ? 1 / length : 1;  // A zero vector stays one.
      for (float& value : row) value = static_cast<float>(value * factor);
    }
    if (model.half && !kernels::are_halves(row))
      std::transform(row.begin(), row.end(), row.begin(), rounded);
  }
  return out;
}

static Fitted fitted(const EmbeddingModel& model) {
  Fitted out;
  out.transform = [model](std::span<const Payload> payloads) { return transform(model, payloads); };
  out.save = [model] {
    ByteWriter writer;
    writer.put(model.width);
    writer.put(model.rows);
    writer.put(static_cast<uint8_t>(model.were_unit));
    writer.put(static_cast<uint8_t>(model.normalize));
    if (model.half) writer.put(uint8_t{1});
    return seal("embedding", version, writer.take());
  };
  out.features = model.width;
  out.is_half = model.half;
  out.description = {{"dimensions", model.width},
                     {"rows", model.rows},
                     {"unit_length_at_fit", model.were_unit},
                     {"normalize", model.normalize ? "unit" : "none"},
                     {"precision", model.half ? "float16" : "float32"}};
  out.check = [model](const Payload& payload) { return check_width(model, payload); };
  return out;
}

// What a fit asks of one embedding.
struct RowFacts {
  size_t width = 0;
  double length = 0;      // Not finite where a number is not.
  bool is_half = false;   // Rounding to float16 would change none of its numbers.
  bool is_whole = false;  // Whole numbers only.
};

static RowFacts facts_of(const Payload& payload) {
  const std::vector<float>& embedding = payload.embedding;
  return {embedding.size(), std::sqrt(kernels::sum_of_squares(embedding)),
          kernels::are_halves(embedding), are_whole(embedding)};
}

static std::shared_ptr<const void> survey(std::span<const Payload> payloads) {
  auto facts = std::make_shared<std::vector<RowFacts>>();
  facts->reserve(payloads.size());
  for (const Payload& payload : payloads) facts->push_back(facts_of(payload));
  return facts;
}

// Calls use(facts) for each payload to fit to. A survey spares the look at each number.
template <class Use>
static void each_row(const FitInput& input, const Use& use) {
  if (input.survey) {
    const auto& facts = *static_cast<const std::vector<RowFacts>*>(input.survey.get());
    const size_t width =
        input.surveyed_rows.empty() ? 0 : facts[static_cast<size_t>(input.surveyed_rows[0])].width;
    bool are_sound = width > 0 && width <= limits::max_features;
    for (const int64_t row : input.surveyed_rows) {
      const RowFacts& found = facts[static_cast<size_t>(row)];
      are_sound = are_sound && found.width == width && std::isfinite(found.length);
    }
    if (are_sound) {
      for (const int64_t row : input.surveyed_rows) use(facts[static_cast<size_t>(row)], nullptr);
      return;
    }
  }
  input.payloads([&](std::span<const Payload> batch) {
    for (const Payload& payload : batch) use(facts_of(payload), &payload);
  });
}

static Fitted fit(const FitInput& input, const Params& params, uint64_t, const Progress& progress) {
  EmbeddingModel model;
  model.were_unit = true;
  double shortest = 0;
  double longest = 0;
  bool all_half = true;   // Rounding to float16 would change none of the numbers …
  bool all_whole = true;  // … but whole ones are counts or codes, which may grow.
  each_row(input, [&](const RowFacts& row, const Payload* payload) {
    progress.check();
    if (model.rows == 0) model.width = row.width;
    // Squares of finite floats have a finite sum, so most rows need no look at each number.
    const bool sound = row.width == model.width && model.width > 0 &&
                       model.width <= limits::max_features && std::isfinite(row.length);
    if (!sound && payload) {
      if (const std::string reason = check_width(model, *payload); !reason.empty())
        refuse("payload {}: {}", model.rows, reason);
    }
    if (model.rows == 0) shortest = longest = row.length;
    shortest = std::min(shortest, row.length);
    longest = std::max(longest, row.length);
    all_half = all_half && row.is_half;
    all_whole = all_whole && row.is_whole;
    ++model.rows;
    if (model.rows % told_rows == 0) progress.at(static_cast<double>(model.rows), 0, "embeddings");
  });
  if (model.rows == 0) refuse("there is no embedding to learn the width from; add examples first");
  model.were_unit =
      shortest > 0.999 && longest < 1.001;  // What half precision leaves of unit length.
  const std::string& normalize = params.text("normalize");
  // Lengths that differ a lot carry meaning of their own; nearly equal ones are unit vectors
  // rounded or rescaled.
  model.normalize =
      normalize == "unit" || (normalize == "auto" && !model.were_unit && longest < 1.05 * shortest);
  const std::string& precision = params.text("precision");
  model.half =
      precision == "float16" || (precision == "auto" && all_half && !all_whole && !model.normalize);
  return fitted(model);
}

static Fitted load(std::string_view bytes) {
  const std::string body = unseal("embedding", version, bytes);
  ByteReader reader(body);
  EmbeddingModel model;
  model.width = reader.number<uint64_t>();
  model.rows = reader.number<uint64_t>();
  model.were_unit = reader.number<uint8_t>() != 0;
  model.normalize = reader.number<uint8_t>() != 0;
  model.half = !reader.at_end() && reader.number<uint8_t>() != 0;  // Older files end before it.
  require_sound(reader.at_end() && model.width > 0 && model.width <= limits::max_features);
  return fitted(model);
}

Featurizer embedding() {
  return {
      .name = "embedding",
      .summary = "Vectors from a model of your own, used as they are.",
      .payload = PayloadKind::embedding,
      .params = {{.name = "normalize",
                  .fallback = "auto",
                  .choices = {"auto", "none", "unit"},
                  .help = "Whether rows are brought to unit length; auto does so when their "
                          "lengths are nearly equal."},
                 {.name = "precision",
                  .fallback = "auto",
                  .choices = {"auto", "float32", "float16"},
                  .help =
                      "How the numbers are kept: float16 halves the bytes, and rounds what comes "
                      "later too; auto takes it where it changes none of the first numbers, "
                      "as with embeddings from a float16 file."}},
      .fit = fit,
      .load = load,
      .check = check,
      .survey = survey,
  };
}

}  // namespace querist::featurizers
