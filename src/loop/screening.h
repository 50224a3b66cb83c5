// Simulated screening of the records of a systematic review: one record at a time, until every
// relevant one is found (Ferdinands et al. 2023).
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/progress.h"
#include "loop/simulate.h"

namespace querist::loop {

// One strategy on one seed.
struct ScreeningRun {
  std::string strategy;
  size_t seed = 0;
  std::vector<int64_t> prior;     // Rows of the data file: a relevant record, then one that is not.
  std::vector<int64_t> indices;   // And those read after them, until nothing relevant is left.
  std::vector<int64_t> found_at;  // How many were read when each relevant one was found.
};

struct Screening {
  size_t records = 0;   // To be read: those with a label, without the two known at the start.
  size_t relevant = 0;  // Of them.
  std::string relevant_class;
  std::vector<ScreeningRun> runs;  // By strategy as planned, then seed.
};

// The whole data are the pool, and the features are fitted on all of it. Each seed knows one
// relevant and one other record, drawn at random, the same for all strategies; then the learner is
// trained anew after each batch_size records. The plan's strategies, learner, featurizer,
// batch_size, seeds and first_seed count, the rest does not. relevant_class empty: the rarer class.
// A strategy that has the parameter positive_class looks for it. Needs two classes, and two
// relevant records.
Screening simulate_screening(const Table& table, const SimulationPlan& plan,
                             const std::string& relevant_class, const Progress& progress);

// data; runs, each with its reading_saved_95 and wss_95; summary: of each strategy the means and
// deviations of these, the same at full recall, and the recall after a tenth; comparisons of wss_95
// with random's, paired by seed.
Json screening_json(const Screening& screening);

// The same as one self-contained HTML page, as simulation_html is.
std::string screening_html(const Json& result, const std::string& title,
                           const std::string& command = "");

}  // namespace querist::loop
