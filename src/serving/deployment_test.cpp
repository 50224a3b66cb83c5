// Deployments: the model and featurizer of training, swapped without disturbing who is at work.
#include "serving/deployment.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "storage/examples.h"
#include "storage/models.h"
#include "storage/projects.h"
#include "storage/temporary_folder.h"

namespace querist::serving {

static NewExample generated(int i) {
  Rng rng(mix_seed(5, static_cast<uint64_t>(i)));
  const bool is_spam = rng.uniform() < 0.5;
  NewExample example;
  example.payload.text = fmt::format("message {}", i);
  for (int word = 0; word < 6; ++word) {
    const auto kind = rng.uniform() < 0.5 ? (is_spam ? "offer" : "lunch") : "word";
    example.payload.text += fmt::format(" {}{}", kind, rng.below(9));
  }
  example.label = is_spam ? "spam" : "ham";
  return example;
}

// A project of 60 texts with a featurizer; versions are trained on its first rows.
class Serving : public testing::Test {
 protected:
  Serving() : store_(storage::open_store(folder_.path())) {
    storage::create_project(store(), {.name = "p", .classes = {"ham", "spam"}}, "ada");
    for (int i = 0; i < 60; ++i) examples_.push_back(generated(i));
    storage::add_examples(store(), project().id, {}, examples_, "ada");
    for (const NewExample& example : examples_) payloads_.push_back(example.payload);
    const auto& card = featurizers::find("tfidf");
    featurizers::FitInput input;
    input.payloads = [this](const auto& take) { take(std::span<const Payload>(payloads_)); };
    fitted_ = card.fit(input, Params(card.params), 1, quiet_);
    FeaturizerVersion version;
    version.project_id = project().id;
    version.name = "tfidf";
    version.features = static_cast<int64_t>(fitted_.features);
    version.is_sparse = fitted_.is_sparse;
    version.fitted_rows = 60;
    storage::add_featurizer(store(), version, fitted_.save(), "ada");
  }

  storage::Store& store() { return *store_; }
  Project project() { return storage::project(store(), "p"); }

  // Trains on the first `rows` texts and stores the model; returns its version.
  int64_t add_version(size_t rows) {
    Dataset data;
    const auto batch = fitted_.transform(std::span<const Payload>(payloads_).first(rows));
    data.features = batch.features();
    for (size_t i = 0; i < rows; ++i) labels_.push_back(examples_[i].label == "spam");
    data.labels.assign(labels_.end() - static_cast<std::ptrdiff_t>(rows), labels_.end());
    data.classes = 2;
    const auto& learner = learners::find("logistic_regression");
    model_ = learners::train(learner, data, Params(learner.params), nullptr, 3, quiet_);
    ModelVersion version;
    version.project_id = project().id;
    version.learner = learner.name;
    version.classes = {"ham", "spam"};
    version.featurizer = "tfidf";
    version.featurizer_version = 1;
    version.labels = static_cast<int64_t>(rows);
    version.label_hash = std::string(64, '0');
    return storage::add_model(store(), version, model_->save(), "ada").version;
  }

  Matrix by_hand() {  // By the model trained last.
    Matrix probabilities;
    const auto batch = fitted_.transform(payloads_);
    model_->probabilities(batch.features(), probabilities);
    return probabilities;
  }

