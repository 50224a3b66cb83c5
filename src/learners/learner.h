// The card of a learner, and the one face of every trained model.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/params.h"
#include "base/progress.h"
#include "base/rng.h"
#include "data/dataset.h"
#include "data/pool.h"
#include "learners/robustness/ball.h"

namespace querist::learners {

// A trained, immutable predictor. Safe to use from several threads at once.
class Model {
 public:
  virtual ~Model() = default;
  virtual Task task() const { return Task::classification; }
  virtual size_t classes() const = 0;   // 0 where the task is regression.
  virtual size_t features() const = 0;  // The columns it expects.
  // Writes (features.rows, classes) probabilities; each row sums to 1 within 1e-5, or each is of a
  // label on its own where the task is multi_label. Refuses another number of columns. A model for
  // regression has none: a checked bug.
  virtual void probabilities(const Features& features, Matrix& out) const;
  // Regression: writes one number a row. Others have none: a checked bug.
  virtual void predictions(const Features& features, std::vector<float>& out) const;
  // A committee's members, each of the same task; 0: the model is none. Their probabilities are
  // (members · rows, classes), member after member; their predictions (members, rows).
  virtual size_t members() const { return 0; }
  virtual void member_probabilities(const Features& features, Matrix& out) const;
  virtual void member_predictions(const Features& features, Matrix& out) const;
  virtual std::string save() const = 0;  // What Learner::load reads.
  // The head's weights as (classes, features) and (classes) if the model is linear in its features,
  // else empty; also empty where a sparse model keeps only the few columns that are not zero.
  virtual MatrixView linear_weights() const { return {}; }
  virtual std::vector<float> linear_bias() const { return {}; }
};

// Training on rows that are moved to where the model errs.
struct Hardening {
  Ball ball;     // They are moved within.
  Params plain;  // The same parameters but for this: they train on the rows as they are.
};

struct Learner {
  std::string_view name;
  std::string_view summary;
  ParamSpecs params{};
  // warm_start may be null or a model of the same learner with the same columns and at most as many
  // classes. Classes without a label in the data are possible and must get a small, finite
  // probability.
  std::unique_ptr<Model> (*train)(const Dataset& data, const Params& params,
                                  const Model* warm_start, uint64_t seed,
                                  const Progress& progress) = nullptr;
  std::unique_ptr<Model> (*load)(std::string_view bytes) = nullptr;
  // The parameters with what the model's training chose by itself (a strength found by search), so
  // that training on parts of the same rows need not search anew; null: it chooses nothing.
  Params (*settled)(const Params& params, const Model& model) = nullptr;
  std::string_view source{};             // Author, year.
  Signal gives = Signal::probabilities;  // What its models can tell a strategy of every row.
  std::vector<Task> tasks = {Task::classification};
  bool trees = false;  // Cuts columns one at a time: distances between rows mean little to it.
  // What the parameters ask of it; nothing: they train on the rows as they are. Null: it has none.
  std::optional<Hardening> (*hardening)(const Params& params) = nullptr;
};

const std::vector<Learner>& all();
const Learner& find(std::string_view name);

// A learner with its parameters, from an expression: "forest" or "forest(trees=300)".
struct ChosenLearner {
  const Learner* card = nullptr;
  Params params;  // Of the card's rows, with what the text sets.
};
// Throws not_found for a name that is none and invalid_argument for a parameter that the card does
// not have or that is out of its range, or parentheses that do not match.
ChosenLearner parse_learner(std::string_view expression);

// Refuses what no learner can train on: no rows, rows that do not match, NaN or infinite features
// or targets, sparse columns out of range, labels out of range, weights that are not positive and
// finite.
void check(const Dataset& data);

// Whether the learner trains models of this task.
bool learns(const Learner& learner, Task task);

// Checks the task, the data and the warm start, then trains.
std::unique_ptr<Model> train(const Learner& learner, const Dataset& data, const Params& params,
                             const Model* warm_start, uint64_t seed, const Progress& progress);

#define ENTRY(function, wire_name) Learner function();
#include "learners.list"
#undef ENTRY

}  // namespace querist::learners
