// Examples: list, look at, and take in by the million.
#include "storage/examples.h"

#include <limits>

#include "api/app.h"
#include "api/import_body.h"
#include "api/response.h"
#include "api/route.h"
#include "api/shapes.h"
#include "base/name_list.h"
#include "featurizers/pixels/decode.h"
#include "storage/blobs.h"
#include "storage/projects.h"

namespace querist::api::resources {

static std::vector<std::optional<Prediction>> predictions(App& app, const Project& project,
                                                          const std::vector<Example>& examples) {
  std::vector<int64_t> rows;
  for (const Example& example : examples) rows.push_back(example.row);
  std::vector<std::optional<Prediction>> found;
  if (app.loop.predictions && !rows.empty()) found = app.loop.predictions(project, rows);
  found.resize(rows.size());
  return found;
}

static Json page_json(App& app, const Project& project, const Page<Example>& page) {
  const auto predicted = predictions(app, project, page.items);
  Json items = Json::array();
  for (size_t i = 0; i < page.items.size(); ++i) {
    items.push_back(example_json(page.items[i], project, predicted[i]));
  }
  return {{"items", std::move(items)},
          {"next", page.next ? Json(std::to_string(*page.next)) : Json()}};
}

static Response list_uncertain(App& app, const Request& request, const Project& project) {
  for (const std::string_view name : {"state", "label", "q"}) {
    if (request.query_text(name))
      refuse("?order=uncertain lists unlabeled examples; it takes no ?{}=", name);
  }
  if (!app.loop.uncertain)
    fail(Code::conflict, "there is no model yet to be uncertain; label some examples first");
  const Page<int64_t> ids = app.loop.uncertain(project, request.after(), request.limit());
  return ok(page_json(app, project,
                      {storage::examples_by_id(app.store, project.id, ids.items), ids.next}));
}

static Response list_examples(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  if (const std::string* order = request.query_text("order"); order && *order != "id") {
    if (*order == "uncertain") return list_uncertain(app, request, project);
    refuse("?order= must be id or uncertain, not \"{}\"", *order);
  }
  storage::ExampleQuery query{.after = request.after(), .limit = request.limit()};
  if (const std::string* state = request.query_text("state"))
    query.state = from_word<ExampleState>(*state, "?state=");
  if (const std::string* label = request.query_text("label")) query.label = *label;
  if (const std::string* q = request.query_text("q")) query.q = *q;
  return ok(page_json(app, project, storage::examples(app.store, project.id, query)));
}

static Response show(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  const Example example = storage::example(app.store, project.id, request.number_id("example"));
  return ok(example_json(example, project, predictions(app, project, {example}).front()));
}

static std::string_view image_type(std::string_view bytes) {
  if (bytes.starts_with("\xff\xd8\xff")) return "image/jpeg";
  if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return "image/png";
  return "application/octet-stream";
}

// No browser shows PGM or PPM (which IDX rows are kept as), so these are served as PNG.
static std::string for_browsers(std::string bytes) {
  if (!bytes.starts_with("P5") && !bytes.starts_with("P6")) return bytes;
  featurizers::Image image;
  const size_t whole = std::numeric_limits<size_t>::max();
  if (!featurizers::decode_image(bytes, whole, image).empty()) return bytes;
  return featurizers::encode_png(image);
}

static Response show_image(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  const Example example = storage::example(app.store, project.id, request.number_id("example"));
  if (example.image_hash.empty()) fail(Code::not_found, "example {} has no image", example.id);
  const std::string etag = '"' + example.image_hash + '"';
  Response response = {.headers = {{"ETag", etag},
                                   {"Cache-Control", "private, max-age=31536000, immutable"},
                                   {"Content-Security-Policy", "default-src 'none'; sandbox"}}};
  if (request.incoming.header("if-none-match") == etag) {
    response.status = 304;
    return response;
  }
  response.body = for_browsers(storage::blob(app.store, example.image_hash));
  response.headers.push_back({"Content-Type", std::string(image_type(response.body))});
  return response;
}

static Response take_in(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  const auto column = [&](std::string_view name) {
    const std::string* given = request.query_text(name);
    return given ? *given : std::string();
  };
  const ImportWishes wishes = {
      .roles = {.text = column("text"),
                .columns = split_names(column("columns")),
                .label = column("label"),
                .id = column("id"),
                .group = column("group"),
                .time = column("time"),
                .split = column("split"),
                .expected = project.payload},
      .label_column = column("label_column"),
      .add_classes = project.classes.empty() || request.query_flag("add_classes"),
      .rejected_limit =
          static_cast<size_t>(request.query_integer("rejected_limit", 100, 0, 10'000))};
  const ImportCounts counts =
      import_body(app.store, project, wishes, request.incoming, request.who().name);
  Json rejected = Json::array();
  for (const formats::RowProblem& problem : counts.rejected) {
    rejected.push_back({{"row", problem.row}, {"reason", problem.reason}});
  }
  return ok({{"accepted", counts.accepted},
             {"duplicates", counts.duplicates},
             {"rejected", std::move(rejected)},
             {"rejected_count", counts.rejected_count}});
}

Routes examples() {
  using enum FieldType;
  return {
      {.pattern = "GET /api/v1/projects/{project}/examples",
       .role = Role::annotator,
       .handler = list_examples,
       .summary = "List examples.",
       .response = example_fields(),
       .query =
           page_query({{"state", text, "unlabeled, leased, labeled or skipped."},
                       {"label", text, "A class."},
                       {"q", text, "Found anywhere in the payload's text."},
                       {"order", text,
                        "id (the usual) or uncertain: unlabeled ones, the least certain first."}}),
       .is_list = true},
      {.pattern = "GET /api/v1/projects/{project}/examples/{example}",
       .role = Role::annotator,
       .handler = show,
       .summary = "Show an example.",
       .response = example_fields()},
      {.pattern = "GET /api/v1/projects/{project}/examples/{example}/image",
       .role = Role::annotator,
       .handler = show_image,
       .summary = "The image of an example; PGM and PPM as PNG.",
       .media = "image/*"},
      {.pattern = "POST /api/v1/projects/{project}/examples",
       .role = Role::engineer,
       .handler = take_in,
       .summary = "Import examples: a JSON array, JSONL or CSV, streamed.",
       .response = {{"accepted", integer, "", true},
                    {"duplicates", integer, "Rows that were there already.", true},
                    {"rejected", FieldType::list,
                     "{row, reason} of the first rows that could not be taken.", true},
                    {"rejected_count", integer, "All of them.", true}},
       .query = {{"text", text, "Column of the text."},
                 {"columns", text, "Columns of a table row, between commas."},
                 {"label", text, "Column of the known label."},
                 {"id", text, "Column of the external id."},
                 {"group", text, "Column of the group."},
                 {"time", text, "Column of the time."},
                 {"split", text, "Column of the split."},
                 {"label_column", text,
                  "The column that the labels came from at their source, if not that."},
                 {"add_classes", flag, "true: labels that are no class yet become classes."},
                 {"rejected_limit", integer, "How many rejected rows are listed, else 100."}},
       .body = BodyKind::stream,
       .body_limit = size_t{16} << 30,
       .repeat = Repeat::kept_after},
  };
}

}  // namespace querist::api::resources
