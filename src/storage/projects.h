// Projects: their names, classes, settings and counts.
#pragma once

#include "storage/store.h"

namespace querist::storage {

struct NewProject {
  std::string name;
  std::string task = "classification";
  std::vector<std::string> classes;  // May be empty: an import of labels adds them.
  Json settings = Json::object();    // Each checked against its row in project_settings().
};

// Throws conflict when the name is taken, invalid_argument when name, task, a class or a setting is
// not allowed.
Project create_project(Store& store, const NewProject& input, const std::string& actor);

std::optional<Project> find_project(Store& store, std::string_view name);
Project project(Store& store, std::string_view name);  // Throws not_found.
Project project(Store& store, int64_t id);             // Throws not_found.
Page<Project> projects(Store& store, int64_t after = 0, size_t limit = 100);

struct ProjectChange {
  Json settings = Json::object();  // Partial; null puts a setting back to its fallback.
  std::optional<std::vector<std::string>>
      classes;  // The whole list: the present ones in their order, then new ones.
  std::optional<bool> finalised;
  std::string reason;
};
Project change_project(Store& store, std::string_view name, const ProjectChange& change,
                       const std::string& actor);

// How many open items may be left when the next batch is chosen: a quarter of a batch, at least 1.
int64_t lookahead(const Project& project);

// What a featurizer found the columns to be: number, category, date, text, dropped; same names,
// same order.
void set_column_types(Store& store, int64_t project_id, const std::vector<Column>& columns);

// The columns that known labels were read from, the first first; none in projects that were made
// before this was kept, or whose sources have no names.
std::vector<std::string> label_columns(Store& store, int64_t project_id);
// Adds one that is new. Call within a write.
void note_label_column(Store& store, int64_t project_id, const std::string& column);

// Refuses a setting that no row declares or whose value does not fit; values may be numbers, flags
// or texts.
Params checked_settings(const Json& settings, Params base);

}  // namespace querist::storage
