// Jobs as rows. Which state may follow which is the business of jobs/states.h; each change here
// names both.
#pragma once

#include "storage/store.h"

namespace querist::storage {

// Stores a queued job; one with the same kind and unique_key still queued is returned instead.
Job insert_job(Store& store, const Job& job);
std::optional<Job> find_job(Store& store, int64_t id);

struct JobQuery {
  std::optional<int64_t> project_id;
  std::optional<JobState> state;
  std::optional<int64_t> after;
  size_t limit = 50;
};
Page<Job> jobs(Store& store, const JobQuery& query);  // Newest first.

// Takes the job that is due longest among these kinds; none with the key of a running one.
std::optional<Job> claim_job(Store& store, const std::vector<std::string>& kinds,
                             const std::string& worker, int64_t lease_until);
// Keeps the claim; false when the job is no longer this worker's.
bool extend_job(Store& store, int64_t id, const std::string& worker, int64_t lease_until);
void set_job_progress(Store& store, int64_t id, const JobProgress& progress);
// Moves the job to job.state and stores its other fields, if it is still in state `from` and, when
// running, claimed by `worker`; false otherwise.
bool move_job(Store& store, const Job& job, JobState from,
              const std::optional<std::string>& worker);
void request_cancel(Store& store, int64_t id);
std::vector<Job> running_jobs(Store& store, std::optional<int64_t> lease_ended_by);
std::optional<int64_t> next_due(Store& store);  // When the next queued job is due.

}  // namespace querist::storage
