// Handing out examples: nobody waits, nobody works on another's example, nothing is lost when
// someone leaves.
#pragma once

#include "storage/store.h"

namespace querist::labelling {

struct LeaseAnswer {
  std::vector<Lease> items;  // In the order to work on them; those already held come first.
  std::optional<std::string> reason;  // In words, when fewer than asked for could be given.
  int64_t remaining = 0;  // Items of open selections without their answers, these included.
  bool needs_selection =
      false;  // Examples are left but none is selected: the caller turns the loop.
};

inline constexpr size_t max_lease = 100;

// Gives up to `count` examples of open selections to the annotator; first those that they already
// hold.
LeaseAnswer lease(storage::Store& store, const Project& project, const std::string& annotator,
                  size_t count);

// Returns the new expiry. Throws not_found, permission_denied for another's lease, conflict for one
// that has ended and whose example went to someone else.
Lease heartbeat(storage::Store& store, const Project& project, int64_t lease_id,
                const std::string& annotator);
void give_back(storage::Store& store, const Project& project, int64_t lease_id,
               const std::string& annotator);

// Returns examples of leases past their time to the queue; lease() does it first.
int64_t expire_leases(storage::Store& store, const Project& project);

}  // namespace querist::labelling
