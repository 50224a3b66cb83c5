// Which labelled examples of a project its next batch asks about again.
#pragma once

#include "loop/relabel.h"
#include "loop/workshop.h"

namespace querist::loop {

// Rows of the pool, most wanted first, with the sentence; no sentence where the question does not
// arise: the setting is off, the strategy is not auto, there is no usable model, or one annotator.
struct RelabelRows {
  std::vector<int64_t> rows;
  std::string sentence;
};
// model: the newest one. Reads the answers as they are.
RelabelRows rows_to_relabel(Workshop& workshop, const Project& project, const LoadedModel& model,
                            const storage::FeatureView& view, size_t batch,
                            const Progress& progress);

}  // namespace querist::loop
