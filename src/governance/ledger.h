// The ledger's proofs: that no event was altered, and which labels made a model.
#pragma once

#include "storage/store.h"

namespace querist::governance {

struct Verdict {
  bool valid = true;
  int64_t events = 0;                   // Links checked.
  std::optional<int64_t> first_broken;  // Sequence of the first link that does not hold.
  std::optional<std::string> reason;
};

// An event whose hash was noted elsewhere (a printed report, another system).
struct Anchor {
  int64_t sequence = 0;
  std::string hash;
};

// Walks the chain. Finds changed, missing, reordered and inserted events, and a cut tail by the
// head noted beside the chain. Someone who rewrites every later event and that head as well is
// found only with an anchor kept elsewhere.
Verdict verify(storage::Store& store, const std::optional<Anchor>& anchor = std::nullopt);

struct Lineage {
  ModelVersion model;
  std::vector<Labelled> labels;  // As of model.through_event.
  bool proven = false;           // Their hash is the one stored with the model.
};
Lineage lineage(storage::Store& store, int64_t project_id, int64_t version);

}  // namespace querist::governance
