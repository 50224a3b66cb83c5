// A progress line on the terminal: share done, rate and time left, shown once work takes over a
// second.
#pragma once

#include <memory>
#include <string>

#include "base/progress.h"

namespace querist::app {

// Reports to standard error while it lives; silent when that is no terminal.
class ProgressBar {
 public:
  explicit ProgressBar(std::string what);
  ~ProgressBar();
  const Progress& progress() const { return progress_; }

 private:
  struct Line;
  std::shared_ptr<Line> line_;
  Progress progress_;
};

}  // namespace querist::app
