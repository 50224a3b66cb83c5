// Simulated screening as one HTML page: recall against records read, the work saved, and by how
// much more than at random.
#include <algorithm>

#include "base/error.h"
#include "loop/screening.h"
#include "loop/simulation/comparisons.h"
#include "loop/simulation/report_charts.h"
#include "loop/simulation/report_page.h"

namespace querist::loop {

static constexpr int64_t steps = 100;  // Of a curve: a record each would make a page of megabytes.

// The runs' recall at every hundredth of the reading, as the charts take their curves.
static Json recall_curves(const Json& result) {
  const auto records = result["data"]["records"].get<int64_t>();
  Json runs = Json::array(), summary = Json::array();
  for (const Json& run : result["runs"]) {
    const auto found_at = run["found_at"].get<std::vector<int64_t>>();
    Json read = Json::array(), recall = Json::array();
    for (int64_t step = 0; step <= steps; ++step) {
      const int64_t count = records * step / steps;
      if (!read.empty() && read.back() == count) continue;
      const auto found =
          std::upper_bound(found_at.begin(), found_at.end(), count) - found_at.begin();
      read.push_back(count);
      recall.push_back(static_cast<double>(found) / static_cast<double>(found_at.size()));
    }
    runs.push_back({{"labels", read}, {"recall", recall}});
  }
  for (const Json& row : result["summary"])
    summary.push_back({{"name", row["strategy"]}, {"strategy", row["strategy"]}});
  return {{"runs", runs}, {"summary", summary}};
}

static std::string work_table(const Json& result) {
  std::string rows;
  for (const Json& row : result["summary"]) {
    rows += fmt::format(
        "<tr><th scope=\"row\">{}</th><td>{} ± {}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        text_of(row, "strategy"), number_of(row, "wss_95_mean", 4), number_of(row, "wss_95_sd", 4),
        number_of(row, "reading_saved_95_mean", 4), number_of(row, "wss_100_mean", 4),
        number_of(row, "recall_10_mean", 4));
  }
  return "<h2>Work saved</h2><div class=\"wide\"><table><tr><th>strategy</th><th>WSS at 95 % ± sd"
         "</th><th>reading saved at 95 %</th><th>WSS at 100 %</th><th>recall after a tenth</th>"
         "</tr>" +
         rows +
         "</table></div><p>Reading saved: the share of the records that need not be read once the "
         "recall is reached. WSS, work saved over sampling: that less what reading at random "
         "saves.</p>";
}

static std::string comparisons_table(const Json& result) {
  if (result["comparisons"].empty()) return "";
  std::string rows;
  for (const Json& row : result["comparisons"]) {
    rows += fmt::format("<tr><th scope=\"row\">{} against {}</th><td>{}</td></tr>",
                        text_of(row, "strategy"), text_of(row, "against"),
                        escaped(difference_text(row, "wss_95_difference")));
  }
  return "<h2>Paired differences</h2><div class=\"wide\"><table><tr><th>pair</th><th>difference in "
         "WSS at 95 % recall (95 %), p (Wilcoxon)</th></tr>" +
         rows + "</table></div>";
}

std::string screening_html(const Json& result, const std::string& title,
                           const std::string& command) {
  const Json& data = result["data"];
  const std::string lead = fmt::format(
      "<h1>Which strategy saves most reading on {}?</h1><p>{} records to read, {} of them relevant "
      "(class {}). Lines are means over paired seeds, bands the middle 80 % of them (of fewer than "
      "ten, all).</p>",
      escaped(title), data["records"].get<int64_t>(), data["relevant"].get<int64_t>(),
      text_of(data, "relevant_class"));
  const std::string asked =
      command.empty() ? "" : "<p>Asked by <code>" + escaped(command) + "</code>.</p>";
  return report_page(
      "Screening: " + title,
      lead +
          curves_svg(recall_curves(result), "recall",
                     "Recall against records read, one line a strategy", "records read") +
          work_table(result) + comparisons_table(result) + asked);
}

}  // namespace querist::loop
