// Cycle rows.
#include "storage/cycles.h"

#include <algorithm>

#include "storage/events.h"

namespace querist::storage {

static const std::string select_cycle =
    "SELECT id, project_id, state, model_version, selection_id, data, created_at, updated_at, "
    "finished_at "
    "FROM cycles ";

static Cycle cycle_of(const Row& row) {
  return {.id = row.integer(0),
          .project_id = row.integer(1),
          .state = from_word<CycleState>(row.view(2), "state"),
          .model_version = row.maybe_integer(3),
          .selection_id = row.maybe_integer(4),
          .data = parse_json(row.view(5)),
          .created_at = row.integer(6),
          .updated_at = row.integer(7),
          .finished_at = row.maybe_integer(8)};
}

Cycle add_cycle(Store& store, int64_t project_id, const std::string& actor) {
  return store.write([&](Session& session) {
    const int64_t now = store.now();
    const int64_t id = session.integer(
        "INSERT INTO cycles (project_id, state, created_at, updated_at) "
        "VALUES ($1, 'training', $2, $2) RETURNING id",
        {project_id, now});
    record(store, "cycle_started", project_id, actor, {{"cycle_id", id}});
    return *find_cycle(store, project_id, id);
  });
}

std::optional<Cycle> find_cycle(Store& store, int64_t project_id, int64_t id) {
  return store.read([&](Session& session) {
    return session.one(select_cycle + "WHERE id = $2 AND project_id = $1", {project_id, id},
                       cycle_of);
  });
}

std::optional<Cycle> latest_cycle(Store& store, int64_t project_id) {
  return store.read([&](Session& session) {
    return session.one(select_cycle + "WHERE project_id = $1 ORDER BY id DESC LIMIT 1",
                       {project_id}, cycle_of);
  });
}

Page<Cycle> cycles(Store& store, int64_t project_id, int64_t after, size_t limit) {
  limit = std::clamp<size_t>(limit, 1, 1'000);
  const int64_t before = after > 0 ? after : INT64_MAX;
  return store.read([&](Session& session) {
    Page<Cycle> page;
    page.items =
        session.all(select_cycle + "WHERE project_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
                    {project_id, before, limit}, cycle_of);
    if (page.items.size() == limit) page.next = page.items.back().id;
    return page;
  });
}

void save_cycle(Store& store, const Cycle& cycle, const std::string& actor) {
  store.write([&](Session& session) {
    const auto before = find_cycle(store, cycle.project_id, cycle.id);
    if (!before) fail(Code::not_found, "there is no cycle {} in this project", cycle.id);
    const int64_t now = store.now();
    const bool finished = cycle.state == CycleState::finished;
    session.execute(
        "UPDATE cycles SET state = $2, model_version = $3, selection_id = $4, data = $5, "
        "updated_at = $6, finished_at = $7 WHERE id = $1",
        {cycle.id, word(cycle.state), cycle.model_version, cycle.selection_id,
         canonical_json(cycle.data), now,
         finished ? Value(before->finished_at.value_or(now)) : Value()});
    if (before->state == cycle.state) return;
    record(store, "cycle_moved", cycle.project_id, actor,
           {{"cycle_id", cycle.id},
            {"from", word(before->state)},
            {"to", word(cycle.state)},
            {"model_version", cycle.model_version ? Json(*cycle.model_version) : Json()},
            {"selection_id", cycle.selection_id ? Json(*cycle.selection_id) : Json()}});
  });
}

}  // namespace querist::storage
