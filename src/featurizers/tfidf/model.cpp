// Fits, runs, writes and reads the TF-IDF model.
#include "featurizers/tfidf/model.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/rng.h"
#include "base/threads.h"
#include "featurizers/stored.h"
#include "featurizers/tfidf/rows.h"
#include "kernels/gemm.h"
#include "kernels/svd.h"

namespace querist::featurizers {

static constexpr size_t sample_texts =
    20'000;  // The projection is fitted on at most so many texts,
static constexpr size_t sample_entries = 4'000'000;  // so many entries of their rows,
static constexpr size_t projected_columns = 1
                                            << 16;  // and so many columns, the most frequent ones.
static constexpr size_t few_texts = 100;
static constexpr size_t block_rows = 256;

void TfidfModel::index() {
  column_of.assign(settings.ngrams.columns(), -1);
  for (size_t column = 0; column < numbers.size(); ++column)
    column_of[numbers[column]] = static_cast<int32_t>(column);
  const auto half = std::lower_bound(numbers.begin(), numbers.end(), settings.ngrams.columns() / 2);
  word_columns = static_cast<uint32_t>(half - numbers.begin());
  projection_of.assign(numbers.size(), -1);
  for (size_t row = 0; row < projected.size(); ++row)
    projection_of[projected[row]] = static_cast<int32_t>(row);
}

// Counts in how many texts each hashed number occurs.
static std::vector<uint32_t> count_documents(const TextStream& texts, TfidfModel& model,
                                             const Progress& progress) {
  std::vector<std::atomic<uint32_t>> counts(model.settings.ngrams.columns());
  texts([&](std::span<const std::string_view> batch) {
    progress.check();
    parallel_for(batch.size(), 64, [&](size_t begin, size_t end) {
      NgramScratch scratch;
      for (size_t i = begin; i < end; ++i) {
        hash_ngrams(batch[i], model.settings.ngrams, scratch);
        std::sort(scratch.numbers.begin(), scratch.numbers.end());
        const auto distinct = std::unique(scratch.numbers.begin(), scratch.numbers.end());
        for (auto number = scratch.numbers.begin(); number != distinct; ++number) {
          counts[*number].fetch_add(1, std::memory_order_relaxed);
        }
      }
    });
    model.texts += batch.size();
    progress.at(static_cast<double>(model.texts), 0, "texts");
  });
  return {counts.begin(), counts.end()};
}

static void choose_columns(const std::vector<uint32_t>& counts, TfidfModel& model) {
  model.min_df_used = model.texts < few_texts ? 1 : model.settings.min_df;
  if (std::none_of(counts.begin(), counts.end(),
                   [&](uint32_t df) { return df >= model.min_df_used; })) {
    model.min_df_used = 1;
  }
  for (uint32_t number = 0; number < counts.size(); ++number) {
    if (counts[number] < model.min_df_used) continue;
    model.numbers.push_back(number);
    const double ratio =
        (1 + static_cast<double>(model.texts)) / (1 + static_cast<double>(counts[number]));
    model.idf.push_back(static_cast<float>(std::log(ratio) + 1));
  }
  if (model.numbers.empty()) {  // No text had a letter; a learner still wants a column.
    model.numbers.push_back(0);
    model.idf.push_back(1);
  }
}

// The rows of a random sample of the texts, in the sample's order so that a cut keeps it random.
static Csr sample_rows(const TextStream& texts, const TfidfModel& model, uint64_t seed,
                       const Progress& progress) {
  const std::vector<int64_t> sample = Rng(seed).sample(model.texts, sample_texts);
  std::vector<size_t> by_row(sample.size());
  std::iota(by_row.begin(), by_row.end(), 0);
  std::sort(by_row.begin(), by_row.end(),
            [&](size_t a, size_t b) { return sample[a] < sample[b]; });
  struct Row {
    std::vector<int32_t> columns;
    std::vector<float> values;
  };
  std::vector<Row> rows(sample.size());
  size_t seen = 0;
  size_t next = 0;
  texts([&](std::span<const std::string_view> batch) {
    progress.check();
    const size_t first = next;
    while (next < by_row.size() && static_cast<size_t>(sample[by_row[next]]) < seen + batch.size())
      ++next;
    parallel_for(next - first, 64, [&](size_t begin, size_t end) {
      NgramScratch scratch;
      for (size_t i = first + begin; i < first + end; ++i) {
        Row& row = rows[by_row[i]];
        append_row(model, batch[static_cast<size_t>(sample[by_row[i]]) - seen], scratch,
                   row.columns, row.values);
      }
    });
    seen += batch.size();
  });
  Csr out;
  out.cols = model.columns();
  for (const Row& row : rows) {
    if (!out.values.empty() && out.values.size() + row.values.size() > sample_entries) break;
    out.columns.insert(out.columns.end(), row.columns.begin(), row.columns.end());
    out.values.insert(out.values.end(), row.values.begin(), row.values.end());
    out.offsets.push_back(static_cast<int64_t>(out.values.size()));
  }
  return out;
}

// Keeps the most frequent columns of the sample, renumbered in model.projected's order.
static Csr restrict_columns(const Csr& rows, TfidfModel& model) {
  std::vector<uint32_t> counts(rows.cols);
  for (const int32_t column : rows.columns) ++counts[static_cast<size_t>(column)];
  for (uint32_t column = 0; column < rows.cols; ++column) {
    if (counts[column] > 0) model.projected.push_back(column);
  }
  if (model.projected.size() > projected_columns) {
    std::stable_sort(model.projected.begin(), model.projected.end(),
                     [&](uint32_t a, uint32_t b) { return counts[a] > counts[b]; });
    model.projected.resize(projected_columns);
    std::sort(model.projected.begin(), model.projected.end());
  }
  model.index();
  Csr out;
  out.cols = model.projected.size();
  for (size_t i = 0; i < rows.rows(); ++i) {
    for (auto at = static_cast<size_t>(rows.offsets[i]);
         at < static_cast<size_t>(rows.offsets[i + 1]); ++at) {
      const int32_t column = model.projection_of[static_cast<size_t>(rows.columns[at])];
      if (column < 0) continue;
      out.columns.push_back(column);
      out.values.push_back(rows.values[at]);
    }
    out.offsets.push_back(static_cast<int64_t>(out.columns.size()));
  }
  return out;
}

// Latent semantic analysis (Deerwester et al. 1990): the right singular vectors of the sample are
// the axes.
static void fit_projection(const Csr& sample, uint64_t seed, TfidfModel& model) {
  const Csr rows = restrict_columns(sample, model);
  const kernels::Svd svd = kernels::randomized_svd(kernels::operator_of(rows),
                                                   model.settings.geometry_dimensions, seed, 10, 1);
  model.dimensions = static_cast<uint32_t>(std::max<size_t>(1, svd.right.rows));
  model.projection.assign(rows.cols * model.dimensions, 0);
  for (size_t axis = 0; axis < svd.right.rows; ++axis) {
    for (size_t column = 0; column < rows.cols; ++column) {
      model.projection[column * model.dimensions + axis] = to_bfloat(svd.right.at(axis, column));
    }
  }
}

std::shared_ptr<const TfidfModel> fit_tfidf(const TextStream& texts, const TfidfSettings& settings,
                                            uint64_t seed, const Progress& progress) {
  if (settings.ngrams.word_ngrams == 0 && settings.ngrams.char_max == 0) {
    refuse(
        "word_ngrams and char_max are both 0, so that no text has a feature; set one of them above "
        "0");
  }
  if (settings.ngrams.char_max != 0 && settings.ngrams.char_min > settings.ngrams.char_max) {
    refuse("char_min is {} but char_max is {}; char_min must not be larger",
           settings.ngrams.char_min, settings.ngrams.char_max);
  }
  const auto model = std::make_shared<TfidfModel>();
  model->settings = settings;
  choose_columns(count_documents(texts, *model, progress), *model);
  model->index();
  fit_projection(sample_rows(texts, *model, seed, progress), seed, *model);
  return model;
}

FeatureBatch transform_tfidf(const TfidfModel& model, std::span<const std::string_view> texts) {
  FeatureBatch out;
  out.is_sparse = true;
  out.sparse.cols = model.columns();
  out.geometry = Matrix(texts.size(), model.dimensions);
  out.sparse.offsets.assign(texts.size() + 1, 0);
  std::vector<Csr> blocks((texts.size() + block_rows - 1) / block_rows);
  parallel_for(blocks.size(), 1, [&](size_t begin, size_t end) {
    NgramScratch scratch;
    for (size_t block = begin; block < end; ++block) {
      Csr& rows = blocks[block];
      for (size_t i = block * block_rows; i < std::min(texts.size(), (block + 1) * block_rows);
           ++i) {
        const size_t start = rows.values.size();
        append_row(model, texts[i], scratch, rows.columns, rows.values);
        project_row(model, std::span(rows.columns).subspan(start),
                    std::span(rows.values).subspan(start), out.geometry.row(i));
        out.sparse.offsets[i + 1] = static_cast<int64_t>(rows.values.size() - start);
      }
    }
  });
  std::partial_sum(out.sparse.offsets.begin(), out.sparse.offsets.end(),
                   out.sparse.offsets.begin());
  out.sparse.columns.reserve(static_cast<size_t>(out.sparse.offsets.back()));
  out.sparse.values.reserve(static_cast<size_t>(out.sparse.offsets.back()));
  for (Csr& rows : blocks) {
    out.sparse.columns.insert(out.sparse.columns.end(), rows.columns.begin(), rows.columns.end());
    out.sparse.values.insert(out.sparse.values.end(), rows.values.begin(), rows.values.end());
    rows = Csr();
  }
  return out;
}

std::string write_tfidf(const TfidfModel& model) {
  ByteWriter writer;
  const NgramSettings& ngrams = model.settings.ngrams;
  for (const uint32_t number :
       {ngrams.word_ngrams, ngrams.char_min, ngrams.char_max, ngrams.columns_log2,
        model.settings.min_df, model.settings.geometry_dimensions, model.min_df_used,
        model.dimensions}) {
    writer.put(number);
  }
  writer.put(model.texts);
  writer.put(model.numbers);
  writer.put(model.idf);
  writer.put(model.projected);
  writer.put(model.projection);
  return writer.take();
}

static bool ascending_below(const std::vector<uint32_t>& numbers, uint64_t bound) {
  return std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal<>()) ==
             numbers.end() &&
         (numbers.empty() || numbers.back() < bound);
}

