// querist next and annotate: take work and answer it in the terminal or from a script.
#include <iostream>

#include "api/http_text.h"
#include "app/backend.h"
#include "base/error.h"

namespace querist::app {

// A project of a backend, for whoever labels in it.
struct Desk {
  explicit Desk(const Invocation& invocation)
      : backend(open_backend(invocation)),
        project(ask(backend, "GET", project_path(chosen_project(backend, invocation)))),
        path(project_path(project["name"].get<std::string>())),
        annotator(invocation.text("annotator")) {}

  // "annotator" only where one was named: else the answer is that of whoever asks.
  Json as_annotator(Json body) const {
    if (!annotator.empty()) body["annotator"] = annotator;
    return body;
  }
  Json take(int64_t count) const {
    return ask(backend, "POST", path + "/leases", as_annotator({{"count", count}}));
  }

  Backend backend;
  Json project;
  std::string path;
  std::string annotator;
};

static std::string payload_text(const Json& project, const Json& example) {
  if (example.contains("image_hash")) return "image " + json_text(example, "image_hash");
  if (!example.contains("columns")) return json_text(example, "text", "");
  std::string text;
  for (const Json& column : project["columns"]) {
    const auto name = column["name"].get<std::string>();
    text += fmt::format("{}: {}\n", name, json_text(example["columns"], name, ""));
  }
  return text;
}

static int next(const Invocation& invocation) {
  const Desk desk(invocation);
  const Json answer = desk.take(invocation.options.integer("count"));
  Json items = Json::array();
  for (const Json& lease : answer["items"]) {
    const Json& example = lease["example"];
    items.push_back({{"lease_id", lease["lease_id"]},
                     {"example_id", example["id"]},
                     {"external_id", json_text(example, "external_id", "")},
                     {"payload", payload_text(desk.project, example)}});
  }
  if (invocation.options.flag("json")) {
    put_out(
        "",
        Json{{"items", items}, {"reason", answer["reason"]}, {"classes", desk.project["classes"]}}
                .dump() +
            "\n");
    return 0;
  }
  for (const Json& item : items) {
    put_out("", fmt::format("example {} (lease {})\n{}\n\n", item["example_id"].get<int64_t>(),
                            item["lease_id"].get<int64_t>(), item["payload"].get<std::string>()));
  }
  if (answer["reason"].is_string()) put_out("", answer["reason"].get<std::string>() + "\n");
  if (!items.empty()) {
    put_out("", fmt::format(
                    "answer with: querist annotate {} CLASS --project {}\nclasses: {}\n",
                    items[0]["example_id"].get<int64_t>(), desk.project["name"].get<std::string>(),
                    fmt::join(desk.project["classes"].get<std::vector<std::string>>(), ", ")));
  }
  return 0;
}

// Takes the annotator's last answer back.
static void undo_last(const Desk& desk, const std::string& annotator) {
  const Json answers = ask(desk.backend, "GET",
                           fmt::format("{}/annotations?limit=1000&annotator={}", desk.path,
                                       api::percent_encode(annotator)));
  for (const Json& answer : answers["items"]) {
    if (answer["undone"].get<bool>()) continue;
    ask(desk.backend, "POST",
        fmt::format("{}/annotations/{}/undo", desk.path, answer["id"].get<int64_t>()));
    return;
  }
  refuse("there is no answer to take back");
}

// What a line typed at the prompt says of the item; s skips it.
static Json answer_of(const Json& lease, const std::string& line, const Json& classes) {
  Json body = {{"example_id", lease["example"]["id"]}, {"lease_id", lease["lease_id"]}};
  if (line == "s") {
    body["skip_reason"] = "unclear";
    return body;
  }
  const bool number = !line.empty() && line.size() <= 6 &&
                      line.find_first_not_of("0123456789") == std::string::npos;
  const size_t key = number ? std::stoul(line) : 0;
  body["value"] = key >= 1 && key <= classes.size() ? classes[key - 1] : Json(line);
  return body;
}

// One item after another on a terminal: the class's number or name, s to skip, u to undo, q to
// stop.
static int label_by_hand(const Desk& desk) {
  const Json& classes = desk.project["classes"];
  for (;;) {
    const Json answer = desk.take(1);
    if (answer["items"].empty()) {
      put_out("", json_text(answer, "reason", "nothing is left") + "\n");
      return 0;
    }
    const Json& lease = answer["items"][0];
    put_out("", "\n" + payload_text(desk.project, lease["example"]) + "\n");
    for (size_t c = 0; c < classes.size(); ++c)
      put_out("", fmt::format("[{}] {}  ", c + 1, classes[c].get<std::string>()));
    put_out("", "[s] skip  [u] undo  [q] stop > ");
    std::string line;
    if (!std::getline(std::cin, line) || line == "q") return 0;
    try {
      if (line == "u") {
        undo_last(desk, lease["annotator"].get<std::string>());
      } else {
        ask(desk.backend, "POST", desk.path + "/annotations", answer_of(lease, line, classes));
      }
    } catch (const Error& error) {  // A slip of the person at the keyboard: said, and asked again.
      if (error.code() == Code::unavailable) throw;
      put_out("", std::string(error.what()) + "\n");
    }
  }
}

static int annotate(const Invocation& invocation) {
  const auto count = invocation.arguments.size();
  if (count != 0 && count != 2) wrong_usage("annotate takes an example's number and a class");
  if (count == 0) return label_by_hand(Desk(invocation));
  const int64_t example = number_argument("example", invocation.arguments[0]);
  const Desk desk(invocation);
  const Json stored =
      ask(desk.backend, "POST", desk.path + "/annotations",
          desk.as_annotator({{"example_id", example}, {"value", invocation.arguments[1]}}));
  put_out("", invocation.options.flag("json")
                  ? Json{{"id", stored["id"]}, {"example_id", stored["example_id"]}}.dump() + "\n"
                  : fmt::format("annotation {} stored\n", stored["id"].get<int64_t>()));
  return 0;
}

Verb next_verb() {
  return {.name = "next",
          .summary = "Take the next examples to label.",
          .example = "querist next --project sms --count 3 --json",
          .options = with_project(
              {{.name = "count",
                .fallback = 1,
                .min = 1,
                .max = 100,
                .whole = true,
                .help = "How many."},
               {.name = "annotator", .fallback = "", .help = "Who labels; empty: you."},
               json_option()}),
          .run = next};
}

Verb annotate_verb() {
  return {.name = "annotate",
          .summary = "Answer an example, or one after another by number keys when none is named.",
          .arguments = "EXAMPLE CLASS...",
          .example = "querist annotate 17 spam --project sms",
          .options = with_project(
              {{.name = "annotator", .fallback = "", .help = "Who labels; empty: you."},
               json_option()}),
          .run = annotate};
}

}  // namespace querist::app
