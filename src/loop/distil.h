// A project's model taught to a small head: a version of its own, with what it gains and loses.
#pragma once

#include <string>

#include "loop/workshop.h"

namespace querist::loop {

struct DistilRequest {
  int64_t version = 0;  // The teacher; 0: the champion.
  std::string learner;  // Of the student; empty: one that is smaller (student.h).
  double temperature = 3;
  double max_loss =
      0.01;  // Accuracy that the student may lose on the audit labels to pass its gate.
};

// Teaches the student on all examples but the audit ones, and stores it as a version of its own
// with the alias `challenger`: gated on the audit labels against its teacher, with agreement, bytes
// and measured time a row in data["distillation"]. The loop goes on from the models that it
// trained itself. The workshop's mutex must be held. Throws conflict where the teacher reads
// features of an older featurizer or is a student itself.
ModelVersion distil(Workshop& workshop, const DistilRequest& request, const std::string& actor,
                    const Progress& progress);

}  // namespace querist::loop
