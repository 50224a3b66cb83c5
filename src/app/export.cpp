// querist export: labels, model, ledger to a file.
#include "app/open.h"
#include "app/text.h"
#include "base/clock.h"
#include "base/error.h"
#include "storage/annotations.h"
#include "storage/examples.h"
#include "storage/models.h"

namespace querist::app {

static std::string csv_row(const std::vector<std::string>& cells) {
  std::string row;
  for (size_t i = 0; i < cells.size(); ++i) row += (i ? "," : "") + csv_cell(cells[i]);
  return row + "\n";
}

static std::string payload_of(const Example& example) {
  if (!example.cells.empty()) return Json(example.cells).dump();
  return example.image_hash.empty() ? example.text : example.image_hash;
}

// Every labelled example in row order.
static std::string labels(storage::Store& store, const Project& project, bool csv) {
  std::string text = csv ? "example_id,external_id,label,audit,payload\n" : "";
  storage::ExampleQuery query;
  query.state = ExampleState::labeled;
  query.limit = 1000;
  for (;;) {
    const auto page = storage::examples(store, project.id, query);
    for (const Example& example : page.items) {
      if (csv) {
        text += csv_row({std::to_string(example.id), example.external_id.value_or(""),
                         example.label.value_or(""), example.audit ? "true" : "false",
                         payload_of(example)});
      } else {
        text += Json{{"example_id", example.id},
                     {"external_id", example.external_id.value_or("")},
                     {"label", example.label.value_or("")},
                     {"audit", example.audit},
                     {"payload", payload_of(example)}}
                    .dump(-1, ' ', false, Json::error_handler_t::replace) +
                "\n";
      }
    }
    if (!page.next) return text;
    query.after = *page.next;
  }
}

static int run(const Invocation& invocation) {
  if (invocation.arguments.size() != 1)
    refuse("export takes one of labels, model; try querist export --help");
  const auto store = open_folder(invocation);
  const Project project = chosen_project(*store, invocation);
  const std::string& what = invocation.arguments[0];
  const std::string format = invocation.text("format");
  if (what == "labels") {
    if (format != "csv" && format != "jsonl")
      refuse("labels are exported as csv or jsonl, not \"{}\"", format);
    put_out(invocation.text("out"), labels(*store, project, format == "csv"));
  } else if (what == "model") {
    const auto model = storage::model_of_alias(*store, project.id, "champion");
    if (!model) fail(Code::not_found, "there is no champion to export yet");
    put_out(invocation.text("out"), storage::model_bytes(*store, project.id, model->version));
  } else {
    refuse("export knows labels and model, not \"{}\"", what);
  }
  return 0;
}

Verb export_verb() {
  return {
      .name = "export",
      .summary = "Write labels (csv, jsonl) or the champion model (Querist's own bytes) to a file.",
      .arguments = "WHAT",
      .example = "querist export labels --project sms --format csv --out labels.csv",
      .options = {project_option(),
                  data_dir_option(),
                  {.name = "format", .fallback = "jsonl", .help = "csv or jsonl."},
                  {.name = "out",
                   .fallback = "",
                   .help = "Write to this file instead of the terminal."}},
      .run = run};
}

}  // namespace querist::app
