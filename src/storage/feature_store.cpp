// Data files that only grow, and a file of block records that says how much of them is committed
// and what it sums to.
#include "storage/feature_store.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <mutex>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "base/stop_point.h"
#include "base/threads.h"
#include "storage/checksum.h"
#include "storage/durable_file.h"

namespace querist::storage {

namespace fs = std::filesystem;

// One append. Records lie back to back in blocks.bin; one whose own sum is wrong at the end was
// never committed.
struct Block {
  uint64_t first_row = 0;
  uint64_t rows = 0;
  uint64_t first_value = 0;  // Of a sparse matrix: where its columns and values begin.
  uint64_t values = 0;
  uint64_t sum = 0;  // Over the block's bytes of every data file, in order.
  uint64_t own_sum = 0;

  uint64_t expected_own_sum() const {
    return checksum({reinterpret_cast<const char*>(this), offsetof(Block, own_sum)});
  }
};

// One data file: how its bytes follow from a block.
struct Part {
  const char* name;
  uint64_t bytes_per_row = 0;    // Or …
  uint64_t bytes_per_value = 0;  // … of a sparse matrix's entries.
  uint64_t lead = 0;             // Bytes before the first row.

  uint64_t begin(const Block& b) const {
    return lead + (bytes_per_row ? b.first_row * bytes_per_row : b.first_value * bytes_per_value);
  }
  uint64_t size(const Block& b) const {
    return bytes_per_row ? b.rows * bytes_per_row : b.values * bytes_per_value;
  }
};

static std::vector<Part> parts_of(const FeatureShape& shape) {
  std::vector<Part> parts;
  const uint64_t cols = shape.cols;
  switch (shape.kind) {
    case Features::Kind::dense:
      parts.push_back({"features.bin", cols * sizeof(float)});
      break;
    case Features::Kind::half:
      parts.push_back({"features.bin", cols * sizeof(uint16_t)});
      break;
    case Features::Kind::sparse:
      parts.push_back({"offsets.bin", sizeof(int64_t), 0, sizeof(int64_t)});
      parts.push_back({"columns.bin", 0, sizeof(int32_t)});
      parts.push_back({"values.bin", 0, sizeof(float)});
      break;
  }
  const uint64_t width = shape.geometry_half ? sizeof(uint16_t) : sizeof(float);
  if (shape.geometry_cols) parts.push_back({"geometry.bin", shape.geometry_cols * width});
  return parts;
}

static std::string header_of(const FeatureShape& shape) {
  return canonical_json({{"format", 1},
                         {"kind", static_cast<int>(shape.kind)},
                         {"cols", shape.cols},
                         {"geometry_cols", shape.geometry_cols},
                         {"geometry_half", shape.geometry_half},
                         {"tag", shape.tag}});
}

struct Mapping {
  std::vector<MappedFile> files;

  bool faulted() const {
    return std::any_of(files.begin(), files.end(), [](const auto& file) { return file.faulted(); });
  }
};

// By which a file that somebody else wrote, cut or replaced is told from what was left.
struct Stamp {
  uint64_t inode = 0;  // 0: there is no such file.
  int64_t size = 0;
  int64_t changed_s = 0;
  int64_t changed_ns = 0;
  bool operator==(const Stamp&) const = default;
};

static Stamp stamp_of(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {info.st_ino, info.st_size, info.st_ctim.tv_sec, info.st_ctim.tv_nsec};
}

struct FeatureFiles::State {
  fs::path folder;
  FeatureShape shape;
  std::vector<Part> parts;
  mutable std::mutex mutex;
  std::vector<Block> blocks;
  mutable std::shared_ptr<const Mapping> mapping;  // Of all blocks; empty after an append.
  std::vector<Stamp> stamps;                       // As this process left the files.

  uint64_t rows() const {
    return blocks.empty() ? 0 : blocks.back().first_row + blocks.back().rows;
  }
  uint64_t values() const {
    return blocks.empty() ? 0 : blocks.back().first_value + blocks.back().values;
  }
  [[noreturn]] void damaged(std::string_view why) const {
    fail(Code::unavailable,
         "the feature files in {} are damaged ({}): features are rebuilt from the examples, "
         "imported embeddings come from a backup",
         folder.string(), why);
  }

