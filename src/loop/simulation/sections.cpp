// What is of the data and of the time stays the whole's; every list of rows is split and joined.
#include "loop/simulation/sections.h"

#include "base/error.h"

namespace querist::loop {

static constexpr const char* lists[] = {"runs", "summary", "comparisons", "pairs", "stopping"};

static Json schedule_of(const Json& row) {
  return {{"batch_size", row.at("batch_size")}, {"budget", row.at("budget")}};
}

Json joined_sections(std::vector<Json> parts) {
  if (parts.size() == 1) return std::move(parts.front());
  Json whole = parts.front();
  for (const char* list : lists) {
    if (whole.contains(list)) whole[list] = Json::array();
  }
  whole["ranks"] = Json::array();
  for (Json& part : parts) {
    const Json schedule = schedule_of(part.at("runs").at(0));
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

std::vector<Json> sections_of(const Json& result) {
  const Json& first = result.at("summary").at(0);
  if (!first.contains("budget")) return {result};
  std::vector<Json> parts;
  std::vector<Json> schedules;
  for (const Json& row : result["summary"]) {
    const Json schedule = schedule_of(row);
    if (!schedules.empty() && schedules.back() == schedule) continue;
    schedules.push_back(schedule);
    Json part = {{"data", result["data"]}, {"metric", result["metric"]}, {"ranks", nullptr}};
    for (const char* list : lists) {
      if (!result.contains(list)) continue;
      part[list] = Json::array();
      for (const Json& member : result[list]) {
        if (schedule_of(member) == schedule) part[list].push_back(member);
      }
    }
    for (const Json& ranks : result["ranks"]) {
      if (schedule_of(ranks) == schedule) part["ranks"] = ranks;
    }
    parts.push_back(std::move(part));
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
