// Resolution of the roles against the columns of a file.
#include "formats/table/roles.h"

#include <algorithm>
#include <initializer_list>

namespace querist::formats {

static std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

static bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The roles while they are handed out; a column plays one part only.
struct Casting {
  const Fields& fields;
  Roles roles;
  std::vector<std::string> taken;

  void check(std::string_view name, std::string_view part) const {
    if (contains(fields.names, name) || (part == "columns" && contains(fields.cells, name))) return;
    refuse("there is no column \"{}\", asked for as {}; the columns are {}", name,
           part == "group" && !roles.group_word.empty() ? roles.group_word : part,
           fmt::join(fields.names, ", "));
  }

  void ask(const std::string& name, std::string_view part) {
    if (name.empty()) return;
    check(name, part);
    if (contains(taken, name))
      refuse("the column \"{}\" is asked for twice; each column plays one part", name);
    taken.push_back(name);
  }

  void guess(std::string& role, std::initializer_list<std::string_view> usual) {
    if (!role.empty()) return;
    for (const std::string_view name : usual) {
      const auto found =
          std::find_if(fields.names.begin(), fields.names.end(), [&](const std::string& column) {
            return lower(column) == name && !contains(taken, column);
          });
      if (found == fields.names.end()) continue;
      role = *found;
      taken.push_back(*found);
      return;
    }
  }
};

static void choose_cells(Casting& casting, Layout& layout) {
  layout.payload = PayloadKind::columns;
  if (casting.roles.columns.empty()) {
    for (const std::string& name : casting.fields.cells) {
      if (casting.fields.nested_cells || !contains(casting.taken, name))
        casting.roles.columns.push_back(name);
    }
  }
  if (casting.roles.columns.empty()) {
    refuse("no column is left to learn from; the columns are {}: name the one that holds the text",
           fmt::join(casting.fields.names, ", "));
  }
  layout.columns = casting.roles.columns;
}

Layout resolve_roles(const Roles& asked, const Fields& fields) {
  const int payloads = !asked.text.empty() + !asked.image.empty() + !asked.columns.empty();
  if (payloads > 1)
    refuse("name either a text column, an image column or columns, not several of them");
  Casting casting{fields, asked, {}};
  casting.ask(asked.text, "text");
  casting.ask(asked.image, "image");
  for (const std::string& column : asked.columns) casting.ask(column, "columns");
  casting.ask(asked.label, "label");
  for (const std::string& column : asked.label_columns) casting.ask(column, "label");
  casting.ask(asked.id, "id");
  casting.ask(asked.group, "group");
  casting.ask(asked.time, "time");
  casting.ask(asked.split, "split");
  if (asked.payload_elsewhere && payloads > 0) {
    refuse("the payload comes from the embeddings; name no text, image or columns beside them");
  }
  const bool takes_embeddings =
      asked.expected == PayloadKind::embedding && fields.embedding && !fields.nested_cells;
  if (payloads == 0 && !asked.payload_elsewhere && !takes_embeddings) {
    casting.guess(casting.roles.text, {"text", "body", "sentence", "message", "content", "review",
                                       "question", "comment"});
  }
  if (!asked.label_separator.empty()) casting.guess(casting.roles.label, {"labels"});
  if (asked.label_columns.empty())
    casting.guess(casting.roles.label, {"label", "class", "target", "category", "y"});
  casting.guess(casting.roles.id, {"id", "external_id", "uuid"});
  casting.guess(casting.roles.split, {"split"});

  Layout layout;
  if (asked.payload_elsewhere) {
    layout.payload = PayloadKind::embedding;
  } else if (!casting.roles.text.empty()) {
    layout.payload = PayloadKind::text;
  } else if (!casting.roles.image.empty()) {
    layout.payload = PayloadKind::image;
  } else if (asked.columns.empty() && fields.embedding && !fields.nested_cells) {
    layout.payload = PayloadKind::embedding;
  } else {
    choose_cells(casting, layout);
  }
  layout.roles = std::move(casting.roles);
  return layout;
}

}  // namespace querist::formats