  std::vector<Stamp> stamps_now() const {
    std::vector<Stamp> found = {stamp_of(folder / "header.json"), stamp_of(folder / "blocks.bin")};
    for (const Part& part : parts) found.push_back(stamp_of(folder / part.name));
    return found;
  }

  void open();
  void read_blocks();
  void check_blocks() const;
  std::shared_ptr<const Mapping> map() const;
  uint64_t sum_of(const Block& block, const Mapping& mapped) const;
  void cut_to(uint64_t first_row);
  void write_block(Block block, const std::vector<std::string_view>& bytes);
};

void FeatureFiles::State::open() {
  const auto header = folder / "header.json";
  if (!fs::exists(header)) FeatureFiles::recreate(folder, shape);
  if (read_file(header) != header_of(shape)) {
    fail(Code::conflict, "the feature files in {} are of another shape or featurizer",
         folder.string());
  }
  stamps = stamps_now();  // Before the bytes are checked: a change from here on counts.
  read_blocks();
  check_blocks();
}

void FeatureFiles::State::read_blocks() {
  const auto path = folder / "blocks.bin";
  if (!fs::exists(path)) return;
  const std::string bytes = read_file(path);
  const size_t count = bytes.size() / sizeof(Block);
  for (size_t i = 0; i < count; ++i) {
    Block block;
    std::memcpy(&block, bytes.data() + i * sizeof block, sizeof block);
    const bool whole = block.own_sum == block.expected_own_sum() && block.first_row == rows() &&
                       block.first_value == values();
    if (!whole && i + 1 < count) damaged(fmt::format("the record of block {} is wrong", i));
    if (whole) blocks.push_back(block);
  }
}

std::shared_ptr<const Mapping> FeatureFiles::State::map() const {
  if (mapping) return mapping;
  auto fresh = std::make_shared<Mapping>();
  for (const Part& part : parts) {
    const uint64_t needed =
        blocks.empty() ? 0 : part.begin(blocks.back()) + part.size(blocks.back());
    const auto path = folder / part.name;
    if (needed > 0 && !fs::exists(path)) damaged(fmt::format("{} is missing", part.name));
    fresh->files.push_back(needed > 0 ? MappedFile(path) : MappedFile());
    if (fresh->files.back().size() < needed) {
      damaged(
          fmt::format("{} has {} bytes, not {}", part.name, fresh->files.back().size(), needed));
    }
  }
  mapping = fresh;
  return mapping;
}

uint64_t FeatureFiles::State::sum_of(const Block& block, const Mapping& mapped) const {
  uint64_t sum = 0;
  for (size_t p = 0; p < parts.size(); ++p) {
    const auto bytes = mapped.files[p].bytes();
    if (parts[p].size(block) == 0) continue;
    sum = checksum(bytes.substr(parts[p].begin(block), parts[p].size(block)), sum);
  }
  return sum;
}

void FeatureFiles::State::check_blocks() const {
  const auto mapped = map();
  std::atomic<size_t> first_wrong = blocks.size();
  parallel_for(blocks.size(), 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      if (sum_of(blocks[i], *mapped) == blocks[i].sum) continue;
      size_t seen = first_wrong;
      while (i < seen && !first_wrong.compare_exchange_weak(seen, i)) continue;
    }
  });
  if (first_wrong < blocks.size()) {
    const Block& block = blocks[first_wrong];
    damaged(fmt::format("rows {} to {} do not match their checksum", block.first_row,
                        block.first_row + block.rows - 1));
  }
}

