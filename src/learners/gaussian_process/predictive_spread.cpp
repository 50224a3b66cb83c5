// Variances of the function and of its noise add up (Rasmussen and Williams 2006, 2.2).
#include "learners/predictive_spread.h"

#include <cmath>

#include "learners/gaussian_process/process_model.h"

namespace querist::learners {

std::optional<std::vector<double>> predictive_spread(const Model& model, const Features& x) {
  const auto* process = dynamic_cast<const ProcessModel*>(&model);
  if (!process) return std::nullopt;
  std::vector<double> mean(x.rows), spread(x.rows);
  process->posterior(x, mean, spread);
  const double noise = process->noise_spread();
  for (double& value : spread) value = std::hypot(value, noise);
  return spread;
}

}  // namespace querist::learners
