// The card of a stopping rule: what it reads from a project's history, and the advice it gives in
// plain words.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/params.h"
#include "metrics/estimate.h"

namespace querist::stopping {

// One trained model: how many labels it learnt from, and its classes for the stop set. The stop set
// is a fixed sample of unlabelled examples (2,000 or more if there are as many), the same for all
// models of a project.
struct ModelRecord {
  size_t labels = 0;
  std::vector<int32_t> predictions;
};

struct History {
  std::vector<ModelRecord> models;  // Oldest first.
  size_t batch_size = 20;
  std::optional<metrics::Estimate> audit;  // The target metric on randomly drawn audit labels.
  size_t audit_labels = 0;
  std::string_view metric = "accuracy";  // The word of that metric, for sentences.
  double target = 0;                     // 0: none was set.
  size_t labels = 0;                     // Labels given so far.
  size_t budget = 0;                     // Most labels to give; 0: no limit was set.
  size_t pool_left = 0;                  // Examples that nobody has labelled yet.
};

enum class Verdict { stop, continue_, unknown };
std::string_view verdict_word(Verdict verdict);  // stop, continue, unknown.

struct Advice {
  Verdict verdict = Verdict::unknown;
  std::string name;         // The rule's.
  std::optional<bool> met;  // Null while the rule cannot tell.
  std::string sentence;
  double value = 0;  // What the rule measured; 0 while it cannot tell.
};

struct StoppingRule {
  std::string_view name;
  std::string_view summary;
  ParamSpecs params{};
  std::string_view source{};  // Author, year.
  Advice (*decide)(const History& history, const Params& params) = nullptr;
};

// Every rule of this folder, by wire name ascending.
const std::vector<StoppingRule>& all();
const StoppingRule& find(std::string_view name);

// Checks the history (label counts that do not fall, stop sets of one size) and asks the rule.
Advice decide(const StoppingRule& rule, const History& history, const Params& params);

// What all rules together say: stop as soon as one of them is met; unknown while none can tell.
// settings may hold the Params of a rule by its name; others keep their fallbacks.
struct Verdicts {
  Verdict verdict = Verdict::unknown;
  std::string sentence;
  std::vector<Advice> evidence;  // One a rule, in the order of all().
};
Verdicts advise(const History& history, const std::map<std::string, Params>& settings = {});

#define ENTRY(function, wire_name) StoppingRule function();
#include "stopping.list"
#undef ENTRY

}  // namespace querist::stopping
