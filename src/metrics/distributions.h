// The distributions that intervals and tests are read from.
#pragma once

#include <cstddef>
#include <cstdint>

namespace querist::metrics {

double normal_cdf(double x);
double normal_quantile(double p);  // 0 < p < 1; relative error about 1e-16 (Wichura 1988, AS 241).

// Regularised incomplete beta function I_x(a, b), by Lentz's continued fraction (Lentz 1976).
double incomplete_beta(double a, double b, double x);

double student_t_cdf(double t, double degrees);
double student_t_quantile(double p, double degrees);  // 0 < p < 1, degrees > 0.

// P[X <= k] for X binomial with n trials of chance p.
double binomial_cdf(int64_t k, int64_t n, double p);

}  // namespace querist::metrics
