// The job that turns a project's loop until it waits for labels.
#include "loop/cycle.h"
#include "loop/loop_job.h"

namespace querist::loop {

jobs::JobKind advance_cycle(Workshops& workshops) {
  return {
      .name = "advance_cycle",
      .summary = "Trains on the labels there are, scores the pool and selects the next batch.",
      .run = [&workshops](const jobs::JobContext& context) -> Json {
        Workshop& workshop = workshops.of(context.job.project_id.value());
        const std::lock_guard lock(workshop.mutex());
        const Cycle cycle =
            turn(workshop, context.progress, json_flag(context.job.params, "at_once", false));
        return {{"cycle", cycle.id}, {"state", word(cycle.state)}};
      },
  };
}

}  // namespace querist::loop
