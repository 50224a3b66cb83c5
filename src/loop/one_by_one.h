// The protocol of the published comparison of query strategies on 26 binary tables (Zhan, Liu, Li
// and Chan 2021; Lu, Li and Lin 2023): one label a step, until the pool is empty, under a support
// vector machine.
#pragma once

#include "loop/simulate.h"

namespace querist::loop {

// The plan's strategies, seeds and first_seed count; the protocol fixes the rest: of a random order
// of the rows the first 60 % are the pool (rounded down) and the rest the test set; 20 labels drawn
// at random, where a draw without both classes is drawn again, split and all, as the published runs
// leave such seeds out; columns standardised by the pool's means and deviations; then one query a
// step, each followed by the optimum of an RBF support vector machine with C = 1 and gamma = 1 / d.
// Strategies see the decision values through a fixed sigmoid, so margin asks about the smallest
// one; log_loss is of that sigmoid too. Those that read a committee see eight machines on
// bootstraps of the labelled rows, drawn anew every step. The last model has learnt the whole pool,
// so its accuracy is the full one. A run is bit for bit the same on any number of threads.
//
// query_learner: the learner whose probabilities strategies see instead of the machine's;
// task_learner: the one that is measured instead of it (both empty: the machine). They are trained
// anew at every step. A side file is kept as by simulate.
//
// A seed computes its kernel once: 4 bytes · pool · rows. Each step goes on from the coefficients
// of the one before. Refuses tables that have not two classes and only numbers.
Simulation simulate_one_by_one(const Table& table, const SimulationPlan& plan,
                               const Progress& progress);

}  // namespace querist::loop
