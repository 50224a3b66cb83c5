// A result of several batch sizes and budgets as one result each, and back.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace querist::loop {

// One after the other; every part is a result of one schedule whose runs say batch_size and budget.
// Rows of the whole say both too, and ranks is a list with one entry a part. One part is itself.
Json joined_sections(std::vector<Json> parts);

// The parts again, each shaped as a result of one schedule; of such a result itself alone.
std::vector<Json> sections_of(const Json& result);

// "batches of 20, 500 labels"; empty for a result of one schedule. section: of sections_of.
std::string section_title(const Json& section);

}  // namespace querist::loop
