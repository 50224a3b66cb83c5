// The proof that the record was not altered.
#include "governance/ledger.h"

#include "api/app.h"
#include "api/response.h"
#include "api/route.h"
#include "api/shapes.h"

namespace querist::api::resources {

static Response verify(App& app, const Request& request) {
  std::optional<governance::Anchor> anchor;
  const std::string* hash = request.query_text("hash");
  const int64_t sequence = request.query_integer("sequence", 0, 1, INT64_MAX);
  if ((hash != nullptr) != (sequence > 0))
    refuse("?sequence= and ?hash= go together: an event noted elsewhere");
  if (hash) anchor = {sequence, *hash};
  const governance::Verdict verdict = governance::verify(app.store, anchor);
  return ok({{"valid", verdict.valid},
             {"events", verdict.events},
             {"first_broken", or_null(verdict.first_broken)},
             {"reason", or_null(verdict.reason)}});
}

Routes ledger() {
  using enum FieldType;
  return {
      {.pattern = "GET /api/v1/ledger/verify",
       .role = Role::reviewer,
       .handler = verify,
       .summary = "Check the hash chain of every event.",
       .response = {{"valid", flag, "", true},
                    {"events", integer, "Links checked.", true},
                    {"first_broken", integer, "Sequence of the first link that does not hold."},
                    {"reason", text}},
       .query = {{"sequence", integer,
                  "With hash: an event noted elsewhere, which must still be there."},
                 {"hash", text}}},
  };
}

}  // namespace querist::api::resources
