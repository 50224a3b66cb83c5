// The list of the loop's kinds of jobs, written by the build.
#include "loop/loop_job.h"

namespace querist::loop {

std::vector<jobs::JobKind> job_kinds(Workshops& workshops) {
  return {
#define ENTRY(function, wire_name) function(workshops),
#include "loop_jobs.list"
#undef ENTRY
  };
}

}  // namespace querist::loop
