// Selections: what a strategy chose, with all that replays it, and how far its answers have come.
#pragma once

#include "storage/store.h"

namespace querist::storage {

// Stores a selection and opens its items to labelling, in one transaction with its event. Throws
// conflict when an item is already labelled (one to relabel: when it is not) or in an open
// selection. id, remaining, sequence and
// times are given by the store.
// An item with no example_id is found by its row.
StoredSelection add_selection(Store& store, StoredSelection selection, const std::string& actor);

std::optional<StoredSelection> find_selection(Store& store, int64_t project_id, int64_t id);
std::optional<StoredSelection> latest_selection(Store& store, int64_t project_id);
// With their items, the newest first.
std::vector<StoredSelection> recent_selections(Store& store, int64_t project_id, int64_t most);
// What selections drew from, oldest first, without their items.
std::vector<StoredSelection> selection_heads(Store& store, int64_t project_id);
std::vector<StoredSelection> open_selections(Store& store, int64_t project_id);

// What was drawn for the audit: the example's row and the selection, first draws first.
struct AuditDraw {
  int64_t row = 0;
  int64_t selection_id = 0;
};
std::vector<AuditDraw> audit_draws(Store& store, int64_t project_id);

// The newest item that drew this example, with its selection's id and strategy.
struct DrawnItem {
  int64_t selection_id = 0;
  std::string strategy;
  SelectionItem item;
};
std::optional<DrawnItem> drawn_item(Store& store, int64_t example_id);

// Rows of examples in open selections, ascending.
std::vector<int64_t> open_rows(Store& store, int64_t project_id);

// How many further answers selections asked for beyond the project's overlap.
int64_t times_asked_again(Store& store, int64_t example_id);

// Sets the example's items done or open again and moves `remaining`; returns the selections that
// this completed.
std::vector<int64_t> set_items_done(Store& store, int64_t example_id, bool done);

}  // namespace querist::storage
