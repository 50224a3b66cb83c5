// Feature matrices beside the database: memory-mapped, appended crash-safely in checksummed blocks.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/matrix.h"
#include "storage/store.h"

namespace querist::storage {

// What the files of one version hold; equal shapes can share files.
struct FeatureShape {
  Features::Kind kind = Features::Kind::dense;
  size_t cols = 0;
  size_t geometry_cols = 0;  // 0: no geometry of its own, the features serve.
  bool geometry_half = false;
  std::string tag;  // Which featurizer and version made it; a file with another tag is not opened.
  bool operator==(const FeatureShape&) const = default;
};

// All rows appended so far; stays valid while it lives, whatever is appended or rebuilt meanwhile.
struct FeatureView {
  size_t rows = 0;
  Features features;
  Features geometry;  // The features themselves when the shape has no geometry of its own.
  std::shared_ptr<const void> mapping;
};

// One writer, many readers of views; thread-safe.
class FeatureFiles {
 public:
  // Opens or creates the files in the folder and checks every block. Throws unavailable, saying
  // what is damaged, when a block is truncated or its checksum is wrong, and conflict for another
  // shape: the caller rebuilds with recreate().
  FeatureFiles(std::filesystem::path folder, FeatureShape shape);
  ~FeatureFiles();
  // Empties the folder and starts anew; views still held stay valid.
  static void recreate(const std::filesystem::path& folder, const FeatureShape& shape);

  size_t rows() const;
  const FeatureShape& shape() const;

  // Durable on return. first_row must be at most rows(): rows from there on are replaced (an append
  // that its transaction gave up). Dense rows are narrowed when the shape's kind is half.
  void append(size_t first_row, const Features& features, const Features* geometry);
  FeatureView view() const;

  // Whether anything but append() has changed, cut or removed a file since, or a page of the view
  // could not be read. Looks at the files' sizes and times, not at every byte: open them anew to
  // have those checked. What was computed from a view in between is not to be kept.
  bool touched() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The embeddings that a project's source brought, row by row: float32, as imported. Rows past the
// project's count of examples belong to an import that did not commit, and are not to be read.
std::shared_ptr<FeatureFiles> embedding_files(Store& store, int64_t project_id, size_t dimensions);

// DIR/features/PROJECT/VERSION for the features a featurizer made.
std::filesystem::path feature_folder(const std::filesystem::path& data_folder, int64_t project_id,
                                     int64_t featurizer_version);

}  // namespace querist::storage
