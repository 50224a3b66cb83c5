// Selection rows and their items.
#include "storage/selections.h"

#include "storage/events.h"
#include "storage/projects.h"

namespace querist::storage {

static const std::string select_selection =
    "SELECT id, project_id, cycle_id, strategy, params, seed, model_version, pool_size, "
    "through_event, "
    "remaining, data, sequence, created_at, closed_at FROM selections ";

static StoredSelection selection_of(const Row& row) {
  StoredSelection selection;
  selection.id = row.integer(0);
  selection.project_id = row.integer(1);
  selection.cycle_id = row.maybe_integer(2);
  selection.strategy = row.text(3);
  selection.params = parse_json(row.view(4));
  selection.seed = row.integer(5);
  selection.model_version = row.maybe_integer(6);
  selection.pool_size = row.integer(7);
  selection.through_event = row.integer(8);
  selection.remaining = row.integer(9);
  selection.data = parse_json(row.view(10));
  selection.sequence = row.integer(11);
  selection.created_at = row.integer(12);
  selection.closed_at = row.maybe_integer(13);
  return selection;
}

static SelectionItem item_of(const Row& row) {
  return {.example_id = row.integer(0),
          .row = row.integer(1),
          .utility = row.maybe_real(2),
          .propensity = row.maybe_real(3),
          .audit = row.flag(4),
          .prediction = row.maybe_text(5),
          .confidence = row.maybe_real(6),
          .done = row.flag(7),
          .relabel = row.flag(10)};
}

static const std::string select_items =
    "SELECT i.example_id, e.row, i.utility, i.propensity, i.audit, i.prediction, i.confidence, "
    "i.done, "
    "i.selection_id, s.strategy, i.relabel FROM selection_items i JOIN examples e ON e.id = "
    "i.example_id "
    "JOIN selections s ON s.id = i.selection_id ";

static void read_items(Session& session, StoredSelection& selection) {
  selection.items = session.all(select_items + "WHERE i.selection_id = $1 ORDER BY i.position",
                                {selection.id}, item_of);
}

static void open_item(Session& session, StoredSelection& selection, size_t position) {
  SelectionItem& item = selection.items[position];
  struct Found {
    int64_t id;
    int64_t row;
    bool labeled;
    bool open;
  };
  const bool by_id = item.example_id != 0;
  const auto found = session.one(
      by_id ? "SELECT id, row, state = 'labeled', EXISTS (SELECT 1 FROM selection_items i WHERE "
              "i.example_id = examples.id AND i.done = 0) FROM examples WHERE project_id = $1 AND "
              "id = $2"
            : "SELECT id, row, state = 'labeled', EXISTS (SELECT 1 FROM selection_items i WHERE "
              "i.example_id = examples.id AND i.done = 0) FROM examples WHERE project_id = $1 AND "
              "row = $2",
      {selection.project_id, by_id ? item.example_id : item.row}, [](const Row& row) {
        return Found{row.integer(0), row.integer(1), row.flag(2), row.flag(3)};
      });
  if (!found)
    fail(Code::not_found, "there is no example {} to select", by_id ? item.example_id : item.row);
  if (found->labeled && !item.relabel)
    fail(Code::conflict, "example {} is labelled already", found->id);
  if (!found->labeled && item.relabel)
    fail(Code::conflict, "example {} has no label to ask about again", found->id);
  if (found->open) fail(Code::conflict, "example {} is selected already", found->id);
  item.example_id = found->id;
  item.row = found->row;
  session.execute(
      "INSERT INTO selection_items (selection_id, position, project_id, example_id, utility, "
      "propensity, audit, prediction, confidence, relabel) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
      {selection.id, position, selection.project_id, item.example_id, item.utility, item.propensity,
       item.audit, item.prediction, item.confidence, item.relabel});
  if (item.audit) session.execute("UPDATE examples SET audit = 1 WHERE id = $1", {item.example_id});
}

static Json event_data(const StoredSelection& selection) {
  Json items = Json::array();
  for (const SelectionItem& item : selection.items) {
    Json one = {{"example_id", item.example_id},
                {"utility", item.utility ? Json(*item.utility) : Json()},
                {"propensity", item.propensity ? Json(*item.propensity) : Json()},
                {"audit", item.audit}};
    if (item.relabel) one["relabel"] = true;
    items.push_back(std::move(one));
  }
  return {{"selection_id", selection.id},
          {"strategy", selection.strategy},
          {"params", selection.params},
          {"seed", selection.seed},
          {"model_version", selection.model_version ? Json(*selection.model_version) : Json()},
          {"pool_size", selection.pool_size},
          {"through_event", selection.through_event},
          {"items", items}};
}

StoredSelection add_selection(Store& store, StoredSelection input, const std::string& actor) {
  if (input.items.empty()) refuse("a selection needs at least one example");
  return store.write([&](Session& session) {
    StoredSelection selection = input;  // The work may run again.
    const auto count = selection.items.size();
    selection.created_at = store.now();
    selection.remaining = static_cast<int64_t>(count);
    selection.id = session.integer(
        "INSERT INTO selections (project_id, cycle_id, strategy, params, seed, model_version, "
        "pool_size, "
        "through_event, items, remaining, data, sequence, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12) RETURNING id",
        {selection.project_id, selection.cycle_id, selection.strategy,
         canonical_json(selection.params), selection.seed, selection.model_version,
         selection.pool_size, selection.through_event, count, count, canonical_json(selection.data),
         selection.created_at});
    for (size_t i = 0; i < count; ++i) open_item(session, selection, i);
    selection.sequence =
        record(store, "selection_made", selection.project_id, actor, event_data(selection));
    session.execute("UPDATE selections SET sequence = $2 WHERE id = $1",
                    {selection.id, selection.sequence});
    return selection;
  });
}

static std::optional<StoredSelection> one_selection(Store& store, const std::string& where,
                                                    std::initializer_list<Value> values) {
  return store.read([&](Session& session) {
    auto found = session.one(select_selection + where, values, selection_of);
    if (found) read_items(session, *found);
    return found;
  });
}

std::optional<StoredSelection> find_selection(Store& store, int64_t project_id, int64_t id) {
  return one_selection(store, "WHERE id = $2 AND project_id = $1", {project_id, id});
}

std::optional<StoredSelection> latest_selection(Store& store, int64_t project_id) {
  return one_selection(store, "WHERE project_id = $1 ORDER BY id DESC LIMIT 1", {project_id});
}

std::vector<StoredSelection> recent_selections(Store& store, int64_t project_id, int64_t most) {
  return store.read([&](Session& session) {
    auto found = session.all(select_selection + "WHERE project_id = $1 ORDER BY id DESC LIMIT $2",
                             {project_id, most}, selection_of);
    for (StoredSelection& selection : found) read_items(session, selection);
    return found;
  });
}

std::vector<AuditDraw> audit_draws(Store& store, int64_t project_id) {
  return store.read([&](Session& session) {
    return session.all(
        "SELECT examples.row, selections.id FROM selections "
        "JOIN selection_items ON selection_items.selection_id = selections.id "
        "JOIN examples ON examples.id = selection_items.example_id "
        "WHERE selections.project_id = $1 AND selection_items.audit = 1 "
        "ORDER BY selections.id, selection_items.position",
        {project_id}, [](const Row& row) {
          return AuditDraw{row.integer(0), row.integer(1)};
        });
  });
}

std::vector<StoredSelection> selection_heads(Store& store, int64_t project_id) {
  return store.read([&](Session& session) {
    return session.all(select_selection + "WHERE project_id = $1 ORDER BY id", {project_id},
                       selection_of);
  });
}

std::vector<StoredSelection> open_selections(Store& store, int64_t project_id) {
  return store.read([&](Session& session) {
    auto found = session.all(
        select_selection +
            "WHERE id IN (SELECT DISTINCT selection_id FROM selection_items WHERE project_id = $1 "
            "AND done = 0) ORDER BY id",
        {project_id}, selection_of);
    for (StoredSelection& selection : found) read_items(session, selection);
    return found;
  });
}

std::optional<DrawnItem> drawn_item(Store& store, int64_t example_id) {
  return store.read([&](Session& session) {
    return session.one(
        select_items + "WHERE i.example_id = $1 ORDER BY i.selection_id DESC LIMIT 1", {example_id},
        [](const Row& row) {
          return DrawnItem{
              .selection_id = row.integer(8), .strategy = row.text(9), .item = item_of(row)};
        });
  });
}

std::vector<int64_t> open_rows(Store& store, int64_t project_id) {
  return store.read([&](Session& session) {
    return session.all(
        "SELECT DISTINCT e.row FROM selection_items i JOIN examples e ON e.id = i.example_id "
        "WHERE i.project_id = $1 AND i.done = 0 ORDER BY e.row",
        {project_id}, [](const Row& row) { return row.integer(0); });
  });
}

int64_t times_asked_again(Store& store, int64_t example_id) {
  return store.read([&](Session& session) {
    return session.integer(
        "SELECT count(*) FROM selection_items WHERE example_id = $1 AND relabel = 1", {example_id});
  });
}

std::vector<int64_t> set_items_done(Store& store, int64_t example_id, bool done) {
  return store.write([&](Session& session) {
    // Undoing an answer opens only the newest item again: older selections stay as they ended.
    const auto touched = session.all(
        "UPDATE selection_items SET done = $2 WHERE example_id = $1 AND done <> $2 AND ($2 = 1 OR "
        "selection_id = (SELECT max(x.selection_id) FROM selection_items x WHERE x.example_id = "
        "$1)) "
        "RETURNING selection_id",
        {example_id, done}, [](const Row& row) { return row.integer(0); });
    std::vector<int64_t> completed;
    for (const int64_t selection_id : touched) {
      const int64_t remaining = session.integer(
          "UPDATE selections SET remaining = remaining + $2 WHERE id = $1 RETURNING remaining",
          {selection_id, done ? -1 : 1});
      session.execute("UPDATE selections SET closed_at = $2 WHERE id = $1",
                      {selection_id, remaining == 0 ? Value(store.now()) : Value()});
      if (remaining == 0) completed.push_back(selection_id);
    }
    return completed;
  });
}

}  // namespace querist::storage
