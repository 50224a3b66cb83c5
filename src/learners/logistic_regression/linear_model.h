// A trained linear head, softmax or one sigmoid a label: how it predicts, is stored and is read
// back.
#pragma once

#include "learners/learner.h"

namespace querist::learners {

// What training leaves. Dense: weights are (classes, features). By column: only `columns`
// (ascending) have weights, (columns, classes); all others are exactly zero.
struct LinearHead {
  size_t classes = 0;
  size_t features = 0;
  double strength = 1;  // The C it was trained with, chosen or given.
  int iterations = 0;   // Of its last fit; not stored.
  bool by_column = false;
  bool one_vs_rest = false;  // Multi-label: each score is a logit of its own.
  std::vector<int32_t> columns;
  std::vector<float> weights;
  std::vector<float> bias;  // One a class.
};

class LinearModel final : public Model {
 public:
  explicit LinearModel(LinearHead head);

  Task task() const override {
    return head_.one_vs_rest ? Task::multi_label : Task::classification;
  }
  size_t classes() const override { return head_.classes; }
  size_t features() const override { return head_.features; }
  void probabilities(const Features& features, Matrix& out) const override;
  std::string save() const override;
  // Softmax heads only: who asks for them takes a softmax for granted.
  MatrixView linear_weights() const override;
  std::vector<float> linear_bias() const override {
    return head_.one_vs_rest ? std::vector<float>() : head_.bias;
  }

  const LinearHead& head() const { return head_; }
  float weight(size_t cls, int32_t column) const;

 private:
  void score_rows(const Features& features, size_t begin, size_t end, float* scores) const;
  void score_dense(const float* x, size_t rows, float* scores) const;
  void score_sparse_row(const CsrView& x, size_t row, float* scores) const;

  LinearHead head_;
  std::vector<int32_t> place_;  // By column: where a feature's weights lie, -1 where they are zero.
};

std::unique_ptr<Model> load_linear_model(std::string_view bytes);

}  // namespace querist::learners
