// A trained network: how it predicts, what its thinned members say, how it is stored and read back.
#pragma once

#include "learners/learner.h"
#include "learners/neural_head/laplace.h"
#include "learners/neural_head/network.h"
#include "learners/neural_head/rows.h"

namespace querist::learners {

struct NetworkParts {
  Task task = Task::classification;
  size_t classes = 0;
  InputForm form;
  Network network;
  std::vector<int32_t> present;  // Classification: the class of each output, ascending.
  double unseen_share = 0;       // What classes without an output get together.
  double mean = 0;               // Regression: a prediction is mean + spread · output.
  double spread = 1;
  size_t members = 0;
  double dropout = 0;
  uint64_t mask_seed = 0;
  Laplace laplace;

  Loss loss() const;
};

class NetworkModel final : public Model {
 public:
  explicit NetworkModel(NetworkParts parts);

  Task task() const override { return parts_.task; }
  size_t classes() const override { return parts_.classes; }
  size_t features() const override { return parts_.form.features; }
  void probabilities(const Features& features, Matrix& out) const override;
  void predictions(const Features& features, std::vector<float>& out) const override;
  // Member m keeps the same units for every row, so its answers belong together (Gal and
  // Ghahramani 2016).
  size_t members() const override { return parts_.members; }
  void member_probabilities(const Features& features, Matrix& out) const override;
  void member_predictions(const Features& features, Matrix& out) const override;
  std::string save() const override;

  const NetworkParts& parts() const { return parts_; }

 private:
  // Answers of `count` members from `first` on, (count · rows, width); without masks where there
  // are none.
  void answers(const Features& x, size_t count, bool is_thinned, Matrix& out) const;
  void answer_rows(const Features& x, size_t begin, size_t end, size_t count, bool is_thinned,
                   Matrix& out) const;
  void spread_classes(std::span<const float> scores, std::span<float> out) const;

  NetworkParts parts_;
  std::vector<std::vector<std::vector<float>>> masks_;  // [member][layer][unit]: 0 or 1 / (1 - p).
};

std::unique_ptr<Model> load_network_model(std::string_view bytes);

}  // namespace querist::learners
