// querist run: turn the loop; with --oracle the imported labels answer as the annotator.
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
    const std::string name = part.substr(0, equals);
    if (part == "stopped") {
      until.stopped = true;
    } else if (equals != std::string::npos && (name == "labels" || name == "accuracy")) {
      try {
        rows.set_text(name, part.substr(equals + 1));
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

// An accuracy counts as reached from so many audit labels on: of fewer, a few lucky draws reach
// any. Of 18 right in 20 the 95 % range is 27 points wide.
static constexpr int64_t enough_audit_labels = 20;

static std::string estimate_words(const Json& metrics) {
  const Json& accuracy = metrics["accuracy"];
  return fmt::format("{:.3f} (95 % range {:.3f} to {:.3f}, on {} audit labels)",
                     accuracy["value"].get<double>(), accuracy["ci_low"].get<double>(),
                     accuracy["ci_high"].get<double>(), metrics["audit_labels"].get<int64_t>());
}

static bool is_accurate(const Until& until, const Json& metrics) {
  return until.accuracy > 0 && metrics.is_object() &&
         metrics["accuracy"]["value"].get<double>() >= until.accuracy &&
         metrics["audit_labels"].get<int64_t>() >= enough_audit_labels;
}

// Of an accuracy that the run was to reach and ends without; empty: there is none.
static std::string accuracy_missed(const Until& until, const Json& metrics) {
  if (until.accuracy == 0 || is_accurate(until, metrics)) return "";
  std::string audit = "no model has audit labels yet";
  if (metrics.is_object()) {
    const bool too_few = metrics["audit_labels"].get<int64_t>() < enough_audit_labels;
    audit = "the audit has " + estimate_words(metrics);
    if (too_few) audit += fmt::format("; it takes {}", enough_audit_labels);
  }
  return fmt::format("accuracy {:g} is not reached: {}", until.accuracy, audit);
}

// Why the run ends here, in words; empty: it goes on.
static std::string reached(const Until& until, const Json& report) {
  const Json& metrics = report["metrics"];
  if (is_accurate(until, metrics))
    return fmt::format("audited accuracy {} reached", estimate_words(metrics));
  const auto labels = report["counts"]["labeled"].get<int64_t>();
  if (until.labels && labels >= until.labels) return fmt::format("{} labels reached", labels);
  // Who is told to switch gains nothing by going on in the same way; but the guard has switched
  // half of each batch already.
  const Json& advice = report["stop"]["advice"];
  const bool switches = advice == "switch" && !report["guard"]["raised"].get<bool>();
  if (until.stopped && (advice == "stop" || switches))
    return report["stop"]["sentence"].get<std::string>();
  return {};
}

// A word that names no column of labels is refused before anything is done.
static void check_oracle(const Backend& backend, const std::string& path,
                         const std::string& column) {
  try {
    ask(backend, "POST", path + "/oracle", {{"count", 0}, {"column", column}});
  } catch (const Error& error) {
    if (error.code() != Code::invalid_argument) throw;
    wrong_usage("--oracle: {}", error.what());
  }
}

// A reason that is a sentence keeps its full stop, and others follow.
static std::string ending(const std::string& why, int64_t rounds, int64_t labels,
                          const std::string& missed) {
  const bool is_sentence = why.ends_with('.');
  std::string text =
      fmt::format("{} {} {} rounds and {} labels{}", why, is_sentence ? "After" : "after", rounds,
                  labels, is_sentence ? "." : "");
  if (!missed.empty()) text += (is_sentence ? " The " : "; the ") + missed;
  if (!missed.empty() && is_sentence) text += '.';
  return text;
}

static int run(const Invocation& invocation) {
  const Until until = parse_until(invocation);
  const Backend backend = open_backend(invocation);
  const std::string project = chosen_project(backend, invocation);
  const std::string path = project_path(project);
  const std::string oracle = invocation.text("oracle");
  if (!oracle.empty()) check_oracle(backend, path, oracle);
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
    if (oracle.empty()) {
      why = "the next batch waits for its labels";
      break;
    }
    // So many labels and no more, or all that are open.
    const int64_t wanted = until.labels - report["counts"]["labeled"].get<int64_t>();
    Json body = {{"column", oracle}};
    if (until.labels) body["count"] = wanted;
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
  const std::string missed = accuracy_missed(until, report["metrics"]);
  if (!invocation.options.flag("json")) {
    const auto labels = report["counts"]["labeled"].get<int64_t>();
    put_out("", ending(why, rounds, labels, missed) + "\n");
    return 0;
  }
  Json result = {{"rounds", rounds}, {"ended", why}, {"progress", report}};
  if (!missed.empty()) result["missed"] = "the " + missed;
  put_out("", result.dump() + "\n");
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
            .help = "Answer with the labels that were imported: column, or the name of the column "
                    "that they came from."},
           {.name = "until",
            .fallback = "labels=500",
            .help =
                "labels=500, accuracy=0.9 (the audited estimate, on 20 audit labels or more) or "
                "stopped; several joined by |."},
           json_option()}),
      .run = run,
  };
}

}  // namespace querist::app
