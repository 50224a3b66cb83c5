// Selections name the arm of each item; labels name the row.
#include "loop/project_arbiter.h"

#include <algorithm>
#include <unordered_map>

#include "loop/numbered_labels.h"
#include "loop/project_learner.h"
#include "storage/annotations.h"
#include "storage/selections.h"

namespace querist::loop {

static constexpr int64_t most_selections = 200;  // Older ones are past evidence.

struct Bought {
  int32_t arm = -1;
  int64_t selection = 0;
};

Json arms_json(std::string_view expression, std::span<const int32_t> arms) {
  return {{"strategies", arms_of(expression)}, {"items", arms}};
}

static std::unordered_map<int64_t, Bought> bought_rows(storage::Store& store, int64_t project_id,
                                                       const std::vector<std::string>& names) {
  std::unordered_map<int64_t, Bought> rows;
  for (const auto& selection : storage::recent_selections(store, project_id, most_selections)) {
    if (!selection.data.contains("arms")) continue;
    const auto then = selection.data["arms"]["strategies"].get<std::vector<std::string>>();
    const auto items = selection.data["arms"]["items"].get<std::vector<int32_t>>();
    for (size_t i = 0; i < std::min(items.size(), selection.items.size()); ++i) {
      if (items[i] < 0) continue;
      const auto name = std::find(names.begin(), names.end(), then[static_cast<size_t>(items[i])]);
      if (name == names.end()) continue;  // It has left the portfolio.
      rows.try_emplace(selection.items[i].row,
                       Bought{static_cast<int32_t>(name - names.begin()), selection.id});
    }
  }
  return rows;
}

std::vector<ArmEvidence> weigh_project_arms(Workshop& workshop, const Project& project,
                                            int64_t through_event, const storage::FeatureView& view,
                                            const Progress& progress) {
  const std::string& expression = project.settings.text("strategy");
  const auto bought = bought_rows(workshop.store(), project.id, arms_of(expression));
  const auto labels = [&](storage::LabelUse use) {
    return numbered(storage::labels_as_of(workshop.store(), project.id, use, through_event),
                    project.classes, static_cast<int64_t>(view.rows));
  };
  const NumberedLabels trained_on = labels(storage::LabelUse::training);
  const NumberedLabels audit = labels(storage::LabelUse::audit);
  std::vector<int32_t> arms;
  std::vector<int64_t> order;
  for (const int64_t row : trained_on.rows) {
    const auto found = bought.find(row);
    arms.push_back(found == bought.end() ? -1 : found->second.arm);
    order.push_back(found == bought.end() ? 0 : found->second.selection);
  }
  const auto learner = project_learner(workshop.store(), project);
  return weigh_arms(expression, *learner.card, learner.params,
                    {.features = view.features,
                     .rows = trained_on.rows,
                     .labels = trained_on.ids,
                     .arms = arms,
                     .order = order,
                     .audit_rows = audit.rows,
                     .audit_labels = audit.ids,
                     .classes = project.classes.size()},
                    mix_seed(static_cast<uint64_t>(project.settings.integer("seed")), 2), progress);
}

}  // namespace querist::loop
