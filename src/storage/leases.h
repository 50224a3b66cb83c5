// Leases as rows: who holds which example until when. The rules live in labelling.
#pragma once

#include "storage/store.h"

namespace querist::storage {

// An item of an open selection that this annotator could be given next.
struct OpenItem {
  int64_t example_id = 0;
  int64_t selection_id = 0;
  int64_t position = 0;
  std::optional<std::string> prediction;
  std::optional<double> confidence;
};
// In selection order; not answered, held or skipped by the annotator, with room under `overlap`
// and what was asked for beyond it.
std::vector<OpenItem> free_items(Store& store, int64_t project_id, const std::string& annotator,
                                 int64_t overlap, size_t limit);

// lease.id is given by the store.
Lease insert_lease(Store& store, const Lease& lease, int64_t position);
std::optional<Lease> find_lease(Store& store, int64_t project_id, int64_t id);
std::vector<Lease> leases_of_annotator(Store& store, int64_t project_id,
                                       const std::string& annotator);    // Open ones.
std::vector<Lease> leases_of_example(Store& store, int64_t example_id);  // Open ones.
std::vector<Lease> leases_due(Store& store, int64_t project_id,
                              int64_t now);  // Open ones past their time.
void close_lease(Store& store, int64_t id, const std::string& state);
void extend_lease(Store& store, int64_t id, int64_t expires_at);

struct HeldByOthers {
  int64_t items = 0;
  std::optional<int64_t> earliest_expiry;
};
HeldByOthers held_by_others(Store& store, int64_t project_id, const std::string& annotator);

// Items still without their answers in open selections.
int64_t open_items(Store& store, int64_t project_id);

}  // namespace querist::storage
