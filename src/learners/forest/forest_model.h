// A trained forest: its trees, what their leaves say, and which rows each tree left out.
#pragma once

#include "learners/forest/tree_grower.h"
#include "learners/learner.h"
#include "learners/trees/tree_ensemble.h"

namespace querist::learners {

struct ForestSettings {
  Task task = Task::classification;
  size_t classes = 0;
  uint64_t seed = 0;
  bool bootstrap = true;
  bool votes = false;  // A tree says one class, not the shares in its leaf.
};

// What the leaves of all trees hold, by their number.
struct ForestLeaves {
  std::vector<uint32_t> starts = {0};
  std::vector<int32_t> classes;  // Numbers among the seen classes.
  std::vector<float> values;     // A share each; regression: one mean a leaf.
};

class ForestModel final : public Model {
 public:
  // labels: how many rows were trained on. seen: ids of the classes they have, ascending.
  ForestModel(const ForestSettings& settings, size_t labels, std::vector<int32_t> seen,
              TreeEnsemble trees, ForestLeaves leaves);

  Task task() const override { return settings_.task; }
  size_t classes() const override { return settings_.classes; }
  size_t features() const override { return trees_.features(); }
  size_t members() const override { return trees_.trees(); }
  void probabilities(const Features& features, Matrix& out) const override;
  void predictions(const Features& features, std::vector<float>& out) const override;
  void member_probabilities(const Features& features, Matrix& out) const override;
  void member_predictions(const Features& features, Matrix& out) const override;
  std::string save() const override;

  // For the rows it was trained on, in their order: what the trees say that did not see the row
  // (Breiman 1996), (rows, classes) probabilities or (rows, 1) predictions. NaN where every tree
  // saw it. The bags are drawn again from the seed, so nothing is stored for this.
  Matrix out_of_bag(const Features& training_rows) const;

  const TreeEnsemble& trees() const { return trees_; }

 private:
  // Adds what a leaf says to shares of the seen classes.
  void add_leaf(uint32_t node, double* shares) const;

  ForestSettings settings_;
  size_t labels_;
  std::vector<int32_t> seen_;
  TreeEnsemble trees_;
  ForestLeaves leaves_;
};

// How often tree `tree` takes each row: drawn with replacement, or once each.
std::vector<uint32_t> draw_bag(const ForestSettings& settings, size_t rows, Rng& rng);
Rng tree_rng(const ForestSettings& settings, size_t tree);

std::unique_ptr<Model> load_forest(std::string_view bytes);

}  // namespace querist::learners
