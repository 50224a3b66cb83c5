// Takes the examples of a streamed request body in, batch by batch.
#pragma once

#include <string>
#include <vector>

#include "api/message.h"
#include "formats/format.h"
#include "storage/store.h"

namespace querist::api {

struct ImportCounts {
  int64_t accepted = 0;
  int64_t duplicates = 0;
  int64_t rejected_count = 0;
  std::vector<formats::RowProblem> rejected;  // The first ones.
};

struct ImportWishes {
  formats::Roles roles;
  std::string label_column;   // That labels came from, where that is not the body's own column.
  bool add_classes = false;   // Labels that are no class yet become classes.
  size_t rejected_limit = 0;  // How many rejected rows are told one by one.
};

// What was taken in before a body breaks off stays; sending it again finds those rows as
// duplicates.
ImportCounts import_body(storage::Store& store, const Project& project, const ImportWishes& wishes,
                         const Incoming& incoming, const std::string& actor);

// The format of a body by its Content-Type, else by how it begins: csv, tsv or jsonl.
std::string_view body_format(std::string_view content_type, std::string_view head);

}  // namespace querist::api
