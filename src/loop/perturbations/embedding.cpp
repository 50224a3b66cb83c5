// Embeddings with noise, or with numbers that are missing.
#include <cmath>

#include "loop/perturbations/perturbation.h"

namespace querist::loop {

static void add_noise(Payload& payload, double amount, Rng& rng) {
  double squares = 0;
  for (const float value : payload.embedding) squares += double{value} * double{value};
  const double size = std::sqrt(squares / static_cast<double>(payload.embedding.size()));
  for (float& value : payload.embedding)
    value = static_cast<float>(double{value} + amount * size * rng.normal());
}

static void drop_numbers(Payload& payload, double amount, Rng& rng) {
  for (const size_t place : some_places(payload.embedding.size(), amount, rng))
    payload.embedding[place] = 0;
}

std::vector<Perturbation> embedding_perturbations() {
  return {{"noise",
           "Normal noise on every number.",
           "times the root mean square of the row's numbers",
           {0, 0.1, 0.25, 0.5, 1, 2},
           add_noise},
          {"dropout",
           "Numbers set to 0.",
           "share of the numbers",
           {0, 0.1, 0.2, 0.3, 0.5, 0.7},
           drop_numbers}};
}

}  // namespace querist::loop
