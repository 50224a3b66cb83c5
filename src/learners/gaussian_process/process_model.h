// A Gaussian process that has seen its targets: how it predicts, is stored and is read back.
#pragma once

#include "learners/gaussian_process/marginal_likelihood.h"
#include "learners/gaussian_process/training_inputs.h"
#include "learners/learner.h"

namespace querist::learners {

// What the process is made of; all else follows from it.
struct ProcessParts {
  OwnedFeatures rows;
  std::vector<float> targets;
  std::vector<float> weights;  // Empty: all 1.
  ProcessKernel kernel;        // A variance of 0 is chosen.
  size_t members = 0;
};

// Targets less their mean, by their spread (1 where they are all equal).
struct NormalTargets {
  double mean = 0;
  double spread = 1;
  std::vector<double> values;

  explicit NormalTargets(std::span<const float> targets);
};

class ProcessModel final : public Model {
 public:
  // Throws invalid_argument where the covariance is not positive definite.
  explicit ProcessModel(ProcessParts parts);

  Task task() const override { return Task::regression; }
  size_t classes() const override { return 0; }
  size_t features() const override { return inputs_.cols(); }
  void predictions(const Features& features, std::vector<float>& out) const override;
  size_t members() const override { return members_; }
  // Member m is the mean plus z_m standard deviations, the z the normal distribution's quantiles,
  // scaled to a variance of 1: so the members' variance is the posterior's.
  void member_predictions(const Features& features, Matrix& out) const override;
  std::string save() const override;

  // Mean and standard deviation (of the function, without noise) for every row; an empty span is
  // not asked for. Flops: rows · (3 · size · cols + size²).
  void posterior(const Features& features, std::span<double> mean, std::span<double> spread) const;
  double noise_spread() const;  // Standard deviation of the targets about the function.
  const ProcessKernel& kernel() const { return kernel_; }
  double log_likelihood() const { return log_likelihood_; }

 private:
  TrainingInputs inputs_;
  std::vector<float> targets_;
  std::vector<float> weights_;
  ProcessKernel kernel_;
  size_t members_;
  NormalTargets normal_;
  std::vector<double> factor_;  // Cholesky factor of the correlations with noise, (size, size).
  std::vector<double> shares_;  // What each training row's correlation counts in the mean.
  double log_likelihood_ = 0;
};

std::unique_ptr<Model> load_process_model(std::string_view bytes);

}  // namespace querist::learners
