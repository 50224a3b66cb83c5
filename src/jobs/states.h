// The states of a job and the whole of which may follow which.
#pragma once

#include "data/records.h"

namespace querist::jobs {

constexpr bool allowed(JobState from, JobState to) {
  switch (from) {
    case JobState::queued:
      return to == JobState::running || to == JobState::cancelled;
    case JobState::running:
      return to != JobState::running;  // queued: a retry, or its lease ran out.
    case JobState::succeeded:
    case JobState::failed:
    case JobState::cancelled:
      return false;
  }
  return false;
}

}  // namespace querist::jobs
