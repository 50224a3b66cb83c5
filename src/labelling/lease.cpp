// The rules of handing out: what is held comes first, then open items in order, and an empty hand
// comes with a reason.
#include "labelling/lease.h"

#include <algorithm>

#include "labelling/outcome.h"
#include "storage/annotations.h"
#include "storage/events.h"
#include "storage/leases.h"
#include "storage/projects.h"
#include "storage/selections.h"

namespace querist::labelling {

using storage::Store;

static int64_t lease_ms(const Project& project) {
  return project.settings.integer("lease_seconds") * 1'000;
}

int64_t expire_leases(Store& store, const Project& project) {
  if (storage::leases_due(store, project.id, store.now()).empty()) return 0;
  return store.atomically([&] {
    const auto due = storage::leases_due(store, project.id, store.now());
    if (due.empty()) return int64_t{0};
    Json expired = Json::array();
    for (const Lease& lease : due) {
      storage::close_lease(store, lease.id, "expired");
      expired.push_back({{"lease_id", lease.id},
                         {"example_id", lease.example_id},
                         {"annotator", lease.annotator}});
    }
    const int64_t sequence =
        storage::record(store, "leases_expired", project.id, "querist", {{"leases", expired}});
    for (const Lease& lease : due) settle(store, project, lease.example_id, sequence);
    return static_cast<int64_t>(due.size());
  });
}

static std::string reason_for(Store& store, const Project& project, const std::string& annotator,
                              int64_t remaining, bool& needs_selection) {
  const Counts counts = storage::project(store, project.id).counts;
  if (counts.examples == 0) return "Nothing was imported yet: import examples first.";
  const auto held = storage::held_by_others(store, project.id, annotator);
  if (remaining > 0 && held.items > 0) {
    return fmt::format(
        "Others hold {} example{} until {} at the latest; they come back when their time ends.",
        held.items, held.items == 1 ? "" : "s", rfc3339(*held.earliest_expiry));
  }
  if (remaining > 0) {
    return fmt::format("{} open example{} wait{} for another annotator: you have answered yours.",
                       remaining, remaining == 1 ? "" : "s", remaining == 1 ? "s" : "");
  }
  if (counts.unlabeled > 0) {
    needs_selection = true;
    return "The next batch is being chosen.";
  }
  if (counts.leased > 0) return "Others hold the last examples.";
  return counts.skipped > 0
             ? fmt::format("All examples are labelled or skipped ({} skipped).", counts.skipped)
             : "All examples are labelled.";
}

static Lease hand_out(Store& store, const Project& project, const std::string& annotator,
                      const storage::OpenItem& item) {
  const int64_t now = store.now();
  const bool shown = project.settings.text("suggestions") == "shown" && item.prediction.has_value();
  Lease lease{.project_id = project.id,
              .example_id = item.example_id,
              .annotator = annotator,
              .selection_id = item.selection_id,
              .suggestion = item.prediction,
              .suggestion_confidence = item.confidence,
              .suggestion_shown = shown,
              .created_at = now,
              .expires_at = now + lease_ms(project)};
  return storage::insert_lease(store, lease, item.position);
}

LeaseAnswer lease(Store& store, const Project& project, const std::string& annotator,
                  size_t count) {
  if (count == 0 || count > max_lease)
    refuse("count must lie between 1 and {}, not {}", max_lease, count);
  if (annotator.empty()) refuse("an annotator is needed to lease examples to");
  return store.atomically([&] {
    expire_leases(store, project);
    LeaseAnswer answer;
    answer.items = storage::leases_of_annotator(store, project.id, annotator);
    if (answer.items.size() > count) answer.items.resize(count);
    const int64_t until = store.now() + lease_ms(project);
    for (Lease& held : answer.items) {  // Coming back is a sign of life.
      held.expires_at = until;
      storage::extend_lease(store, held.id, until);
    }
    const auto free =
        storage::free_items(store, project.id, annotator, project.settings.integer("overlap"),
                            count - answer.items.size());
    Json leased = Json::array();
    std::vector<int64_t> examples;
    for (const storage::OpenItem& item : free) {
      const Lease fresh = hand_out(store, project, annotator, item);
      leased.push_back({{"lease_id", fresh.id}, {"example_id", fresh.example_id}});
      answer.items.push_back(fresh);
      examples.push_back(fresh.example_id);
    }
    if (!leased.empty()) {
      const int64_t sequence =
          storage::record(store, "leased", project.id, annotator, {{"leases", leased}});
      for (const int64_t example : examples) settle(store, project, example, sequence);
    }
    answer.remaining = storage::open_items(store, project.id);
    if (answer.items.size() < count) {
      answer.reason =
          reason_for(store, project, annotator, answer.remaining, answer.needs_selection);
    }
    return answer;
  });
}

static Lease own_lease(Store& store, const Project& project, int64_t lease_id,
                       const std::string& annotator) {
  auto found = storage::find_lease(store, project.id, lease_id);
  if (!found) fail(Code::not_found, "there is no lease {} in project {}", lease_id, project.name);
  if (found->annotator != annotator)
    fail(Code::permission_denied, "lease {} is another annotator's", lease_id);
  return std::move(*found);
}

Lease heartbeat(Store& store, const Project& project, int64_t lease_id,
                const std::string& annotator) {
  return store.atomically([&] {
    Lease lease = own_lease(store, project, lease_id, annotator);
    if (lease.state == "answered" || lease.state == "given_back") {
      fail(Code::conflict, "lease {} has ended: it was {}", lease_id,
           lease.state == "answered" ? "answered" : "given back");
    }
    if (lease.state == "expired" && !room_for(store, project, lease.example_id, annotator)) {
      fail(Code::conflict,
           "lease {} ran out and its example went to someone else; ask for new ones", lease_id);
    }
    const bool revived = lease.state == "expired";
    lease.state = "open";
    lease.expires_at = store.now() + lease_ms(project);
    storage::extend_lease(store, lease.id, lease.expires_at);
    if (revived) {
      const int64_t sequence =
          storage::record(store, "lease_revived", project.id, annotator,
                          {{"lease_id", lease.id}, {"example_id", lease.example_id}});
      settle(store, project, lease.example_id, sequence);
    }
    return lease;
  });
}

void give_back(Store& store, const Project& project, int64_t lease_id,
               const std::string& annotator) {
  store.atomically([&] {
    const Lease lease = own_lease(store, project, lease_id, annotator);
    if (lease.state != "open") return;  // Giving back twice, or too late, changes nothing.
    storage::close_lease(store, lease.id, "given_back");
    const int64_t sequence =
        storage::record(store, "lease_given_back", project.id, annotator,
                        {{"lease_id", lease.id}, {"example_id", lease.example_id}});
    settle(store, project, lease.example_id, sequence);
  });
}

}  // namespace querist::labelling
