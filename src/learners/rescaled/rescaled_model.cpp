// Hands everything on but the probabilities.
#include "learners/rescaled_model.h"

namespace querist::learners {

class RescaledModel final : public Model {
 public:
  RescaledModel(std::shared_ptr<const Model> model, Rescaler rescale)
      : model_(std::move(model)), rescale_(std::move(rescale)) {}

  Task task() const override { return model_->task(); }
  size_t classes() const override { return model_->classes(); }
  size_t features() const override { return model_->features(); }
  void probabilities(const Features& features, Matrix& out) const override {
    model_->probabilities(features, out);
    rescale_(out);
  }
  void predictions(const Features& features, std::vector<float>& out) const override {
    model_->predictions(features, out);
  }
  size_t members() const override { return model_->members(); }
  void member_probabilities(const Features& features, Matrix& out) const override {
    model_->member_probabilities(features, out);
  }
  void member_predictions(const Features& features, Matrix& out) const override {
    model_->member_predictions(features, out);
  }
  std::string save() const override { return model_->save(); }
  MatrixView linear_weights() const override { return model_->linear_weights(); }
  std::vector<float> linear_bias() const override { return model_->linear_bias(); }

 private:
  std::shared_ptr<const Model> model_;
  Rescaler rescale_;
};

std::shared_ptr<const Model> rescaled(std::shared_ptr<const Model> model, Rescaler rescale) {
  return std::make_shared<RescaledModel>(std::move(model), std::move(rescale));
}

}  // namespace querist::learners
