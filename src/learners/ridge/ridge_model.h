// A trained linear regressor: how it predicts, is stored and is read back.
#pragma once

#include "learners/learner.h"

namespace querist::learners {

struct RidgeHead {
  size_t features = 0;
  double alpha = 1;  // The penalty it was trained with, chosen or given.
  double bias = 0;
  std::vector<double> weights;  // One a column.
};

class RidgeModel final : public Model {
 public:
  explicit RidgeModel(RidgeHead head) : head_(std::move(head)) {}

  Task task() const override { return Task::regression; }
  size_t classes() const override { return 0; }
  size_t features() const override { return head_.features; }
  void predictions(const Features& features, std::vector<float>& out) const override;
  std::string save() const override;

  const RidgeHead& head() const { return head_; }

 private:
  RidgeHead head_;
};

std::unique_ptr<Model> load_ridge_model(std::string_view bytes);

}  // namespace querist::learners