// Forgets rows from first_row on; a block cut through gets the sum of what stays.
void FeatureFiles::State::cut_to(uint64_t first_row) {
  std::vector<Block> kept;
  for (Block block : blocks) {
    if (block.first_row >= first_row) break;
    if (block.first_row + block.rows > first_row) {
      const auto mapped = map();
      block.rows = first_row - block.first_row;
      if (shape.kind == Features::Kind::sparse) {
        int64_t end = 0;
        std::memcpy(&end, mapped->files[0].data() + first_row * sizeof end, sizeof end);
        block.values = static_cast<uint64_t>(end) - block.first_value;
      }
      block.sum = sum_of(block, *mapped);
      block.own_sum = block.expected_own_sum();
    }
    kept.push_back(block);
  }
  write_file_atomically(folder / "blocks.bin",
                        {reinterpret_cast<const char*>(kept.data()), kept.size() * sizeof(Block)});
  blocks = std::move(kept);
  mapping = nullptr;
  stamps = stamps_now();
}

void FeatureFiles::State::write_block(Block block, const std::vector<std::string_view>& bytes) {
  for (size_t p = 0; p < parts.size(); ++p) {
    block.sum = parts[p].size(block) ? checksum(bytes[p], block.sum) : block.sum;
    DurableFile file(folder / parts[p].name);
    if (parts[p].lead && block.first_row == 0) file.write_at(0, std::string(parts[p].lead, '\0'));
    file.write_at(parts[p].begin(block), bytes[p]);
    file.sync();
    stop_point("features_part_written");
  }
  stop_point("features_data_written");
  block.own_sum = block.expected_own_sum();
  DurableFile records(folder / "blocks.bin");
  records.write_at(blocks.size() * sizeof(Block),
                   {reinterpret_cast<const char*>(&block), sizeof block});
  stop_point("features_record_written");
  records.sync();
  if (blocks.empty()) sync_folder(folder);  // The files' names are new as well.
  blocks.push_back(block);
  mapping = nullptr;
  stamps = stamps_now();
}

FeatureFiles::FeatureFiles(fs::path folder, FeatureShape shape)
    : state_(std::make_unique<State>()) {
  state_->folder = std::move(folder);
  state_->shape = std::move(shape);
  state_->parts = parts_of(state_->shape);
  state_->open();
}

FeatureFiles::~FeatureFiles() = default;

void FeatureFiles::recreate(const fs::path& folder, const FeatureShape& shape) {
  make_folder(folder);
  fs::remove(folder / "blocks.bin");  // First: without it nothing of the old rows counts.
  sync_folder(folder);
  stop_point("features_emptied");
  for (const char* name :
       {"features.bin", "offsets.bin", "columns.bin", "values.bin", "geometry.bin"}) {
    fs::remove(folder / name);
  }
  write_file_atomically(folder / "header.json", header_of(shape));
}

size_t FeatureFiles::rows() const {
  const std::lock_guard hold(state_->mutex);
  return state_->rows();
}

bool FeatureFiles::touched() const {
  const std::lock_guard hold(state_->mutex);
  return state_->stamps != state_->stamps_now() || (state_->mapping && state_->mapping->faulted());
}

const FeatureShape& FeatureFiles::shape() const { return state_->shape; }

template <class T>
static std::string_view bytes_of(const T* data, size_t count) {
  return {reinterpret_cast<const char*>(data), count * sizeof(T)};
}

// The bytes of a dense matrix as the file wants them, narrowed into `narrowed` when that is half.
static std::string_view dense_bytes(const Features& matrix, size_t cols, bool half,
                                    std::vector<uint16_t>& narrowed) {
  if (matrix.cols != cols) refuse("the features have {} columns, not {}", matrix.cols, cols);
  const size_t count = matrix.rows * cols;
  if (matrix.kind == Features::Kind::half && half) return bytes_of(matrix.half, count);
  if (matrix.kind != Features::Kind::dense)
    refuse("the features are not of the kind their file holds");
  if (!half) return bytes_of(matrix.dense, count);
  narrowed.resize(count);
  std::transform(matrix.dense, matrix.dense + count, narrowed.begin(), float_to_half);
  return bytes_of(narrowed.data(), count);
}

