// Which head is taught when nobody names one: one that is smaller than its teacher.
#pragma once

#include <string>

#include "base/json.h"
#include "data/records.h"

namespace querist::loop {

// neural_head or logistic_regression, the first whose weights would take less than half of the
// teacher's bytes. Throws conflict where neither would: then there is nothing to distil.
std::string small_student(const ModelVersion& teacher, size_t features, size_t classes);

// What was not gained: that the student is larger or slower than its teacher. Empty: neither.
std::string cost_warning(const Json& bytes, const Json& microseconds_a_row);

}  // namespace querist::loop
