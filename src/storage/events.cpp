// Appending to the hash chain and reading it back.
#include "storage/events.h"

#include <algorithm>

#include "base/hash.h"
#include "base/stop_point.h"

namespace querist::storage {

static const std::string no_hash(64, '0');  // What the first event has for a previous one.

// Text that someone made unreadable stays a text, so that the walk over the chain finds it instead
// of stopping at it.
static Json stored_json(std::string_view text) {
  return Json::accept(text) ? parse_json(text) : Json(text);
}

static Event event_of(const Row& row) {
  return {.sequence = row.integer(0),
          .kind = row.text(1),
          .project = row.maybe_text(2),
          .actor = row.text(3),
          .data = stored_json(row.view(4)),
          .created_at = row.integer(5),
          .previous_hash = row.text(6),
          .hash = row.text(7)};
}

std::string hash_of(const Event& event) {
  return sha256_hex(canonical_json({{"sequence", event.sequence},
                                    {"kind", event.kind},
                                    {"project", event.project ? Json(*event.project) : Json()},
                                    {"actor", event.actor},
                                    {"data", event.data},
                                    {"created_at", rfc3339(event.created_at)},
                                    {"previous_hash", event.previous_hash}}));
}

LedgerHead ledger_head(Store& store) {
  return store.read([](Session& session) {
    const auto head =
        session.one("SELECT value FROM meta WHERE name = 'ledger_head'", {}, [](const Row& row) {
          const Json noted = stored_json(row.view(0));
          if (!noted.is_object()) return LedgerHead{};
          return LedgerHead{json_integer(noted, "sequence", 0), json_text(noted, "hash", "")};
        });
    return head.value_or(LedgerHead{0, no_hash});
  });
}

int64_t record(Store& store, std::string_view kind, std::optional<int64_t> project_id,
               const std::string& actor, const Json& data) {
  return store.write([&](Session& session) {
    const LedgerHead last =
        session
            .one("SELECT sequence, hash FROM events ORDER BY sequence DESC LIMIT 1", {},
                 [](const Row& row) {
                   return LedgerHead{row.integer(0), row.text(1)};
                 })
            .value_or(LedgerHead{0, no_hash});
    Event event{.sequence = last.sequence + 1, .kind = std::string(kind), .actor = actor};
    if (project_id) {
      event.project = session.one("SELECT name FROM projects WHERE id = $1", {*project_id},
                                  [](const Row& row) { return row.text(0); });
    }
    event.created_at = store.now();
    event.previous_hash = last.hash;
    // What is hashed is what a reader will parse back from the stored text.
    const std::string text = canonical_json(data);
    event.data = parse_json(text);
    event.hash = hash_of(event);
    session.execute(
        "INSERT INTO events (sequence, kind, project_id, project, actor, data, created_at, "
        "previous_hash, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        {event.sequence, event.kind, project_id, event.project, actor, text, event.created_at,
         event.previous_hash, event.hash});
    stop_point("event_before_head");
    session.execute(
        "INSERT INTO meta (name, value) VALUES ('ledger_head', $1) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        {canonical_json({{"sequence", event.sequence}, {"hash", event.hash}})});
    return event.sequence;
  });
}

Page<Event> events(Store& store, const EventQuery& query) {
  const size_t limit = std::clamp<size_t>(query.limit, 1, 1'000);
  return store.read([&](Session& session) {
    static constexpr std::string_view columns =
        "SELECT sequence, kind, project, actor, data, created_at, previous_hash, hash FROM events ";
    Page<Event> page;
    if (query.project_id) {
      page.items = session.all(std::string(columns) +
                                   "WHERE project_id = $1 AND sequence > $2 "
                                   "ORDER BY sequence LIMIT $3",
                               {*query.project_id, query.after, limit}, event_of);
    } else {
      page.items =
          session.all(std::string(columns) + "WHERE sequence > $1 ORDER BY sequence LIMIT $2",
                      {query.after, limit}, event_of);
    }
    if (page.items.size() == limit) page.next = page.items.back().sequence;
    return page;
  });
}

int64_t last_sequence(Store& store) {
  return store.read([](Session& session) {
    return session.integer("SELECT coalesce(max(sequence), 0) FROM events");
  });
}

}  // namespace querist::storage
