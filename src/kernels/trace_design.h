// The Fisher information that a model has about the rows of a pool, and how much of its expected
// variance one more row takes away (A-optimal design; the objective of BAIT, Ash et al. 2021).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix.h"

namespace querist::kernels {

// Per block b (a class), with z a row and an appended 1, a = weights(row, b):
// F = mean over all rows of a·zzᵀ, M = regularization·I + sum over chosen rows of a·zzᵀ. The
// objective is the sum over blocks of trace(M⁻¹F). All sums are in double. With D = cols + 1:
// starting takes (rows + 4 · candidates) · D² flops a block and one eigenproblem, a change
// 4 · candidates · D a block. Bytes: 16 a candidate and block, 32 · D² a block.
class TraceDesign {
 public:
  // x: dense or half. weights: (x.rows, blocks), not negative. Chosen at first: `chosen`. x and the
  // spans must outlive it.
  TraceDesign(const Features& x, MatrixView weights, std::span<const int64_t> chosen,
              std::span<const int64_t> candidates, double regularization);

  // What the objective loses when a candidate (an index) is chosen, and gains when a chosen one is
  // given back. Both are never negative.
  double gain(size_t candidate) const;
  double loss(size_t candidate) const;

  void choose(size_t candidate) { change(candidate, 1); }
  void give_back(size_t candidate) { change(candidate, -1); }
  // From now on gains and losses are kept up for these alone.
  void watch(std::vector<size_t> candidates) { watched_ = std::move(candidates); }

 private:
  struct Block {
    std::vector<double> inverse;  // M⁻¹, (D, D).
    std::vector<double> spread;   // M⁻¹FM⁻¹, (D, D).
  };

  void start(Block& block, size_t b, std::span<const int64_t> chosen, double regularization);
  std::vector<double> weighted_gram(size_t b, std::span<const int64_t> rows, double scale) const;
  void widen(std::span<const int64_t> rows, std::vector<double>& out) const;
  void measure();
  void change(size_t candidate, double sign);
  double weight(size_t candidate, size_t b) const;

  const Features x_;
  MatrixView weights_;
  std::span<const int64_t> candidates_;
  size_t width_;  // D.
  std::vector<Block> blocks_;
  std::vector<double> leverage_;  // zᵀM⁻¹z, (candidates, blocks).
  std::vector<double> effect_;    // zᵀM⁻¹FM⁻¹z, (candidates, blocks).
  std::vector<size_t> watched_;
};

}  // namespace querist::kernels
