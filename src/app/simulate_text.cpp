// Plots, tables and sentences of a simulation's result, a section for each batch size and budget.
#include "app/simulate_text.h"

#include <algorithm>
#include <cstdio>

#include "app/curve_plot.h"
#include "app/text.h"
#include "base/error.h"
#include "loop/simulation/comparisons.h"
#include "loop/simulation/sections.h"

namespace querist::app {

static std::string stopping_text(const Json& result) {
  std::string text;
  for (const Json& row : result.value("stopping", Json::array())) {
    text +=
        fmt::format("{} with {}: ", row["name"].get<std::string>(), row["rule"].get<std::string>());
    if (row["labels_mean"].is_null()) {
      text += "never says stop\n";
      continue;
    }
    text += fmt::format(
        "stops {} of {} runs, at {:.0f} labels (sd {:.0f}), accuracy {:.4f}, {:.1f} % of "
        "what all labels give\n",
        row["stopped"].get<size_t>(), row["runs"].get<size_t>(), row["labels_mean"].get<double>(),
        row["labels_sd"].get<double>(), row["accuracy_mean"].get<double>(),
        100 * row["share_of_full_mean"].get<double>());
  }
  return text;
}

// "auto: all labels give accuracy 0.9875; 90 % of it from 46 labels, 95 % from 74, 99 % from 142 (4
// of 6 seeds)", medians over the seeds.
static std::string reach_text(const Json& row, const loop::Metric& metric) {
  if (!row.contains("labels_to_reach")) return "";
  std::string text = fmt::format(
      "{}: all labels give {} {:.4f}", row["name"].get<std::string>(), metric.reached().word,
      row[fmt::format("full_{}_mean", metric.reached().key)].get<double>());
  const char* before = "; ";
  for (const Json& target : row["labels_to_reach"]) {
    text += fmt::format("{}{:.0f} % of it ", before, 100 * target["share"].get<double>());
    before = ", ";
    text += target["median"].is_null()
                ? "not reached"
                : fmt::format("from {:.0f} labels", target["median"].get<double>());
    if (target["reached"] != target["seeds"]) {
      text += fmt::format(" ({} of {} seeds)", target["reached"].get<size_t>(),
                          target["seeds"].get<size_t>());
    }
  }
  return text + "\n";
}

static std::string cost_text(const Json& row) {
  if (!row.contains("aulc_cost_mean")) return "";
  return fmt::format("{}: cost {:.6g}, area over cost {:.4f}\n", row["name"].get<std::string>(),
                     row["cost_mean"].get<double>(), row["aulc_cost_mean"].get<double>());
}

static size_t name_width(const Json& result) {
  size_t width = 20;
  for (const Json& row : result["summary"])
    width = std::max(width, row["name"].get_ref<const std::string&>().size());
  return width;
}

// Of classes the judged measure alone is told of the last models.
static std::string class_rows(const Json& result, const loop::Metric& metric) {
  const size_t width = name_width(result);
  std::string text = fmt::format("{:<{}} {:>8} {:>8} {:>8} {:>8}\n", "strategy", width,
                                 metric.area_word, "sd", "final", "rank");
  for (const Json& row : result["summary"]) {
    text +=
        fmt::format("{:<{}} {:>8.4f} {:>8.4f} {:>8.4f} {:>8.2f}\n", row["name"].get<std::string>(),
                    width, row["aulc_mean"].get<double>(), row["aulc_sd"].get<double>(),
                    row["final_accuracy_mean"].get<double>(), row["rank_mean"].get<double>());
  }
  return text;
}

// Room for the word and for any value, such as 1.235e+07.
static size_t column_width(const loop::Measure& measure) {
  return std::max<size_t>(measure.word.size(), 9);
}

// Of numbers and several labels every measure that some row has.
static std::string measure_rows(const Json& result, const loop::Metric& metric) {
  const Json& summary = result["summary"];
  const size_t width = name_width(result);
  const auto columns = metric.columns(summary);
  std::string area = "aulc";
  if (metric.lower_is_better) area += fmt::format(" ({})", metric.judged().word);
  const size_t area_width = std::max<size_t>(area.size(), 9);
  std::string text = fmt::format("{:<{}} {:>{}} {:>9}", "strategy", width, area, area_width, "sd");
  for (const auto& [key, measure] : columns)
    text += fmt::format(" {:>{}}", measure->word, column_width(*measure));
  text += fmt::format(" {:>6}\n", "rank");
  for (const Json& row : summary) {
    text += fmt::format("{:<{}} {:>{}} {:>9}", row["name"].get<std::string>(), width,
                        metric.judged().text(row["aulc_mean"].get<double>()), area_width,
                        metric.judged().text(row["aulc_sd"].get<double>()));
    for (const auto& [key, measure] : columns)
      text +=
          fmt::format(" {:>{}}", row.contains(key) ? measure->text(row[key].get<double>()) : "–",
                      column_width(*measure));
    text += fmt::format(" {:>6.2f}\n", row["rank_mean"].get<double>());
  }
  return text;
}

static std::string section_text(const Json& result) {
  const loop::Metric& metric = loop::find_metric(result["metric"].get<std::string>());
  std::string text = metric.task == Task::classification ? class_rows(result, metric)
                                                         : measure_rows(result, metric);
  if (metric.area_word != "aulc") text += metric.area_text() + "\n";
  for (const Json& row : result["summary"]) text += cost_text(row);
  for (const Json& row : result["summary"]) text += reach_text(row, metric);
  for (const Json& row : result["summary"]) {
    if (row.value("final_typo_accuracy_mean", Json()).is_null()) continue;
    text +=
        fmt::format("{} with typos in the test texts: final {:.4f}\n",
                    row["name"].get<std::string>(), row["final_typo_accuracy_mean"].get<double>());
  }
  for (const Json& row : result["comparisons"]) {
    text += fmt::format("{} against {}: {} {}, labels saved: {}\n", row["name"].get<std::string>(),
                        row["against_name"].get<std::string>(), metric.area_word,
                        loop::difference_text(row, "aulc_difference", metric.judged()),
                        loop::labels_saved_text(row));
  }
  return curve_plot(result) + "\n" + text + stopping_text(result);
}

void print_summary(const Json& result) {
  std::string text;
  for (const Json& section : loop::sections_of(result)) {
    const std::string title = loop::section_title(section);
    if (!title.empty()) text += (text.empty() ? "" : "\n") + ("== " + title + "\n");
    text += section_text(section);
  }
  std::fputs(text.c_str(), stdout);
}

// As a shell reads it back.
static std::string quoted(const std::string& word) {
  static constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string command_of(const Invocation& invocation) {
  std::string command = "querist simulate";
  for (const std::string& argument : invocation.arguments) command += " " + quoted(argument);
  for (const ParamSpec& spec : invocation.options.specs()) {
    if (!invocation.options.changed(spec.name) || spec.name == "html" || spec.name == "out" ||
        spec.name == "json")
      continue;
    command += " " + flag_of(spec.name);
    if (spec.type() != "flag")
      command += " " + quoted(to_text(invocation.options.value(spec.name)));
  }
  return command;
}

void print_screening(const Json& result) {
  std::string text = fmt::format(
      "{} records to read, {} of them relevant (class {})\n{:<28} {:>8} {:>8} {:>8} {:>8}\n",
      result["data"]["records"].get<size_t>(), result["data"]["relevant"].get<size_t>(),
      result["data"]["relevant_class"].get<std::string>(), "strategy", "wss@95", "sd", "wss@100",
      "rrf@10");
  for (const Json& row : result["summary"]) {
    text += fmt::format("{:<28} {:>8.4f} {:>8.4f} {:>8.4f} {:>8.4f}\n",
                        row["strategy"].get<std::string>(), row["wss_95_mean"].get<double>(),
                        row["wss_95_sd"].get<double>(), row["wss_100_mean"].get<double>(),
                        row["recall_10_mean"].get<double>());
  }
  for (const Json& row : result["comparisons"]) {
    text += fmt::format("{} against {}: wss@95 {}\n", row["strategy"].get<std::string>(),
                        row["against"].get<std::string>(),
                        loop::difference_text(row, "wss_95_difference"));
  }
  std::fputs(text.c_str(), stdout);
}

}  // namespace querist::app
