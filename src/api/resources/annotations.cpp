// Annotations: answer, list, undo.
#include "storage/annotations.h"

#include <algorithm>

#include "api/annotator.h"
#include "api/app.h"
#include "api/response.h"
#include "api/route.h"
#include "api/shapes.h"
#include "storage/examples.h"
#include "storage/projects.h"

namespace querist::api::resources {

template <class T, class Read>
static std::optional<T> maybe(const Json& body, std::string_view field, Read&& read) {
  const auto found = body.find(field);
  if (found == body.end() || found->is_null()) return std::nullopt;
  return read(body, field);
}

static std::optional<std::string> maybe_text(const Json& body, std::string_view field) {
  return maybe<std::string>(body, field,
                            [](const Json& b, std::string_view f) { return json_text(b, f); });
}

static labelling::NewAnnotation parse_annotation(const Json& body) {
  labelling::NewAnnotation input{.example_id = json_integer(body, "example_id"),
                                 .value = maybe_text(body, "value"),
                                 .skip_reason = maybe_text(body, "skip_reason"),
                                 .comment = maybe_text(body, "comment"),
                                 .flag = json_flag(body, "flag", false)};
  input.lease_id = maybe<int64_t>(
      body, "lease_id", [](const Json& b, std::string_view f) { return json_integer(b, f); });
  input.seconds = maybe<double>(
      body, "seconds", [](const Json& b, std::string_view f) { return json_number(b, f); });
  input.suggestion_shown =
      maybe<bool>(body, "suggestion_shown",
                  [](const Json& b, std::string_view f) { return json_flag(b, f, false); });
  return input;
}

static Response annotate(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  const labelling::NewAnnotation input = parse_annotation(request.body);
  const std::string annotator =
      input.lease_id ? annotator_of_lease(app.store, project, *input.lease_id, request.who())
                     : named_annotator(request);
  return created(annotation_json(
      labelling::annotate(app.store, project, input, annotator, request.idempotency_key)));
}

static Response list_annotations(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  storage::AnnotationQuery query{.after = request.maybe_after(), .limit = request.limit()};
  if (const int64_t example = request.query_integer("example", 0, 0, INT64_MAX))
    query.example_id = example;
  if (const std::string* annotator = request.query_text("annotator")) query.annotator = *annotator;
  if (request.who().role <
      Role::reviewer) {  // Answers are independent: annotators do not see each other's.
    if (query.annotator && *query.annotator != request.who().name) {
      fail(Code::permission_denied, "others' answers need the role reviewer");
    }
    query.annotator = request.who().name;
  }
  return ok(list_json(storage::annotations(app.store, project.id, query), annotation_json));
}

static Response undo(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  const int64_t id = request.number_id("annotation");
  const bool any_annotator = request.who().role >= Role::reviewer;
  const labelling::Undone undone =
      labelling::undo(app.store, project, id, request.who().name, any_annotator);
  const Example example = storage::example(app.store, project.id, undone.lease.example_id);
  return ok({{"annotation", annotation_json(undone.annotation)},
             {"lease", lease_json(undone.lease, example, project)}});
}

// Who names the column of the known labels should name one that there is; of labels without a name
// "label" is as good.
static void check_column(std::vector<std::string> known, const std::string& column) {
  if (known.empty()) known.emplace_back("label");
  known.emplace_back("column");
  if (std::find(known.begin(), known.end(), column) != known.end()) return;
  refuse("the known labels do not come from \"{}\"; what would do: {}", column,
         fmt::join(known, ", "));
}

static Response adopt(App& app, const Request& request) {
  const Project project = storage::project(app.store, request.id("project"));
  const int64_t most = json_integer(request.body, "count", INT64_MAX);
  if (most < 0) refuse("count must be at least 0, not {}", most);
  check_column(storage::label_columns(app.store, project.id),
               json_text(request.body, "column", "column"));
  return ok({{"answered", labelling::adopt_for_open_items(app.store, project, "oracle", most)}});
}

Routes annotations() {
  using enum FieldType;
  return {
      {.pattern = "POST /api/v1/projects/{project}/annotations",
       .role = Role::annotator,
       .handler = annotate,
       .summary = "Store one answer, or a skip; 201 once it is durable.",
       .request = {{"example_id", integer, "", true},
                   {"value", text, "A class; left out for a skip."},
                   {"skip_reason", text, "unclear, not_in_classes, broken, sensitive or other."},
                   {"lease_id", integer, "The lease that this answers."},
                   {"annotator", text,
                    "Whose answer, without a lease; an engineer may name anyone."},
                   {"seconds", number, "What the answer took."},
                   {"suggestion_shown", flag, "Else as the lease said."},
                   {"comment", text},
                   {"flag", flag, "Marks it for review."}},
       .response = annotation_fields(),
       .success = 201},
      {.pattern = "GET /api/v1/projects/{project}/annotations",
       .role = Role::annotator,
       .handler = list_annotations,
       .summary = "List answers, newest first; annotators see their own.",
       .response = annotation_fields(),
       .query = page_query(
           {{"example", integer, "Of one example."}, {"annotator", text, "Of one annotator."}}),
       .is_list = true},
      {.pattern = "POST /api/v1/projects/{project}/oracle",
       .role = Role::engineer,
       .handler = adopt,
       .summary = "Answer the open items with the labels that were imported, as \"oracle\".",
       .request = {{"count", integer, "At most so many, 0 or more; all."},
                   {"column", text,
                    "Refused unless the labels came from a column of that name, or it is column."}},
       .response = {{"answered", integer, "0: none of them has a known label.", true}},
       .repeat = Repeat::kept_after},
      {.pattern = "POST /api/v1/projects/{project}/annotations/{annotation}/undo",
       .role = Role::annotator,
       .handler = undo,
       .summary = "Take an answer back; its example is leased to the same annotator again.",
       .response = {{"annotation", object, "The answer, undone.", true},
                    {"lease", object, "The new lease.", true}}},
  };
}

}  // namespace querist::api::resources
