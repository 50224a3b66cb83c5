// Gathers the rows of a table or of a project and runs every check on them.
#include "loop/leakage.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/rng.h"
#include "featurizers/featurizer.h"
#include "loop/leakage/findings.h"
#include "loop/numbered_labels.h"
#include "storage/examples.h"

namespace querist::loop {

static Json report_json(const leakage::Rows& rows, const leakage::Report& report) {
  Json findings = Json::array();
  for (const auto& finding : report.findings) {
    findings.push_back({{"check", finding.check},
                        {"severity", finding.severity},
                        {"count", finding.count},
                        {"of", finding.of},
                        {"sentence", finding.sentence},
                        {"examples", finding.examples},
                        {"data", finding.data}});
  }
  const auto ran = std::ranges::count_if(
      report.checks, [](const Json& check) { return check["state"] != "skipped"; });
  return {{"train_rows", rows.side(false).size()},
          {"test_rows", rows.side(true).size()},
          {"findings", findings},
          {"checks", report.checks},
          {"sentence", findings.empty() ? fmt::format("No leak was found by {} checks.", ran)
                                        : findings.front()["sentence"].get<std::string>()}};
}

static Json look(const leakage::Rows& rows, const leakage::Contrast* contrast, uint64_t seed,
                 const Progress& progress) {
  leakage::Report report;
  const double steps = 6;
  const auto done = [&](int step) { progress.at(step, steps, "checks"); };
  leakage::exact_duplicates(rows, report);
  done(1);
  leakage::near_duplicates(rows, report);
  done(2);
  leakage::group_overlap(rows, report);
  done(3);
  leakage::time_order(rows, report);
  done(4);
  leakage::single_features(rows, seed, report);
  done(5);
  leakage::adversarial(rows, contrast, seed, progress, report);
  done(6);
  const auto rank = [](const leakage::Finding& finding) {
    return finding.severity == "high" ? 0 : finding.severity == "medium" ? 1 : 2;
  };
  std::stable_sort(report.findings.begin(), report.findings.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return report_json(rows, report);
}

Json table_leakage(const Table& table, uint64_t seed, const Progress& progress) {
  leakage::Rows rows;
  rows.payload = table.payload;
  rows.columns = table.columns;
  rows.classes = table.classes;
  for (size_t i = 0; i < table.payloads.size(); ++i) {
    const bool test = table.splits[i] == "test";
    if (!test && table.splits[i] != "train") continue;
    rows.payloads.push_back(table.payloads[i]);
    rows.names.push_back(table.ids[i].empty() ? fmt::format("row {}", table.source_rows[i] + 1)
                                              : table.ids[i]);
    rows.labels.push_back(table.labels[i]);
    rows.groups.push_back(table.groups[i]);
    rows.times.push_back(table.times[i]);
    rows.is_test.push_back(test);
  }
  if (rows.side(true).empty() || rows.side(false).empty()) {
    refuse(
        "there are {} training rows and {} test rows; pass a --split column with the values train "
        "and test, or two files",
        rows.side(false).size(), rows.side(true).size());
  }
  const auto& featurizer = featurizers::find(featurizers::default_for(rows.payload));
  featurizers::FitInput input;
  input.columns = rows.columns;
  input.payloads = [&](const std::function<void(std::span<const Payload>)>& take) {
    take(rows.payloads);
  };
  const auto fitted = featurizer.fit(input, Params(featurizer.params), mix_seed(seed, 1), progress);
  const auto batch = fitted.transform(rows.payloads);
  rows.features = batch.features();
  rows.geometry = fitted.geometry_features ? Features(batch.geometry) : rows.features;
  return look(rows, nullptr, seed, progress);
}

Table join_sides(Table train, Table test) {
  if (train.payload != test.payload || train.columns != test.columns) {
    refuse(
        "the two files hold different things ({} and {}, or other columns); name the columns "
        "that both have with --text or --columns",
        payload_word(train.payload), payload_word(test.payload));
  }
  std::vector<std::string> classes = train.classes;
  classes.insert(classes.end(), test.classes.begin(), test.classes.end());
  std::sort(classes.begin(), classes.end());
  classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
  std::ranges::fill(train.splits, "train");
  Table joined = train;
  joined.classes = classes;
  joined.labels.clear();
  for (const Table* side : {&train, &test}) {
    for (const int32_t label : side->labels) {
      if (label < 0) {
        joined.labels.push_back(-1);
        continue;
      }
      const auto at = std::ranges::lower_bound(classes, side->classes[static_cast<size_t>(label)]);
      joined.labels.push_back(static_cast<int32_t>(at - classes.begin()));
    }
  }
  const auto append = [](auto& to, const auto& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  append(joined.payloads, test.payloads);
  append(joined.source_rows, test.source_rows);
  append(joined.ids, test.ids);
  append(joined.groups, test.groups);
  append(joined.times, test.times);
  joined.splits.resize(joined.payloads.size(), "test");
  return joined;
}

// The features of chosen rows as rows of their own.
static leakage::Contrast audit_and_rest(const Project& project, const std::vector<int64_t>& audit,
                                        const storage::FeatureView& view) {
  leakage::Contrast contrast{leakage::dense_if_any(view.features, view.geometry), {}, audit};
  for (int64_t row = 0; row < std::min(project.counts.examples, static_cast<int64_t>(view.rows));
       ++row) {
    if (!std::ranges::binary_search(audit, row)) contrast.first.push_back(row);
  }
  return contrast;
}

Json project_leakage(storage::Store& store, const Project& project,
                     std::span<const Labelled> training, std::span<const Labelled> audit,
                     const storage::FeatureView& view, const Progress& progress) {
  const auto limit = static_cast<int64_t>(view.rows);
  const NumberedLabels train = numbered(training, project.classes, limit);
  const NumberedLabels test = numbered(audit, project.classes, limit);
  if (train.rows.empty() || test.rows.empty()) {
    return {{"train_rows", train.rows.size()},
            {"test_rows", test.rows.size()},
            {"findings", Json::array()},
            {"checks", Json::array()},
            {"sentence", "Not known yet: it needs training labels and audit labels."}};
  }
  std::vector<int64_t> all = train.rows;
  all.insert(all.end(), test.rows.begin(), test.rows.end());
  leakage::Rows rows;
  rows.setting = leakage::Setting::project;
  rows.payload = *project.payload;
  for (const Column& column : project.columns) rows.columns.push_back(column.name);
  rows.payloads = storage::payloads(store, project.id, all);
  const auto ids = storage::ids_of_rows(store, project.id, all);
  for (const Example& example : storage::examples_by_id(store, project.id, ids)) {
    rows.names.push_back(example.external_id.value_or(fmt::format("#{}", example.id)));
    rows.groups.push_back(example.group.value_or(""));
    rows.times.push_back(example.time.value_or(""));
  }
  rows.labels = train.ids;
  rows.labels.insert(rows.labels.end(), test.ids.begin(), test.ids.end());
  rows.classes = project.classes;
  rows.is_test.assign(all.size(), 0);
  std::fill(rows.is_test.begin() + static_cast<std::ptrdiff_t>(train.rows.size()),
            rows.is_test.end(), uint8_t{1});
  const OwnedFeatures features = take_rows(view.features, all);
  rows.features = rows.geometry = features.view();
  const auto contrast = audit_and_rest(project, test.rows, view);
  const auto seed = mix_seed(static_cast<uint64_t>(project.settings.integer("seed")), 93);
  return look(rows, &contrast, seed, progress);
}

}  // namespace querist::loop