std::shared_ptr<const TfidfModel> read_tfidf(std::string_view body) {
  ByteReader reader(body);
  const auto model = std::make_shared<TfidfModel>();
  NgramSettings& ngrams = model->settings.ngrams;
  for (uint32_t* number :
       {&ngrams.word_ngrams, &ngrams.char_min, &ngrams.char_max, &ngrams.columns_log2,
        &model->settings.min_df, &model->settings.geometry_dimensions, &model->min_df_used,
        &model->dimensions}) {
    *number = reader.number<uint32_t>();
  }
  model->texts = reader.number<uint64_t>();
  model->numbers = reader.vector<uint32_t>();
  model->idf = reader.vector<float>();
  model->projected = reader.vector<uint32_t>();
  model->projection = reader.vector<uint16_t>();
  require_sound(reader.at_end());
  require_sound(ngrams.word_ngrams <= 16 && ngrams.char_max <= 64 && ngrams.columns_log2 >= 4);
  require_sound(ngrams.columns_log2 <= 22 && ngrams.columns() <= limits::max_features);
  require_sound(ascending_below(model->numbers, ngrams.columns()) &&
                model->idf.size() == model->numbers.size());
  require_sound(!model->numbers.empty() &&
                ascending_below(model->projected, model->numbers.size()));
  require_sound(model->dimensions >= 1 && model->dimensions <= 4096);
  require_sound(model->projection.size() == model->projected.size() * model->dimensions);
  const auto good = [](float value) { return std::isfinite(value) && value > 0 && value < 1e6f; };
  require_sound(std::all_of(model->idf.begin(), model->idf.end(), good));
  // Entries of unit vectors: a bfloat16 with an exponent of 2 or more is damage, NaN and infinity
  // among them.
  require_sound(std::all_of(model->projection.begin(), model->projection.end(),
                            [](uint16_t bits) { return (bits & 0x7fff) < 0x4000; }));
  model->index();
  return model;
}

}  // namespace querist::featurizers
