// querist ledger: verify the hash chain, show events.
#include "governance/ledger.h"
#include "app/open.h"
#include "base/clock.h"
#include "base/error.h"
#include "storage/events.h"

namespace querist::app {

static int verify(storage::Store& store, bool json) {
  const auto verdict = governance::verify(store);
  if (json) {
    Json body = {{"valid", verdict.valid},
                 {"events", verdict.events},
                 {"first_broken", nullptr},
                 {"reason", nullptr}};
    if (verdict.first_broken) body["first_broken"] = *verdict.first_broken;
    if (verdict.reason) body["reason"] = *verdict.reason;
    put_out("", body.dump() + "\n");
  } else if (verdict.valid) {
    put_out("", fmt::format("the ledger holds: {} events, each with the hash of the one before\n",
                            verdict.events));
  } else {
    put_out("", fmt::format("the ledger is broken at event {}: {}\n",
                            verdict.first_broken.value_or(0), verdict.reason.value_or("")));
  }
  return verdict.valid ? 0 : 1;
}

static int show(storage::Store& store, const Invocation& invocation) {
  storage::EventQuery query;
  query.after = invocation.options.integer("after");
  std::string text;
  for (;;) {
    const auto page = storage::events(store, query);
    for (const Event& event : page.items) {
      text += Json{{"sequence", event.sequence},
                   {"kind", event.kind},
                   {"project", event.project.value_or("")},
                   {"actor", event.actor},
                   {"data", event.data},
                   {"created_at", rfc3339(event.created_at)},
                   {"previous_hash", event.previous_hash},
                   {"hash", event.hash}}
                  .dump() +
              "\n";
    }
    if (!page.next || page.items.empty()) break;
    query.after = *page.next;
  }
  put_out("", text);
  return 0;
}

Verb ledger() {
  return {.name = "ledger",
          .summary = "Verify the hash-chained record, or show its events.",
          .arguments = "ACTION...",
          .example = "querist ledger verify",
          .options = {data_dir_option(),
                      {.name = "after",
                       .fallback = 0,
                       .min = 0,
                       .whole = true,
                       .help = "Show events after this number."},
                      json_option()},
          .run = [](const Invocation& invocation) {
            const auto store = open_folder(invocation);
            const std::string action =
                invocation.arguments.empty() ? "verify" : invocation.arguments[0];
            if (action == "verify") return verify(*store, invocation.options.flag("json"));
            if (action == "show") return show(*store, invocation);
            refuse("ledger knows verify and show, not \"{}\"", action);
          }};
}

}  // namespace querist::app
