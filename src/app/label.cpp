// querist next and annotate: take work and answer it in the terminal or from a script.
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "app/open.h"
#include "base/error.h"
#include "labelling/annotate.h"
#include "labelling/lease.h"
#include "loop/cycle.h"
#include "storage/examples.h"

namespace querist::app {

static std::string payload_text(const Project& project, const Example& example) {
  if (!example.image_hash.empty()) return "image " + example.image_hash;
  if (example.cells.empty()) return example.text;
  std::string text;
  for (size_t i = 0; i < example.cells.size(); ++i) {
    text += fmt::format("{}: {}\n", project.columns[i].name, example.cells[i]);
  }
  return text;
}

static labelling::LeaseAnswer take(storage::Store& store, const Project& project,
                                   const std::string& annotator, size_t count) {
  auto answer = labelling::lease(store, project, annotator, count);
  if (!answer.needs_selection) return answer;
  loop::Workshop workshop(store, project.id);
  loop::turn(workshop, Progress());
  return labelling::lease(store, project, annotator, count);
}

static std::string annotator_of(const Invocation& invocation) {
  return invocation.text("annotator").empty() ? actor() : invocation.text("annotator");
}

static int next(const Invocation& invocation) {
  const auto store = open_folder(invocation);
  const Project project = chosen_project(*store, invocation);
  const auto answer = take(*store, project, annotator_of(invocation),
                           static_cast<size_t>(invocation.options.integer("count")));
  if (invocation.options.flag("json")) {
    Json items = Json::array();
    for (const Lease& lease : answer.items) {
      const Example example = storage::example(*store, project.id, lease.example_id);
      items.push_back({{"lease_id", lease.id},
                       {"example_id", example.id},
                       {"external_id", example.external_id.value_or("")},
                       {"payload", payload_text(project, example)}});
    }
    Json body = {{"items", items}, {"reason", nullptr}, {"classes", project.classes}};
    if (answer.reason) body["reason"] = *answer.reason;
    put_out("", body.dump() + "\n");
    return 0;
  }
  for (const Lease& lease : answer.items) {
    const Example example = storage::example(*store, project.id, lease.example_id);
    put_out("", fmt::format("example {} (lease {})\n{}\n\n", example.id, lease.id,
                            payload_text(project, example)));
  }
  if (answer.reason) put_out("", *answer.reason + "\n");
  if (!answer.items.empty()) {
    put_out("", fmt::format("answer with: querist annotate {} CLASS --project {}\nclasses: {}\n",
                            answer.items[0].example_id, project.name,
                            fmt::join(project.classes, ", ")));
  }
  return 0;
}

// One item after another on a terminal: the class's number or name, s to skip, u to undo, q to
// stop.
static int label_by_hand(storage::Store& store, const Project& project,
                         const std::string& annotator) {
  for (;;) {
    const auto answer = take(store, project, annotator, 1);
    if (answer.items.empty()) {
      put_out("", answer.reason.value_or("nothing is left") + "\n");
      return 0;
    }
    const Lease& lease = answer.items[0];
    put_out(
        "",
        "\n" + payload_text(project, storage::example(store, project.id, lease.example_id)) + "\n");
    for (size_t c = 0; c < project.classes.size(); ++c)
      put_out("", fmt::format("[{}] {}  ", c + 1, project.classes[c]));
    put_out("", "[s] skip  [u] undo  [q] stop > ");
    std::string line;
    if (!std::getline(std::cin, line) || line == "q") return 0;
    labelling::NewAnnotation input;
    input.example_id = lease.example_id;
    input.lease_id = lease.id;
    try {
      if (line == "u") {
        labelling::undo(store, project, std::nullopt, annotator);
        continue;
      }
      const size_t number = line.empty() ||
                                    line.find_first_not_of("0123456789") != std::string::npos ||
                                    line.size() > 6
                                ? 0
                                : std::stoul(line);
      if (line == "s") {
        input.skip_reason = "unclear";
      } else {
        input.value =
            number >= 1 && number <= project.classes.size() ? project.classes[number - 1] : line;
      }
      labelling::annotate(store, project, input, annotator);
    } catch (const Error& error) {  // A slip of the person at the keyboard: said, and asked again.
      put_out("", std::string(error.what()) + "\n");
    }
  }
}

static int annotate(const Invocation& invocation) {
  const auto store = open_folder(invocation);
  const Project project = chosen_project(*store, invocation);
  const std::string annotator = annotator_of(invocation);
  if (invocation.arguments.empty()) return label_by_hand(*store, project, annotator);
  if (invocation.arguments.size() != 2) refuse("annotate takes an example's number and a class");
  Params example({{.name = "example", .fallback = 1, .min = 1, .whole = true}});
  example.set_text("example", invocation.arguments[0]);
  labelling::NewAnnotation input;
  input.example_id = example.integer("example");
  input.value = invocation.arguments[1];
  const Annotation stored = labelling::annotate(*store, project, input, annotator);
  put_out("", invocation.options.flag("json")
                  ? Json{{"id", stored.id}, {"example_id", stored.example_id}}.dump() + "\n"
                  : fmt::format("annotation {} stored\n", stored.id));
  return 0;
}

Verb next_verb() {
  return {.name = "next",
          .summary = "Take the next examples to label.",
          .example = "querist next --project sms --count 3 --json",
          .options = {project_option(),
                      data_dir_option(),
                      {.name = "count",
                       .fallback = 1,
                       .min = 1,
                       .max = 100,
                       .whole = true,
                       .help = "How many."},
                      {.name = "annotator", .fallback = "", .help = "Who labels; empty: you."},
                      json_option()},
          .run = next};
}

Verb annotate_verb() {
  return {.name = "annotate",
          .summary = "Answer an example, or one after another by number keys when none is named.",
          .arguments = "EXAMPLE CLASS...",
          .example = "querist annotate 17 spam --project sms",
          .options = {project_option(),
                      data_dir_option(),
                      {.name = "annotator", .fallback = "", .help = "Who labels; empty: you."},
                      json_option()},
          .run = annotate};
}

}  // namespace querist::app
