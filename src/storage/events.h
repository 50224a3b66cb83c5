// The append-only, hash-chained record: appended in the transaction of the change it tells of.
#pragma once

#include "storage/store.h"

namespace querist::storage {

// Appends one event and returns its sequence. Call it inside the atomically() that changes the
// state.
int64_t record(Store& store, std::string_view kind, std::optional<int64_t> project_id,
               const std::string& actor, const Json& data);

struct EventQuery {
  int64_t after = 0;
  std::optional<int64_t> project_id;
  size_t limit = 100;  // At most 1,000.
};
Page<Event> events(
    Store& store,
    const EventQuery& query);         // Oldest first; `next` is the last sequence of the page.
int64_t last_sequence(Store& store);  // 0 when nothing happened yet.

// SHA-256 over canonical JSON of every field but `hash` itself.
std::string hash_of(const Event& event);

// The newest event as noted beside the chain in the same transaction.
struct LedgerHead {
  int64_t sequence = 0;
  std::string hash;
};
LedgerHead ledger_head(Store& store);

}  // namespace querist::storage
