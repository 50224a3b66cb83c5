// The checksum against the published vectors of XXH64.
#include "storage/checksum.h"

#include <gtest/gtest.h>

#include <string>

namespace querist::storage {

TEST(Checksum, GivesThePublishedVectors) {
  EXPECT_EQ(checksum(""), 0xef46db3751d8e999u);
  EXPECT_EQ(checksum("a"), 0xd24ec4f1a98c6e5bu);
  EXPECT_EQ(checksum("abc"), 0x44bc2cf5ad770999u);
  EXPECT_EQ(checksum("Call me Ishmael. Some years ago--never mind how long precisely-"),
            0x02a2e85470d6fd96u);
}

TEST(Checksum, ChangesWithEveryByte) {
  std::string bytes(1'000, 'x');
  const uint64_t before = checksum(bytes);
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = 'y';
    EXPECT_NE(checksum(bytes), before) << "byte " << i;
    bytes[i] = 'x';
  }
}

}  // namespace querist::storage
