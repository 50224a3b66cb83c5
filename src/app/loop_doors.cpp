// Predictions, the least certain rows and the first selection of a project.
#include "app/loop_doors.h"

#include <algorithm>

#include "base/error.h"
#include "kernels/uncertainty.h"
#include "loop/cycle.h"
#include "metrics/decision.h"
#include "storage/examples.h"

namespace querist::app {

// The newest model's say about rows; nothing where it has none.
static std::vector<std::optional<api::Prediction>> predictions(loop::Workshops& workshops,
                                                               const Project& project,
                                                               std::span<const int64_t> rows) {
  std::vector<std::optional<api::Prediction>> found(rows.size());
  const auto scores = workshops.of(project.id).newest_scores();
  if (!scores) return found;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (static_cast<size_t>(rows[i]) >= scores->probabilities.rows) continue;
    const auto p = scores->probabilities.row(static_cast<size_t>(rows[i]));
    const size_t top = metrics::decide(p, scores->class_weights);
    if (top < project.classes.size()) found[i] = api::Prediction{project.classes[top], p[top]};
  }
  return found;
}

// Unlabeled examples by ascending margin.
static Page<int64_t> uncertain(loop::Workshops& workshops, const Project& project, int64_t after,
                               size_t limit) {
  const auto scores = workshops.of(project.id).newest_scores();
  if (!scores)
    fail(Code::conflict, "there is no model yet to be uncertain; label some examples first");
  auto rows = storage::rows_in_state(workshops.store(), project.id, ExampleState::unlabeled);
  std::erase_if(
      rows, [&](int64_t row) { return static_cast<size_t>(row) >= scores->probabilities.rows; });
  const Matrix chosen = dense_rows(scores->probabilities, rows);
  std::vector<float> margins(rows.size());
  kernels::margins(chosen.values, chosen.cols, margins);
  std::vector<size_t> order(rows.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const size_t end = std::min(order.size(), static_cast<size_t>(after) + limit);
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(end), order.end(),
                    [&](size_t a, size_t b) {
                      return margins[a] != margins[b] ? margins[a] < margins[b] : a < b;
                    });
  std::vector<int64_t> page;
  for (size_t i = static_cast<size_t>(after); i < end; ++i) page.push_back(rows[order[i]]);
  Page<int64_t> result{storage::ids_of_rows(workshops.store(), project.id, page), std::nullopt};
  if (end < order.size()) result.next = static_cast<int64_t>(end);
  return result;
}

api::LoopDoors loop_doors(loop::Workshops& workshops) {
  api::LoopDoors doors;
  doors.predictions = [&workshops](const Project& project, std::span<const int64_t> rows) {
    return predictions(workshops, project, rows);
  };
  doors.uncertain = [&workshops](const Project& project, int64_t after, size_t limit) {
    return uncertain(workshops, project, after, limit);
  };
  doors.draw_selection = [&workshops](const Project& project, const std::string&) {
    loop::Workshop& workshop = workshops.of(project.id);
    const std::lock_guard lock(workshop.mutex());
    loop::turn(workshop, Progress());
  };
  return doors;
}

}  // namespace querist::app
