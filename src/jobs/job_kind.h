// The card of a kind of background work.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "storage/store.h"

namespace querist::jobs {

struct JobContext {
  storage::Store& store;
  const Job& job;
  const Progress&
      progress;  // Reports become the job's progress; check() throws once it is cancelled.
};

struct JobKind {
  std::string name;
  std::string summary;
  // Returns the job's result. May run again after a crash: each of its steps must be safe to
  // repeat. Error{cancelled} ends it as cancelled; unavailable, resource_exhausted and internal are
  // retried; others fail it.
  std::function<Json(const JobContext&)> run;
  int64_t max_attempts = 5;
};

}  // namespace querist::jobs
