// One thing to label as it arrives: its payload and what the source says about it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace querist {

enum class PayloadKind { text, columns, image, embedding };

constexpr std::string_view payload_word(PayloadKind kind) {
  constexpr std::string_view words[] = {"text", "columns", "image", "embedding"};
  return words[static_cast<int>(kind)];
}

// Exactly the member that the project's payload kind names is filled.
struct Payload {
  std::string text;  // UTF-8.
  std::vector<std::string>
      cells;          // One cell a column, in the column order of the source; empty: missing.
  std::string image;  // The bytes of a JPEG, PNG or binary PGM/PPM file.
  std::vector<float> embedding;  // Finite.
};

struct NewExample {
  std::string external_id;  // Unique in its project; empty: none was given.
  Payload payload;
  std::optional<std::string> label;  // A class name the source already knows.
  std::string group;
  std::string time;
  std::string split;
  std::string meta;  // A JSON object as text; empty: none.
};

}  // namespace querist
