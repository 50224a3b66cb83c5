// Computes what metrics/slices.h and metrics/groups.h give for the audit labels, and puts it in
// words.
#include "loop/slice_report.h"

#include <algorithm>

#include "base/error.h"
#include "base/name_list.h"
#include "base/rng.h"
#include "loop/clusters.h"
#include "loop/estimate_json.h"
#include "loop/out_of_fold.h"
#include "metrics/classification.h"
#include "metrics/decision.h"
#include "metrics/groups.h"
#include "storage/models.h"

namespace querist::loop {

static constexpr size_t most_items = 10;
static constexpr size_t most_group_classes = 10;
static constexpr size_t most_groups = 20;
static constexpr size_t most_clusters = 12;

static std::vector<double> losses_of(const AuditAnswers& answers, SliceLoss loss) {
  if (loss == SliceLoss::log_loss)
    return metrics::log_losses(answers.labels, answers.probabilities);
  const auto predicted = metrics::decide(answers.probabilities, answers.class_weights);
  std::vector<double> losses;
  for (size_t i = 0; i < predicted.size(); ++i) losses.push_back(predicted[i] != answers.labels[i]);
  return losses;
}

static std::vector<metrics::SliceColumn> slicing_columns(storage::Store& store,
                                                         const Project& project,
                                                         const AuditAnswers& answers,
                                                         const storage::FeatureView& view) {
  std::vector<metrics::SliceColumn> columns;
  for (const AuditColumn& column : audit_columns(store, project, answers)) {
    columns.push_back(column.name == "class"
                          ? metrics::categorical_column(column.name, column.texts)
                          : metrics::inferred_column(column.name, column.texts));
  }
  std::erase_if(columns, [](const auto& column) { return column.values.size() < 2; });
  // So many that a cluster of average size has more rows than it needs.
  const size_t clusters = std::min(most_clusters, answers.rows.size() * 2 / (3 * slice_support));
  if (clusters >= 2) {
    auto column = cluster_column(store, project, answers.rows, view, clusters);
    if (!column.values.empty()) columns.push_back(std::move(column));
  }
  return columns;
}

// Whether both of a pair's parts are better than the pair: else the part alone tells as much.
static bool adds_to_its_parts(const metrics::Slice& slice,
                              const std::vector<metrics::Slice>& slices) {
  if (slice.conditions.size() < 2) return true;
  return std::none_of(slices.begin(), slices.end(), [&](const metrics::Slice& other) {
    return other.conditions.size() == 1 &&
           std::find(slice.conditions.begin(), slice.conditions.end(), other.conditions.front()) !=
               slice.conditions.end() &&
           other.difference.value >= slice.difference.value;
  });
}

static Json slice_json(const metrics::Slice& slice,
                       const std::vector<metrics::SliceColumn>& columns) {
  Json conditions = Json::array();
  for (const auto& condition : slice.conditions) {
    const auto& column = columns[condition.column];
    conditions.push_back(
        {{"column", column.name}, {"value", column.values[static_cast<size_t>(condition.value)]}});
  }
  return {{"conditions", conditions},
          {"rows", slice.rows},
          {"loss", slice.loss},
          {"rest_loss", slice.rest_loss},
          {"difference", estimate_json(slice.difference)},
          {"p_value", slice.p_value},
          {"q_value", slice.q_value},
          {"found", slice.q_value <= slice_q}};
}

static std::string condition_words(const Json& item) {
  std::string text;
  for (const Json& condition : item["conditions"]) {
    text +=
        fmt::format("{}{} is {}", text.empty() ? "" : " and ",
                    condition["column"].get<std::string>(), condition["value"].get<std::string>());
  }
  return text;
}

static std::string slices_sentence(const Json& items, size_t tested, size_t rows, SliceLoss loss) {
  if (tested == 0) {
    return fmt::format(
        "Not known yet: no slice of the {} audit labels has {} of them with {} outside of it.",
        rows, slice_support, slice_support);
  }
  for (const Json& item : items) {
    if (!item["found"].get<bool>()) continue;
    const double here = item["loss"].get<double>();
    const double elsewhere = item["rest_loss"].get<double>();
    if (loss == SliceLoss::log_loss) {
      return fmt::format(
          "Worse where {}: a log loss of {:.3f} on {} audit examples, {:.3f} on the "
          "others. Label more there.",
          condition_words(item), here, item["rows"].get<int64_t>(), elsewhere);
    }
    return fmt::format(
        "Worse where {}: wrong {:.0f} times of 100 on {} audit examples, {:.0f} on "
        "the others. Label more there.",
        condition_words(item), 100 * here, item["rows"].get<int64_t>(), 100 * elsewhere);
  }
  return fmt::format("None of {} slices is worse than the rest beyond chance.", tested);
}

Json slices_json(storage::Store& store, const Project& project, const AuditAnswers& answers,
                 const storage::FeatureView& view, SliceLoss loss) {
  const auto columns = slicing_columns(store, project, answers, view);
  const auto losses = losses_of(answers, loss);
  const auto slices = metrics::find_slices(losses, columns, {.support = slice_support});
  Json items = Json::array();
  for (const auto& slice : slices) {
    if (items.size() == most_items) break;
    if (slice.difference.value > 0 && adds_to_its_parts(slice, slices))
      items.push_back(slice_json(slice, columns));
  }
  Json names = Json::array();
  for (const auto& column : columns) names.push_back(column.name);
  return {{"loss", loss == SliceLoss::error ? "error" : "log_loss"},
          {"audit_labels", losses.size()},
          {"support", slice_support},
          {"columns", names},
          {"tested", slices.size()},
          {"sentence", slices_sentence(items, slices.size(), losses.size(), loss)},
          {"items", items}};
}

static Json gap_json(const metrics::GroupGap& gap, const metrics::SliceColumn& column,
                     const Project& project) {
  Json rates = Json::array();
  for (size_t g = 0; g < gap.groups.size(); ++g) {
    const auto& rate = gap.groups[g].rate;
    rates.push_back({{"group", column.values[g]},
                     {"rows", gap.groups[g].rows},
                     {"rate", rate ? estimate_json(*rate) : Json(nullptr)}});
  }
  const auto name_of = [&](int32_t g) {
    return g < 0 ? Json(nullptr) : Json(column.values[static_cast<size_t>(g)]);
  };
  return {
      {"metric", metrics::group_metric_name(gap.metric)},
      {"class", gap.cls < 0 ? Json(nullptr) : Json(project.classes[static_cast<size_t>(gap.cls)])},
      {"difference", gap.difference ? estimate_json(*gap.difference) : Json(nullptr)},
      {"ratio", gap.ratio ? estimate_json(*gap.ratio) : Json(nullptr)},
      {"highest", name_of(gap.highest)},
      {"lowest", name_of(gap.lowest)},
      {"p_value", gap.difference ? Json(gap.p_value) : Json(nullptr)},
      {"q_value", gap.difference ? Json(gap.q_value) : Json(nullptr)},
      {"found", gap.difference && gap.q_value <= slice_q},
      {"groups", rates}};
}

static std::string groups_sentence(const Json& gaps, const std::string& column) {
  const Json* worst = nullptr;
  bool known = false;
  for (const Json& gap : gaps) {
    if (gap["difference"].is_null()) continue;
    known = true;
    const double size = gap["difference"]["value"].get<double>();
    if (gap["found"].get<bool>() &&
        (!worst || size > (*worst)["difference"]["value"].get<double>()))
      worst = &gap;
  }
  if (!known) {
    return fmt::format("Not known yet: no two groups of {} have {} audit labels.", column,
                       group_support);
  }
  if (!worst) return fmt::format("No gap between the groups of {} is beyond chance.", column);
  std::string metric = (*worst)["metric"].get<std::string>();
  std::replace(metric.begin(), metric.end(), '_', ' ');
  const Json& cls = (*worst)["class"];
  return fmt::format(
      "The {}{} differs by {:.2f} between the groups of {}, highest for {}, lowest "
      "for {}: more than by chance.",
      metric, cls.is_null() ? "" : " of " + cls.get<std::string>(),
      (*worst)["difference"]["value"].get<double>(), column, (*worst)["highest"].get<std::string>(),
      (*worst)["lowest"].get<std::string>());
}

// The classes with the most audit labels, in the classes' order; of two, the later one alone says
// all that can be said.
static std::vector<int32_t> compared_classes(const AuditAnswers& answers, size_t classes) {
  if (classes == 2) return {1};
  std::vector<std::pair<int64_t, int32_t>> counts(classes);
  for (size_t c = 0; c < classes; ++c) counts[c].second = static_cast<int32_t>(c);
  for (const int32_t label : answers.labels) --counts[static_cast<size_t>(label)].first;
  std::sort(counts.begin(), counts.end());
  std::vector<int32_t> chosen;
  for (size_t c = 0; c < std::min(classes, most_group_classes); ++c)
    chosen.push_back(counts[c].second);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

// The values with the most rows; rows of the others belong to no group.
static metrics::SliceColumn largest_groups(const metrics::SliceColumn& column) {
  std::vector<std::pair<int64_t, size_t>> counts(column.values.size());
  for (size_t v = 0; v < counts.size(); ++v) counts[v].second = v;
  for (const int32_t code : column.codes) {
    if (code >= 0) --counts[static_cast<size_t>(code)].first;
  }
  std::sort(counts.begin(), counts.end());
  if (counts.size() > most_groups) counts.resize(most_groups);
  std::sort(counts.begin(), counts.end(),
            [](const auto& a, const auto& b) { return a.second < b.second; });
  std::vector<int32_t> moved(column.values.size(), -1);
  metrics::SliceColumn kept{column.name, {}, column.codes};
  for (const auto& [count, value] : counts) {
    moved[value] = static_cast<int32_t>(kept.values.size());
    kept.values.push_back(column.values[value]);
  }
  for (int32_t& code : kept.codes) code = code < 0 ? -1 : moved[static_cast<size_t>(code)];
  return kept;
}

static Json group_json(const Project& project, const AuditAnswers& answers,
                       const metrics::SliceColumn& column) {
  const auto predicted = metrics::decide(answers.probabilities, answers.class_weights);
  std::vector<double> confidences;
  for (size_t i = 0; i < predicted.size(); ++i)
    confidences.push_back(answers.probabilities.at(i, static_cast<size_t>(predicted[i])));
  const auto gaps = metrics::compare_groups(
      {answers.labels, predicted, confidences, column.codes, column.values.size(),
       project.classes.size()},
      {.of_classes = compared_classes(answers, project.classes.size()),
       .least_rows = group_support,
       .seed = mix_seed(static_cast<uint64_t>(project.settings.integer("seed")), 92)});
  Json items = Json::array();
  for (const auto& gap : gaps) items.push_back(gap_json(gap, column, project));
  return {{"column", column.name},
          {"audit_labels", answers.rows.size()},
          {"support", group_support},
          {"sentence", groups_sentence(items, column.name)},
          {"gaps", items}};
}

Json groups_json(storage::Store& store, const Project& project, const AuditAnswers& answers,
                 const std::vector<std::string>& columns) {
  Json items = Json::array();
  if (columns.empty()) return items;
  const auto known = audit_columns(store, project, answers);
  for (const std::string& name : columns)
    items.push_back(group_json(project, answers, largest_groups(group_column(known, name))));
  return items;
}

std::vector<std::string> column_names(std::string_view text) {
  std::vector<std::string> names = split_names(text);
  for (std::string& name : names) {
    name.erase(0, name.find_first_not_of(' '));
    name.erase(name.find_last_not_of(' ') + 1);
  }
  std::erase(names, "");
  return names;
}

void add_slices(Json& metrics, storage::Store& store, const Project& project,
                const AuditAnswers& answers, const storage::FeatureView& view) {
  metrics["slices"] = slices_json(store, project, answers, view, SliceLoss::error);
  auto names = column_names(project.settings.text("group_columns"));
  if (names.empty()) return;
  const auto known = audit_columns(store, project, answers);
  std::erase_if(names, [&](const std::string& name) {
    return std::none_of(known.begin(), known.end(),
                        [&](const AuditColumn& column) { return column.name == name; });
  });
  metrics["groups"] = groups_json(store, project, answers, names);
}

// Whether an earlier version's groups are of the columns that the settings name now.
static bool has_groups_of(const Json& metrics, const std::vector<std::string>& names) {
  std::vector<std::string> columns;
  for (const Json& one : metrics.value("groups", Json::array()))
    columns.push_back(one["column"].get<std::string>());
  return columns == names;
}

// Whether an earlier version named classes as the present one does: for the same metric, weighed or
// not.
static bool decided_alike(const Json& metrics, const Project& project,
                          const AuditAnswers& answers) {
  if (!metrics.contains("decision") || metrics["decision"].is_null())
    return answers.class_weights.empty();
  const Json& decision = metrics["decision"];
  return decision["metric"] == project.settings.text("decision_metric") &&
         decision["class_weights"].empty() == answers.class_weights.empty();
}

void keep_slices(Json& metrics, storage::Store& store, const Project& project,
                 const AuditAnswers& answers, const storage::FeatureView& view) {
  const auto newest = storage::latest_model(store, project.id);
  const bool known = newest && newest->metrics.is_object() && newest->metrics.contains("slices");
  if (!known ||
      has_outgrown(answers.rows.size(), newest->metrics["slices"]["audit_labels"].get<size_t>()) ||
      !decided_alike(newest->metrics, project, answers) ||
      !has_groups_of(newest->metrics, column_names(project.settings.text("group_columns")))) {
    add_slices(metrics, store, project, answers, view);
    return;
  }
  for (const char* part : {"slices", "groups"}) {
    if (newest->metrics.contains(part)) metrics[part] = newest->metrics[part];
  }
}

}  // namespace querist::loop
