// Trains heads with and without pseudo-labels, for labelers and the gate.
#pragma once

#include <map>
#include <memory>

#include "data/trainer.h"
#include "learners/learner.h"

namespace querist::loop {

// A head with pseudo-labels starts from the last one that was trained without any, and keeps the
// strength of penalty that its labels chose: a search among labels that a model made up would find
// that they can be believed altogether. Not for use from several threads.
class HeadTrainer {
 public:
  // Keeps the references. supervised: trained on all given labels.
  HeadTrainer(const learners::Learner& learner, const Params& params, uint64_t seed,
              const Progress& progress, std::shared_ptr<const learners::Model> supervised);
  std::shared_ptr<const learners::Model> train(const Dataset& data);
  // The same for a head that is asked once and thrown away: with pseudo-labels, training ends
  // sooner.
  std::shared_ptr<const learners::Model> train_roughly(const Dataset& data);
  // The latter as a function, which must not outlive this.
  Trainer function();
  void start_from(std::shared_ptr<const learners::Model> supervised);

 private:
  std::shared_ptr<const learners::Model> train_by(const Dataset& data, const Params& weighted);

  const learners::Learner& learner_;
  const Params& params_;
  Params kept_;   // Without a search of its own.
  Params rough_;  // And with a larger tolerance.
  uint64_t seed_;
  const Progress& progress_;
  std::map<size_t, std::shared_ptr<const learners::Model>> supervised_;  // By columns: of a view.
};

}  // namespace querist::loop
