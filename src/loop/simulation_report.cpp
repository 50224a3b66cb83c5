// The simulation as one HTML page that needs nothing else: curves as SVG, areas, paired
// differences.
#include "base/error.h"
#include "loop/simulate.h"
#include "loop/simulation/comparisons.h"
#include "loop/simulation/metric.h"
#include "loop/simulation/report_charts.h"
#include "loop/simulation/report_page.h"
#include "loop/simulation/sections.h"

namespace querist::loop {

static const Metric& metric_of(const Json& result) {
  return find_metric(result["metric"].get<std::string>());
}

static std::string summary_table(const Json& result) {
  const bool costs = result["summary"][0].contains("aulc_cost_mean");
  const Metric& metric = metric_of(result);
  std::string head, rows;
  const auto columns = metric.columns(result["summary"]);
  for (const auto& [key, measure] : columns) {
    const char* is_final = measure == &metric.judged() ? "final " : "";
    head += fmt::format("<th>{}{}</th>", is_final, measure->word);
  }
  for (const Json& row : result["summary"]) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{} ± {}</td><td>{}</td>",
                        text_of(row, "name"), value_of(row, "aulc_mean", metric.judged()),
                        value_of(row, "aulc_sd", metric.judged()),
                        value_of(row, "aulc_log_mean", metric.judged()));
    for (const auto& [key, measure] : columns)
      rows += "<td>" + value_of(row, key.c_str(), *measure) + "</td>";
    rows += fmt::format("<td>{}</td><td>{}</td>", number_of(row, "rank_mean", 2),
                        time_text(row["seconds_per_round_mean"].get<double>()));
    if (costs) {
      rows +=
          fmt::format("<td>{}</td><td>{}</td>", value_of(row, "aulc_cost_mean", metric.judged()),
                      number_of(row, "cost_mean", 1));
    }
    rows += "</tr>";
  }
  return std::string(
             "<div class=\"wide\"><table><tr><th>strategy</th><th>area ± sd</th><th>over "
             "ln(labels)</th>") +
         head + "<th>mean rank</th><th>time a round</th>" +
         (costs ? "<th>area over cost</th><th>cost</th>" : "") + "</tr>" + rows + "</table></div>";
}

static std::string reach_cell(const Json& row) {
  const std::string reached =
      fmt::format("{} of {} seeds", row["reached"].get<int64_t>(), row["seeds"].get<int64_t>());
  if (row["median"].is_null()) return "not reached <small>(" + reached + ")</small>";
  std::string interval;
  if (!row["ci_low"].is_null()) {
    interval = number_of(row, "ci_low", 0) + " to " +
               (row["ci_high"].is_null() ? "never" : number_of(row, "ci_high", 0)) + "; ";
  }
  return number_of(row, "median", 0) + " <small>(" + interval + reached + ")</small>";
}

static std::string reach_section(const Json& result) {
  if (!result["summary"][0].contains("labels_to_reach")) return "";
  const Metric& metric = metric_of(result);
  const std::string full = fmt::format("full_{}_mean", metric.reached().key);
  std::string rows;
  for (const Json& row : result["summary"]) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td>", text_of(row, "name"),
                        number_of(row, full.c_str(), 4));
    for (const Json& target : row["labels_to_reach"]) rows += "<td>" + reach_cell(target) + "</td>";
    rows += "</tr>";
  }
  return "<h2>Labels to come close to the whole pool</h2><div class=\"wide\"><table><tr><th>"
         "strategy</th><th>" +
         std::string(metric.reached().word) +
         " with all labels</th><th>90 % of it</th><th>95 %</th><th>99 %</th></tr>" + rows +
         "</table></div><p>Medians over seeds, and an interval of the median at 95 % or more; a "
         "seed "
         "that never got there counts as one that needs more labels than any.</p>";
}

static std::string stopping_section(const Json& result) {
  if (!result.contains("stopping")) return "";
  std::string rows;
  for (const Json& row : result["stopping"]) {
    const bool ends = row["stopped"].get<int64_t>() > 0;
    const std::string labels =
        ends ? number_of(row, "labels_mean", 0) + " ± " + number_of(row, "labels_sd", 0) : "–";
    rows += fmt::format(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td>{} of "
        "{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        text_of(row, "name"), text_of(row, "rule"), row["stopped"].get<int64_t>(),
        row["runs"].get<int64_t>(), labels, number_of(row, "accuracy_mean", 4),
        number_of(row, "share_of_full_mean", 4));
  }
  return "<h2>Stopping rules</h2><div class=\"wide\"><table><tr><th>strategy</th><th>rule</th><th>"
         "runs it ends</th><th>at labels ± sd</th><th>accuracy there</th><th>share of accuracy "
         "with "
         "all labels</th></tr>" +
         rows + "</table></div><p>Means over the runs that the rule would have ended.</p>";
}

static std::string comparisons_section(const Json& result) {
  if (result["comparisons"].empty()) return "";  // One strategy alone.
  std::string rows;
  for (const Json& row : result["comparisons"]) {
    rows +=
        fmt::format("<tr><th scope=\"row\">{} against {}</th><td>{}</td><td>{}</td></tr>",
                    text_of(row, "name"), text_of(row, "against_name"),
                    escaped(difference_text(row, "aulc_difference", metric_of(result).judged())),
                    labels_saved_text(row));
  }
  return "<h2>Paired differences</h2><div class=\"wide\"><table><tr><th>pair</th><th>difference in "
         "area (95 %), p "
         "(Wilcoxon)</th><th>labels saved</th></tr>" +
         rows +
         "</table></div><p>Labels saved: the share of labels that the first of the pair needs less "
         "to reach the mean " +
         std::string(metric_of(result).judged().word) +
         " of the last three points of the second's mean curve.</p>";
}

