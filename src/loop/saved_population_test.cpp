// Which rows judge and are drawn from, and what audit labels stand for, counted by hand.
#include "loop/saved_population.h"

#include <gtest/gtest.h>

#include <set>

namespace querist::loop {

// Ten rows are learnt, ten more come later, five of these before the first of the four audit
// labels, three before the third and two after the last.
class SavedPopulationOf : public testing::Test {
 protected:
  SavedPopulationOf() {
    for (int64_t row = 0; row < 20; ++row) {
      rows_.push_back(row);
      labels_.push_back(static_cast<int32_t>(row % 3));
      before_.push_back(row < 15 ? 0 : row < 18 ? 2 : 4);
    }
    for (int64_t row = 20; row < 24; ++row) audit_.push_back(row);
    for (int64_t row = 24; row < 114; ++row) unlabeled_.push_back(row);
  }

  SavedPopulation split(uint64_t seed) const {
    SavedData data;
    data.rows = rows_;
    data.labels = labels_;
    data.audit_before = before_;
    data.audit_rows = audit_;
    data.unlabeled = unlabeled_;
    return saved_population(data, 10, seed);
  }

  std::vector<int64_t> rows_, before_, audit_, unlabeled_;
  std::vector<int32_t> labels_;
};

TEST_F(SavedPopulationOf, AuditLabelsStandForWhatHadNoLabelThen) {
  const auto found = split(1);
  const std::vector<double> expected = {0.95, 0.95, 0.92, 0.92};  // Of 90 and ten rows.
  ASSERT_EQ(found.stands_for.size(), 4u);
  for (size_t a = 0; a < 4; ++a) EXPECT_NEAR(found.stands_for[a], expected[a], 1e-12) << a;
}

TEST_F(SavedPopulationOf, JudgesAndRowsToDrawShareThePool) {
  std::set<size_t> later;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const auto found = split(seed);
    EXPECT_EQ(found.unlabeled(), 27u);  // Three in ten of 90.
    std::set<int64_t> all(found.judges.begin(), found.judges.end());
    all.insert(found.drawn_from.begin(), found.drawn_from.end());
    EXPECT_EQ(all.size(), found.judges.size() + found.drawn_from.size()) << "none is both";
    for (const int64_t row : audit_) EXPECT_FALSE(all.contains(row));
    for (int64_t row = 10; row < 20; ++row) EXPECT_TRUE(all.contains(row));
    for (size_t i = 0; i < found.drawn_from.size(); ++i) {
      const int64_t row = found.drawn_from[i];
      EXPECT_EQ(found.drawn_labels[i], row < 20 ? labels_[static_cast<size_t>(row)] : -1);
    }
    for (size_t k = 0; k < found.later.size(); ++k) {
      const size_t at = found.later[k];
      EXPECT_EQ(found.judges[found.unlabeled() + k], rows_[at]);
      EXPECT_EQ(found.known_shares[found.unlabeled() + k], at < 15 ? 1 : at < 18 ? 0.5 : 0);
    }
    for (size_t j = 0; j < found.unlabeled(); ++j) EXPECT_EQ(found.known_shares[j], 0);
    later.insert(found.later.begin(), found.later.end());
  }
  EXPECT_EQ(later, (std::set<size_t>{10, 11, 12, 13, 14, 15, 16, 17, 18, 19}));
}

}  // namespace querist::loop
