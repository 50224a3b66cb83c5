// What is of the data and of the time stays the whole's; every list of rows is split and joined.
#include "loop/simulation/sections.h"

#include <algorithm>

#include "base/error.h"

namespace querist::loop {

static constexpr const char* lists[] = {"runs",  "summary",  "comparisons",
                                        "pairs", "stopping", "scores"};

static Json schedule_of(const Json& row) {
  return {{"batch_size", row.at("batch_size")}, {"budget", row.at("budget")}};
}

Json joined_sections(std::vector<Section> sections) {
  if (sections.size() == 1) return std::move(sections.front().result);
  Json whole = sections.front().result;
  for (const char* list : lists) {
    if (whole.contains(list)) whole[list] = Json::array();
  }
  whole["ranks"] = Json::array();
  for (auto& [schedule, part] : sections) {
    for (const char* list : lists) {
      if (!part.contains(list)) continue;
      for (Json& row : part[list]) {
        row.update(schedule);
        whole[list].push_back(std::move(row));
      }
    }
    if (part["ranks"].is_null()) continue;  // One group or one seed has none.
    part["ranks"].update(schedule);
    whole["ranks"].push_back(std::move(part["ranks"]));
  }
  return whole;
}

static bool is_list(const std::string& key) {
  return std::find(std::begin(lists), std::end(lists), key) != std::end(lists);
}

static Json section_of(const Json& result, const Json& schedule) {
  Json part = {{"ranks", nullptr}};
  for (const auto& [key, value] : result.items()) {
    if (key != "ranks" && !is_list(key)) part[key] = value;
    if (!is_list(key)) continue;
    part[key] = Json::array();
    for (const Json& row : value) {
      if (schedule_of(row) == schedule) part[key].push_back(row);
    }
  }
  for (const Json& ranks : result["ranks"]) {
    if (schedule_of(ranks) == schedule) part["ranks"] = ranks;
  }
  return part;
}

std::vector<Json> sections_of(const Json& result) {
  if (!result.at("summary").at(0).contains("budget")) return {result};
  std::vector<Json> schedules, parts;
  for (const Json& row : result["summary"]) {
    if (!schedules.empty() && schedules.back() == schedule_of(row)) continue;
    schedules.push_back(schedule_of(row));
    parts.push_back(section_of(result, schedules.back()));
  }
  return parts;
}

std::string section_title(const Json& section) {
  const Json& row = section.at("summary").at(0);
  if (!row.contains("budget")) return "";
  return fmt::format("batches of {}, {} labels", row["batch_size"].get<size_t>(),
                     row["budget"].get<size_t>());
}

}  // namespace querist::loop
