// A class's id is its place.
#include "loop/numbered_labels.h"

#include <unordered_map>

namespace querist::loop {

NumberedLabels numbered(std::span<const Labelled> labels, std::span<const std::string> classes,
                        int64_t rows) {
  std::unordered_map<std::string_view, int32_t> ids;
  for (size_t c = 0; c < classes.size(); ++c) ids[classes[c]] = static_cast<int32_t>(c);
  NumberedLabels out;
  for (const Labelled& label : labels) {
    const auto id = ids.find(label.label);
    if (id == ids.end() || label.row >= rows) continue;
    out.rows.push_back(label.row);
    out.ids.push_back(id->second);
  }
  return out;
}

}  // namespace querist::loop
