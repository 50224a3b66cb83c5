// Names that point at model versions, and the append-only history that rolling back reads.
#include <algorithm>

#include "storage/events.h"
#include "storage/models.h"

namespace querist::storage {

static const std::string select_change =
    "SELECT alias, version, previous, action, reason, actor, sequence, created_at FROM "
    "alias_history ";

static AliasChange change_of(const Row& row) {
  return {.alias = row.text(0),
          .version = row.integer(1),
          .previous = row.maybe_integer(2),
          .action = row.text(3),
          .reason = row.text(4),
          .actor = row.text(5),
          .sequence = row.integer(6),
          .created_at = row.integer(7)};
}

static void check_alias(std::string_view alias) {
  const bool good =
      !alias.empty() && alias.size() <= 64 && std::all_of(alias.begin(), alias.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
      });
  if (!good) refuse("an alias is 1 to 64 of a-z, 0-9, _ and -, not \"{}\"", alias.substr(0, 80));
}

AliasChange set_alias(Store& store, int64_t project_id, std::string_view alias, int64_t version,
                      std::string_view action, const std::string& reason,
                      const std::string& actor) {
  check_alias(alias);
  return store.write([&](Session& session) {
    if (!find_model(store, project_id, version)) {
      fail(Code::not_found, "there is no model version {}", version);
    }
    AliasChange change{.alias = std::string(alias),
                       .version = version,
                       .action = std::string(action),
                       .reason = reason,
                       .actor = actor,
                       .created_at = store.now()};
    change.previous =
        session.one("SELECT version FROM model_aliases WHERE project_id = $1 AND alias = $2",
                    {project_id, alias}, [](const Row& row) { return row.integer(0); });
    session.execute(
        "INSERT INTO model_aliases (project_id, alias, version) VALUES ($1, $2, $3) "
        "ON CONFLICT (project_id, alias) DO UPDATE SET version = excluded.version",
        {project_id, alias, version});
    change.sequence = record(store, "alias_set", project_id, actor,
                             {{"alias", change.alias},
                              {"version", version},
                              {"previous", change.previous ? Json(*change.previous) : Json()},
                              {"action", change.action},
                              {"reason", reason}});
    session.execute(
        "INSERT INTO alias_history (project_id, alias, version, previous, action, reason, actor, "
        "sequence, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        {project_id, alias, version, change.previous, action, reason, actor, change.sequence,
         change.created_at});
    return change;
  });
}

AliasChange roll_back(Store& store, int64_t project_id, std::string_view alias,
                      const std::string& reason, const std::string& actor) {
  return store.write([&](Session& session) {
    // Each promotion goes on top of the pile and each rollback takes one off, so that two in a row
    // go back two.
    std::vector<int64_t> pile;
    session.each(select_change + "WHERE project_id = $1 AND alias = $2 ORDER BY id",
                 {project_id, alias}, [&](const Row& row) {
                   const AliasChange change = change_of(row);
                   if (change.action != "rollback") {
                     pile.push_back(change.version);
                   } else if (!pile.empty()) {
                     pile.pop_back();
                   }
                 });
    if (pile.size() < 2) {
      fail(Code::conflict, "the alias {} has no earlier version to go back to",
           alias.substr(0, 80));
    }
    return set_alias(store, project_id, alias, pile[pile.size() - 2], "rollback", reason, actor);
  });
}

std::vector<AliasChange> alias_history(Store& store, int64_t project_id) {
  return store.read([&](Session& session) {
    return session.all(select_change + "WHERE project_id = $1 ORDER BY id DESC", {project_id},
                       change_of);
  });
}

}  // namespace querist::storage
