// Small texts that several verbs write: a setting's flag and a cell of CSV.
#pragma once

#include <string>
#include <string_view>

namespace querist::app {

// batch_size is written --batch-size.
inline std::string flag_of(std::string_view name) {
  std::string flag = "--" + std::string(name);
  for (char& c : flag) c = c == '_' ? '-' : c;
  return flag;
}

// Quoted where RFC 4180 asks for it.
inline std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",\"\n\r") == std::string_view::npos) return std::string(text);
  std::string cell = "\"";
  for (const char c : text) {
    if (c == '"') cell += '"';
    cell += c;
  }
  return cell + "\"";
}

}  // namespace querist::app
