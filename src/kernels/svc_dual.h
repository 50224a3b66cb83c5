// The dual problem of the support vector classifier under a kernel of unit diagonal, solved two
// coefficients at a time (Platt 1998) with the second-order choice of the pair (Fan, Chen and Lin
// 2005), from any feasible start.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace querist::kernels {

// One entry a row. Signs are folded into the coefficients: beta = y alpha with y of -1 or 1, so
// that the box is [0, C] for a positive row, [-C, 0] for a negative one and [0, 0] for a row that
// is not trained on. Such a row costs its share of every step and is scored for free.
struct SvcDual {
  std::vector<double> beta;      // Within the box; must sum to zero.
  std::vector<double> low;       // At most 0.
  std::vector<double> high;      // At least 0.
  std::vector<double> residual;  // y_i - sum_j beta_j k(i, j), with y = 0 for rows not trained on.
};

struct SvcEnd {
  double bias = 0;       // The decision value of row i is bias + y_i - residual_i.
  double violation = 0;  // Of the optimality conditions: libsvm's m - M.
  size_t steps = 0;
};

// k(row, ·) for all rows; the pointer must hold until the next but one call.
using KernelRow = std::function<const float*(size_t row)>;

// Steps until the largest violation is below the tolerance, or max_steps are done. Rows of one
// class alone, or none, need no step: the bias is theirs then (0 where there is none). Ties go to
// the lower row. A step reads 76 bytes and does about 20 flops a row, on the calling thread.
SvcEnd solve_svc(const KernelRow& kernel_row, double tolerance, size_t max_steps, SvcDual& dual);

// out[i] += scale · row[i].
void add_scaled(const float* row, size_t count, double scale, double* out);

// sum over j of beta_j (y_j + residual_j) / 2: what the dual maximises.
double svc_objective(const SvcDual& dual);

// Sets beta_i and keeps the residuals in step.
void set_beta(const KernelRow& kernel_row, size_t i, double value, SvcDual& dual);

// Cuts coefficients of the heavier sign, lower rows first, until they sum to zero again.
void balance_betas(const KernelRow& kernel_row, SvcDual& dual);

}  // namespace querist::kernels
