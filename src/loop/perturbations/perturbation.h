// Ways in which payloads get worse than those a model was trained on, each by severity 0 … 5.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "data/example.h"

namespace querist::loop {

inline constexpr size_t severities = 6;  // Severity 0 leaves the payload as it is.

struct Perturbation {
  std::string_view name;
  std::string_view summary;
  std::string_view unit;                   // What the amount counts.
  std::array<double, severities> amounts;  // By severity; the first is 0.
  // Changes the payload by an amount above 0. A share of n things changes round(share * n) of them.
  std::function<void(Payload& payload, double amount, Rng& rng)> apply;
};

// Those of a payload kind. `sample` are some of the project's payloads: what values a column has.
std::vector<Perturbation> perturbations_of(PayloadKind kind, std::span<const Payload> sample);

std::vector<Perturbation> text_perturbations();
std::vector<Perturbation> image_perturbations();
std::vector<Perturbation> embedding_perturbations();
// Columns whose cells are all numbers (missing ones aside) get noise and another scale; others of
// few distinct values get another value of theirs.
std::vector<Perturbation> table_perturbations(std::span<const Payload> sample);

// round(share * n) places of 0 … n-1, ascending.
std::vector<size_t> some_places(size_t n, double share, Rng& rng);

}  // namespace querist::loop
