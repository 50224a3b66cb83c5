// Images as the principal components of their small version (Pearson 1901): light work, no network
// needed.
#include <algorithm>
#include <numeric>

#include "base/rng.h"
#include "base/threads.h"
#include "featurizers/featurizer.h"
#include "featurizers/pixels/decode.h"
#include "featurizers/pixels/resize.h"
#include "featurizers/projection.h"

namespace querist::featurizers {

static constexpr uint32_t version = 1;
static constexpr size_t sample_images = 10'000;  // The axes are fitted on at most so many images
static constexpr size_t sample_values = size_t{64} << 20;  // and so many numbers of theirs.

struct PixelsModel {
  uint32_t side = 16;
  bool grey = false;    // Every image at fit was grey.
  uint64_t images = 0;  // Seen at fit.
  Projection projection;
};

static std::string check(const Payload& payload) {
  Image image;
  return decode_image(payload.image, 1, image);
}

// The small version in colour, or an empty vector and the reason.
static std::vector<float> thumbnail(const Payload& payload, size_t side, std::string& reason) {
  Image image;
  reason = decode_image(payload.image, side * 2, image);
  return reason.empty() ? shrink(image, side) : std::vector<float>();
}

static void refuse_first(const std::vector<std::string>& reasons,
                         std::span<const int64_t> positions) {
  for (size_t i = 0; i < reasons.size(); ++i) {
    if (!reasons[i].empty()) refuse("payload {}: {}", positions[i], reasons[i]);
  }
}

static FeatureBatch transform(const PixelsModel& model, std::span<const Payload> payloads) {
  FeatureBatch out;
  const size_t dimensions = model.projection.axes.cols;
  out.dense = Matrix(payloads.size(), dimensions);
  out.geometry = Matrix(payloads.size(), dimensions);
  std::vector<std::string> reasons(payloads.size());
  parallel_for(payloads.size(), 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      std::vector<float> small = thumbnail(payloads[i], model.side, reasons[i]);
      if (!reasons[i].empty()) continue;
      if (model.grey) small = to_grey(small);
      project(model.projection, small, out.dense.row(i));
      to_unit(out.dense.row(i), out.geometry.row(i));
    }
  });
  std::vector<int64_t> positions(payloads.size());
  std::iota(positions.begin(), positions.end(), 0);
  refuse_first(reasons, positions);
  return out;
}

static Fitted fitted(const std::shared_ptr<const PixelsModel>& model) {
  Fitted out;
  out.transform = [model](std::span<const Payload> payloads) {
    return transform(*model, payloads);
  };
  out.save = [model] {
    ByteWriter writer;
    writer.put(model->side);
    writer.put(static_cast<uint8_t>(model->grey));
    writer.put(model->images);
    write_projection(model->projection, writer);
    return seal("pixels", version, writer.take());
  };
  out.features = out.geometry_features = model->projection.axes.cols;
  out.description = {{"images", model->images},
                     {"size", model->side},
                     {"color", model->grey ? "grey" : "rgb"},
                     {"dimensions", model->projection.axes.cols}};
  out.check = check;
  return out;
}

// The small versions of a random sample, (images, side·side·3), after counting all images.
static Matrix sample_thumbnails(const FitInput& input, PixelsModel& model, uint64_t seed,
                                const Progress& progress) {
  input.payloads([&](std::span<const Payload> batch) {
    progress.check();
    model.images += batch.size();
  });
  if (model.images == 0) refuse("there is no image to fit on; add examples first");
  const size_t values = size_t{model.side} * model.side * 3;
  std::vector<int64_t> sample = Rng(seed).sample(
      model.images, std::min(sample_images, std::max<size_t>(1, sample_values / values)));
  std::sort(sample.begin(), sample.end());
  Matrix rows(sample.size(), values);
  std::vector<std::string> reasons(sample.size());
  size_t seen = 0;
  size_t next = 0;
  input.payloads([&](std::span<const Payload> batch) {
    progress.check();
    const size_t first = next;
    while (next < sample.size() && static_cast<size_t>(sample[next]) < seen + batch.size()) ++next;
    parallel_for(next - first, 1, [&](size_t begin, size_t end) {
      for (size_t i = first + begin; i < first + end; ++i) {
        const std::vector<float> small =
            thumbnail(batch[static_cast<size_t>(sample[i]) - seen], model.side, reasons[i]);
        std::copy(small.begin(), small.end(), rows.row(i).begin());
      }
    });
    seen += batch.size();
    progress.at(static_cast<double>(next), static_cast<double>(sample.size()), "images");
  });
  refuse_first(reasons, sample);
  return rows;
}

static Fitted fit(const FitInput& input, const Params& params, uint64_t seed,
                  const Progress& progress) {
  const auto model = std::make_shared<PixelsModel>();
  model->side = static_cast<uint32_t>(params.integer("size"));
  Matrix rows = sample_thumbnails(input, *model, seed, progress);
  model->grey = is_grey(rows.values);
  if (model->grey) {
    rows.values = to_grey(rows.values);
    rows.cols /= 3;
  }
  model->projection = fit_projection(rows, static_cast<size_t>(params.integer("dimensions")), seed);
  return fitted(model);
}

static Fitted load(std::string_view bytes) {
  const std::string body = unseal("pixels", version, bytes);
  ByteReader reader(body);
  const auto model = std::make_shared<PixelsModel>();
  model->side = reader.number<uint32_t>();
  model->grey = reader.number<uint8_t>() != 0;
  model->images = reader.number<uint64_t>();
  model->projection = read_projection(reader);
  const size_t values = size_t{model->side} * model->side * (model->grey ? 1 : 3);
  require_sound(reader.at_end() && model->side <= 64 && model->projection.mean.size() == values);
  return fitted(model);
}

Featurizer pixels() {
  return {
      .name = "pixels",
      .summary =
          "Small images turned onto their main directions; for pictures whose layout tells the "
          "class.",
      .payload = PayloadKind::image,
      .params = {{.name = "size",
                  .fallback = 16,
                  .min = 4,
                  .max = 64,
                  .whole = true,
                  .help = "Images are shrunk to this many pixels a side."},
                 {.name = "dimensions",
                  .fallback = 64,
                  .min = 1,
                  .max = 512,
                  .whole = true,
                  .help = "Principal components that are kept."}},
      .fit = fit,
      .load = load,
      .source = "Pearson 1901",
      .check = check,
  };
}

}  // namespace querist::featurizers
