// The routes of the server as Markdown, from the rows that serve them.
#pragma once

#include <string>

namespace querist::app {

// A section a route: what it does, who may, what it takes and what it answers.
std::string routes_markdown();

}  // namespace querist::app
