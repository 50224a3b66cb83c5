// The rows once, for every verb that reads a data file.
#include "app/columns.h"

#include <algorithm>

namespace querist::app {

ParamSpecs with_columns(ParamSpecs own) {
  ParamSpecs all = {
      {.name = "text", .fallback = "", .help = "Column of the text."},
      {.name = "columns",
       .fallback = "",
       .help = "Columns of a table row, as a line of CSV: a name with a comma stands in double "
               "quotes, as in '\"x,2\",y'."},
      {.name = "image", .fallback = "", .help = "Column of image paths."},
      {.name = "embeddings", .fallback = "", .help = "An .npy of features, one row a data row."},
      {.name = "label", .fallback = "", .help = "Column of labels that are already known."},
      {.name = "id",
       .fallback = "",
       .help = "Column of the row's own id; duplicates are found by it."},
      {.name = "split",
       .fallback = "",
       .help = "Column of a split, with the values train and test."}};
  all.insert(all.end(), own.begin(), own.end());
  return all;
}

formats::Roles roles_of(const Invocation& invocation) {
  const auto given = [&](std::string_view name) {
    const ParamSpecs& rows = invocation.options.specs();
    const bool known = std::any_of(rows.begin(), rows.end(),
                                   [&](const ParamSpec& row) { return row.name == name; });
    return known ? invocation.text(name) : std::string();
  };
  return {.text = given("text"),
          .image = given("image"),
          .columns = invocation.list("columns"),
          .label = given("label"),
          .id = given("id"),
          .group = given("group"),
          .time = given("time"),
          .split = given("split")};
}

}  // namespace querist::app
