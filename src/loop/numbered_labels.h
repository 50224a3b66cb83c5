// Stored labels as rows and class ids, as learners and strategies take them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/records.h"

namespace querist::loop {

struct NumberedLabels {
  std::vector<int64_t> rows;
  std::vector<int32_t> ids;
};

// Leaves out labels of other classes (added since `classes` was read) and of rows from `rows` on.
NumberedLabels numbered(std::span<const Labelled> labels, std::span<const std::string> classes,
                        int64_t rows);

}  // namespace querist::loop
