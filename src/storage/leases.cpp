// Lease rows: found by annotator, by example and by the time they end.
#include "storage/leases.h"

namespace querist::storage {

static const std::string select_lease =
    "SELECT id, project_id, example_id, annotator, selection_id, suggestion, "
    "suggestion_confidence, "
    "suggestion_shown, state, created_at, expires_at FROM leases ";

static Lease lease_of(const Row& row) {
  return {.id = row.integer(0),
          .project_id = row.integer(1),
          .example_id = row.integer(2),
          .annotator = row.text(3),
          .selection_id = row.maybe_integer(4),
          .suggestion = row.maybe_text(5),
          .suggestion_confidence = row.maybe_real(6),
          .suggestion_shown = row.flag(7),
          .state = row.text(8),
          .created_at = row.integer(9),
          .expires_at = row.integer(10)};
}

std::vector<OpenItem> free_items(Store& store, int64_t project_id, const std::string& annotator,
                                 int64_t overlap, size_t limit) {
  return store.read([&](Session& session) {
    return session.all(
        "SELECT i.example_id, i.selection_id, i.position, i.prediction, i.confidence "
        "FROM selection_items i WHERE i.project_id = $1 AND i.done = 0 "
        "AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.example_id = i.example_id "
        "  AND l.annotator = $2 AND l.state = 'open') "
        "AND NOT EXISTS (SELECT 1 FROM annotations a WHERE a.example_id = i.example_id "
        "  AND a.annotator = $2 AND a.undoes IS NULL "
        "  AND NOT EXISTS (SELECT 1 FROM annotations u WHERE u.undoes = a.id)) "
        "AND (SELECT count(*) FROM leases l WHERE l.example_id = i.example_id AND l.state = "
        "'open') + "
        "  (SELECT count(DISTINCT a.annotator) FROM annotations a WHERE a.example_id = "
        "i.example_id "
        "  AND a.undoes IS NULL AND NOT EXISTS (SELECT 1 FROM annotations u WHERE u.undoes = "
        "a.id)) "
        "  < $3 + (SELECT count(*) FROM selection_items r WHERE r.example_id = i.example_id "
        "  AND r.relabel = 1) "
        "ORDER BY i.selection_id, i.position LIMIT $4",
        {project_id, annotator, overlap, limit}, [](const Row& row) {
          return OpenItem{.example_id = row.integer(0),
                          .selection_id = row.integer(1),
                          .position = row.integer(2),
                          .prediction = row.maybe_text(3),
                          .confidence = row.maybe_real(4)};
        });
  });
}

Lease insert_lease(Store& store, const Lease& lease, int64_t position) {
  return store.write([&](Session& session) {
    Lease stored = lease;
    stored.id = session.integer(
        "INSERT INTO leases (project_id, example_id, annotator, selection_id, position, "
        "suggestion, "
        "suggestion_confidence, suggestion_shown, created_at, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
        {lease.project_id, lease.example_id, lease.annotator, lease.selection_id, position,
         lease.suggestion, lease.suggestion_confidence, lease.suggestion_shown, lease.created_at,
         lease.expires_at});
    return stored;
  });
}

std::optional<Lease> find_lease(Store& store, int64_t project_id, int64_t id) {
  return store.read([&](Session& session) {
    return session.one(select_lease + "WHERE id = $2 AND project_id = $1", {project_id, id},
                       lease_of);
  });
}

std::vector<Lease> leases_of_annotator(Store& store, int64_t project_id,
                                       const std::string& annotator) {
  return store.read([&](Session& session) {
    return session.all(
        select_lease + "WHERE project_id = $1 AND annotator = $2 AND state = 'open' ORDER BY id",
        {project_id, annotator}, lease_of);
  });
}

std::vector<Lease> leases_of_example(Store& store, int64_t example_id) {
  return store.read([&](Session& session) {
    return session.all(select_lease + "WHERE example_id = $1 AND state = 'open' ORDER BY id",
                       {example_id}, lease_of);
  });
}

std::vector<Lease> leases_due(Store& store, int64_t project_id, int64_t now) {
  return store.read([&](Session& session) {
    return session.all(select_lease +
                           "WHERE project_id = $1 AND state = 'open' AND expires_at <= $2 "
                           "ORDER BY expires_at, id",
                       {project_id, now}, lease_of);
  });
}

void close_lease(Store& store, int64_t id, const std::string& state) {
  store.write([&](Session& session) {
    session.execute("UPDATE leases SET state = $2 WHERE id = $1 AND state <> 'answered'",
                    {id, state});
  });
}

void extend_lease(Store& store, int64_t id, int64_t expires_at) {
  store.write([&](Session& session) {
    session.execute("UPDATE leases SET expires_at = $2, state = 'open' WHERE id = $1",
                    {id, expires_at});
  });
}

HeldByOthers held_by_others(Store& store, int64_t project_id, const std::string& annotator) {
  return store.read([&](Session& session) {
    return *session.one(
        "SELECT count(DISTINCT example_id), min(expires_at) FROM leases "
        "WHERE project_id = $1 AND state = 'open' AND annotator <> $2",
        {project_id, annotator}, [](const Row& row) {
          return HeldByOthers{row.integer(0), row.maybe_integer(1)};
        });
  });
}

int64_t open_items(Store& store, int64_t project_id) {
  return store.read([&](Session& session) {
    return session.integer(
        "SELECT coalesce(sum(remaining), 0) FROM selections WHERE project_id = $1 AND remaining > "
        "0",
        {project_id});
  });
}

}  // namespace querist::storage
