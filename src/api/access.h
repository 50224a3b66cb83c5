// Who sends a request, and whether a browser was tricked into sending it.
#pragma once

#include <optional>
#include <string_view>

#include "api/message.h"
#include "api/request.h"
#include "storage/store.h"

namespace querist::api {

inline constexpr std::string_view session_cookie = "querist_session";

// Listening on loopback while no user is set up: whoever can reach it is the one person.
bool one_person_mode(storage::Store& store, bool on_loopback);

// Nobody, when nothing was presented or the session has ended; throws unauthenticated for a token
// that is not known.
std::optional<Actor> authenticate(storage::Store& store, const Incoming& incoming, bool one_person);

// In one-person mode the Host must be a loopback name, so that a page elsewhere cannot reach the
// server through a name of its own that points here (DNS rebinding). Throws permission_denied.
void check_host(const Incoming& incoming);

// A request that changes something and carries no token must not come from another site's page.
// Throws permission_denied.
void check_origin(const Incoming& incoming);

// A session's change must carry the token that only our own page can read. Throws
// permission_denied.
void check_csrf(const Incoming& incoming, const Actor& actor);

// The value of a cookie; empty when there is none.
std::string_view cookie(const Incoming& incoming, std::string_view name);

bool is_loopback_name(std::string_view host);

}  // namespace querist::api
