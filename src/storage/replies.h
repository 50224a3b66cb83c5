// Idempotency keys: the same request sent again gets the first one's reply and changes nothing.
#pragma once

#include <functional>

#include "storage/store.h"

namespace querist::storage {

struct Reply {
  int status = 0;
  std::string body;
};

// Runs `answer` and keeps its reply under (scope, key) in one transaction; a known key with the
// same body gives the kept reply, with another body conflict. scope: who asks and for what, e.g.
// "ada POST /api/v1/projects/x/leases".
Reply once(Store& store, const std::string& scope, const std::string& key, std::string_view body,
           const std::function<Reply()>& answer);
std::optional<Reply> kept_reply(Store& store, const std::string& scope, const std::string& key,
                                std::string_view body);
// For answers that cannot run inside one transaction; conflict when the key was taken meanwhile.
void keep_reply(Store& store, const std::string& scope, const std::string& key,
                std::string_view body, const Reply& reply);
void forget_replies(Store& store, int64_t older_than);

}  // namespace querist::storage
