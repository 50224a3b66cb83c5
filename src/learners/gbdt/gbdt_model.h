// A trained booster: its trees walked by our own code, so that predicting needs no library.
#pragma once

#include "learners/learner.h"
#include "learners/trees/tree_ensemble.h"

namespace querist::learners {

struct Boosted {
  Task task = Task::classification;
  size_t classes = 0;
  size_t features = 0;
  uint64_t labels = 0;        // Rows it was trained on.
  std::vector<int32_t> seen;  // The classes they have, ascending.
  double mean = 0;            // Regression: what the trees add to,
  double scale = 1;           // in this unit.
  std::string booster;        // XGBoost's UBJSON; empty where one class was seen.

  // Scores a row has: one for regression and for two classes, else one a seen class.
  size_t heads() const { return seen.size() > 2 ? seen.size() : 1; }
};

class GbdtModel final : public Model {
 public:
  // Refuses a booster that does not fit the rest.
  explicit GbdtModel(Boosted boosted);

  Task task() const override { return boosted_.task; }
  size_t classes() const override { return boosted_.classes; }
  size_t features() const override { return boosted_.features; }
  void probabilities(const Features& features, Matrix& out) const override;
  void predictions(const Features& features, std::vector<float>& out) const override;
  std::string save() const override;

  const Boosted& boosted() const { return boosted_; }
  size_t rounds() const { return trees_.trees() / boosted_.heads(); }

 private:
  // Calls visit(row, scores) in parallel, scores (heads).
  template <class Visit>
  void score(const Features& features, const Visit& visit) const;

  Boosted boosted_;
  TreeEnsemble trees_;
  std::vector<float> leaves_;    // Values, by payload.
  std::vector<uint32_t> heads_;  // The score that each tree adds to.
};

std::unique_ptr<Model> load_gbdt(std::string_view bytes);

}  // namespace querist::learners
