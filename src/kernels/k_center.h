// Farthest-first traversal: the greedy 2-approximation of k-center (Gonzalez 1985), the core-set of
// Sener and Savarese 2018.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/matrix.h"
#include "kernels/lazy_minimum.h"

namespace querist::kernels {

struct CenterPick {
  size_t candidate = 0;  // Index into `candidates`.
  float distance =
      0;  // To the nearest labelled or earlier picked row; infinite for the very first.
};

// What the candidates of earlier calls over the same features have met: the next call starts where
// the last one stopped if its labelled rows hold all earlier centres and it has no new candidates,
// else it starts anew. Never changes a pick. One caller at a time; copies share what they know.
class CenterMemory {
 public:
  struct Known;

 private:
  friend std::vector<CenterPick> farthest_first(const Features&, std::span<const int64_t>,
                                                std::span<const int64_t>, size_t, size_t,
                                                CenterMemory&);
  std::shared_ptr<Known> known_;
};

// Each pick is the candidate farthest from everything labelled or picked; ties go to the lower
// candidate. With nothing labelled the first pick is `first`. x dense or half. costs: one a
// candidate, positive, by which its distance is divided before it is compared; empty: all 1.
// shortlist: how many candidates are kept exact at first; it changes the speed alone. Bytes and
// flops: mostly those of a few passes over x, whatever the count. No bound is proven: data can be
// made for which a row is read again for every centre, or oftener (`counts` says what it was).
// Memory as LazyMinimum says.
std::vector<CenterPick> farthest_first(const Features& x, std::span<const int64_t> candidates,
                                       std::span<const int64_t> labeled, size_t count, size_t first,
                                       std::span<const float> costs = {}, size_t shortlist = 1024,
                                       DistanceCounts* counts = nullptr);

// The same picks, all costs 1, with what `memory` knows. candidates and labeled ascend.
std::vector<CenterPick> farthest_first(const Features& x, std::span<const int64_t> candidates,
                                       std::span<const int64_t> labeled, size_t count, size_t first,
                                       CenterMemory& memory);

}  // namespace querist::kernels
