// Job rows: claimed by one worker at a time, moved only from the state they are known to be in.
#include "storage/jobs.h"

#include <algorithm>

namespace querist::storage {

static const std::string select_job =
    "SELECT id, project_id, kind, state, params, unique_key, attempts, max_attempts, run_at, "
    "claimed_by, "
    "lease_until, cancel_requested, done, total, unit, result, error, actor, created_at, "
    "started_at, "
    "finished_at FROM jobs ";

static Job job_of(const Row& row) {
  Job job;
  job.id = row.integer(0);
  job.project_id = row.maybe_integer(1);
  job.kind = row.text(2);
  job.state = from_word<JobState>(row.view(3), "state");
  job.params = parse_json(row.view(4));
  job.unique_key = row.maybe_text(5);
  job.attempts = row.integer(6);
  job.max_attempts = row.integer(7);
  job.run_at = row.integer(8);
  job.claimed_by = row.maybe_text(9);
  job.lease_until = row.maybe_integer(10);
  job.cancel_requested = row.flag(11);
  if (!row.null(12)) job.progress = JobProgress{row.real(12), row.real(13), row.text(14)};
  job.result = parse_json(row.view(15));
  job.error = row.maybe_text(16);
  job.actor = row.text(17);
  job.created_at = row.integer(18);
  job.started_at = row.maybe_integer(19);
  job.finished_at = row.maybe_integer(20);
  return job;
}

Job insert_job(Store& store, const Job& job) {
  return store.write([&](Session& session) {
    if (job.unique_key) {
      const auto pending =
          session.one(select_job + "WHERE kind = $1 AND unique_key = $2 AND state = 'queued'",
                      {job.kind, *job.unique_key}, job_of);
      if (pending) {
        // The sooner of the two times holds: new work must not wait out an old back-off.
        session.execute("UPDATE jobs SET run_at = $2 WHERE id = $1 AND run_at > $2",
                        {pending->id, job.run_at});
        return *find_job(store, pending->id);
      }
    }
    const int64_t id = session.integer(
        "INSERT INTO jobs (project_id, kind, state, params, unique_key, max_attempts, run_at, "
        "actor, "
        "created_at) VALUES ($1, $2, 'queued', $3, $4, $5, $6, $7, $8) RETURNING id",
        {job.project_id, job.kind, canonical_json(job.params), job.unique_key, job.max_attempts,
         job.run_at, job.actor, store.now()});
    return *find_job(store, id);
  });
}

std::optional<Job> find_job(Store& store, int64_t id) {
  return store.read(
      [&](Session& session) { return session.one(select_job + "WHERE id = $1", {id}, job_of); });
}

Page<Job> jobs(Store& store, const JobQuery& query) {
  const size_t limit = std::clamp<size_t>(query.limit, 1, 1'000);
  std::string sql = select_job;
  sql += query.after ? "WHERE id < $1 " : "WHERE $1 IS NULL ";
  sql += query.project_id ? "AND project_id = $2 " : "AND $2 IS NULL ";
  sql += query.state ? "AND state = $3 " : "AND $3 IS NULL ";
  sql += "ORDER BY id DESC LIMIT $4";
  const auto state = query.state ? Value(word(*query.state)) : Value();
  return store.read([&](Session& session) {
    Page<Job> page;
    page.items = session.all(sql, {query.after, query.project_id, state, limit}, job_of);
    if (page.items.size() == limit) page.next = page.items.back().id;
    return page;
  });
}

std::optional<Job> claim_job(Store& store, const std::vector<std::string>& kinds,
                             const std::string& worker, int64_t lease_until) {
  return store.write([&](Session& session) -> std::optional<Job> {
    std::optional<int64_t> chosen;
    session.each(
        "SELECT id, kind FROM jobs WHERE state = 'queued' AND run_at <= $1 AND (unique_key IS NULL "
        "OR NOT "
        "EXISTS (SELECT 1 FROM jobs r WHERE r.kind = jobs.kind AND r.unique_key = jobs.unique_key "
        "AND r.state = 'running')) ORDER BY run_at, id",
        {store.now()}, [&](const Row& row) {
          const bool ours = std::find(kinds.begin(), kinds.end(), row.view(1)) != kinds.end();
          if (ours && !chosen) chosen = row.integer(0);
        });
    if (!chosen) return std::nullopt;
    session.execute(
        "UPDATE jobs SET state = 'running', claimed_by = $2, lease_until = $3, attempts = attempts "
        "+ 1, "
        "started_at = $4, done = NULL, total = NULL, unit = NULL WHERE id = $1",
        {*chosen, worker, lease_until, store.now()});
    return find_job(store, *chosen);
  });
}

bool extend_job(Store& store, int64_t id, const std::string& worker, int64_t lease_until) {
  return store.write([&](Session& session) {
    return session.execute(
               "UPDATE jobs SET lease_until = $3 WHERE id = $1 AND claimed_by = $2 AND state = "
               "'running'",
               {id, worker, lease_until}) == 1;
  });
}

void set_job_progress(Store& store, int64_t id, const JobProgress& progress) {
  store.write([&](Session& session) {
    session.execute(
        "UPDATE jobs SET done = $2, total = $3, unit = $4 WHERE id = $1 AND state = 'running'",
        {id, progress.done, progress.total, progress.unit});
  });
}

bool move_job(Store& store, const Job& job, JobState from,
              const std::optional<std::string>& worker) {
  return store.write([&](Session& session) {
    return session.execute(
               "UPDATE jobs SET state = $2, attempts = $3, run_at = $4, claimed_by = $5, "
               "lease_until = $6, "
               "cancel_requested = $7, result = $8, error = $9, finished_at = $10 "
               "WHERE id = $1 AND state = $11 AND ($12 IS NULL OR claimed_by = $12)",
               {job.id, word(job.state), job.attempts, job.run_at, job.claimed_by, job.lease_until,
                job.cancel_requested, canonical_json(job.result), job.error, job.finished_at,
                word(from), worker}) == 1;
  });
}

void request_cancel(Store& store, int64_t id) {
  store.write([&](Session& session) {
    session.execute("UPDATE jobs SET cancel_requested = 1 WHERE id = $1", {id});
  });
}

std::vector<Job> running_jobs(Store& store, std::optional<int64_t> lease_ended_by) {
  return store.read([&](Session& session) {
    return session.all(
        select_job + "WHERE state = 'running' AND ($1 IS NULL OR lease_until <= $1) ORDER BY id",
        {lease_ended_by}, job_of);
  });
}

std::optional<int64_t> next_due(Store& store) {
  return store.read([](Session& session) {
    return *session.one("SELECT min(run_at) FROM jobs WHERE state = 'queued'", {},
                        [](const Row& row) { return row.maybe_integer(0); });
  });
}

}  // namespace querist::storage
