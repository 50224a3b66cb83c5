// Each training goes on from the model before.
#include "loop/one_by_one/other_model.h"

#include "loop/signals.h"

namespace querist::loop {

OneByOneOther::OneByOneOther(const OneByOneStage& stage, const std::string& expression,
                             uint64_t seed)
    : stage_(stage), seed_(seed) {
  if (!expression.empty()) learner_ = learner_for(expression);
}

void OneByOneOther::learn(std::span<const int64_t> labeled, std::span<const int32_t> labels) {
  const OwnedFeatures features = take_rows(Features(stage_.pool_features()), labeled);
  Dataset data;
  data.features = features.view();
  data.labels.assign(labels.begin(), labels.end());
  data.classes = 2;
  model_ = learners::train(*learner_.card, data, learner_.params, model_.get(), seed_, Progress());
}

void OneByOneOther::pool_probabilities(Matrix& out) const {
  model_->probabilities(Features(stage_.pool_features()), out);
}

void OneByOneOther::test_probabilities(Matrix& out) const {
  const size_t cols = stage_.features.cols;
  const MatrixView test(stage_.test.size(), cols,
                        stage_.features.values.data() + stage_.pool.size() * cols);
  model_->probabilities(Features(test), out);
}

}  // namespace querist::loop
