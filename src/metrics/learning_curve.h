// What a learning curve says as one number: its area, and the labels it saves against another.
#pragma once

#include <optional>
#include <span>

namespace querist::metrics {

// A curve is labels (ascending, positive) and the metric at each; at least one point.

// Trapezoid area over labels divided by the label range, the initial model included; one point: its
// value.
double aulc(std::span<const double> labels, std::span<const double> values);

// The same over ln(labels).
double aulc_log(std::span<const double> labels, std::span<const double> values);

// As the published 26-set re-benchmark computes it, for comparison with its tables only: the
// trapezoid over the models after the initial one, at unit steps, divided by the number of points
// rather than of intervals.
double aubc_trapz_over_n(std::span<const double> values_without_initial);

// The fewest labels at which the curve reaches the target, linear between points; null if it never
// does.
std::optional<double> labels_to_reach(std::span<const double> labels,
                                      std::span<const double> values, double target);

// 1 - labels_A / labels_B, both counted to B's final value, which is the mean of B's last `smooth`
// points. Null if A never reaches it. Negative where A needs more labels.
std::optional<double> labels_saved(std::span<const double> labels_a,
                                   std::span<const double> values_a,
                                   std::span<const double> labels_b,
                                   std::span<const double> values_b, size_t smooth = 3);

}  // namespace querist::metrics