  storage::TemporaryFolder folder_;
  std::unique_ptr<storage::Store> store_;
  std::vector<NewExample> examples_;
  std::vector<Payload> payloads_;
  std::vector<int32_t> labels_;
  featurizers::Fitted fitted_;
  std::unique_ptr<learners::Model> model_;
  Progress quiet_;
};

template <class F>
static Error thrown_by(F&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error was thrown";
  return Error(Code::internal, "");
}

TEST_F(Serving, AnswersAsTheTrainedModelDoesBitForBit) {
  const int64_t version = add_version(40);
  promote(store(), project(), "champion", version, false, "", "ada");
  Deployments deployments(store());
  const auto deployment = deployments.of_alias(project(), "champion");
  EXPECT_EQ(deployment->version, version);
  EXPECT_EQ(deployment->classes, (std::vector<std::string>{"ham", "spam"}));
  const Prediction prediction = predict(*deployment, payloads_);
  const Matrix expected = by_hand();
  EXPECT_EQ(prediction.probabilities.values, expected.values);
  ASSERT_EQ(prediction.labels.size(), 60u);
  for (size_t i = 0; i < 60; ++i) {
    EXPECT_EQ(prediction.labels[i], expected.at(i, 0) >= expected.at(i, 1) ? "ham" : "spam");
    const Prediction alone = predict(*deployment, std::span(payloads_).subspan(i, 1));
    EXPECT_EQ(alone.probabilities.at(0, 1), expected.at(i, 1)) << "the same alone as in company";
  }
}

TEST_F(Serving, AnswersNothingToNothingAndRefusesTooMuch) {
  Deployments deployments(store());
  const auto deployment = deployments.of_version(project(), add_version(20));
  const Prediction none = predict(*deployment, {});
  EXPECT_TRUE(none.labels.empty());
  EXPECT_EQ(none.probabilities.cols, 2u);
  std::vector<Payload> inputs(max_batch, payloads_[0]);
  EXPECT_EQ(predict(*deployment, inputs).labels.size(), max_batch);
  inputs.push_back(payloads_[0]);
  const Error error = thrown_by([&] { predict(*deployment, inputs); });
  EXPECT_EQ(error.code(), Code::resource_exhausted);
  EXPECT_NE(std::string(error.what()).find("10001"), std::string::npos) << error.what();
}

TEST_F(Serving, SaysWhenThereIsNoSuchModel) {
  Deployments deployments(store());
  const auto code = [&](auto&& work) { return thrown_by(work).code(); };
  EXPECT_EQ(code([&] { deployments.of_alias(project(), "champion"); }), Code::not_found);
  EXPECT_EQ(code([&] { deployments.of_version(project(), 7); }), Code::not_found);
  EXPECT_EQ(code([&] { promote(store(), project(), "champion", 7, true, "", "ada"); }),
            Code::not_found);
}

TEST_F(Serving, PromotesPastAFailedGateOnlyByForceAndNotesIt) {
  const int64_t good = add_version(40);
  const int64_t bad = add_version(10);
  promote(store(), project(), "champion", good, false, "", "ada");
  storage::set_model_gate(store(), project().id, bad,
                          {{"passed", false}, {"sentence", "It is worse."}}, "querist");
  const Error error =
      thrown_by([&] { promote(store(), project(), "champion", bad, false, "I like it", "ada"); });
  EXPECT_EQ(error.code(), Code::conflict);
  EXPECT_NE(std::string(error.what()).find("It is worse."), std::string::npos);
  EXPECT_EQ(storage::model_of_alias(store(), project().id, "champion")->version, good);
  const AliasChange change = promote(store(), project(), "champion", bad, true, "I like it", "ada");
  EXPECT_EQ(change.version, bad);
  EXPECT_EQ(change.previous, good);
  EXPECT_EQ(change.reason, "I like it (forced past its gate)");
  EXPECT_EQ(change.actor, "ada");
  EXPECT_EQ(Deployments(store()).of_alias(project(), "champion")->version, bad);
}

TEST_F(Serving, RollsBackToTheVersionBefore) {
  const int64_t first = add_version(20);
  const std::vector<float> before = by_hand().values;
  const int64_t second = add_version(50);
  Deployments deployments(store());
  promote(store(), project(), "champion", first, false, "", "ada");
  promote(store(), project(), "champion", second, false, "", "ada");
  EXPECT_NE(predict(*deployments.of_alias(project(), "champion"), payloads_).probabilities.values,
            before);
  storage::roll_back(store(), project().id, "champion", "worse on the phone", "ada");
  const auto restored = deployments.of_alias(project(), "champion");
  EXPECT_EQ(restored->version, first);
  EXPECT_EQ(predict(*restored, payloads_).probabilities.values, before);
}

TEST_F(Serving, LetsARequestFinishOnTheVersionItHolds) {
  Deployments deployments(store());
  promote(store(), project(), "champion", add_version(20), false, "", "ada");
  const auto held = deployments.of_alias(project(), "champion");
  const std::vector<float> before = predict(*held, payloads_).probabilities.values;
  for (size_t i = 1; i <= 20; ++i) {  // More than are kept at hand.
    promote(store(), project(), "champion", add_version(20 + i), false, "", "ada");
    const auto now = deployments.of_alias(project(), "champion");
    EXPECT_EQ(now->version, static_cast<int64_t>(i) + 1);
    EXPECT_EQ(predict(*held, payloads_).probabilities.values, before);
  }
  EXPECT_EQ(held->version, 1);
  const auto loaded_anew = deployments.of_version(project(), 1);
  EXPECT_NE(loaded_anew, held);
  EXPECT_EQ(predict(*loaded_anew, payloads_).probabilities.values, before);
}

TEST_F(Serving, LoadsAVersionOnce) {
  Deployments deployments(store());
  const int64_t version = add_version(20);
  EXPECT_EQ(deployments.of_version(project(), version), deployments.of_version(project(), version));
}

}  // namespace querist::serving
