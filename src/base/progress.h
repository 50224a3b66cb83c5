// How long work reports where it is and learns that it should stop.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace querist {

class Progress {
 public:
  // done and total in `unit`; total 0 when unknown. Called often: the receiver thins out what it
  // shows.
  using Report = std::function<void(double done, double total, std::string_view unit)>;

  Progress() = default;
  explicit Progress(Report report) : report_(std::move(report)) {}

  void at(double done, double total, std::string_view unit) const {
    if (report_) report_(done, total, unit);
  }
  void cancel() { cancelled_ = true; }
  bool cancelled() const { return cancelled_; }
  // Throws Error{cancelled} once cancel() was called.
  void check() const {
    if (cancelled_) fail(Code::cancelled, "the work was cancelled");
  }

 private:
  Report report_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace querist
