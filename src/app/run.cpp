// querist run: turn the loop; with --oracle the imported labels answer as the annotator.
#include <charconv>
#include <cstdio>

#include "app/backend.h"
#include "app/progress_bar.h"
#include "base/error.h"

namespace querist::app {

// When to end; several conditions may hold.
struct Until {
  int64_t labels = 0;
  double accuracy = 0;
  bool stopped = false;
};

static Until parse_until(const Invocation& invocation) {
  Until until;
  std::string text = invocation.text("until");
  for (char& c : text) c = c == '|' ? ',' : c;
  Params rows({{.name = "labels", .fallback = 0, .min = 1, .max = 1e12, .whole = true},
               {.name = "accuracy", .fallback = 0.0, .min = 0, .max = 1}});
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    const size_t equals = part.find('=');
    if (part == "stopped") {
      until.stopped = true;
    } else if (equals != std::string::npos) {
      try {
        rows.set_text(part.substr(0, equals), part.substr(equals + 1));
      } catch (const Error& error) {
        wrong_usage("--until: {}", error.what());
      }
    } else {
      wrong_usage("--until takes labels=500, accuracy=0.9 or stopped, not \"{}\"", part);
    }
    begin = end + 1;
  }
  until.labels = rows.integer("labels");
  until.accuracy = rows.number("accuracy");
  return until;
}

// Why the run ends here, in words; empty: it goes on.
static std::string reached(const Until& until, const Json& report) {
  const auto labels = report["counts"]["labeled"].get<int64_t>();
  if (until.labels && labels >= until.labels) return fmt::format("{} labels reached", labels);
  const Json& metrics = report["metrics"];
  if (until.accuracy > 0 && metrics.is_object() &&
      metrics["accuracy"]["value"].get<double>() >= until.accuracy) {
    return fmt::format("audited accuracy {:.3f} reached",
                       metrics["accuracy"]["value"].get<double>());
  }
  // Who is told to switch gains nothing by going on in the same way; but the guard has switched
  // half of each batch already.
  const Json& advice = report["stop"]["advice"];
  const bool switches = advice == "switch" && !report["guard"]["raised"].get<bool>();
  if (until.stopped && (advice == "stop" || switches))
    return report["stop"]["sentence"].get<std::string>();
  return {};
}

static int run(const Invocation& invocation) {
  const Until until = parse_until(invocation);
  const Backend backend = open_backend(invocation);
  const std::string project = chosen_project(backend, invocation);
  const std::string path = project_path(project);
  Progress quiet;
  ProgressBar bar("labels");
  std::string why;
  Json report;
  int64_t rounds = 0;
  bool was_cut = false;
  for (;;) {
    backend.turn(project, was_cut, quiet);
    report = ask(backend, "GET", path + "/progress");
    bar.progress().at(report["counts"]["labeled"].get<double>(), static_cast<double>(until.labels),
                      "labels");
    why = reached(until, report);
    if (!why.empty()) break;
    if (invocation.text("oracle").empty()) {
      why = "the next batch waits for its labels";
      break;
    }
    // So many labels and no more, or all that are open.
    const int64_t wanted = until.labels - report["counts"]["labeled"].get<int64_t>();
    const Json body = until.labels ? Json{{"count", wanted}} : Json();
    const Json answered = ask(backend, "POST", path + "/oracle", body)["answered"];
    was_cut = until.labels && answered == wanted;  // The rest of the batch may still be open.
    if (answered == 0) {
      const Json newest = ask(backend, "GET", path + "/cycles?limit=1")["items"];
      why = !newest.empty() && newest[0]["state"] == "finished"
                ? "every example is labelled"
                : "the chosen examples have no known label";
      break;
    }
    ++rounds;
  }
  if (invocation.options.flag("json")) {
    put_out("", Json{{"rounds", rounds}, {"ended", why}, {"progress", report}}.dump() + "\n");
  } else {
    const auto spent = fmt::format("after {} rounds and {} labels", rounds,
                                   report["counts"]["labeled"].get<int64_t>());
    // Advice comes in whole sentences, the other reasons as the beginning of one.
    const std::string told = why.ends_with('.') ? fmt::format("{} This is {}.\n", why, spent)
                                                : fmt::format("{} {}\n", why, spent);
    std::fputs(told.c_str(), stdout);
  }
  return 0;
}

Verb run_verb() {
  return {
      .name = "run",
      .summary = "Turn the loop: train, select, and with --oracle let the imported labels answer.",
      .example = "querist run --project sms --oracle label --until labels=500",
      .options = with_project(
          {{.name = "oracle",
            .fallback = "",
            .help = "Answer with the labels that were imported (the label column's name)."},
           {.name = "until",
            .fallback = "labels=500",
            .help = "labels=500, accuracy=0.9 or stopped; several joined by |."},
           json_option()}),
      .run = run,
  };
}

}  // namespace querist::app
