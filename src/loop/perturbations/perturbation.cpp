// Which perturbations a payload kind has.
#include "loop/perturbations/perturbation.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace querist::loop {

std::vector<Perturbation> perturbations_of(PayloadKind kind, std::span<const Payload> sample) {
  switch (kind) {
    case PayloadKind::text:
      return text_perturbations();
    case PayloadKind::columns:
      return table_perturbations(sample);
    case PayloadKind::image:
      return image_perturbations();
    case PayloadKind::embedding:
      return embedding_perturbations();
  }
  fail(Code::internal, "the payload is of no known kind");
}

std::vector<size_t> some_places(size_t n, double share, Rng& rng) {
  const auto count = static_cast<size_t>(std::llround(share * static_cast<double>(n)));
  const auto drawn = rng.sample(n, std::min(count, n));
  std::vector<size_t> places(drawn.begin(), drawn.end());
  std::sort(places.begin(), places.end());
  return places;
}

}  // namespace querist::loop
