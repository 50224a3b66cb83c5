// Looking at examples: one, many, pages, and rows by state.
#include "storage/examples.h"

#include <algorithm>

#include "storage/encode_payload.h"

namespace querist::storage {

static const std::string select_example =
    "SELECT e.id, e.project_id, e.row, e.external_id, e.content_hash, e.known_label, e.group_name, "
    "e.time, e.split, e.meta, e.state, e.label, e.audit, e.payload, p.payload "
    "FROM examples e JOIN projects p ON p.id = e.project_id ";

static Example example_of(const Row& row) {
  Example example;
  example.id = row.integer(0);
  example.project_id = row.integer(1);
  example.row = row.integer(2);
  example.external_id = row.maybe_text(3);
  example.content_hash = hex_hash(row.blob(4));
  example.known_label = row.maybe_text(5);
  example.group = row.maybe_text(6);
  example.time = row.maybe_text(7);
  example.split = row.maybe_text(8);
  if (!row.null(9)) example.meta = parse_json(row.view(9));
  example.state = from_word<ExampleState>(row.view(10), "state");
  example.label = row.maybe_text(11);
  example.audit = row.flag(12);
  switch (from_word<PayloadKind>(row.view(14), "payload")) {
    case PayloadKind::text:
      example.text = row.text(13);
      break;
    case PayloadKind::columns:
      example.cells = parse_json(row.view(13)).get<std::vector<std::string>>();
      break;
    case PayloadKind::image:
      example.image_hash = row.text(13);
      break;
    case PayloadKind::embedding:
      break;
  }
  return example;
}

// What is looked for stands for itself: % and _ are no wildcards.
static std::string like_pattern(std::string_view text) {
  std::string pattern = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + "%";
}

Page<Example> examples(Store& store, int64_t project_id, const ExampleQuery& query) {
  const size_t limit = std::clamp<size_t>(query.limit, 1, 1'000);
  // Every variant names all placeholders; the literal terms let the partial indexes serve.
  std::string sql = select_example + "WHERE e.project_id = $1 AND e.row >= $2 ";
  const bool partial = query.state && *query.state != ExampleState::unlabeled;
  sql += query.state ? "AND e.state = $3 " : "AND $3 IS NULL ";
  if (partial) sql += "AND e.state <> 'unlabeled' ";
  sql += query.label ? "AND e.label = $4 " : "AND $4 IS NULL ";
  sql += query.q.empty()
             ? "AND $5 = '%%' "
             : "AND (e.payload LIKE $5 ESCAPE '\\' OR e.external_id LIKE $5 ESCAPE '\\') ";
  sql += "ORDER BY e.row LIMIT $6";
  const auto state = query.state ? Value(word(*query.state)) : Value();
  return store.read([&](Session& session) {
    Page<Example> page;
    page.items = session.all(
        sql, {project_id, query.after, state, query.label, like_pattern(query.q), limit},
        example_of);
    if (page.items.size() == limit) page.next = page.items.back().row + 1;
    return page;
  });
}

std::optional<Example> find_example(Store& store, int64_t project_id, int64_t id) {
  return store.read([&](Session& session) {
    return session.one(select_example + "WHERE e.id = $2 AND e.project_id = $1", {project_id, id},
                       example_of);
  });
}

Example example(Store& store, int64_t project_id, int64_t id) {
  auto found = find_example(store, project_id, id);
  if (!found) fail(Code::not_found, "there is no example {} in this project", id);
  return std::move(*found);
}

std::optional<Example> find_example_by_external_id(Store& store, int64_t project_id,
                                                   std::string_view external_id) {
  return store.read([&](Session& session) {
    return session.one(select_example + "WHERE e.project_id = $1 AND e.external_id = $2",
                       {project_id, external_id}, example_of);
  });
}

std::optional<Example> find_example_by_row(Store& store, int64_t project_id, int64_t row) {
  return store.read([&](Session& session) {
    return session.one(select_example + "WHERE e.project_id = $1 AND e.row = $2", {project_id, row},
                       example_of);
  });
}

std::vector<Example> examples_by_id(Store& store, int64_t project_id,
                                    std::span<const int64_t> ids) {
  return store.snapshot([&] {
    std::vector<Example> result;
    for (const int64_t id : ids) result.push_back(example(store, project_id, id));
    return result;
  });
}

std::vector<int64_t> ids_of_rows(Store& store, int64_t project_id, std::span<const int64_t> rows) {
  return store.read([&](Session& session) {
    std::vector<int64_t> ids;
    for (const int64_t row : rows) {
      const auto id = session.one("SELECT id FROM examples WHERE project_id = $1 AND row = $2",
                                  {project_id, row}, [](const Row& r) { return r.integer(0); });
      if (!id) fail(Code::not_found, "there is no example row {} in this project", row);
      ids.push_back(*id);
    }
    return ids;
  });
}

std::vector<int64_t> rows_of_ids(Store& store, int64_t project_id, std::span<const int64_t> ids) {
  return store.read([&](Session& session) {
    std::vector<int64_t> rows;
    for (const int64_t id : ids) {
      const auto row = session.one("SELECT row FROM examples WHERE id = $2 AND project_id = $1",
                                   {project_id, id}, [](const Row& r) { return r.integer(0); });
      if (!row) fail(Code::not_found, "there is no example {} in this project", id);
      rows.push_back(*row);
    }
    return rows;
  });
}

static std::string_view column_of(Field field) {
  switch (field) {
    case Field::external_id:
      return "external_id";
    case Field::known_label:
      return "known_label";
    case Field::group:
      return "group_name";
    case Field::time:
      return "time";
    case Field::split:
      return "split";
  }
  fail(Code::internal, "unknown field");
}

std::vector<std::string> field_of_rows(Store& store, int64_t project_id, Field field) {
  const std::string sql =
      fmt::format("SELECT {} FROM examples WHERE project_id = $1 ORDER BY row", column_of(field));
  return store.read([&](Session& session) {
    return session.all(sql, {project_id},
                       [](const Row& row) { return row.maybe_text(0).value_or(""); });
  });
}

std::vector<int64_t> candidate_rows(Store& store, int64_t project_id) {
  return store.read([&](Session& session) {
    const int64_t count =
        session.integer("SELECT examples FROM projects WHERE id = $1", {project_id});
    std::vector<char> taken(static_cast<size_t>(count), 0);
    const auto take = [&](const Row& row) { taken[static_cast<size_t>(row.integer(0))] = 1; };
    session.each("SELECT row FROM examples WHERE project_id = $1 AND state <> 'unlabeled'",
                 {project_id}, take);
    session.each(
        "SELECT e.row FROM selection_items i JOIN examples e ON e.id = i.example_id "
        "WHERE i.project_id = $1 AND i.done = 0",
        {project_id}, take);
    std::vector<int64_t> rows;
    for (int64_t row = 0; row < count; ++row) {
      if (!taken[static_cast<size_t>(row)]) rows.push_back(row);
    }
    return rows;
  });
}

std::vector<int64_t> rows_in_state(Store& store, int64_t project_id, ExampleState state) {
  const std::string_view sql =
      state == ExampleState::unlabeled
          ? "SELECT row FROM examples WHERE project_id = $1 AND state = $2 ORDER BY row"
          : "SELECT row FROM examples WHERE project_id = $1 AND state = $2 AND state <> "
            "'unlabeled' "
            "ORDER BY row";
  return store.read([&](Session& session) {
    return session.all(sql, {project_id, word(state)},
                       [](const Row& row) { return row.integer(0); });
  });
}

}  // namespace querist::storage
