// Fields are found by name, numbers and flags become their text, nested values compact JSON
// (parser: simdjson).
#include "formats/json/example.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/limits.h"
#include "formats/image/image_file.h"
#include "formats/table/label_list.h"
#include "formats/table/roles.h"

namespace querist::formats {

namespace dom = simdjson::dom;

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
// The element as what its type was found to be; a copy, for the library's results end with their
// statement.
template <class Value>
static Value known(dom::element element) {
  Value value;
  QUERIST_CHECK(element.get(value) == simdjson::SUCCESS);
  return value;
}
static dom::object object_of(dom::element element) { return known<dom::object>(element); }
static dom::array array_of(dom::element element) { return known<dom::array>(element); }

template <class Value>
using ByName = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

enum class Part { text, image, label, flag, id, group, time, split, cell, embedding, meta, nested };

struct Slot {
  Part part = Part::cell;
  size_t cell = 0;  // Of cells, and of the flags of label columns.
};

struct JsonExamples::State {
  const std::filesystem::path* folder = nullptr;
  dom::parser parser;
  Fields fields;     // From the first objects.
  bool any = false;  // An object was studied.
  Layout layout;
  ByName<Slot> slots;
  ByName<size_t> nested;           // The cells of the object "columns".
  size_t dimensions = 0;           // Of the embeddings; 0 until the first.
  std::vector<std::string> flags;  // What the row says in the label columns.