static std::string capital(std::string_view word) {
  std::string text(word);
  if (text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

// How far the models' own certainty can be trusted: of classes the calibration error, of several
// labels the log loss, of numbers the coverage of their intervals, where the learner gives some.
static std::string certainty_section(const Json& result) {
  const Task task = metric_of(result).task;
  if (task == Task::multi_label) {
    if (metric_of(result).judged().key == "log_loss") return "";  // It is the page's first curve.
    return "<h2>Log loss along the way</h2>" +
           curves_svg(result, "log_loss", "Log loss against labels") +
           "<p>Mean over the test set's rows and labels of -ln of the probability that the truth "
           "was given. Lower is better.</p>";
  }
  if (task == Task::regression) {
    const std::string coverage =
        curves_svg(result, "interval_coverage", "Coverage of intervals against labels");
    if (coverage.empty()) return "";
    return "<h2>Intervals along the way</h2>" + coverage +
           "<p>Share of the test set's numbers inside their 90 % interval: 0.9 is right, less is "
           "too sure of itself.</p>";
  }
  const std::string calibration = curves_svg(result, "ece", "Calibration error against labels");
  if (calibration.empty()) return "";
  return "<h2>Calibration along the way</h2>" + calibration +
         "<p>Expected calibration error on the test set, 15 bins: how far confidence and "
         "accuracy lie apart. Lower is better.</p>";
}

static std::string time_section(const Json& result) {
  return "<h2>Time along the way</h2><div class=\"small\">" +
         curves_svg(result, "seconds", "Seconds a round against labels") +
         "</div><p>Seconds that a round took: to select, to train and to measure.</p>";
}

// Everything about one schedule, but its title.
static std::string section_body(const Json& result) {
  const Measure& judged = metric_of(result).judged();
  return curves_svg(result, std::string(judged.key),
                    fmt::format("{} against labels, one line a strategy", capital(judged.word))) +
         "<h2>Areas</h2>" + summary_table(result) + "<p>" + metric_of(result).area_text() + "</p>" +
         reach_section(result) + stopping_section(result) + comparisons_section(result) +
         pairs_section(result) + certainty_section(result) + time_section(result);
}

// Mean final values of the judged measure, strategies down and schedules across, with the way to
// each section.
static std::string schedules_table(const std::vector<Json>& sections) {
  const Measure& judged = metric_of(sections[0]).judged();
  const std::string key = fmt::format("final_{}_mean", judged.key);
  std::string head = fmt::format("<tr><th>final {}</th>", judged.word);
  for (size_t i = 0; i < sections.size(); ++i) {
    head +=
        fmt::format("<th><a href=\"#section-{}\">{}</a></th>", i + 1, section_title(sections[i]));
  }
  std::string rows;
  for (size_t row = 0; row < sections[0]["summary"].size(); ++row) {
    rows += "<tr><th scope=\"row\">" + text_of(sections[0]["summary"][row], "name") + "</th>";
    for (const Json& section : sections)
      rows += "<td>" + value_of(section["summary"][row], key.c_str(), judged) + "</td>";
    rows += "</tr>";
  }
  return "<div class=\"wide\"><table>" + head + "</tr>" + rows + "</table></div>";
}

static std::string body_of(const Json& result) {
  const std::vector<Json> sections = sections_of(result);
  if (sections.size() == 1) return section_body(sections[0]);
  std::string body = schedules_table(sections);
  for (size_t i = 0; i < sections.size(); ++i) {
    std::string title = section_title(sections[i]);
    title[0] = 'B';
    body += fmt::format("<section id=\"section-{}\"><h2>{}</h2>{}</section>", i + 1, title,
                        lowered(section_body(sections[i])));
  }
  return body;
}

static std::string labels_text(const Json& data, const Metric& metric) {
  if (metric.task == Task::regression) {
    return fmt::format("numbers of mean {} and standard deviation {} to predict",
                       value_of(data, "target_mean", metric.judged()),
                       value_of(data, "target_sd", metric.judged()));
  }
  const auto count = data["classes"].get<int64_t>();
  if (metric.task != Task::multi_label) return fmt::format("{} classes", count);
  return fmt::format("{} labels ({} a row; one that is bought is a row's whole set)", count,
                     number_of(data, "label_cardinality", 2));
}

std::string simulation_html(const Json& result, const std::string& title,
                            const std::string& command) {
  const Json& data = result["data"];
  const Metric& metric = metric_of(result);
  const std::string lead = fmt::format(
      "<h1>Which strategy spends labels best on {}?</h1><p>{} rows, {}; {} rows to choose "
      "from, {} to test on. Lines are means over paired seeds, bands the middle 80 % of them (of "
      "fewer than ten, all).{}</p>",
      escaped(title), data["rows"].get<int64_t>(), labels_text(data, metric),
      data["pool"].get<int64_t>(), data["test"].get<int64_t>(),
      metric.lower_is_better ? " Lower is better, for curves, areas and differences." : "");
  const std::string asked =
      command.empty() ? "" : "<p>Asked by <code>" + escaped(command) + "</code>.</p>";
  return report_page("Simulation: " + title, lead + body_of(result) + asked);
}

}  // namespace querist::loop
