// A quote within a name that does not begin with one is a letter like others.
#include "base/name_list.h"

#include "base/error.h"

namespace querist {

static void skip_spaces(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
}

// Takes a quoted name off the front of the text, which begins with its quote.
static std::string take_quoted(std::string_view& text) {
  const std::string whole(text);
  std::string name;
  for (text.remove_prefix(1); !text.empty();) {
    const bool quote = text[0] == '"';
    if (quote && !text.starts_with("\"\"")) {
      text.remove_prefix(1);
      skip_spaces(text);
      if (!text.empty() && text[0] != ',')
        refuse("a comma must follow the closing quote in {}", whole);
      return name;
    }
    name += text[0];
    text.remove_prefix(quote ? 2 : 1);
  }
  refuse("the quote is not closed in {}", whole);
}

std::vector<std::string> split_names(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    std::string_view ahead = text;
    skip_spaces(ahead);
    std::string name;
    if (ahead.starts_with('"')) {
      text = ahead;
      name = take_quoted(text);
    } else {
      name = text.substr(0, text.find(','));
      text.remove_prefix(name.size());
    }
    if (!name.empty()) names.push_back(std::move(name));
    if (!text.empty()) text.remove_prefix(1);  // The comma.
  }
  return names;
}

}  // namespace querist
