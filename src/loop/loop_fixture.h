// A store of its own with one project of generated examples whose labels are known, for tests that
// turn the loop.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "loop/cycle.h"
#include "storage/examples.h"
#include "storage/projects.h"
#include "storage/selections.h"
#include "storage/temporary_folder.h"

namespace querist::loop {

// Example number i of two classes that a learner can tell apart, though not without mistakes: some
// words lean to a class, the others to none.
inline NewExample generated_text(int i) {
  Rng rng(mix_seed(11, static_cast<uint64_t>(i)));
  const bool is_spam = rng.uniform() < 0.5;
  NewExample example;
  example.external_id = fmt::format("text-{}", i);
  example.payload.text = fmt::format("message {}", i);
  for (int word = 0; word < 8; ++word) {
    const bool leans = rng.uniform() < 0.35;
    const auto kind = leans ? (is_spam ? "offer" : "lunch") : "word";
    example.payload.text += fmt::format(" {}{}", kind, rng.below(leans ? 6 : 30));
  }
  example.label = is_spam ? "spam" : "ham";
  return example;
}

// The same as points around two centres.
inline NewExample generated_embedding(int i) {
  Rng rng(mix_seed(12, static_cast<uint64_t>(i)));
  const bool is_spam = rng.uniform() < 0.5;
  NewExample example;
  for (int d = 0; d < 6; ++d) {
    const double centre = d == 0 ? (is_spam ? 0.6 : -0.6) : 0;
    example.payload.embedding.push_back(static_cast<float>(centre + 2 * rng.uniform() - 1));
  }
  example.label = is_spam ? "spam" : "ham";
  return example;
}

// As from a float16 file.
inline NewExample generated_half_embedding(int i) {
  NewExample example = generated_embedding(i);
  for (float& value : example.payload.embedding) value = half_to_float(float_to_half(value));
  return example;
}

// The same as a table of a number, a word and a number that is sometimes missing.
inline NewExample generated_row(int i) {
  Rng rng(mix_seed(13, static_cast<uint64_t>(i)));
  const bool is_spam = rng.uniform() < 0.5;
  NewExample example;
  example.payload.cells = {fmt::format("{:.4f}", rng.uniform() + (is_spam ? 0.5 : 0)),
                           fmt::format("kind{}", rng.below(is_spam ? 3 : 6)),
                           i % 7 ? fmt::format("{}", i) : ""};
  example.label = is_spam ? "spam" : "ham";
  return example;
}

class Bench {
 public:
  // folder: opens what is there already; empty: a folder that goes with the bench.
  explicit Bench(const Json& settings = Json::object(), const std::filesystem::path& folder = {},
                 const std::vector<std::string>& classes = {"ham", "spam"})
      : path_(folder.empty() ? own_.path() : folder) {
    reopen();
    if (!storage::find_project(store(), "p")) {
      storage::create_project(store(), {.name = "p", .classes = classes, .settings = settings},
                              "ada");
    }
    reopen();
  }

  void reopen() {
    workshop_.reset();
    store_.reset();
    store_ = storage::open_store(path_);
    if (const auto found = storage::find_project(store(), "p")) {
      project_id_ = found->id;
      workshop_ = std::make_unique<Workshop>(store(), project_id_);
    }
  }

  storage::AddResult add(PayloadKind payload, NewExample (*make)(int), int begin, int end) {
    storage::AddOptions options;
    options.payload = payload;
    if (payload == PayloadKind::columns) options.columns = {"size", "kind", "age"};
    std::vector<NewExample> examples;
    for (int i = begin; i < end; ++i) examples.push_back(make(i));
    return storage::add_examples(store(), project_id_, options, examples, "ada");
  }
  storage::AddResult add_texts(int begin, int end) {
    return add(PayloadKind::text, generated_text, begin, end);
  }

  Cycle turn(bool at_once = false) { return loop::turn(workshop(), quiet_, at_once); }
  void set(const Json& settings) {
    storage::change_project(store(), "p", {.settings = settings}, "ada");
  }

  // Every selection so far, oldest first.
  std::vector<StoredSelection> selections() {
    std::vector<StoredSelection> found;
    for (int64_t id = 1;; ++id) {
      auto selection = storage::find_selection(store(), project_id_, id);
      if (!selection) return found;
      found.push_back(std::move(*selection));
    }
  }

  storage::Store& store() { return *store_; }
  Workshop& workshop() { return *workshop_; }
  Project project() { return storage::project(store(), "p"); }
  const Progress& quiet() const { return quiet_; }
  const std::filesystem::path& folder() const { return path_; }

 private:
  storage::TemporaryFolder own_;
  std::filesystem::path path_;
  Progress quiet_;
  std::unique_ptr<storage::Store> store_;
  int64_t project_id_ = 0;
  std::unique_ptr<Workshop> workshop_;
};

}  // namespace querist::loop
