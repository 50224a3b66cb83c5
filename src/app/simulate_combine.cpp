// Reads what simulations of several data sets wrote, and says which strategies differ over them.
#include "app/simulate_combine.h"

#include <algorithm>
#include <cstdio>

#include "app/simulate_doubts.h"
#include "base/error.h"
#include "base/file.h"
#include "loop/simulation/combined.h"
#include "loop/simulation/comparisons.h"
#include "loop/simulation/sections.h"

namespace querist::app {

static std::string scores_text(const Json& section) {
  size_t width = 20;
  for (const Json& row : section["scores"])
    width = std::max(width, row["data_set"].get_ref<const std::string&>().size());
  std::vector<size_t> columns;
  std::string text = fmt::format("{:<{}}", "area (rank)", width);
  for (const Json& row : section["summary"]) {
    const auto name = row["name"].get<std::string>();
    columns.push_back(std::max<size_t>(13, name.size()));
    text += fmt::format("  {:>{}}", name, columns.back());
  }
  const auto cell = [&](const Json& row, const char* rank, size_t group) {
    const std::string shown =
        fmt::format("{:.4f} ({:.3g})", row["aulc_mean"].get<double>(), row[rank].get<double>());
    return fmt::format("  {:>{}}", shown, columns[group]);
  };
  for (size_t at = 0; at < section["scores"].size(); ++at) {
    const Json& row = section["scores"][at];
    const size_t group = at % columns.size();
    if (group == 0) text += fmt::format("\n{:<{}}", row["data_set"].get<std::string>(), width);
    text += cell(row, "rank", group);
  }
  text += fmt::format("\n{:<{}}", "mean", width);
  for (size_t group = 0; group < columns.size(); ++group)
    text += cell(section["summary"][group], "rank_mean", group);
  return text + "\n";
}

static std::string ranks_text(const Json& ranks) {
  std::string text = fmt::format(
      "\nthat all are alike over {} data sets: {} (Friedman's test, in Iman and Davenport's form); "
      "mean ranks differ at 5 % from "
      "{:.2f} apart (Nemenyi)\n",
      ranks["data_sets"].get<size_t>(), loop::p_text(ranks["friedman_p_value"]),
      ranks["critical_difference"].get<double>());
  for (const Json& clique : ranks["cliques"]) {
    std::string names;
    for (const Json& name : clique) names += (names.empty() ? "" : ", ") + name.get<std::string>();
    text += "by that not to be told apart: " + names + "\n";
  }
  return text;
}

static std::string pairs_text(const Json& section) {
  std::string text = "\n";
  const size_t sets = section["data_sets"].size();
  for (const Json& row : section["pairs"]) {
    text += fmt::format("{} against {}: area {:+.4f}, better on {} of {} sets, {}, Holm {}\n",
                        row["name"].get<std::string>(), row["against"].get<std::string>(),
                        row["aulc_difference"].get<double>(), row["wins"].get<size_t>(), sets,
                        loop::p_text(row["p_value"]), loop::p_value_text(row["p_holm"]));
  }
  return text;
}

static void print_combined(const Json& combined) {
  std::string text;
  for (const Json& section : loop::sections_of(combined)) {
    const std::string title = loop::section_title(section);
    if (!title.empty()) text += (text.empty() ? "" : "\n") + ("== " + title + "\n");
    text += scores_text(section) + ranks_text(section["ranks"]) + pairs_text(section);
  }
  if (const std::string note = loop::area_note(combined); !note.empty())
    text += note.substr(1) + "\n";
  if (const std::string doubt = loop::too_few_sets_text(combined); !doubt.empty())
    text += doubt + "\n";
  std::fputs(text.c_str(), stdout);
}

int combine_results(const Invocation& invocation) {
  if (!invocation.arguments.empty())
    wrong_usage("--combine reads results that are there; leave out {}", invocation.arguments[0]);
  for (const std::string& flag : invocation.flags) {
    if (flag != "combine" && flag != "out" && flag != "html" && flag != "json")
      wrong_usage("--combine reads results that are there; leave out {}", flag);
  }
  check_out_folders(invocation);
  std::vector<loop::SavedResult> results;
  for (const std::string& file : invocation.list("combine"))
    results.push_back({file, read_file(file)});
  const Json combined = loop::combined_results(results);
  if (!invocation.text("html").empty())
    put_out(invocation.text("html"), loop::combined_html(combined));
  if (!invocation.text("out").empty()) put_out(invocation.text("out"), combined.dump());
  if (invocation.options.flag("json")) {
    put_out("", combined.dump() + "\n");
  } else {
    print_combined(combined);
  }
  return 0;
}

}  // namespace querist::app
