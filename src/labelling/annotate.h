// Taking answers: durable when it returns, once however often it is sent, undone without losing the
// trail.
#pragma once

#include "labelling/lease.h"
#include "storage/store.h"

namespace querist::labelling {

struct NewAnnotation {
  int64_t example_id = 0;
  std::optional<std::string> value;        // A class; or …
  std::optional<std::string> skip_reason;  // … unclear, not_in_classes, broken, sensitive, other.
  std::optional<int64_t> lease_id;
  std::optional<double> seconds;
  std::optional<bool> suggestion_shown;  // Default: as the lease said.
  std::optional<std::string> comment;
  bool flag = false;
};

// Stores one answer of the annotator. The same lease answered again with the same body gives the
// first answer again, with another body conflict. When it completes a selection, the project's
// cycle job is enqueued with it.
Annotation annotate(storage::Store& store, const Project& project, const NewAnnotation& input,
                    const std::string& annotator, const std::string& idempotency_key = {});

struct Undone {
  Annotation annotation;  // With undone = true.
  Lease lease;            // The example, leased to the same annotator again.
};
// Undoes by id, or the annotator's last. Others' only when `any_annotator` (a reviewer). Undoing
// twice gives the same.
Undone undo(storage::Store& store, const Project& project, std::optional<int64_t> annotation_id,
            const std::string& annotator, bool any_annotator = false);

// Answers examples with the labels their source gave, as `annotator`; those without one are left.
// In batches, each its own transaction. rows empty: all that are not labelled yet. At
// most so many are answered. Returns how many.
int64_t adopt_known_labels(storage::Store& store, const Project& project,
                           const std::vector<int64_t>& example_ids, const std::string& annotator,
                           int64_t most = INT64_MAX);

// The same for every open item of the project's selections.
int64_t adopt_for_open_items(storage::Store& store, const Project& project,
                             const std::string& annotator, int64_t most = INT64_MAX);

// The kind and key of the job that moves a project's cycle on.
inline constexpr std::string_view cycle_job = "advance_cycle";
Job enqueue_cycle_job(storage::Store& store, int64_t project_id, const std::string& actor);

}  // namespace querist::labelling
