// A result of several batch sizes and budgets as one result each, and back.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace querist::loop {

// A result of one schedule: its keys {batch_size, budget}, or {} where there is one alone.
struct Section {
  Json schedule;
  Json result;
};

// One after the other: rows of the whole say their batch_size and budget, and ranks is a list with
// one entry a section. A lone section is the whole.
Json joined_sections(std::vector<Section> sections);

// The sections again, each shaped as a result of one schedule; of such a result itself alone.
std::vector<Json> sections_of(const Json& result);

// "batches of 20, 500 labels"; empty for a result of one schedule. section: of sections_of.
std::string section_title(const Json& section);

}  // namespace querist::loop
