// One training of the learner that the runs use.
#include "loop/simulation/full_pool.h"

#include "metrics/classification.h"

namespace querist::loop {

std::unique_ptr<learners::Model> full_pool_model(const learners::ChosenLearner& learner,
                                                 const Stage& stage,
                                                 const std::vector<int32_t>& labels, size_t classes,
                                                 uint64_t seed, const Progress& progress) {
  Dataset data;
  data.features = stage.pool.features();
  data.labels = labels;
  data.classes = classes;
  return learners::train(*learner.card, data, learner.params, nullptr, seed, progress);
}

double test_accuracy(const learners::Model& model, const Stage& stage) {
  Matrix probabilities;
  model.probabilities(stage.test.features(), probabilities);
  return metrics::accuracy(stage.test_labels, metrics::likeliest(probabilities));
}

}  // namespace querist::loop
