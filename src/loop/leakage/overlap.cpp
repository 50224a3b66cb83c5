// Groups that stand on both sides, and test rows from before the end of training.
#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "base/error.h"
#include "loop/leakage/findings.h"

namespace querist::loop::leakage {

static bool none_given(const std::vector<std::string>& texts) {
  return std::ranges::all_of(texts, [](const std::string& text) { return text.empty(); });
}

void group_overlap(const Rows& rows, Report& report) {
  constexpr std::string_view check = "group_overlap";
  if (none_given(rows.groups)) return skip(report, check, "no group column was given");
  std::set<std::string_view> in_training;
  std::map<std::string_view, int64_t> shared;
  for (size_t i = 0; i < rows.groups.size(); ++i) {
    if (!rows.is_test[i] && !rows.groups[i].empty()) in_training.insert(rows.groups[i]);
  }
  Finding finding;
  for (size_t i = 0; i < rows.groups.size(); ++i) {
    if (!rows.is_test[i]) continue;
    ++finding.of;
    if (!in_training.contains(rows.groups[i])) continue;
    ++finding.count;
    ++shared[rows.groups[i]];
  }
  for (const auto& [group, count] : shared) {
    if (finding.examples.size() == shown_examples) break;
    finding.examples.push_back({{"group", group}, {"test_rows", count}});
  }
  if (finding.count > 0) {
    finding.data["groups"] = shared.size();
    finding.severity = rows.setting == Setting::project ? "medium" : "high";
    finding.sentence = fmt::format(
        "{} of {} test rows are of {} groups that are trained on as well. {}", finding.count,
        finding.of, shared.size(),
        rows.setting == Setting::project
            ? "The audit measures new examples of known groups; for new groups, hold whole groups "
              "out and measure on them."
            : "Split by group, so that the test rows are of groups that were never seen.");
  }
  conclude(report, check, std::move(finding));
}

// Numbers by size, all else (ISO dates) by its letters.
struct Moment {
  std::optional<double> number;
  std::string text;
  bool operator<(const Moment& other) const {
    return number && other.number ? *number < *other.number : text < other.text;
  }
};

static Moment moment_of(const std::string& text) {
  Moment moment{std::nullopt, text};
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) moment.number = number;
  std::ranges::replace(moment.text, 'T', ' ');
  return moment;
}

// 2020-03-14, alone or with a time behind it.
static bool is_iso_date(const std::string& text) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return false;
  for (const size_t place : {0, 1, 2, 3, 5, 6, 8, 9}) {
    if (text[place] < '0' || text[place] > '9') return false;
  }
  return true;
}

void time_order(const Rows& rows, Report& report) {
  constexpr std::string_view check = "time_order";
  if (none_given(rows.times)) return skip(report, check, "no time column was given");
  bool numbers = true, dates = true;
  std::optional<Moment> latest;
  for (size_t i = 0; i < rows.times.size(); ++i) {
    if (rows.times[i].empty()) continue;
    const Moment moment = moment_of(rows.times[i]);
    numbers = numbers && moment.number;
    dates = dates && is_iso_date(rows.times[i]);
    if (!rows.is_test[i] && (!latest || *latest < moment)) latest = moment;
  }
  if (!numbers && !dates)
    return skip(report, check, "times must all be numbers or dates such as 2026-03-14");
  if (!latest) return skip(report, check, "no training row has a time");
  Finding finding;
  for (size_t i = 0; i < rows.times.size(); ++i) {
    if (!rows.is_test[i] || rows.times[i].empty()) continue;
    ++finding.of;
    if (!(moment_of(rows.times[i]) < *latest)) continue;
    ++finding.count;
    if (finding.examples.size() < shown_examples)
      finding.examples.push_back({{"test", rows.names[i]}, {"time", rows.times[i]}});
  }
  if (finding.count > 0) {
    finding.severity = "medium";
    finding.data["latest_training_time"] = latest->text;
    finding.sentence = fmt::format(
        "{} of {} test rows are earlier than the latest training row ({}), so the model may know "
        "what came after them. {}",
        finding.count, finding.of, latest->text,
        rows.setting == Setting::project
            ? "If it will predict the future, measure on the latest examples alone."
            : "If it will predict the future, split by time.");
  }
  conclude(report, check, std::move(finding));
}

}  // namespace querist::loop::leakage
