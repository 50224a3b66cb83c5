// The queue's moves, each checked against states.h and told of by an event.
#include "jobs/queue.h"

#include <algorithm>

#include "base/check.h"
#include "jobs/states.h"
#include "storage/events.h"
#include "storage/jobs.h"

namespace querist::jobs {

using storage::Store;

static void tell(Store& store, std::string_view kind, const Job& job, Json data = Json::object()) {
  data["job_id"] = job.id;
  data["kind"] = job.kind;
  storage::record(store, kind, job.project_id, job.actor, data);
}

// Moves a job out of the state it is in; false when it is no longer there, or no longer the
// claimer's.
static bool move(Store& store, const Job& job, JobState to, std::string_view event, Json data,
                 const std::function<void(Job&)>& change) {
  QUERIST_CHECK(allowed(job.state, to));
  return store.atomically([&] {
    Job moved = job;
    moved.state = to;
    moved.lease_until = std::nullopt;
    if (to == JobState::queued) moved.claimed_by = std::nullopt;
    if (to != JobState::queued) moved.finished_at = store.now();
    change(moved);
    if (!storage::move_job(store, moved, job.state, job.claimed_by)) return false;
    tell(store, event, moved, std::move(data));
    return true;
  });
}

Job enqueue(Store& store, const NewJob& input) {
  return store.atomically([&] {
    Job job{.project_id = input.project_id, .kind = input.kind, .params = input.params};
    job.unique_key = input.unique_key;
    job.max_attempts = std::max<int64_t>(1, input.max_attempts);
    job.run_at = store.now() + input.delay_ms;
    job.actor = input.actor;
    const auto newest = [&] { return storage::jobs(store, {.limit = 1}); };
    const auto before = newest();
    const Job stored = storage::insert_job(store, job);
    const bool is_new = before.items.empty() || stored.id > before.items.front().id;
    if (is_new) tell(store, "job_queued", stored);
    return stored;
  });
}

Job job(Store& store, int64_t id) {
  auto found = storage::find_job(store, id);
  if (!found) fail(Code::not_found, "there is no job {}", id);
  return std::move(*found);
}

Job cancel(Store& store, int64_t id, const std::string& actor) {
  return store.atomically([&] {
    const Job found = job(store, id);
    switch (found.state) {
      case JobState::queued:
        move(store, found, JobState::cancelled, "job_cancelled", {{"by", actor}}, [](Job&) {});
        break;
      case JobState::running:
        if (!found.cancel_requested) {
          storage::request_cancel(store, id);
          tell(store, "job_cancel_requested", found, {{"by", actor}});
        }
        break;
      default:
        fail(Code::conflict, "job {} has {} already", id, word(found.state));
    }
    return job(store, id);
  });
}

std::optional<Job> claim(Store& store, const std::vector<JobKind>& kinds, const std::string& worker,
                         int64_t lease_ms) {
  const auto due = storage::next_due(store);  // Looked at without troubling the writer.
  if (!due || *due > store.now()) return std::nullopt;
  std::vector<std::string> names;
  for (const JobKind& kind : kinds) names.push_back(kind.name);
  return store.atomically([&] {
    auto claimed = storage::claim_job(store, names, worker, store.now() + lease_ms);
    if (claimed) tell(store, "job_started", *claimed, {{"attempt", claimed->attempts}});
    return claimed;
  });
}

Heartbeat heartbeat(Store& store, int64_t id, const std::string& worker, int64_t lease_ms) {
  return store.atomically([&] {
    const bool held = storage::extend_job(store, id, worker, store.now() + lease_ms);
    return Heartbeat{held, held && job(store, id).cancel_requested};
  });
}

void succeed(Store& store, const Job& job, const Json& result) {
  move(store, job, JobState::succeeded, "job_succeeded", Json::object(), [&](Job& moved) {
    moved.result = result;
    moved.error = std::nullopt;
  });
}

static bool worth_retrying(Code code) {
  return code == Code::unavailable || code == Code::resource_exhausted || code == Code::internal;
}

// Another job of the same key may have been queued while this one ran; it does the work then.
static bool superseded(Store& store, const Job& job) {
  if (!job.unique_key) return false;
  const auto queued = storage::jobs(
      store, {.project_id = job.project_id, .state = JobState::queued, .limit = 1'000});
  return std::any_of(queued.items.begin(), queued.items.end(), [&](const Job& other) {
    return other.kind == job.kind && other.unique_key == job.unique_key;
  });
}

static bool requeue(Store& store, const Job& job, const Json& data,
                    const std::function<void(Job&)>& change) {
  return store.atomically([&] {
    if (superseded(store, job)) {
      return move(store, job, JobState::cancelled, "job_superseded", data, change);
    }
    return move(store, job, JobState::queued, "job_requeued", data, change);
  });
}

void end_with(Store& store, const Job& job, Code code, const std::string& message) {
  const Json data = {{"code", code_word(code)}, {"message", message}};
  if (code == Code::cancelled) {
    move(store, job, JobState::cancelled, "job_cancelled", data,
         [&](Job& moved) { moved.error = message; });
  } else if (worth_retrying(code) && job.attempts < job.max_attempts) {
    requeue(store, job, data, [&](Job& moved) {
      moved.error = message;
      moved.run_at = store.now() + back_off_ms(job.attempts);
    });
  } else {
    move(store, job, JobState::failed, "job_failed", data,
         [&](Job& moved) { moved.error = message; });
  }
}

void hand_back(Store& store, const Job& job) {
  requeue(store, job, Json::object(), [&](Job& moved) {
    moved.attempts = std::max<int64_t>(0, job.attempts - 1);
    moved.run_at = store.now();
  });
}

int64_t recover(Store& store, bool every) {
  const auto until = every ? std::nullopt : std::optional(store.now());
  if (storage::running_jobs(store, until).empty()) return 0;
  return store.atomically([&] {
    int64_t recovered = 0;
    for (const Job& job : storage::running_jobs(store, until)) {
      // A job that takes its process down each time must end some day.
      if (job.cancel_requested) {
        end_with(store, job, Code::cancelled, "cancelled while its worker was gone");
      } else if (job.attempts >= job.max_attempts) {
        move(store, job, JobState::failed, "job_failed", {{"message", "its worker ended"}},
             [](Job& moved) {
               moved.error = "its worker ended before the job did, too many times";
             });
      } else {
        requeue(store, job, {{"message", "its worker ended"}},
                [&](Job& moved) { moved.run_at = store.now(); });
      }
      ++recovered;
    }
    return recovered;
  });
}

int64_t back_off_ms(int64_t attempts) {
  const int64_t doublings = std::clamp<int64_t>(attempts - 1, 0, 16);
  return std::min<int64_t>(300'000, int64_t{1'000} << doublings);
}

}  // namespace querist::jobs
