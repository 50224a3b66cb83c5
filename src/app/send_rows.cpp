// Pieces of a batch small enough to be sent again when a connection breaks.
#include "app/send_rows.h"

#include "api/http_text.h"
#include "base/error.h"
#include "base/hash.h"

namespace querist::app {

static constexpr size_t piece_rows = 1000;
static constexpr size_t piece_bytes = size_t{4} << 20;

// Nine digits say which 32-bit float it was.
static std::string numbers_text(const std::vector<float>& numbers) {
  std::string text = "[";
  for (const float number : numbers) text += fmt::format("{:.9g},", number);
  text.back() = ']';
  return text;
}

// Written by hand, for the order of the cells is the order of the columns.
static std::string cells_text(const std::vector<std::string>& names,
                              const std::vector<std::string>& cells) {
  std::string text = "{";
  for (size_t i = 0; i < cells.size(); ++i)
    text += fmt::format("{}{}:{}", i ? "," : "", Json(names[i]).dump(), Json(cells[i]).dump());
  return text + "}";
}

static std::string payload_field(const storage::AddOptions& options, const Payload& payload) {
  switch (options.payload) {
    case PayloadKind::text:
      return "\"text\":" + Json(payload.text).dump();
    case PayloadKind::columns:
      return "\"columns\":" + cells_text(options.columns, payload.cells);
    case PayloadKind::image:
      return "\"image_url\":\"data:;base64," + encode_base64(payload.image) + "\"";
    case PayloadKind::embedding:
      return "\"embedding\":" + numbers_text(payload.embedding);
  }
  fail(Code::internal, "the rows hold no known kind of payload");
}

// Every field stands in every row, null where there is nothing, so that the first rows of a piece
// tell its reader of all of them.
static std::string row_text(const storage::AddOptions& options, const NewExample& row) {
  const auto field = [](const char* name, const std::string& text) {
    return fmt::format(",\"{}\":{}", name, text.empty() ? "null" : Json(text).dump());
  };
  return "{" + payload_field(options, row.payload) + field("external_id", row.external_id) +
         field("label", row.label.value_or("")) + field("group", row.group) +
         field("time", row.time) + field("split", row.split) +
         ",\"meta\":" + (row.meta.empty() ? "null" : row.meta) + "}\n";
}

static void add_up(const Json& answer, size_t begin, storage::AddResult& total) {
  total.accepted += answer["accepted"].get<int64_t>();
  total.duplicates += answer["duplicates"].get<int64_t>();
  for (const Json& rejected : answer["rejected"]) {
    total.rejected.push_back(
        {begin + rejected["row"].get<size_t>() - 1, rejected["reason"].get<std::string>()});
  }
}

loop::KeepRows send_rows(const Backend& backend, const std::string& path) {
  return [&backend, path](const storage::AddOptions& options, std::span<const NewExample> rows) {
    std::string target = fmt::format("{}/examples?rejected_limit={}", path, piece_rows);
    if (options.add_classes) target += "&add_classes=true";
    if (!options.label_column.empty())
      target += "&label_column=" + api::percent_encode(options.label_column);
    storage::AddResult total;
    for (size_t begin = 0; begin < rows.size();) {
      std::string body;
      size_t end = begin;
      while (end < rows.size() && end - begin < piece_rows && body.size() < piece_bytes)
        body += row_text(options, rows[end++]);
      const std::string answer = backend.send({.method = "POST",
                                               .target = target,
                                               .body = std::move(body),
                                               .media = "application/x-ndjson"});
      add_up(parse_json(answer), begin, total);
      begin = end;
    }
    return total;
  };
}

}  // namespace querist::app
