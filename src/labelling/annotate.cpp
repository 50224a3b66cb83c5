// One answer's way in: checked against lease and classes, stored with its event, and the cycle made
// due by the last one.
#include "labelling/annotate.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/hash.h"
#include "base/stop_point.h"
#include "jobs/queue.h"
#include "labelling/outcome.h"
#include "storage/annotations.h"
#include "storage/events.h"
#include "storage/examples.h"
#include "storage/leases.h"
#include "storage/projects.h"
#include "storage/replies.h"
#include "storage/selections.h"

namespace querist::labelling {

using storage::Store;

static constexpr std::array<std::string_view, 5> skip_reasons = {"unclear", "not_in_classes",
                                                                 "broken", "sensitive", "other"};
static constexpr size_t max_comment_bytes = 10'000;
static constexpr double max_seconds = 7 * 86'400;

static void check_input(const Project& project, const NewAnnotation& input) {
  if (input.value.has_value() == input.skip_reason.has_value()) {
    refuse("an annotation has either a value or a skip_reason");
  }
  if (input.value && std::find(project.classes.begin(), project.classes.end(), *input.value) ==
                         project.classes.end()) {
    refuse("\"{}\" is none of the classes of {}: {}", input.value->substr(0, 200), project.name,
           fmt::join(project.classes, ", "));
  }
  if (input.skip_reason && std::find(skip_reasons.begin(), skip_reasons.end(),
                                     *input.skip_reason) == skip_reasons.end()) {
    refuse("skip_reason must be one of {}", fmt::join(skip_reasons, ", "));
  }
  if (input.seconds && !(*input.seconds >= 0 && *input.seconds <= max_seconds)) {
    refuse("seconds must lie between 0 and {}", max_seconds);
  }
  if (input.comment && input.comment->size() > max_comment_bytes) {
    refuse("a comment may have at most {} bytes", max_comment_bytes);
  }
}

template <class T>
static Json maybe(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

static std::string canonical_request(const NewAnnotation& input, const std::string& annotator) {
  return canonical_json({{"example_id", input.example_id},
                         {"annotator", annotator},
                         {"value", maybe(input.value)},
                         {"skip_reason", maybe(input.skip_reason)},
                         {"lease_id", maybe(input.lease_id)},
                         {"seconds", maybe(input.seconds)},
                         {"suggestion_shown", maybe(input.suggestion_shown)},
                         {"comment", maybe(input.comment)},
                         {"flag", input.flag}});
}

static Lease lease_to_answer(Store& store, const Project& project, const NewAnnotation& input,
                             const std::string& annotator) {
  auto lease = storage::find_lease(store, project.id, *input.lease_id);
  if (!lease)
    fail(Code::not_found, "there is no lease {} in project {}", *input.lease_id, project.name);
  if (lease->annotator != annotator) {
    fail(Code::permission_denied, "lease {} is another annotator's", lease->id);
  }
  if (lease->example_id != input.example_id) {
    refuse("lease {} is for example {}, not {}", lease->id, lease->example_id, input.example_id);
  }
  const bool late = lease->state == "expired" || lease->state == "given_back";
  if (late && !room_for(store, project, input.example_id, annotator)) {
    fail(Code::conflict, "lease {} ran out and its example went to someone else; ask for new ones",
         lease->id);
  }
  return std::move(*lease);
}

// Without a lease an answer is welcome unless others are at work on the example right now.
static std::optional<Lease> lease_held(Store& store, const Project& project,
                                       const NewAnnotation& input, const std::string& annotator) {
  const auto leases = storage::leases_of_example(store, input.example_id);
  for (const Lease& lease : leases) {
    if (lease.annotator == annotator) return lease;
  }
  const auto live = std::find_if(leases.begin(), leases.end(), [&](const Lease& lease) {
    return lease.expires_at > store.now();
  });
  if (live != leases.end() && !room_for(store, project, input.example_id, annotator)) {
    fail(Code::conflict, "example {} is held by another annotator until {}", input.example_id,
         rfc3339(live->expires_at));
  }
  return std::nullopt;
}

static Json event_data(const Annotation& annotation) {
  Json data = {{"example_id", annotation.example_id},
               {"selection_id", maybe(annotation.selection_id)}};
  if (annotation.undoes) data["undoes"] = *annotation.undoes;
  if (annotation.undoes) return data;
  data["value"] = maybe(annotation.value);
  data["skip_reason"] = maybe(annotation.skip_reason);
  data["lease_id"] = maybe(annotation.lease_id);
  data["seconds"] = maybe(annotation.seconds);
  data["suggestion"] = maybe(annotation.suggestion);
  data["suggestion_shown"] = annotation.suggestion_shown;
  data["flag"] = annotation.flag;
  // Only the hash of what was written freely, so that it can be erased without breaking the chain.
  if (annotation.comment) data["comment_hash"] = sha256_hex(*annotation.comment);
  return data;
}

Job enqueue_cycle_job(Store& store, int64_t project_id, const std::string& actor) {
  return jobs::enqueue(store, {.kind = std::string(cycle_job),
                               .project_id = project_id,
                               .params = {{"project_id", project_id}},
                               .unique_key = fmt::format("project/{}", project_id),
                               .actor = actor});
}

// The event, the row, the lease's end, the example's new state, and the cycle's job if that was the
// last or few are left: the next batch is chosen before anyone waits for it.
static int64_t store_answer(Store& store, const Project& project, Annotation annotation,
                            const std::string& request_hash, std::string_view kind,
                            const std::string& actor) {
  annotation.created_at = store.now();
  annotation.sequence = storage::record(store, kind, project.id, actor, event_data(annotation));
  stop_point("annotation_before_row");
  const int64_t id = storage::insert_annotation(store, annotation, request_hash);
  if (annotation.lease_id) storage::close_lease(store, *annotation.lease_id, "answered");
  stop_point("annotation_before_settle");
  const auto completed = settle(store, project, annotation.example_id, annotation.sequence);
  const bool running_low = storage::open_items(store, project.id) == storage::lookahead(project);
  if (running_low || !completed.empty()) enqueue_cycle_job(store, project.id, actor);
  stop_point("annotation_before_commit");
  return id;
}

static Annotation stored(Store& store, const Project& project, int64_t id) {
  auto found = storage::find_annotation(store, project.id, id);
  if (!found) fail(Code::not_found, "there is no annotation {} in project {}", id, project.name);
  return std::move(*found);
}

static Annotation answer(Store& store, const Project& project, const NewAnnotation& input,
                         const std::string& annotator, const std::string& request_hash) {
  if (!storage::find_example(store, project.id, input.example_id)) {
    fail(Code::not_found, "there is no example {} in project {}", input.example_id, project.name);
  }
  std::optional<Lease> lease;
  if (input.lease_id) {
    if (const auto first = storage::annotation_of_lease(store, *input.lease_id)) {
      const bool same = storage::request_hash_of(store, first->id) == request_hash;
      if (same && first->project_id == project.id) return *first;
      fail(Code::conflict, "lease {} was answered already; undo that answer to change it",
           *input.lease_id);
    }
    lease = lease_to_answer(store, project, input, annotator);
  } else {
    lease = lease_held(store, project, input, annotator);
  }
  Annotation annotation{
      .project_id = project.id,
      .example_id = input.example_id,
      .annotator = annotator,
      .value = input.value,
      .skip_reason = input.skip_reason,
      .seconds = input.seconds,
      .suggestion_shown = input.suggestion_shown.value_or(lease && lease->suggestion_shown),
      .comment = input.comment,
      .flag = input.flag};
  if (lease) {
    annotation.lease_id = lease->id;
    annotation.suggestion = lease->suggestion;
    annotation.suggestion_confidence = lease->suggestion_confidence;
  }
  if (const auto drawn = storage::drawn_item(store, input.example_id))
    annotation.selection_id = drawn->selection_id;
  const auto kind = input.value ? "annotated" : "skipped";
  return stored(store, project,
                store_answer(store, project, annotation, request_hash, kind, annotator));
}

Annotation annotate(Store& store, const Project& given, const NewAnnotation& input,
                    const std::string& annotator, const std::string& idempotency_key) {
  if (annotator.empty()) refuse("an annotation needs an annotator");
  const std::string request = canonical_request(input, annotator);
  return store.atomically([&] {
    const Project project = storage::project(store, given.id);  // Its classes may have grown since.
    check_input(project, input);
    const std::string scope = fmt::format("annotate {} {}", project.id, annotator);
    if (!idempotency_key.empty()) {
      const auto kept = storage::kept_reply(store, scope, idempotency_key, request);
      if (kept) return stored(store, project, std::stoll(kept->body));
    }
    Annotation result = answer(store, project, input, annotator, sha256_hex(request));
    if (!idempotency_key.empty()) {
      storage::keep_reply(store, scope, idempotency_key, request, {201, std::to_string(result.id)});
    }
    return result;
  });
}

static std::optional<Lease> open_lease(Store& store, int64_t example_id,
                                       const std::string& annotator) {
  for (Lease& lease : storage::leases_of_example(store, example_id)) {
    if (lease.annotator == annotator) return std::move(lease);
  }
  return std::nullopt;
}

static Annotation to_undo(Store& store, const Project& project,
                          std::optional<int64_t> annotation_id, const std::string& annotator,
                          bool any_annotator) {
  if (annotation_id) {
    Annotation found = stored(store, project, *annotation_id);
    if (found.undoes) refuse("annotation {} is an undo itself", *annotation_id);
    if (found.annotator != annotator && !any_annotator) {
      fail(Code::permission_denied, "annotation {} is another annotator's", *annotation_id);
    }
    return found;
  }
  auto last = storage::last_annotation(store, project.id, annotator);
  if (!last) fail(Code::not_found, "{} has no answer in {} to undo", annotator, project.name);
  return std::move(*last);
}

Undone undo(Store& store, const Project& given, std::optional<int64_t> annotation_id,
            const std::string& annotator, bool any_annotator) {
  return store.atomically([&] {
    const Project project = storage::project(store, given.id);
    const Annotation target = to_undo(store, project, annotation_id, annotator, any_annotator);
    const std::string& owner = target.annotator;
    if (target.undone) {
      const auto lease = open_lease(store, target.example_id, owner);
      if (lease) return Undone{target, *lease};
      fail(Code::conflict, "annotation {} was undone already and its example has moved on",
           target.id);
    }
    auto lease = open_lease(store, target.example_id, owner);
    if (!lease) {
      const int64_t now = store.now();
      const int64_t until = now + project.settings.integer("lease_seconds") * 1'000;
      lease = storage::insert_lease(store,
                                    {.project_id = project.id,
                                     .example_id = target.example_id,
                                     .annotator = owner,
                                     .selection_id = target.selection_id,
                                     .suggestion = target.suggestion,
                                     .suggestion_confidence = target.suggestion_confidence,
                                     .suggestion_shown = target.suggestion_shown,
                                     .created_at = now,
                                     .expires_at = until},
                                    0);
    }
    const Annotation undoing{.project_id = project.id,
                             .example_id = target.example_id,
                             .annotator = owner,
                             .undoes = target.id,
                             .selection_id = target.selection_id};
    store_answer(store, project, undoing, "", "undone", annotator);
    return Undone{stored(store, project, target.id), *lease};
  });
}

}  // namespace querist::labelling
