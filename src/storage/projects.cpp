// Creating, finding and changing projects.
#include "storage/projects.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/limits.h"
#include "data/project_settings.h"
#include "storage/events.h"

namespace querist::storage {

static constexpr std::string_view select_project =
    "SELECT id, name, task, classes, settings, payload, columns, dimensions, finalised, examples, "
    "leased, labeled, skipped, audit, created_at FROM projects ";

static Project project_of(const Row& row) {
  Project project;
  project.id = row.integer(0);
  project.name = row.text(1);
  project.task = row.text(2);
  project.classes = parse_json(row.view(3)).get<std::vector<std::string>>();
  project.settings = checked_settings(parse_json(row.view(4)), Params(project_settings()));
  if (!row.null(5)) project.payload = from_word<PayloadKind>(row.view(5), "payload");
  for (const Json& column : parse_json(row.view(6))) {
    project.columns.push_back({json_text(column, "name"), json_text(column, "type")});
  }
  project.dimensions = row.integer(7);
  project.finalised = row.flag(8);
  Counts& counts = project.counts;
  counts.examples = row.integer(9);
  counts.leased = row.integer(10);
  counts.labeled = row.integer(11);
  counts.skipped = row.integer(12);
  counts.unlabeled = counts.examples - counts.leased - counts.labeled - counts.skipped;
  counts.audit = row.integer(13);
  project.created_at = row.integer(14);
  return project;
}

Params checked_settings(const Json& settings, Params base) {
  if (!settings.is_object()) refuse("settings must be a JSON object");
  Params result(base.specs());
  for (const auto& [name, value] : base.given()) {
    const auto now = settings.find(name);
    if (now == settings.end() || !now->is_null()) result.set(name, value);
  }
  for (const auto& [name, value] : settings.items()) {
    const bool known = std::ranges::find(base.specs(), std::string_view(name), &ParamSpec::name) !=
                       base.specs().end();
    if (!known) {
      std::vector<std::string_view> names;
      for (const ParamSpec& spec : base.specs()) names.push_back(spec.name);
      refuse("there is no setting \"{}\"; there are {}", name, fmt::join(names, ", "));
    }
    if (value.is_null()) continue;
    if (value.is_boolean()) {
      result.set(name, value.get<bool>());
    } else if (value.is_number()) {
      result.set(name, value.get<double>());
    } else if (value.is_string()) {
      result.set(name, value.get<std::string>());
    } else {
      refuse("the setting {} must be a number, a flag or a text", name);
    }
  }
  return result;
}

static Json json_of(const Params& settings) {
  Json object = Json::object();
  for (const auto& [name, value] : settings.given()) {
    const auto* number = std::get_if<double>(&value);
    const auto* flag = std::get_if<bool>(&value);
    if (number && *number == std::floor(*number) && std::fabs(*number) < 1e15) {
      object[name] = static_cast<int64_t>(*number);
    } else if (number) {
      object[name] = *number;
    } else if (flag) {
      object[name] = *flag;
    } else {
      object[name] = std::get<std::string>(value);
    }
  }
  return object;
}

static void check_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const bool good = !name.empty() && name.size() <= 64 && letter(name[0]) &&
                    std::all_of(name.begin(), name.end(), [&](char c) {
                      return letter(c) || c == '.' || c == '_' || c == '-';
                    });
  if (!good) {
    refuse("the project name \"{}\" must match [A-Za-z0-9][A-Za-z0-9._-]{{0,63}}",
           name.substr(0, 80));
  }
}

static void check_classes(const std::vector<std::string>& classes) {
  if (classes.size() > limits::max_classes) {
    refuse("{} classes are too many; the maximum is {}", classes.size(), limits::max_classes);
  }
  std::set<std::string_view> seen;
  for (const std::string& name : classes) {
    if (name.empty() || name.size() > limits::max_name_bytes) {
      refuse("a class name must have 1 to {} bytes", limits::max_name_bytes);
    }
    if (!seen.insert(name).second) refuse("the class \"{}\" is given twice", name);
  }
}

Project create_project(Store& store, const NewProject& input, const std::string& actor) {
  check_name(input.name);
  check_classes(input.classes);
  if (input.task != "classification") {
    refuse("there is no task \"{}\"; there is classification", input.task);
  }
  const Json settings = json_of(checked_settings(input.settings, Params(project_settings())));
  return store.write([&](Session& session) {
    if (find_project(store, input.name)) {
      fail(Code::conflict, "a project named {} exists already; choose another name", input.name);
    }
    const int64_t id = session.integer(
        "INSERT INTO projects (name, task, classes, settings, created_at) "
        "VALUES ($1, $2, $3, $4, $5) RETURNING id",
        {input.name, input.task, canonical_json(input.classes), canonical_json(settings),
         store.now()});
    record(store, "project_created", id, actor,
           {{"project_id", id},
            {"task", input.task},
            {"classes", input.classes},
            {"settings", settings}});
    return project(store, id);
  });
}