void FeatureFiles::append(size_t first_row, const Features& features, const Features* geometry) {
  State& s = *state_;
  const std::lock_guard hold(s.mutex);
  if (first_row > s.rows()) refuse("rows from {} cannot follow {} rows", first_row, s.rows());
  const bool has_geometry = s.shape.geometry_cols > 0;
  if (has_geometry && (!geometry || geometry->rows != features.rows)) {
    refuse("the geometry must have one row for each row of the features");
  }
  if (first_row < s.rows()) s.cut_to(first_row);
  if (features.rows == 0) return;
  Block block{.first_row = first_row, .rows = features.rows, .first_value = s.values()};
  std::vector<std::string_view> bytes;
  std::vector<uint16_t> narrowed, narrowed_geometry;
  std::vector<int64_t> ends;
  if (s.shape.kind == Features::Kind::sparse) {
    const CsrView& csr = features.sparse;
    if (features.kind != Features::Kind::sparse) refuse("the file holds sparse features only");
    if (csr.cols > s.shape.cols)
      refuse("the features have {} columns, not {}", csr.cols, s.shape.cols);
    const int64_t begin = csr.offsets[0];
    for (size_t i = 1; i <= csr.rows; ++i) {
      ends.push_back(csr.offsets[i] - begin + static_cast<int64_t>(block.first_value));
    }
    block.values = static_cast<uint64_t>(csr.offsets[csr.rows] - begin);
    bytes.push_back(bytes_of(ends.data(), ends.size()));
    bytes.push_back(bytes_of(csr.columns + begin, block.values));
    bytes.push_back(bytes_of(csr.values + begin, block.values));
  } else {
    bytes.push_back(
        dense_bytes(features, s.shape.cols, s.shape.kind == Features::Kind::half, narrowed));
  }
  if (has_geometry) {
    bytes.push_back(
        dense_bytes(*geometry, s.shape.geometry_cols, s.shape.geometry_half, narrowed_geometry));
  }
  s.write_block(block, bytes);
}

static Features dense_view(size_t rows, size_t cols, bool half, const char* data) {
  if (half) return Features::of_half(rows, cols, reinterpret_cast<const uint16_t*>(data));
  return MatrixView(rows, cols, reinterpret_cast<const float*>(data));
}

FeatureView FeatureFiles::view() const {
  const State& s = *state_;
  const std::lock_guard hold(s.mutex);
  static constexpr int64_t no_offsets[] = {0};
  const auto mapped = s.map();
  FeatureView view{.rows = s.rows(), .mapping = mapped};
  if (s.shape.kind == Features::Kind::sparse) {
    const auto* offsets = reinterpret_cast<const int64_t*>(mapped->files[0].data());
    view.features = CsrView(view.rows, s.shape.cols, view.rows ? offsets : no_offsets,
                            reinterpret_cast<const int32_t*>(mapped->files[1].data()),
                            reinterpret_cast<const float*>(mapped->files[2].data()));
  } else {
    view.features = dense_view(view.rows, s.shape.cols, s.shape.kind == Features::Kind::half,
                               mapped->files[0].data());
  }
  view.geometry = view.features;
  if (s.shape.geometry_cols) {
    view.geometry = dense_view(view.rows, s.shape.geometry_cols, s.shape.geometry_half,
                               mapped->files.back().data());
  }
  return view;
}

std::shared_ptr<FeatureFiles> embedding_files(Store& store, int64_t project_id, size_t dimensions) {
  const std::lock_guard hold(store.embeddings_mutex_);
  auto& files = store.embeddings_[project_id];
  if (!files) {
    const auto folder = store.folder() / "features" / std::to_string(project_id) / "embeddings";
    files = std::make_shared<FeatureFiles>(folder,
                                           FeatureShape{.cols = dimensions, .tag = "embeddings"});
  }
  return files;
}

fs::path feature_folder(const fs::path& data_folder, int64_t project_id,
                        int64_t featurizer_version) {
  return data_folder / "features" / std::to_string(project_id) / std::to_string(featurizer_version);
}

}  // namespace querist::storage
