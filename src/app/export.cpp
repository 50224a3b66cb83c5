// querist export: labels, model, ledger to a file.
#include "app/backend.h"
#include "app/text.h"
#include "base/error.h"

namespace querist::app {

static std::string csv_row(const std::vector<std::string>& cells) {
  std::string row;
  for (size_t i = 0; i < cells.size(); ++i) row += (i ? "," : "") + csv_cell(cells[i]);
  return row + "\n";
}

static std::string payload_of(const Json& example, const Json& columns) {
  if (example.contains("image_hash")) return example["image_hash"].get<std::string>();
  if (!example.contains("columns")) return json_text(example, "text", "");
  Json cells = Json::array();
  for (const Json& column : columns)
    cells.push_back(json_text(example["columns"], column["name"].get<std::string>(), ""));
  return cells.dump();
}

// Every labelled example in row order.
static std::string labels(const Backend& backend, const std::string& path, bool csv) {
  const Json columns = ask(backend, "GET", path)["columns"];
  std::string text = csv ? "example_id,external_id,label,audit,payload\n" : "";
  each_item(backend, path + "/examples?state=labeled", 0, [&](const Json& example) {
    const Json row = {{"example_id", example["id"]},
                      {"external_id", json_text(example, "external_id", "")},
                      {"label", json_text(example, "label", "")},
                      {"audit", example["audit"]},
                      {"payload", payload_of(example, columns)}};
    text += csv ? csv_row({row["example_id"].dump(), row["external_id"].get<std::string>(),
                           row["label"].get<std::string>(), row["audit"].dump(),
                           row["payload"].get<std::string>()})
                : row.dump() + "\n";
  });
  return text;
}

static std::string champion(const Backend& backend, const std::string& path) {
  int64_t version = 0;
  each_item(backend, path + "/models", 0, [&](const Json& model) {
    for (const Json& alias : model["aliases"]) {
      if (alias == "champion") version = model["version"].get<int64_t>();
    }
  });
  if (version == 0) fail(Code::not_found, "there is no champion to export yet");
  return backend.send({.method = "GET", .target = fmt::format("{}/models/{}/file", path, version)});
}

static int run(const Invocation& invocation) {
  if (invocation.arguments.size() != 1)
    wrong_usage("export takes one of labels, model; try querist export --help");
  const std::string& what = invocation.arguments[0];
  const std::string format = invocation.text("format");
  if (what != "labels" && what != "model")
    wrong_usage("export knows labels and model, not \"{}\"", what);
  if (what == "labels" && format != "csv" && format != "jsonl")
    wrong_usage("labels are exported as csv or jsonl, not \"{}\"", format);
  const Backend backend = open_backend(invocation);
  const std::string path = project_path(chosen_project(backend, invocation));
  put_out(invocation.text("out"),
          what == "model" ? champion(backend, path) : labels(backend, path, format == "csv"));
  return 0;
}

Verb export_verb() {
  return {
      .name = "export",
      .summary = "Write labels (csv, jsonl) or the champion model (Querist's own bytes) to a file.",
      .arguments = "WHAT",
      .example = "querist export labels --project sms --format csv --out labels.csv",
      .options = with_project(
          {{.name = "format", .fallback = "jsonl", .help = "csv or jsonl."},
           {.name = "out", .fallback = "", .help = "Write to this file instead of the terminal."}}),
      .run = run};
}

}  // namespace querist::app
