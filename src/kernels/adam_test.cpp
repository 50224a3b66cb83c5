// Adam's step against its definition in double, on every vector width.
#include "kernels/adam.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/rng.h"
#include "kernels/vectors.h"

namespace querist::kernels {

TEST(Adam, FollowsItsDefinitionOnEveryVectorWidth) {
  for (const std::string_view vectors : supported_vectors()) {
    limit_vectors(vectors);
    Rng rng(1);
    for (size_t count = 0; count < 50; ++count) {
      std::vector<float> weights(count), moments(count), squares(count), gradient(count);
      for (float& weight : weights) weight = static_cast<float>(rng.normal());
      std::vector<double> w(weights.begin(), weights.end()), m(count), v(count);
      for (int t = 1; t <= 20; ++t) {
        for (float& value : gradient) value = static_cast<float>(rng.normal());
        const AdamStep step{.rate = 0.01f,
                            .decay = 0.1f,
                            .first = static_cast<float>(1 - std::pow(0.9, t)),
                            .second = static_cast<float>(1 - std::pow(0.999, t))};
        adam_step(step, gradient, weights, moments, squares);
        for (size_t i = 0; i < count; ++i) {
          const auto g = static_cast<double>(gradient[i]);
          m[i] = 0.9 * m[i] + 0.1 * g;
          v[i] = 0.999 * v[i] + 0.001 * g * g;
          const double first = m[i] / (1 - std::pow(0.9, t));
          const double second = v[i] / (1 - std::pow(0.999, t));
          w[i] += -0.01 * 0.1 * w[i] - 0.01 * first / (std::sqrt(second) + 1e-8);
          // 20 steps of at most 0.03 in float32; 1 - beta2 itself is rounded to 1e-5 of itself.
          ASSERT_NEAR(static_cast<double>(weights[i]), w[i], 1e-5) << vectors;
        }
      }
    }
  }
  limit_vectors("widest");
}

}  // namespace querist::kernels
