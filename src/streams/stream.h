// The card of a strategy for streams, where instances come one at a time and each is asked about at
// once or never; and the stream that runs one.
#pragma once

#include <any>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/matrix.h"
#include "base/params.h"
#include "data/pool.h"

namespace querist::streams {

class Archive;  // parts/archive.h: what a state is written to and read from.

// One instance, checked: finite numbers, probabilities that sum to 1. What nobody gave is empty.
struct Instance {
  std::span<const double> probabilities;
  std::span<const float> embedding;
};

// Over the state that a strategy keeps between instances.
struct StateFunctions {
  std::any (*start)(const Params& params, uint32_t seed) = nullptr;
  // Whether to ask about the instance; moves the state on. No allocation after the first call.
  bool (*decide)(std::any& state, const Instance& instance) = nullptr;
  double (*spent)(const std::any& state) = nullptr;
  void (*fields)(std::any& state, Archive& archive) = nullptr;
};

// Those of a plug-in's State: State(const Params&, uint32_t seed), decide(instance), spent(),
// fields(archive).
template <class State>
StateFunctions state_functions() {
  return {
      .start = [](const Params& params, uint32_t seed) { return std::any(State(params, seed)); },
      .decide = [](std::any& state,
                   const Instance& instance) { return any_cast<State>(&state)->decide(instance); },
      .spent = [](const std::any& state) { return any_cast<State>(&state)->spent(); },
      .fields = [](std::any& state, Archive& archive) { any_cast<State>(&state)->fields(archive); },
  };
}

struct StreamStrategy {
  std::string_view name;
  std::string_view summary;
  Signal needs = Signal::none;  // probabilities, embeddings, both or none.
  ParamSpecs params{};          // `budget` is always among them.
  StateFunctions state{};
  std::string_view source{};  // Author, year.
};

// Every strategy of this folder, by wire name ascending.
const std::vector<StreamStrategy>& all();
const StreamStrategy& find(std::string_view name);

// A running stream. It decides as scikit-activeml does for the same probabilities and the same seed
// (its random_state), bit for bit, one instance at a time. Memory: some KB, and for density_based
// 4 · density_window · d bytes. One thread at a time.
//
// The first instance fixes how many classes and numbers of an embedding there are; an instance of
// another shape, with an infinite number, with a probability outside 0 … 1 or a sum that is not 1
// (tolerance 0.001) is refused (invalid_argument) and leaves the stream as it was. An instance that
// holds a NaN in what the strategy reads is never asked about and otherwise ignored: it counts as
// skipped, not as seen. What the strategy does not read is not looked at.
class Stream {
 public:
  // params: those of strategy.params.
  explicit Stream(const StreamStrategy& strategy, Params params, uint32_t seed = 0);
  Stream(const StreamStrategy& strategy, uint32_t seed = 0)
      : Stream(strategy, Params(strategy.params), seed) {}

  // Whether to ask for the label of this instance. Floats are widened.
  bool query(std::span<const double> probabilities, std::span<const float> embedding = {});
  bool query(std::span<const float> probabilities, std::span<const float> embedding = {});

  // The same as query on each row in turn, except that all rows are checked before the first is
  // decided. asked: one a row, 0 or 1. Embeddings dense or half; what the strategy does not read
  // may be empty. Returns how many are asked about. Calls check_interrupt(); rows decided before an
  // interruption stay decided.
  size_t query_many(std::span<const double> probabilities, size_t classes,
                    const Features& embeddings, std::span<uint8_t> asked);
  size_t query_many(MatrixView probabilities, const Features& embeddings, std::span<uint8_t> asked);

  const StreamStrategy& strategy() const { return *strategy_; }
  const Params& params() const { return params_; }
  double spent() const;  // The share of instances asked about, as the strategy estimates it.
  uint64_t seen() const { return seen_; }
  uint64_t asked() const { return asked_; }
  uint64_t skipped() const { return skipped_; }

  // The whole stream as JSON text, and back: it goes on as if it had never stopped. load throws
  // invalid_argument on a text that save cannot have written.
  std::string save() const;
  static Stream load(std::string_view text);

 private:
  struct Rows;  // Instances side by side.

  bool fill(const Rows& rows, size_t row);
  void check_shape(const Rows& rows) const;
  bool decide();
  size_t run(const Rows& rows, std::span<uint8_t> asked);

  const StreamStrategy* strategy_;
  Params params_;
  std::any state_;
  bool reads_probabilities_;
  bool reads_embeddings_;
  std::vector<double> probabilities_;  // Of the instance at hand.
  std::vector<float> embedding_;
  uint64_t seen_ = 0;
  uint64_t asked_ = 0;
  uint64_t skipped_ = 0;
};

#define ENTRY(function, wire_name) StreamStrategy function();
#include "streams.list"
#undef ENTRY

}  // namespace querist::streams
