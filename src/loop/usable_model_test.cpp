// A model is asked once it has two labels a class, of two classes.
#include "loop/usable_model.h"

#include <gtest/gtest.h>

#include <vector>

namespace querist::loop {

TEST(UsableModel, NeedsTwoLabelsAClassAndTwoClasses) {
  EXPECT_FALSE(is_usable({}, 0));
  EXPECT_FALSE(is_usable(std::vector<int32_t>{0, 1, 0}, 2));
  EXPECT_TRUE(is_usable(std::vector<int32_t>{0, 1, 0, 0}, 2));
  EXPECT_FALSE(is_usable(std::vector<int32_t>{1, 1, 1, 1, 1}, 2));
  EXPECT_FALSE(is_usable(std::vector<int32_t>{0, 1, 0, 0}, 3));
}

}  // namespace querist::loop
