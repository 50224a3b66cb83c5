// The store of one backend in a folder of its own, with a clock to turn, for tests that every
// backend must pass.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "storage/examples.h"
#include "storage/projects.h"
#include "storage/temporary_folder.h"

namespace querist::storage {

struct Backend {
  const char* name;
  std::unique_ptr<Store> (*open)(const std::filesystem::path& folder, Clock clock);
};

inline const Backend sqlite{"sqlite", [](const std::filesystem::path& folder, Clock clock) {
                              return open_store(folder, std::move(clock));
                            }};

class StoreOn : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override { open(); }
  void open() {
    store_.reset();
    store_ = GetParam().open(folder_.path(), [this] { return now_.load(); });
  }
  Store& store() { return *store_; }

  Project make(const std::string& name = "p", std::vector<std::string> classes = {"a", "b"}) {
    return create_project(store(), {.name = name, .classes = std::move(classes)}, "ada");
  }
  static NewExample text(std::string words, std::string external_id = "") {
    NewExample example;
    example.payload.text = std::move(words);
    example.external_id = std::move(external_id);
    return example;
  }
  AddResult add(const Project& p, const std::vector<NewExample>& examples,
                AddOptions options = {}) {
    return add_examples(store(), p.id, options, examples, "ada");
  }
  void add_many(const Project& p, int count) {
    std::vector<NewExample> examples;
    for (int i = 0; i < count; ++i) examples.push_back(text(fmt::format("example {}", i)));
    ASSERT_EQ(add(p, examples).accepted, count);
  }

  TemporaryFolder folder_;
  std::atomic<int64_t> now_ = 1'700'000'000'000;
  std::unique_ptr<Store> store_;
};

template <class F>
Code code_of(F&& work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_STRNE(error.what(), "");
    return error.code();
  }
  ADD_FAILURE() << "no error was thrown";
  return Code::internal;
}

}  // namespace querist::storage
