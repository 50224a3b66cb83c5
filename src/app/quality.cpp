// querist quality: what several annotators' answers come to, how far they agree, and whom to trust.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

#include "app/verb.h"
#include "base/error.h"
#include "base/expression.h"
#include "base/json.h"
#include "consensus/consensus.h"
#include "formats/format.h"
#include "metrics/crowd_agreement.h"

namespace querist::app {

namespace {

// Names with their numbers, in the order in which they came.
struct Names {
  std::vector<std::string> names;
  std::map<std::string, int64_t, std::less<>> numbers;
  int64_t number_of(const std::string& name) {
    const auto [at, is_new] = numbers.try_emplace(name, static_cast<int64_t>(names.size()));
    if (is_new) names.push_back(name);
    return at->second;
  }
};

struct Crowd {
  Names items, annotators, classes;
  std::vector<int64_t> item, annotator;
  std::vector<int32_t> label;
  size_t left_out = 0;  // Rows without an item, an annotator or a label.

  consensus::CrowdAnswers answers() const { return {item, annotator, label}; }
};

// Ascending, so that neither a class's number nor a tie depends on the order of the rows.
void sort_classes(Crowd& crowd) {
  std::vector<std::string> sorted = crowd.classes.names;
  std::sort(sorted.begin(), sorted.end());
  std::vector<int32_t> place;
  for (const std::string& name : crowd.classes.names) {
    place.push_back(static_cast<int32_t>(std::lower_bound(sorted.begin(), sorted.end(), name) -
                                         sorted.begin()));
  }
  for (int32_t& label : crowd.label) label = place[static_cast<size_t>(label)];
  crowd.classes.names = std::move(sorted);
}

Crowd read_crowd(const Invocation& invocation, const std::string& path) {
  Crowd crowd;
  formats::Roles roles;
  const std::vector<std::string> wanted = {invocation.text("item"), invocation.text("annotator"),
                                           invocation.text("label")};
  roles.columns = wanted;
  std::vector<size_t> place;
  formats::Receiver receiver;
  receiver.layout = [&](const formats::Layout& layout) {
    for (const std::string& name : wanted) {
      const auto at = std::find(layout.columns.begin(), layout.columns.end(), name);
      if (at == layout.columns.end()) refuse("the file has no column {}", name);
      place.push_back(static_cast<size_t>(at - layout.columns.begin()));
    }
  };
  std::set<std::pair<int64_t, int64_t>> answered;
  receiver.example = [&](int64_t row, NewExample&& example) {
    const auto cell = [&](size_t i) -> const std::string& {
      return example.payload.cells[place[i]];
    };
    if (cell(0).empty() || cell(1).empty() || cell(2).empty()) {
      ++crowd.left_out;
      return;
    }
    crowd.item.push_back(crowd.items.number_of(cell(0)));
    crowd.annotator.push_back(crowd.annotators.number_of(cell(1)));
    if (!answered.emplace(crowd.item.back(), crowd.annotator.back()).second) {
      refuse("row {}: annotator {} has answered item {} before; keep one answer of the two", row,
             cell(1), cell(0));
    }
    crowd.label.push_back(static_cast<int32_t>(crowd.classes.number_of(cell(2))));
  };
  receiver.problem = [&](formats::RowProblem&&) { ++crowd.left_out; };
  formats::read(path, roles, 0, receiver, Progress());
  if (crowd.item.empty()) refuse("{} has no row with an item, an annotator and a label", path);
  sort_classes(crowd);
  return crowd;
}

// Several answers an item and enough of most annotators to know their confusions by; else a simpler
// method, with less to learn.
std::string fitting_method(const consensus::AnswerTable& table) {
  if (table.label.size() < 3 * table.items) return "majority_vote";
  std::vector<size_t> counts = table.per_annotator;
  const auto middle = counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2);
  std::nth_element(counts.begin(), middle, counts.end());
  return *middle < 5 * table.classes ? "one_coin" : "dawid_skene";
}

Json number_or_null(double value) { return std::isnan(value) ? Json(nullptr) : Json(value); }

struct Report {
  Crowd crowd;
  std::string method;
  consensus::Consensus found;
  Json json;
};

Report report_on(const Invocation& invocation, const std::string& path) {
  Report report{.crowd = read_crowd(invocation, path)};
  const Crowd& crowd = report.crowd;
  const size_t items = crowd.items.names.size();
  const size_t classes = crowd.classes.names.size();
  const auto table = consensus::answer_table(crowd.answers(), items, classes);
  report.method =
      invocation.text("method") == "auto" ? fitting_method(table) : invocation.text("method");
  const Expression parsed = parse_expression(report.method);
  const auto& method = consensus::find(parsed.name);
  if (method.reads_probabilities)
    wrong_usage("{} reads a model's probabilities; use it from Python", method.name);
  Params params(method.params);
  for (const auto& [name, value] : parsed.settings) params.set_text(name, value);
  report.found = consensus::aggregate(method, crowd.answers(), items, classes, {}, params);

  const metrics::ItemLabels view{table.offsets, table.label, classes};
  report.json = {{"items", items},
                 {"annotators", crowd.annotators.names.size()},
                 {"answers", crowd.item.size()},
                 {"rows_left_out", crowd.left_out},
                 {"classes", crowd.classes.names},
                 {"agreement",
                  {{"observed", number_or_null(metrics::observed_agreement(view))},
                   {"krippendorff_alpha", number_or_null(metrics::krippendorff_alpha(view))}}},
                 {"method", report.method}};
  Json people = Json::array();
  for (size_t a = 0; a < crowd.annotators.names.size(); ++a) {
    people.push_back({{"annotator", crowd.annotators.names[a]},
                      {"answers", table.per_annotator[a]},
                      {"quality", report.found.annotator_quality[a]}});
  }
  std::stable_sort(people.begin(), people.end(), [](const Json& a, const Json& b) {
    return a["quality"].get<double>() < b["quality"].get<double>();
  });
  report.json["annotator_report"] = std::move(people);
  Json consensus = Json::array();
  for (size_t i = 0; i < items; ++i) {
    const auto label = static_cast<size_t>(report.found.labels[i]);
    consensus.push_back({{"item", crowd.items.names[i]},
                         {"label", crowd.classes.names[label]},
                         {"probability", report.found.probabilities[i * classes + label]},
                         {"answers", table.count(i)}});
  }
  report.json["consensus"] = std::move(consensus);
  return report;
}

std::string quoted(const std::string& cell) {
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string out = "\"";
  for (const char c : cell) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

void print(const Json& json) {
  const auto share = [](const Json& value) {
    return value.is_null() ? std::string("unknown") : fmt::format("{:.3f}", value.get<double>());
  };
  std::string text = fmt::format(
      "{} answers of {} annotators about {} items in {} classes{}\n"
      "agreement: {} of pairs, Krippendorff's alpha {}\nconsensus by {}\n\n",
      json["answers"].get<size_t>(), json["annotators"].get<size_t>(), json["items"].get<size_t>(),
      json["classes"].size(),
      json["rows_left_out"] == 0 ? ""
                                 : fmt::format(" ({} rows lack an item, an annotator or a label)",
                                               json["rows_left_out"].get<size_t>()),
      share(json["agreement"]["observed"]), share(json["agreement"]["krippendorff_alpha"]),
      json["method"].get<std::string>());
  std::map<std::string, size_t> counts;
  std::vector<const Json*> doubtful;
  for (const Json& item : json["consensus"]) {
    ++counts[item["label"].get<std::string>()];
    doubtful.push_back(&item);
  }
  for (const auto& [label, count] : counts) text += fmt::format("{:>8}  {}\n", count, label);
  const size_t shown = std::min<size_t>(10, doubtful.size());
  const auto end = doubtful.begin() + static_cast<std::ptrdiff_t>(shown);
  std::partial_sort(doubtful.begin(), end, doubtful.end(), [](const Json* a, const Json* b) {
    return (*a)["probability"].get<double>() < (*b)["probability"].get<double>();
  });
  text += "\nleast sure items\n";
  for (auto item = doubtful.begin(); item != end; ++item) {
    text += fmt::format("  {:<24} {} ({:.2f}, {} answers)\n", (**item)["item"].get<std::string>(),
                        (**item)["label"].get<std::string>(), (**item)["probability"].get<double>(),
                        (**item)["answers"].get<size_t>());
  }
  text += "\nannotators whose answers are least likely right\n";
  size_t at = 0;
  for (const Json& person : json["annotator_report"]) {
    if (at++ == 10) break;
    text += fmt::format("  {:<24} {:.2f} of {} answers\n", person["annotator"].get<std::string>(),
                        person["quality"].get<double>(), person["answers"].get<size_t>());
  }
  std::fputs(text.c_str(), stdout);
}

}  // namespace

static int run(const Invocation& invocation) {
  if (invocation.arguments.size() != 1)
    wrong_usage("quality takes one FILE of answers; try querist quality --help");
  const Report report = report_on(invocation, invocation.arguments[0]);
  if (!invocation.text("out").empty()) {
    std::string rows = "item,label,probability,answers\n";
    for (const Json& item : report.json["consensus"]) {
      rows += fmt::format("{},{},{:.6f},{}\n", quoted(item["item"].get<std::string>()),
                          quoted(item["label"].get<std::string>()),
                          item["probability"].get<double>(), item["answers"].get<size_t>());
    }
    put_out(invocation.text("out"), rows);
  }
  if (invocation.options.flag("json")) {
    put_out("", report.json.dump() + "\n");
  } else {
    print(report.json);
  }
  return 0;
}

Verb quality() {
  return {
      .name = "quality",
      .summary = "Make one label an item out of several annotators' answers, and report on them.",
      .arguments = "FILE",
      .example =
          "querist quality labels.csv --item item --annotator worker --label label "
          "--out consensus.csv",
      .options = {{.name = "item", .fallback = "item", .help = "Column of the item."},
                  {.name = "annotator", .fallback = "annotator", .help = "Column of who answered."},
                  {.name = "label", .fallback = "label", .help = "Column of the answer."},
                  {.name = "method",
                   .fallback = "auto",
                   .help =
                       "majority_vote, dawid_skene, one_coin, glad or mace, with parameters as in "
                       "dawid_skene(smoothing=0.1). auto: the vote with fewer than three "
                       "answers an item; else dawid_skene, or one_coin where most annotators "
                       "gave fewer than five answers a class."},
                  {.name = "out",
                   .fallback = "",
                   .help = "Write the consensus as CSV: item, label, probability, answers."},
                  json_option()},
      .run = run,
  };
}

}  // namespace querist::app
