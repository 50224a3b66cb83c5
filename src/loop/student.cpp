// Sizes are known before the lesson: a weight takes four bytes.
#include "loop/student.h"

#include "base/error.h"
#include "learners/learner.h"

namespace querist::loop {

std::string small_student(const ModelVersion& teacher, size_t features, size_t classes) {
  const Params network(learners::find("neural_head").params);
  const auto hidden = static_cast<size_t>(network.integer("hidden"));
  const auto gains = [&](size_t units) {
    return 2 * sizeof(float) * units * features < static_cast<size_t>(teacher.bytes);
  };
  if (gains(hidden)) return "neural_head";
  if (gains(classes)) return "logistic_regression";
  fail(Code::conflict,
       "version {} ({}) takes {} bytes: no student of {} features and {} classes would be much "
       "smaller, so there is nothing to distil; name one as learner to teach it all the same",
       teacher.version, teacher.learner, teacher.bytes, features, classes);
}

std::string cost_warning(const Json& bytes, const Json& microseconds_a_row) {
  const bool larger = bytes["student"].get<double>() > bytes["teacher"].get<double>();
  const bool slower =
      microseconds_a_row["student"].get<double>() > microseconds_a_row["teacher"].get<double>();
  if (!larger && !slower) return "";
  return fmt::format("The student is {}{}{} than its teacher: keep the teacher.",
                     larger ? "larger" : "", larger && slower ? " and " : "",
                     slower ? "slower" : "");
}

}  // namespace querist::loop
