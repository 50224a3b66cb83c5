// The log's sink: spdlog writes the lines, this file writes their fields.
#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>

#include "base/json.h"

namespace querist {

static std::atomic<bool> as_json = false;

static spdlog::logger& sink() {
  static const auto logger = [] {
    auto made = std::make_shared<spdlog::logger>("querist",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::info);
    made->flush_on(spdlog::level::debug);
    return made;
  }();
  return *logger;
}

static spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::off:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

static std::string_view level_word(LogLevel level) {
  constexpr std::string_view words[] = {"debug", "info", "warning", "error", "off"};
  return words[static_cast<int>(level)];
}

static std::string logfmt_value(std::string_view value) {
  const bool plain = !value.empty() && value.find_first_of(" \"=\n\t\r") == std::string_view::npos;
  return plain ? std::string(value)
               : Json(value).dump(-1, ' ', false, Json::error_handler_t::replace);
}

void set_log(LogLevel level, bool json) {
  as_json = json;
  sink().set_level(spdlog_level(level));
}

void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (!sink().should_log(spdlog_level(level))) return;
  std::string line;
  if (as_json) {
    Json object = {{"level", level_word(level)}, {"message", message}};
    for (const LogField& field : fields) object[field.key] = field.value;
    line = object.dump(-1, ' ', false, Json::error_handler_t::replace);
  } else {
    line = fmt::format("level={} message={}", level_word(level), logfmt_value(message));
    for (const LogField& field : fields)
      line += fmt::format(" {}={}", field.key, logfmt_value(field.value));
  }
  sink().log(spdlog_level(level), "{}", line);
}

}  // namespace querist
