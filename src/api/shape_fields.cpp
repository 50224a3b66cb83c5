// The rows that describe the API's JSON, for the OpenAPI description.
#include "api/shapes.h"

namespace querist::api {

using enum FieldType;

Fields project_fields() {
  return {
      {"name", text, "What the project is called in paths.", true},
      {"task", text, "classification", true},
      {"classes", list, "Names of the classes, in order.", true},
      {"settings", object,
       "Every setting with its value; GET /api/v1/settings/project describes them.", true},
      {"changed_settings", list, "Names of the settings that differ from their fallback.", true},
      {"payload", text, "text, columns, image or embedding; null before the first import."},
      {"columns", list,
       "Of a columns payload: {name, type: number, category, date, text or dropped}; text until "
       "the table featurizer has looked.",
       true},
      {"counts", object, "examples, labeled, unlabeled, leased, skipped, audit.", true},
      {"finalised", flag, "Audit labels are trained on as well.", true},
      {"created_at", time, "", true}};
}

Fields example_fields() {
  return {{"id", integer, "", true},
          {"external_id", text, "As the source named it."},
          {"text", any, "Of a text payload."},
          {"columns", any, "Of a columns payload: {name: text}."},
          {"image_url", any, "Of an image payload: the path of the image."},
          {"image_hash", any, "Of an image payload: the SHA-256 of its bytes."},
          {"embedding", any, "Of an embedding payload; its numbers are not repeated."},
          {"state", text, "unlabeled, leased, labeled or skipped.", true},
          {"label", text, "The class it has."},
          {"group", text},
          {"time", text},
          {"split", text},
          {"meta", object},
          {"prediction", object, "{label, confidence} by the newest model."},
          {"audit", flag, "Drawn to measure with; null until it is labelled."}};
}

Fields annotation_fields() {
  return {{"id", integer, "", true},
          {"example_id", integer, "", true},
          {"value", any, "A class; null for a skip."},
          {"skip_reason", any, "Of a skip."},
          {"annotator", text, "", true},
          {"created_at", time, "", true},
          {"seconds", number, "What the answer took."},
          {"suggestion_shown", flag, "", true},
          {"comment", text},
          {"flag", flag, "", true},
          {"undone", flag, "", true},
          {"why", object, "{strategy, utility, audit}; strategy null: answered unasked.", true}};
}

Fields lease_fields() {
  return {{"lease_id", integer, "", true},
          {"example", object, "The example.", true},
          {"annotator", text, "Who holds it.", true},
          {"selection_id", integer},
          {"expires_at", time, "", true},
          {"suggestion", object, "{label, confidence}, where suggestions are shown."},
          {"suggestion_shown", flag, "", true},
          {"audit", flag, "Always null: not told before the answer."}};
}

Fields job_fields() {
  return {{"id", integer, "", true},
          {"kind", text, "", true},
          {"state", text, "queued, running, succeeded, failed or cancelled.", true},
          {"progress", object, "{done, total, unit}"},
          {"result", any, "What it brought, once it succeeded."},
          {"error", text, "Why it failed."},
          {"attempts", integer, "", true},
          {"created_at", time, "", true},
          {"started_at", time},
          {"finished_at", time}};
}

Fields event_fields() {
  return {{"sequence", integer, "", true},
          {"kind", text, "", true},
          {"project", text},
          {"actor", text, "", true},
          {"data", object, "", true},
          {"created_at", time, "", true},
          {"previous_hash", text, "", true},
          {"hash", text, "SHA-256 over the canonical JSON of the other fields.", true}};
}

Fields param_fields() {
  return {{"name", text, "", true},
          {"type", text, "number, integer, flag, text or choice.", true},
          {"fallback", any, "The value when none is given."},
          {"min", number},
          {"max", number},
          {"choices", list, "The allowed texts; empty: any.", true},
          {"help", text, "", true}};
}

Fields page_query(Fields more) {
  more.push_back({"limit", integer, "Items of a page, 1 to 1000; else 50."});
  more.push_back({"after", integer, "The `next` of the page before."});
  return more;
}

}  // namespace querist::api