std::optional<Project> find_project(Store& store, std::string_view name) {
  return store.read([&](Session& session) {
    return session.one(std::string(select_project) + "WHERE name = $1", {name}, project_of);
  });
}

Project project(Store& store, std::string_view name) {
  auto found = find_project(store, name);
  if (!found) fail(Code::not_found, "there is no project \"{}\"", name.substr(0, 80));
  return std::move(*found);
}

Project project(Store& store, int64_t id) {
  auto found = store.read([&](Session& session) {
    return session.one(std::string(select_project) + "WHERE id = $1", {id}, project_of);
  });
  if (!found) fail(Code::not_found, "there is no project with the id {}", id);
  return std::move(*found);
}

Page<Project> projects(Store& store, int64_t after, size_t limit) {
  limit = std::clamp<size_t>(limit, 1, 1'000);
  return store.read([&](Session& session) {
    Page<Project> page;
    page.items = session.all(std::string(select_project) + "WHERE id > $1 ORDER BY id LIMIT $2",
                             {after, limit}, project_of);
    if (page.items.size() == limit) page.next = page.items.back().id;
    return page;
  });
}

static void check_only_added(const std::vector<std::string>& before,
                             const std::vector<std::string>& after) {
  check_classes(after);
  if (after.size() < before.size() || !std::equal(before.begin(), before.end(), after.begin())) {
    fail(Code::conflict,
         "classes may only be added, after the present ones in their order ({}): labels and models "
         "refer to them",
         fmt::join(before, ", "));
  }
}

Project change_project(Store& store, std::string_view name, const ProjectChange& change,
                       const std::string& actor) {
  return store.write([&](Session& session) {
    const Project before = project(store, name);
    const auto classes = change.classes.value_or(before.classes);
    check_only_added(before.classes, classes);
    const Json old_settings = json_of(before.settings);
    const Json settings = json_of(checked_settings(change.settings, before.settings));
    const bool finalised = change.finalised.value_or(before.finalised);
    if (classes == before.classes && settings == old_settings && finalised == before.finalised) {
      return before;
    }
    session.execute("UPDATE projects SET classes = $2, settings = $3, finalised = $4 WHERE id = $1",
                    {before.id, canonical_json(classes), canonical_json(settings), finalised});
    Json data = {{"reason", change.reason}};
    if (settings != old_settings)
      data["settings"] = {{"before", old_settings}, {"after", settings}};
    if (classes != before.classes) data["classes"] = classes;
    if (finalised != before.finalised) data["finalised"] = finalised;
    record(store, "project_changed", before.id, actor, data);
    return project(store, before.id);
  });
}

std::vector<std::string> label_columns(Store& store, int64_t project_id) {
  const auto list = store.read([&](Session& session) {
    return session.one("SELECT label_columns FROM projects WHERE id = $1", {project_id},
                       [](const Row& row) { return row.text(0); });
  });
  return parse_json(list.value_or("[]")).get<std::vector<std::string>>();
}

void note_label_column(Store& store, int64_t project_id, const std::string& column) {
  if (column.empty()) return;
  store.write([&](Session& session) {
    auto columns = label_columns(store, project_id);
    if (std::find(columns.begin(), columns.end(), column) != columns.end()) return;
    columns.push_back(column);
    session.execute("UPDATE projects SET label_columns = $2 WHERE id = $1",
                    {project_id, canonical_json(columns)});
  });
}

int64_t lookahead(const Project& project) {
  return std::max<int64_t>(1, project.settings.integer("batch_size") / 4);
}

void set_column_types(Store& store, int64_t project_id, const std::vector<Column>& columns) {
  store.write([&](Session& session) {
    const Project before = project(store, project_id);
    const bool same =
        std::equal(columns.begin(), columns.end(), before.columns.begin(), before.columns.end(),
                   [](const Column& a, const Column& b) { return a.name == b.name; });
    if (!same) fail(Code::conflict, "the columns are not those of project {}", before.name);
    if (columns == before.columns) return;
    Json rows = Json::array();
    for (const Column& column : columns) {
      rows.push_back({{"name", column.name}, {"type", column.type}});
    }
    session.execute("UPDATE projects SET columns = $2 WHERE id = $1",
                    {project_id, canonical_json(rows)});
    record(store, "columns_described", project_id, "querist", {{"columns", rows}});
  });
}

}  // namespace querist::storage
