// querist select: one batch from arrays on disk, no project needed.
#include <algorithm>
#include <numeric>

#include "app/verb.h"
#include "base/error.h"
#include "base/json.h"
#include "formats/npy.h"
#include "strategies/strategy.h"

namespace querist::app {

static size_t row_count(const Matrix& embeddings, const Matrix& probabilities) {
  if (embeddings.rows && probabilities.rows && embeddings.rows != probabilities.rows) {
    refuse("the embeddings have {} rows but the probabilities {}", embeddings.rows,
           probabilities.rows);
  }
  const size_t rows = std::max(embeddings.rows, probabilities.rows);
  if (rows == 0)
    wrong_usage("pass --embeddings or --probabilities: there is nothing to choose from");
  return rows;
}

static int run(const Invocation& invocation) {
  const auto& strategy = strategies::find(invocation.text("strategy"));
  Matrix embeddings, probabilities;
  if (!invocation.text("embeddings").empty())
    embeddings = formats::read_npy_matrix(invocation.text("embeddings"));
  if (!invocation.text("probabilities").empty())
    probabilities = formats::read_npy_matrix(invocation.text("probabilities"));
  Pool pool;
  pool.size = row_count(embeddings, probabilities);
  if (has(strategy.needs, Signal::probabilities) && probabilities.rows == 0 &&
      !strategy.handles_no_model) {
    wrong_usage("{} needs --probabilities", strategy.name);
  }
  if (has(strategy.needs, Signal::embeddings) && embeddings.rows == 0)
    wrong_usage("{} needs --embeddings", strategy.name);

  std::vector<int64_t> labeled;
  if (!invocation.text("labeled").empty())
    labeled = formats::read_npy_integers(invocation.text("labeled"));
  std::sort(labeled.begin(), labeled.end());
  labeled.erase(std::unique(labeled.begin(), labeled.end()), labeled.end());
  std::vector<int64_t> every(pool.size), candidates;
  std::iota(every.begin(), every.end(), 0);
  std::set_difference(every.begin(), every.end(), labeled.begin(), labeled.end(),
                      std::back_inserter(candidates));
  pool.candidates = candidates;
  pool.labeled = labeled;
  pool.classes = std::max<size_t>(1, probabilities.cols);
  pool.probabilities = probabilities;
  pool.embeddings = embeddings;
  const auto selection = strategies::select_batch(
      strategy, pool, static_cast<size_t>(invocation.options.integer("batch_size")),
      Params(strategy.params), static_cast<uint64_t>(invocation.options.integer("seed")));
  if (!invocation.text("out").empty()) {
    formats::write_npy(invocation.text("out"), selection.rows);
  } else if (invocation.options.flag("json")) {
    put_out("",
            Json{{"indices", selection.rows}, {"utilities", selection.utilities}}.dump() + "\n");
  } else {
    std::string text;
    for (const int64_t row : selection.rows) text += std::to_string(row) + "\n";
    put_out("", text);
  }
  return 0;
}

Verb select() {
  return {
      .name = "select",
      .summary = "Choose a batch from embeddings or probabilities in .npy files.",
      .example =
          "querist select --strategy k_center --embeddings X.npy --batch-size 100 --out idx.npy",
      .options = {{.name = "strategy", .fallback = "auto", .help = "Query strategy."},
                  {.name = "embeddings", .fallback = "", .help = "An .npy of (n, d) features."},
                  {.name = "probabilities",
                   .fallback = "",
                   .help = "An .npy of (n, classes) probabilities."},
                  {.name = "labeled",
                   .fallback = "",
                   .help = "An .npy of row numbers that are labelled."},
                  {.name = "batch_size",
                   .fallback = 100,
                   .min = 1,
                   .max = 1e7,
                   .whole = true,
                   .help = "Rows to choose."},
                  {.name = "seed",
                   .fallback = 0,
                   .min = 0,
                   .max = 4294967295.0,
                   .whole = true,
                   .help = "Seed."},
                  {.name = "out",
                   .fallback = "",
                   .help = "Write the row numbers as an int64 .npy to this file."},
                  json_option()},
      .run = run};
}

}  // namespace querist::app
