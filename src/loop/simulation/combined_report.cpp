// Areas and ranks on every data set, the pairs, and the critical-difference diagram, as HTML.
#include "base/error.h"
#include "loop/simulation/combined.h"
#include "loop/simulation/report_charts.h"
#include "loop/simulation/report_page.h"
#include "loop/simulation/sections.h"

namespace querist::loop {

static std::string sets_table(const Json& combined) {
  std::string rows;
  for (const Json& set : combined["data_sets"]) {
    rows += "<tr><th scope=\"row\">" + text_of(set, "data_set") + "</th>";
    for (const char* key : {"rows", "classes", "pool", "test", "seeds"})
      rows += "<td>" + number_of(set, key, 0) + "</td>";
    rows += "</tr>";
  }
  return "<h2>Data sets</h2><div class=\"wide\"><table><tr><th>data set</th><th>rows</th><th>"
         "classes</th><th>rows to choose from</th><th>rows to test on</th><th>seeds</th></tr>" +
         rows + "</table></div>";
}

// Sets down, strategies across; the means below.
static std::string scores_table(const Json& section) {
  std::string head = "<tr><th>area (rank)</th>";
  for (const Json& row : section["summary"]) head += "<th>" + text_of(row, "name") + "</th>";
  std::string rows;
  const size_t groups = section["summary"].size();
  for (size_t at = 0; at < section["scores"].size(); ++at) {
    const Json& score = section["scores"][at];
    if (at % groups == 0) rows += "<tr><th scope=\"row\">" + text_of(score, "data_set") + "</th>";
    rows += "<td>" + number_of(score, "aulc_mean", 4) + " <small>(" +
            fmt::format("{:g}", score["rank"].get<double>()) + ")</small></td>";
    if (at % groups == groups - 1) rows += "</tr>";
  }
  rows += "<tr class=\"differs\"><th scope=\"row\">mean</th>";
  for (const Json& row : section["summary"]) {
    rows += "<td>" + number_of(row, "aulc_mean", 4) + " <small>(" + number_of(row, "rank_mean", 2) +
            ")</small></td>";
  }
  return "<h2>Areas and ranks</h2><div class=\"wide\"><table>" + head + "</tr>" + rows +
         "</tr></table></div>";
}

static std::string section_body(const Json& section) {
  return scores_table(section) + pairs_section(section);
}

std::string combined_html(const Json& combined) {
  const std::vector<Json> sections = sections_of(combined);
  std::string body = fmt::format(
      "<h1>Which strategy spends labels best over {} data sets?</h1><p>Each data set counts once, "
      "by the area under the learning curve, the mean over its seeds.{}</p>{}",
      combined["data_sets"].size(), escaped(area_note(combined)), sets_table(combined));
  if (const std::string doubt = too_few_sets_text(combined); !doubt.empty())
    body += "<p>" + doubt + "</p>";
  for (const Json& section : sections) {
    std::string title = section_title(section);
    if (title.empty()) {
      body += section_body(section);
      continue;
    }
    title[0] = 'B';
    body += "<section><h2>" + title + "</h2>" + lowered(section_body(section)) + "</section>";
  }
  return report_page("Simulations combined", body);
}

}  // namespace querist::loop
