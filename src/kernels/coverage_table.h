// Upper bounds of all similarities in a byte a pair, and from them what each candidate could still
// add: the greedy choice then looks at few candidates in full.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/coverage.h"
#include "kernels/large_buffer.h"
#include "kernels/narrow_distances.h"

namespace querist::kernels {

struct CodeSides;

// A target that is now covered better.
struct CoverageRaise {
  uint32_t target;
  float before;
  float after;
};

class CoverageTable {
 public:
  // Nothing for balls, for weights other than 0 and one other, for more than 128 MiB of pairs, and
  // for rows whose squared lengths float32 cannot hold. best: how well each target is covered.
  // Operations: 2 · cols a pair on 16-bit values, each pair once where candidates and targets are
  // the same rows. Borrows the task.
  static std::unique_ptr<CoverageTable> make(const CoverageTask& task, std::span<const float> best);

  // What a pick raised, each target once: a byte is read for each of them and each candidate.
  void raise(std::span<const CoverageRaise> raises);
  // No less than what growth() sums up for this candidate.
  double most(size_t candidate) const { return most_[candidate]; }

 private:
  // Codes stand for low_ + code · step_; those of similarities above the last one are counted.
  struct Scale {
    float low = 0;
    float step = 1;
  };

  CoverageTable(const CoverageTask& task, std::span<const float> best);
  bool fill();
  Scale scale_of(const NarrowDistances& candidates) const;
  void encode(const CodeSides& sides, const NarrowBlock& block);
  void find_own_targets();
  uint16_t level(float value) const;
  double finished(double sum) const;
  void add_growth(std::span<const CoverageRaise> raises, bool taken_away);

  const CoverageTask& task_;
  float weight_ = 1;   // Of every target that has any.
  float highest_ = 1;  // No similarity is larger.
  std::vector<float> best_;
  size_t stride_;
  LargeBuffer codes_;  // (targets, stride)
  Scale scale_;
  std::vector<double> most_;
  std::vector<int64_t> growth_;       // A candidate's sum of levels above the targets' own.
  std::vector<uint32_t> above_;       // Its similarities that no code reaches.
  std::vector<uint32_t> own_target_;  // Where it is itself to be covered: not in the table.
  bool summed_ = false;               // Whether growth_ is: from the first raise on.
};

}  // namespace querist::kernels
