// A data set with weights has pseudo-labels.
#include "loop/semi_supervised/head_trainer.h"

#include <algorithm>

namespace querist::loop {

HeadTrainer::HeadTrainer(const learners::Learner& learner, const Params& params, uint64_t seed,
                         const Progress& progress,
                         std::shared_ptr<const learners::Model> supervised)
    : learner_(learner), params_(params), kept_(params), seed_(seed), progress_(progress) {
  start_from(std::move(supervised));
  // Logistic regression takes over the strength of the model that it starts from.
  const bool searches = std::ranges::any_of(
      params.specs(), [](const ParamSpec& spec) { return spec.name == "search_below"; });
  if (searches) kept_.set("search_below", 0);
}

std::shared_ptr<const learners::Model> HeadTrainer::train(const Dataset& data) {
  const bool is_given = data.weights.empty();
  auto& supervised = supervised_[data.features.cols];
  std::shared_ptr<const learners::Model> model =
      learners::train(learner_, data, is_given ? params_ : kept_,
                      is_given ? nullptr : supervised.get(), seed_, progress_);
  if (is_given) supervised = model;
  return model;
}

Trainer HeadTrainer::function() {
  return [this](const Dataset& data) -> Predictor {
    return [model = train(data)](const Features& features, Matrix& probabilities) {
      model->probabilities(features, probabilities);
    };
  };
}

void HeadTrainer::start_from(std::shared_ptr<const learners::Model> supervised) {
  if (!supervised) return;
  const size_t columns = supervised->features();
  supervised_[columns] = std::move(supervised);
}

}  // namespace querist::loop
