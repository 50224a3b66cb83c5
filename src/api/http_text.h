// The text of HTTP heads and the encodings of targets: percent signs, queries, reason phrases.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/message.h"

namespace querist::api {

std::string_view reason_phrase(int status);

// The status line and headers with the blank line. A length is stated unless the answer stays open.
// Line breaks in header values are dropped, so no value can add a header.
std::string response_head(const Response& response, bool keep_alive);

// Decodes %XX; nothing on a malformed escape, a control character or invalid UTF-8. `plus_is_space`
// as in queries.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

// All but letters, digits and -._~ as %XX, for one part of a path or a value of a query.
std::string percent_encode(std::string_view text);

using QueryItems = std::vector<std::pair<std::string, std::string>>;

// The part after '?'; nothing when an escape is malformed.
std::optional<QueryItems> parse_query(std::string_view query);

bool equal_ignoring_case(std::string_view a, std::string_view b);
std::string lower_case(std::string_view text);

}  // namespace querist::api
