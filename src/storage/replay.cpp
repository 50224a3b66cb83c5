// One query over the selections.
#include "storage/replay.h"

namespace querist::storage {

std::vector<int64_t> selected_rows(Store& store, int64_t project_id, int64_t through_event) {
  return store.read([&](Session& session) {
    return session.all(
        "SELECT e.row FROM selections s JOIN selection_items i ON i.selection_id = s.id JOIN "
        "examples e "
        "ON e.id = i.example_id WHERE s.project_id = $1 AND s.sequence <= $2",
        {project_id, through_event}, [](const Row& row) { return row.integer(0); });
  });
}

}  // namespace querist::storage
