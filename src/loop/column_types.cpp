// From a featurizer's description into the project's row.
#include "loop/column_types.h"

#include "storage/projects.h"

namespace querist::loop {

void keep_column_types(storage::Store& store, const Project& project, const Json& description) {
  const Json columns = description.is_object() ? description.value("columns", Json()) : Json();
  if (!columns.is_array() || columns.size() != project.columns.size()) return;
  std::vector<Column> typed = project.columns;  // Names there may hold invalid UTF-8: by place.
  for (size_t i = 0; i < typed.size(); ++i) typed[i].type = columns[i].value("type", "");
  if (typed != project.columns) storage::set_column_types(store, project.id, typed);
}

}  // namespace querist::loop
