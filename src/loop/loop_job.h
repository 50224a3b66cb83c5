// The kinds of background work of the loop; a file in src/loop/jobs/ is a kind.
#pragma once

#include <vector>

#include "jobs/job_kind.h"
#include "loop/workshop.h"

namespace querist::loop {

std::vector<jobs::JobKind> job_kinds(Workshops& workshops);

#define ENTRY(function, wire_name) jobs::JobKind function(Workshops& workshops);
#include "loop_jobs.list"
#undef ENTRY

}  // namespace querist::loop
