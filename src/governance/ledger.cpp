// The walk over the chain, in pages, and lineage as a query over labels.
#include "governance/ledger.h"

#include "storage/annotations.h"
#include "storage/events.h"
#include "storage/models.h"

namespace querist::governance {

using storage::Store;

static Verdict broken(int64_t checked, int64_t sequence, std::string reason) {
  return {.valid = false, .events = checked, .first_broken = sequence, .reason = std::move(reason)};
}

// What is wrong with an event, given the one before it; nothing when it holds.
static std::optional<std::string> fault_of(const Event& event, int64_t expected,
                                           const std::string& previous_hash) {
  if (event.sequence > expected) {
    return fmt::format("event {} is missing: the next one is {}", expected, event.sequence);
  }
  if (storage::hash_of(event) != event.hash) {
    return fmt::format("event {} was changed: its content does not have its hash", event.sequence);
  }
  if (event.previous_hash != previous_hash) {
    return fmt::format("event {} does not follow event {}: one of them was replaced or moved",
                       event.sequence, event.sequence - 1);
  }
  return std::nullopt;
}

// An answer's row must say what its event said, or labels were changed behind the ledger's back.
static std::optional<std::string> answer_fault(Store& store, const Event& event) {
  const bool answer =
      event.kind == "annotated" || event.kind == "skipped" || event.kind == "undone";
  if (!answer) return std::nullopt;
  const auto row = storage::annotation_of_event(store, event.sequence);
  if (!row) return fmt::format("the annotation that event {} tells of is missing", event.sequence);
  const auto text = [&](const char* field) {
    const auto found = event.data.find(field);
    return found != event.data.end() && found->is_string()
               ? std::optional(found->get<std::string>())
               : std::nullopt;
  };
  const bool same = event.data.value("example_id", int64_t{0}) == row->example_id &&
                    text("value") == row->value && text("skip_reason") == row->skip_reason &&
                    event.data.value("undoes", int64_t{0}) == row->undoes.value_or(0) &&
                    (event.kind == "undone" || event.actor == row->annotator);
  if (same) return std::nullopt;
  return fmt::format("annotation {} was changed: it does not say what event {} says", row->id,
                     event.sequence);
}

static Verdict walk(Store& store, const std::optional<Anchor>& anchor) {
  Verdict verdict;
  std::string previous_hash(64, '0');
  std::optional<std::string> anchored_hash;
  storage::EventQuery query{.limit = 1'000};
  for (;;) {
    const auto page = storage::events(store, query);
    for (const Event& event : page.items) {
      const int64_t expected = verdict.events + 1;
      if (const auto fault = fault_of(event, expected, previous_hash)) {
        return broken(verdict.events, expected, *fault);
      }
      if (const auto fault = answer_fault(store, event))
        return broken(verdict.events, expected, *fault);
      if (anchor && event.sequence == anchor->sequence) anchored_hash = event.hash;
      previous_hash = event.hash;
      verdict.events = expected;
    }
    if (!page.next) break;
    query.after = *page.next;
  }
  const auto head = storage::ledger_head(store);
  if (head.sequence != verdict.events) {
    return broken(
        verdict.events, verdict.events + 1,
        fmt::format("the chain ends at event {}, but the head noted beside it is event {}",
                    verdict.events, head.sequence));
  }
  if (head.hash != previous_hash) {
    return broken(verdict.events, verdict.events,
                  fmt::format("event {} is not the one noted as the chain's head", verdict.events));
  }
  if (anchor && anchored_hash != anchor->hash) {
    return broken(
        verdict.events, anchor->sequence,
        fmt::format("event {} does not have the hash that was noted elsewhere", anchor->sequence));
  }
  return verdict;
}

Verdict verify(Store& store, const std::optional<Anchor>& anchor) {
  return store.snapshot([&] { return walk(store, anchor); });
}

Lineage lineage(Store& store, int64_t project_id, int64_t version) {
  return store.snapshot([&] {
    auto model = storage::find_model(store, project_id, version);
    if (!model) fail(Code::not_found, "there is no model version {}", version);
    Lineage result{.model = std::move(*model)};
    const auto use = result.model.with_audit ? storage::LabelUse::all : storage::LabelUse::training;
    result.labels = storage::labels_as_of(store, project_id, use, result.model.through_event);
    if (!result.model.with_audit) {
      std::erase_if(result.labels, [](const Labelled& label) { return label.audit; });
    }
    result.proven = storage::hash_of_labels(result.labels) == result.model.label_hash;
    return result;
  });
}

}  // namespace querist::governance
