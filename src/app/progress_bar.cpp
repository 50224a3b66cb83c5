// Draws the line at most ten times a second.
#include "app/progress_bar.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <mutex>

#include "base/clock.h"

namespace querist::app {

struct ProgressBar::Line {
  std::string what;
  std::mutex mutex;
  double started = monotonic_seconds();
  double drawn = 0;
  bool shown = false;
  bool terminal = isatty(STDERR_FILENO) == 1;

  static std::string amount(double value, std::string_view unit) {
    if (unit != "bytes") return fmt::format("{:.0f} {}", value, unit);
    return fmt::format("{:.1f} MB", value / 1e6);
  }

  void draw(double done, double total, std::string_view unit) {
    const std::lock_guard lock(mutex);
    const double now = monotonic_seconds();
    if (!terminal || now - started < 1 || now - drawn < 0.1) return;
    drawn = now;
    shown = true;
    const double rate = done / (now - started);
    std::string text = fmt::format("{}: {}", what, amount(done, unit));
    if (total > 0) {
      const double left = rate > 0 ? (total - done) / rate : 0;
      text = fmt::format("{}: {:3.0f} %  {} of {}, {}/s, {:.0f} s left", what,
                         100 * std::min(1.0, done / total), amount(done, unit), amount(total, unit),
                         amount(rate, unit), left);
    }
    std::fprintf(stderr, "\r\033[K%s", text.c_str());
    std::fflush(stderr);
  }

  void clear() {
    const std::lock_guard lock(mutex);
    if (shown) std::fprintf(stderr, "\r\033[K");
    shown = false;
  }
};

ProgressBar::ProgressBar(std::string what)
    : line_(std::make_shared<Line>()),
      progress_([line = line_](double done, double total, std::string_view unit) {
        line->draw(done, total, unit);
      }) {
  line_->what = std::move(what);
}

ProgressBar::~ProgressBar() { line_->clear(); }

}  // namespace querist::app
