// A data set with weights has pseudo-labels.
#include "loop/semi_supervised/head_trainer.h"

#include <algorithm>

namespace querist::loop {

// Loss per label that is left to gain: below what moves a predicted class, and a fifth of the
// solver's steps.
static constexpr double rough_tolerance = 1e-5;

static bool has(const Params& params, std::string_view name) {
  return std::ranges::any_of(params.specs(),
                             [&](const ParamSpec& spec) { return spec.name == name; });
}

HeadTrainer::HeadTrainer(const learners::Learner& learner, const Params& params, uint64_t seed,
                         const Progress& progress,
                         std::shared_ptr<const learners::Model> supervised)
    : learner_(learner),
      params_(params),
      kept_(params),
      rough_(params),
      seed_(seed),
      progress_(progress) {
  start_from(std::move(supervised));
  // Logistic regression takes over the strength of the model that it starts from.
  if (has(params, "search_below")) kept_.set("search_below", 0);
  rough_ = kept_;
  if (has(params, "tolerance")) {
    rough_.set("tolerance", std::max(rough_tolerance, params.number("tolerance")));
  }
}

std::shared_ptr<const learners::Model> HeadTrainer::train_by(const Dataset& data,
                                                             const Params& weighted) {
  const bool is_given = data.weights.empty();
  auto& supervised = supervised_[data.features.cols];
  std::shared_ptr<const learners::Model> model =
      learners::train(learner_, data, is_given ? params_ : weighted,
                      is_given ? nullptr : supervised.get(), seed_, progress_);
  if (is_given) supervised = model;
  return model;
}

std::shared_ptr<const learners::Model> HeadTrainer::train(const Dataset& data) {
  return train_by(data, kept_);
}

std::shared_ptr<const learners::Model> HeadTrainer::train_roughly(const Dataset& data) {
  return train_by(data, rough_);
}

Trainer HeadTrainer::function() {
  return [this](const Dataset& data) -> Predictor {
    return [model = train_roughly(data)](const Features& features, Matrix& probabilities) {
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
