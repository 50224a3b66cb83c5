// What the divergence of two posteriors says about the errors of the models drawn from them.
#pragma once

namespace querist::stopping {

// The largest amount by which the mean loss under q can exceed that under p, both over weights,
// where KL(q || p) is so many nats and no loss is more than 1 above its mean under p, as errors are
// not: the r with (1 + r) ln(1 + r) - r = divergence, which is exp(W((divergence - 1) / e) + 1) - 1
// with Lambert's W (Ishibashi and Hino 2021). Refuses what is negative or not finite.
double error_bound(double divergence);

}  // namespace querist::stopping
