// Several trained models that answer as one, and one by one.
#pragma once

#include "learners/learner.h"

namespace querist::learners {

struct Member {
  std::unique_ptr<Model> model;
  std::vector<int32_t> columns{};  // The features it reads, ascending; empty: all.
};

// The chosen columns of rows [begin, end), in the same kind, half widened to float.
OwnedFeatures take_columns(const Features& x, size_t begin, size_t end,
                           std::span<const int32_t> columns);

class CommitteeModel final : public Model {
 public:
  // All members are of one task and the same classes; features: the committee's own columns.
  CommitteeModel(std::string learner, size_t features, std::vector<Member> members)
      : learner_(std::move(learner)), features_(features), members_(std::move(members)) {}

  Task task() const override { return members_[0].model->task(); }
  size_t classes() const override { return members_[0].model->classes(); }
  size_t features() const override { return features_; }
  // The means of the members' answers.
  void probabilities(const Features& features, Matrix& out) const override;
  void predictions(const Features& features, std::vector<float>& out) const override;
  size_t members() const override { return members_.size(); }
  void member_probabilities(const Features& features, Matrix& out) const override;
  void member_predictions(const Features& features, Matrix& out) const override;
  std::string save() const override;

  const Member& member(size_t m) const { return members_[m]; }

 private:
  // Calls take(m, begin, answers) for every member and block of rows.
  template <class Take>
  void each_answer(const Features& features, const Take& take) const;

  std::string learner_;
  size_t features_;
  std::vector<Member> members_;
};

std::unique_ptr<Model> load_committee(std::string_view bytes);

}  // namespace querist::learners
