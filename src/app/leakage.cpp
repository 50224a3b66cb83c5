// querist leakage: is the test set known to the training set?
#include <cstdio>

#include "app/columns.h"
#include "app/evaluation_text.h"
#include "app/progress_bar.h"
#include "app/verb.h"
#include "loop/leakage.h"

namespace querist::app {

static loop::Table rows_of(const Invocation& invocation, const Progress& progress) {
  const auto& files = invocation.arguments;
  const std::string& embeddings = invocation.text("embeddings");
  const formats::Roles roles = roles_of(invocation);
  if (files.size() == 1) return loop::read_table(files[0], roles, embeddings, progress);
  if (!embeddings.empty() || !roles.split.empty())
    wrong_usage("--embeddings and --split go with one DATA file, not with TRAIN and TEST");
  return loop::join_sides(loop::read_table(files[0], roles, "", progress),
                          loop::read_table(files[1], roles, "", progress));
}

static int run(const Invocation& invocation) {
  if (invocation.arguments.empty() || invocation.arguments.size() > 2)
    wrong_usage("leakage takes one DATA file with --split, or TRAIN and TEST");
  ProgressBar bar("looking for leaks");
  const loop::Table table = rows_of(invocation, bar.progress());
  if (!table.problems.empty()) {
    std::fprintf(stderr, "%zu rows were left out, the first because %s\n", table.problems.size(),
                 table.problems.front().reason.c_str());
  }
  const auto seed = static_cast<uint64_t>(invocation.options.integer("seed"));
  const Json report = loop::table_leakage(table, seed, bar.progress());
  put_out("", invocation.options.flag("json") ? report.dump() + "\n" : leakage_text(report));
  return 0;
}

Verb leakage_verb() {
  return {.name = "leakage",
          .summary =
              "Look for test rows that are known to the training rows: copies, near copies, "
              "groups, times, columns that give the class away.",
          .arguments = "DATA...",
          .example = "querist leakage reviews.csv --text body --label stars --split part",
          .options = with_columns(
              {{.name = "group", .fallback = "", .help = "Column of a group, such as a patient."},
               {.name = "time", .fallback = "", .help = "Column of a time or date."},
               {.name = "seed",
                .fallback = 0,
                .min = 0,
                .max = 4294967295.0,
                .whole = true,
                .help = "Seed of folds and resamples."},
               json_option()}),
          .run = run};
}

}  // namespace querist::app
