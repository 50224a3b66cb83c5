// The card of a featurizer: payloads in, feature rows out, fitted once and used the same in
// training and serving.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/matrix.h"
#include "base/params.h"
#include "base/progress.h"
#include "data/example.h"

namespace querist::featurizers {

// What a featurizer makes of n payloads. A payload that cannot be read (a damaged image, an
// embedding of another width) makes fit and transform throw Error{invalid_argument} naming its
// position in the call; `check` tells before.
struct FeatureBatch {
  bool is_sparse = false;
  Matrix dense;     // (n, features) what the learner reads, unless is_sparse.
  Csr sparse;       // The same when is_sparse.
  Matrix geometry;  // (n, geometry_features) unit rows for distances; 0 columns: `dense` serves as
                    // geometry too.
  size_t rows() const { return is_sparse ? sparse.rows() : dense.rows; }
  Features features() const { return is_sparse ? Features(sparse) : Features(dense); }
};

// A fitted featurizer: an immutable object whose transform is the same function wherever it runs,
// row by row (a row's features do not depend on the other rows of the call). Safe to use from
// several threads at once.
struct Fitted {
  std::function<FeatureBatch(std::span<const Payload>)> transform;
  std::function<std::string()>
      save;             // Bytes that Featurizer::load turns into the same transform, bit for bit.
  size_t features = 0;  // Columns the learner reads.
  size_t geometry_features = 0;  // Columns of the geometry; 0 when the features serve as geometry.
  bool is_sparse = false;
  bool is_half = false;  // Every number that transform gives for the learner is one of float16's.
  Json description;  // What was inferred, for people: columns and their types, vocabulary size …
  std::function<std::string(const Payload&)>
      check;  // Why transform would refuse this payload; empty text: it is fine.
};

// Calls the given function with batches of payloads, front to back; may be run several times.
using PayloadStream = std::function<void(const std::function<void(std::span<const Payload>)>&)>;

struct FitInput {
  PayloadStream payloads;
  std::vector<std::string> columns;  // Column names for PayloadKind::columns, else empty.
  // Featurizer::survey of a table, and which of its payloads `payloads` are, in their order; null:
  // there is none. Changes what a fit costs, never what it gives.
  std::shared_ptr<const void> survey{};
  std::span<const int64_t> surveyed_rows{};
};

struct Featurizer {
  std::string_view name;
  std::string_view summary;
  PayloadKind payload = PayloadKind::text;
  ParamSpecs params{};
  Fitted (*fit)(const FitInput& input, const Params& params, uint64_t seed,
                const Progress& progress) = nullptr;
  Fitted (*load)(std::string_view bytes) = nullptr;
  std::string_view source{};  // Author, year.
  // Why no fit or transform can read this payload, so that an import rejects its row; empty text:
  // it is fine. Null: every payload of the kind is fine.
  std::string (*check)(const Payload& payload) = nullptr;
  // What fits to several parts of a table would each find of every payload by itself. Null: a fit
  // has no use for it.
  std::shared_ptr<const void> (*survey)(std::span<const Payload> payloads) = nullptr;
};

const std::vector<Featurizer>& all();
const Featurizer& find(std::string_view name);
// A featurizer with its parameters, from an expression: "tfidf" or "tfidf(char_max=0)".
struct ChosenFeaturizer {
  const Featurizer* card = nullptr;
  Params params;  // Of the card's rows, with what the text sets.
};
// Throws not_found for a name that is none and invalid_argument for a parameter that the card does
// not have or that is out of its range, or parentheses that do not match.
ChosenFeaturizer parse_featurizer(std::string_view expression);
// The same for payloads of a kind, its usual one where the text is empty; throws invalid_argument
// for one that reads others. have: the words before what there is instead.
ChosenFeaturizer parse_featurizer(std::string_view expression, PayloadKind payload,
                                  std::string_view have = "the data has");
// The featurizer a project of this payload kind gets unless its settings name another.
std::string_view default_for(PayloadKind kind);

#define ENTRY(function, wire_name) Featurizer function();
#include "featurizers.list"
#undef ENTRY

}  // namespace querist::featurizers