  std::string parse(std::string_view text, dom::element& root);
  std::string take(NewExample& example, Slot slot, dom::element value);
  std::string take_embedding(NewExample& example, dom::element value);
  std::string take_nested(NewExample& example, dom::element value);
  std::string take_labels(NewExample& example, dom::element value) const;
  std::string take_flags(NewExample& example) const;
  std::string check_payload(const NewExample& example) const;
};

JsonExamples::JsonExamples(const std::filesystem::path* folder)
    : state_(std::make_unique<State>()) {
  state_->folder = folder;
}
JsonExamples::~JsonExamples() = default;

const Layout& JsonExamples::layout() const { return state_->layout; }

std::string JsonExamples::State::parse(std::string_view text, dom::element& root) {
  const auto error = parser.parse(text.data(), text.size(), false).get(root);
  if (error == simdjson::SUCCESS) {
    return root.is_object() ? "" : "the row is no JSON object ({\"field\": value, …})";
  }
  if (error == simdjson::UTF8_ERROR) {
    return "the row is not UTF-8; convert the file, for example with: iconv -f latin1 -t utf-8";
  }
  const bool not_finite =
      text.find("NaN") != std::string_view::npos || text.find("Infinity") != std::string_view::npos;
  return fmt::format(
      "the row is not valid JSON: {}{}", simdjson::error_message(error),
      not_finite ? " (JSON has no NaN and no Infinity; write null or leave the field out)" : "");
}

// The value as text; nullopt for null.
static std::optional<std::string> text_of(dom::element value) {
  switch (value.type()) {
    case dom::element_type::NULL_VALUE:
      return std::nullopt;
    case dom::element_type::STRING:
      return std::string(known<std::string_view>(value));
    case dom::element_type::BOOL:
      return known<bool>(value) ? "true" : "false";
    case dom::element_type::INT64:
      return std::to_string(known<int64_t>(value));
    case dom::element_type::UINT64:
      return std::to_string(known<uint64_t>(value));
    case dom::element_type::DOUBLE:
      return fmt::format("{}", known<double>(value));
    default:
      return std::string(simdjson::minify(value));
  }
}

static bool is_nested(dom::element value) { return value.is_object() || value.is_array(); }

static void add_name(std::vector<std::string>& names, std::string_view name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
}

void JsonExamples::study(std::string_view text) {
  State& state = *state_;
  dom::element root;
  if (!state.parse(text, root).empty()) return;
  const bool first = !std::exchange(state.any, true);
  for (const auto [name, value] : object_of(root)) {
    if (state.fields.names.size() >= limits::max_columns) break;
    add_name(state.fields.names, name);
    if (name == "embedding" && value.is_array()) {
      state.fields.embedding = true;
      if (state.dimensions == 0) state.dimensions = array_of(value).size();
    }
    if (!first) continue;
    if (name == "columns" && value.is_object()) {
      state.fields.nested_cells = true;
      state.fields.cells.clear();
      for (const auto [cell, ignored] : object_of(value)) add_name(state.fields.cells, cell);
    } else if (!state.fields.nested_cells) {
      add_name(state.fields.cells, name);
    }
  }
}

static bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool JsonExamples::settle(const Roles& asked) {
  State& state = *state_;
  if (!state.any) return false;
  Roles wanted = asked;
  const bool unasked = asked.text.empty() && asked.image.empty() && asked.columns.empty();
  if (unasked && has(state.fields.names, "image_url") && !has(state.fields.names, "text")) {
    wanted.image = "image_url";
  }
  state.layout = resolve_roles(wanted, state.fields);
  Roles& roles = state.layout.roles;
  const bool own_cells = state.layout.payload == PayloadKind::columns && state.fields.nested_cells;
  const auto give = [&](const std::string& name, Part part) {
    if (!name.empty()) state.slots[name] = {part, 0};
  };
  // Where the payload has a field of its own, the names of our own example shape mean what they
  // say.
  if (state.layout.payload != PayloadKind::columns || own_cells) {
    const auto is_free = [&](std::string_view name) {
      return has(state.fields.names, name) && name != roles.text && name != roles.image &&
             name != roles.label && name != roles.id && name != roles.split &&
             name != roles.group && name != roles.time && !has(roles.label_columns, name);
    };
    if (roles.group.empty() && is_free("group")) roles.group = "group";
    if (roles.time.empty() && is_free("time")) roles.time = "time";
    if (is_free("meta")) give("meta", Part::meta);
  }
  give(roles.label, Part::label);
  for (size_t i = 0; i < roles.label_columns.size(); ++i)
    state.slots[roles.label_columns[i]] = {Part::flag, i};
  give(roles.id, Part::id);
  give(roles.group, Part::group);
  give(roles.time, Part::time);
  give(roles.split, Part::split);
  if (state.layout.payload == PayloadKind::text) give(roles.text, Part::text);
  if (state.layout.payload == PayloadKind::image) give(roles.image, Part::image);
  if (state.layout.payload == PayloadKind::embedding && !asked.payload_elsewhere)
    give("embedding", Part::embedding);
  if (own_cells) give("columns", Part::nested);
  for (size_t cell = 0; cell < state.layout.columns.size(); ++cell) {
    const std::string& name = state.layout.columns[cell];
    if (own_cells && has(state.fields.cells, name)) {
      state.nested[name] = cell;
    } else {
      state.slots[name] = {Part::cell, cell};
    }
  }
  return true;
}

std::string JsonExamples::State::take_embedding(NewExample& example, dom::element value) {
  if (!value.is_array()) return "the embedding is no array of numbers";
  const dom::array numbers = array_of(value);
  example.payload.embedding.clear();
  example.payload.embedding.reserve(numbers.size());
  for (const dom::element number : numbers) {
    double wide = 0;
    if (number.get_double().get(wide) != simdjson::SUCCESS) {
      return fmt::format("number {} of the embedding is no number",
                         example.payload.embedding.size() + 1);
    }
    const auto narrow = static_cast<float>(wide);
    if (!std::isfinite(narrow)) {
      return fmt::format("number {} of the embedding is too large for a 32-bit float",
                         example.payload.embedding.size() + 1);
    }
    example.payload.embedding.push_back(narrow);
    if (example.payload.embedding.size() > limits::max_features) {
      return fmt::format("the embedding has more than {} numbers", limits::max_features);
    }
  }
  const size_t count = example.payload.embedding.size();
  if (count == 0) return "the embedding is empty";
  if (dimensions == 0) dimensions = count;
  if (count != dimensions) {
    return fmt::format("the embedding has {} numbers, the first one has {}", count, dimensions);
  }
  return {};
}

// The image of a URL like data:image/png;base64,iVBOR… (RFC 2397).
static std::string take_data_url(std::string_view url, std::string& image) {
  const size_t comma = url.find(',');
  if (comma == std::string_view::npos || !url.substr(0, comma).ends_with(";base64")) {
    return "the data: URL of the image is not Base64";
  }
  auto bytes = decode_base64(url.substr(comma + 1));
  if (!bytes || bytes->empty()) return "the data: URL of the image is not valid Base64";
  if (!begins_as_image(*bytes)) return "the image is no JPEG, PNG, PGM or PPM image";
  image = std::move(*bytes);
  return {};
}

std::string JsonExamples::State::take_nested(NewExample& example, dom::element value) {
  if (value.is_null()) return {};
  if (!value.is_object()) return "\"columns\" is no object of cells";
  for (const auto [name, cell] : object_of(value)) {
    const auto found = nested.find(name);
    if (found != nested.end()) example.payload.cells[found->second] = text_of(cell).value_or("");
  }
  return {};
}

static constexpr const char* holds_nul = "a value holds a NUL character, which no text has";

// A list says its names itself; a text is read as a table's cell.
std::string JsonExamples::State::take_labels(NewExample& example, dom::element value) const {
  if (value.is_null()) return {};
  if (value.is_object()) return "the labels must be a list of names, or a text";
  std::vector<std::string> names;
  if (value.is_array()) {
    for (const dom::element name : array_of(value)) {
      names.push_back(is_nested(name) ? "" : text_of(name).value_or(""));
      if (names.back().empty())
        return fmt::format("entry {} of the list of labels is no name", names.size());
    }
    example.label = label_list(names);
  } else {
    names.push_back(*text_of(value));
    example.label = split_labels(names[0], layout.roles.label_separator);
  }
  const bool sound = std::none_of(names.begin(), names.end(), [](const std::string& name) {
    return name.find('\0') != std::string::npos;
  });
  return sound ? "" : holds_nul;
}

std::string JsonExamples::State::take_flags(NewExample& example) const {
  if (flags.empty()) return {};
  const std::vector<std::string_view> cells(flags.begin(), flags.end());
  return flagged_labels(layout.roles.label_columns, cells, example.label);
}

std::string JsonExamples::State::take(NewExample& example, Slot slot, dom::element value) {
  if (slot.part == Part::embedding) return take_embedding(example, value);
  if (slot.part == Part::nested) return take_nested(example, value);
  if (slot.part == Part::label && !layout.roles.label_separator.empty())
    return take_labels(example, value);
  if (slot.part == Part::meta) {
    if (value.is_null()) return {};
    if (!value.is_object()) return "\"meta\" is no object";
    example.meta = simdjson::minify(value);
    return {};
  }
  std::optional<std::string> text = text_of(value);
  if (!text) return {};
  if (text->size() > limits::max_cell_bytes) {
    return fmt::format("a value is larger than {} MiB", limits::max_cell_bytes >> 20);
  }
  if (text->find('\0') != std::string::npos) return holds_nul;
  switch (slot.part) {
    case Part::text:
      example.payload.text = std::move(*text);
      return {};
    case Part::cell:
      example.payload.cells[slot.cell] = std::move(*text);
      return {};
    case Part::flag:
      flags[slot.cell] = std::move(*text);
      return {};
    case Part::image:
      if (text->empty()) return {};
      if (text->starts_with("data:")) return take_data_url(*text, example.payload.image);
      if (!folder) return "an image must be a data: URL here; paths and addresses are not read";
      example.meta = canonical_json(Json{{"file", *text}});
      return load_image(*folder, *text, example.payload.image);
    default:
      break;
  }
  if (is_nested(value))
    return "the label, id, group, time and split must be a text, a number or true or false";
  switch (slot.part) {
    case Part::label:
      if (!text->empty()) example.label = std::move(*text);
      break;
    case Part::id:
      example.external_id = std::move(*text);
      break;
    case Part::group:
      example.group = std::move(*text);
      break;
    case Part::time:
      example.time = std::move(*text);
      break;
    default:
      example.split = std::move(*text);
      break;
  }
  return {};
}

std::string JsonExamples::State::check_payload(const NewExample& example) const {
  switch (layout.payload) {
    case PayloadKind::text:
      return example.payload.text.empty() ? "the text is missing or empty" : "";
    case PayloadKind::image:
      return example.payload.image.empty() ? "the image's path is missing" : "";
    case PayloadKind::embedding:
      return example.payload.embedding.empty() && !layout.roles.payload_elsewhere
                 ? "the embedding is missing"
                 : "";
    case PayloadKind::columns:
      break;
  }
  return {};
}

std::string JsonExamples::fill(NewExample& example, std::string_view text) {
  State& state = *state_;
  dom::element root;
  std::string problem = state.parse(text, root);
  if (!problem.empty()) return problem;
  example.payload.cells.resize(state.layout.columns.size());
  state.flags.assign(state.layout.roles.label_columns.size(), "");
  for (const auto [name, value] : object_of(root)) {
    const auto slot = state.slots.find(name);
    if (slot == state.slots.end()) continue;
    problem = state.take(example, slot->second, value);
    if (!problem.empty()) return problem;
  }
  problem = state.take_flags(example);
  return problem.empty() ? state.check_payload(example) : problem;
}

}  // namespace querist::formats
