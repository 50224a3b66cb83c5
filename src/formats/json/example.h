// One JSON object to one example, by the layout settled from the first objects.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "formats/format.h"

namespace querist::formats {

class JsonExamples {
 public:
  // folder: where paths of an image field begin; null: there is none.
  explicit JsonExamples(const std::filesystem::path* folder);
  ~JsonExamples();

  // Takes note of the fields of one of the first rows; a row that is no object is passed over.
  void study(std::string_view text);
  // Settles the layout from what was studied; false when no object was among it.
  bool settle(const Roles& roles);
  const Layout& layout() const;

  // Fills the example; answers why it cannot, empty if it did. 64 bytes behind the text must be
  // readable.
  std::string fill(NewExample& example, std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace querist::formats
