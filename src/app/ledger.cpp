// querist ledger: verify the hash chain, show events.
#include "app/backend.h"
#include "base/error.h"

namespace querist::app {

static int verify(const Backend& backend, bool json) {
  const Json verdict = ask(backend, "GET", "/api/v1/ledger/verify");
  const bool valid = verdict["valid"].get<bool>();
  if (json) {
    put_out("", verdict.dump() + "\n");
  } else if (valid) {
    put_out("", fmt::format("the ledger holds: {} events, each with the hash of the one before\n",
                            verdict["events"].get<int64_t>()));
  } else {
    put_out("", fmt::format(
                    "the ledger is broken at event {}: {}\n",
                    verdict["first_broken"].is_null() ? 0 : verdict["first_broken"].get<int64_t>(),
                    json_text(verdict, "reason", "")));
  }
  return valid ? 0 : 1;
}

static int show(const Backend& backend, const Invocation& invocation) {
  const int64_t after = invocation.options.integer("after");
  each_item(backend, "/api/v1/events", after,
            [](const Json& event) { put_out("", event.dump() + "\n"); });
  return 0;
}

Verb ledger() {
  return {.name = "ledger",
          .summary = "Verify the hash-chained record, or show its events.",
          .arguments = "ACTION...",
          .example = "querist ledger verify",
          .options = with_backend({{.name = "after",
                                    .fallback = 0,
                                    .min = 0,
                                    .whole = true,
                                    .help = "Show events after this number."},
                                   json_option()}),
          .run = [](const Invocation& invocation) {
            const std::string action =
                invocation.arguments.empty() ? "verify" : invocation.arguments[0];
            if (action != "verify" && action != "show")
              wrong_usage("ledger knows verify and show, not \"{}\"", action);
            const Backend backend = open_backend(invocation);
            return action == "show" ? show(backend, invocation)
                                    : verify(backend, invocation.options.flag("json"));
          }};
}

}  // namespace querist::app
