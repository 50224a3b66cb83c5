// The durable queue: enqueue, claim, keep, finish, cancel. Every change of state is one transaction
// with its event.
#pragma once

#include "jobs/job_kind.h"

namespace querist::jobs {

struct NewJob {
  std::string kind;
  std::optional<int64_t> project_id;
  Json params = Json::object();
  // At most one job of this kind and key is queued (a second one is the first) and at most one
  // runs.
  std::optional<std::string> unique_key;
  int64_t delay_ms = 0;
  int64_t max_attempts = 5;
  std::string actor = "querist";
};

// Joins the transaction of the change that makes the work due.
Job enqueue(storage::Store& store, const NewJob& job);

Job job(storage::Store& store, int64_t id);  // Throws not_found.
// A queued job is cancelled at once, a running one when it next looks; an ended one throws
// conflict.
Job cancel(storage::Store& store, int64_t id, const std::string& actor);

std::optional<Job> claim(storage::Store& store, const std::vector<JobKind>& kinds,
                         const std::string& worker, int64_t lease_ms);
// False: the job is no longer this worker's. cancel_requested tells whether it should stop.
struct Heartbeat {
  bool held = false;
  bool cancel_requested = false;
};
Heartbeat heartbeat(storage::Store& store, int64_t id, const std::string& worker, int64_t lease_ms);

void succeed(storage::Store& store, const Job& job, const Json& result);
// Back to queued after a back-off while attempts are left and the error is worth retrying, else
// failed or cancelled.
void end_with(storage::Store& store, const Job& job, Code code, const std::string& message);
void hand_back(storage::Store& store,
               const Job& job);  // To queued at once, the attempt not counted.

// Running jobs whose lease ran out go back to queued; all of them when `every` (start-up of the
// only process).
int64_t recover(storage::Store& store, bool every);

int64_t back_off_ms(int64_t attempts);  // 1 s, doubled each time, at most 5 minutes.

}  // namespace querist::jobs
