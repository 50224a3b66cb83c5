// Each monitor on a hazard made for it, and on a world without one.
#include "loop/semi_supervised/hazards.h"

#include <gtest/gtest.h>

#include <cmath>

namespace querist::loop {

// `counts[c]` labels of each class c.
static std::vector<int32_t> labels_of(std::vector<int> counts) {
  std::vector<int32_t> labels;
  for (size_t c = 0; c < counts.size(); ++c)
    labels.insert(labels.end(), counts[c], static_cast<int32_t>(c));
  return labels;
}

TEST(Hazards, SeesPseudoLabelsThatRanAwayWithOneClass) {
  const auto audit = labels_of({9, 8, 8});
  const std::vector<double> collapsed = {950, 30, 20}, even = {340, 330, 330};
  const Hazard seen = class_histogram(audit, collapsed);
  ASSERT_TRUE(seen.is_seen.has_value());
  EXPECT_TRUE(*seen.is_seen);
  EXPECT_LT(seen.value, 0.001);
  EXPECT_NE(seen.sentence.find("not those of the 25 audit labels"), std::string::npos);
  EXPECT_FALSE(*class_histogram(audit, even).is_seen);
}

TEST(Hazards, SaysNothingOfClassesWithFewAuditLabels) {
  const std::vector<double> collapsed = {950, 30, 20};
  EXPECT_FALSE(class_histogram(labels_of({7, 6, 6}), collapsed).is_seen.has_value());
  EXPECT_TRUE(class_histogram(labels_of({7, 7, 6}), collapsed).is_seen.has_value());
}

TEST(Hazards, SeesAModelThatLeavesItsNeighbourhoods) {
  // Of 100 rows the one without pseudo-labels agrees with 80; with them 69, then 70.
  const auto spread = labels_of({50, 50});
  const auto without = labels_of({70, 30});
  auto with = labels_of({81, 19});
  const Hazard seen = neighbour_agreement(spread, with, without);
  EXPECT_TRUE(*seen.is_seen);
  EXPECT_NEAR(seen.value, 0.11, 1e-12);
  with = labels_of({79, 21});
  EXPECT_FALSE(*neighbour_agreement(spread, with, without).is_seen);
  EXPECT_FALSE(neighbour_agreement({}, {}, {}).is_seen.has_value());
}

TEST(Hazards, SeesADropOnTheAuditLabelsThatTheGivenLabelsDoNotShare) {
  const std::vector<int32_t> audit(40, 0);
  const auto right = [](size_t hits) {
    std::vector<int32_t> says(40, 1);
    std::fill_n(says.begin(), hits, 0);
    return says;
  };
  const Hazard seen = audit_drop(audit, right(28), right(30), right(32));
  EXPECT_TRUE(*seen.is_seen);
  EXPECT_NEAR(seen.value, 0.1, 1e-12);
  // By hand: 4 of 40 rows differ by 1, so the variance is (0.1 - 0.01) * 40 / 39.
  EXPECT_NEAR(seen.limit, std::sqrt(0.09 * 40 / 39 / 40), 1e-12);
  EXPECT_FALSE(*audit_drop(audit, right(28), right(20), right(32)).is_seen)
      << "taking the pseudo-labels back would make it worse";
  EXPECT_FALSE(*audit_drop(audit, right(32), right(32), right(32)).is_seen);
  EXPECT_FALSE(*audit_drop(audit, right(31), right(32), right(32)).is_seen) << "one row is chance";
  EXPECT_FALSE(audit_drop(audit, right(28), right(30), {}).is_seen.has_value());
  EXPECT_FALSE(audit_drop(std::span(audit).first(19), right(2), right(2), right(9)).is_seen);
}

}  // namespace querist::loop
