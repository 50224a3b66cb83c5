// A folder of JPEG, PNG, PGM and PPM files; the sub-folder an image lies in is its label.
#include <algorithm>
#include <functional>
#include <system_error>
#include <vector>

#include "formats/format.h"
#include "formats/image/image_file.h"

namespace querist::formats {

namespace fs = std::filesystem;

static constexpr int max_depth = 32;

static bool recognises(std::string_view, std::string_view, bool is_folder) { return is_folder; }

// The names in one folder, sorted so that every run numbers the rows alike; links to folders are
// not followed.
struct Listing {
  std::vector<std::string> files;
  std::vector<std::string> folders;
};

static Listing list(const fs::path& folder, const std::string& below) {
  Listing listing;
  std::error_code error;
  fs::directory_iterator entries(folder / below, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const std::string path = below.empty() ? entries->path().filename().string()
                                           : below + "/" + entries->path().filename().string();
    std::error_code ignored;
    const bool link = entries->is_symlink(ignored);
    if (is_clutter(path)) continue;
    if (!entries->is_directory(ignored)) {
      listing.files.push_back(path);
    } else if (!link) {
      listing.folders.push_back(path);
    }
  }
  if (error)
    fail(Code::unavailable, "cannot list {}: {}", (folder / below).string(), error.message());
  std::sort(listing.files.begin(), listing.files.end());
  std::sort(listing.folders.begin(), listing.folders.end());
  return listing;
}

// Files first, then the folders in their order, one folder's names in memory at a time and level.
static void walk(const fs::path& folder, const std::string& below, int depth,
                 const std::function<void(const std::string&)>& file) {
  if (depth > max_depth)
    refuse("{} is nested more than {} folders deep", folder.string(), max_depth);
  const Listing listing = list(folder, below);
  for (const std::string& path : listing.files) file(path);
  for (const std::string& path : listing.folders) walk(folder, path, depth + 1, file);
}

static void read_folder(const fs::path& folder, const Roles&, int64_t skip_rows,
                        const Receiver& receiver, const Progress& progress) {
  int64_t total = 0;
  walk(folder, "", 0, [&](const std::string&) {
    progress.check();
    ++total;
  });
  if (total == 0) refuse("{} holds no files", folder.string());
  Layout layout;
  layout.payload = PayloadKind::image;
  receiver.layout(layout);
  int64_t row = 0;
  walk(folder, "", 0, [&](const std::string& path) {
    progress.check();
    if (++row > skip_rows) {
      NewExample example;
      std::string problem = load_image(folder, path, example.payload.image);
      if (problem.empty()) {
        describe_by_path(example, path);
        receiver.example(row, std::move(example));
      } else {
        receiver.problem({row, std::move(problem)});
      }
    }
    progress.at(static_cast<double>(row), static_cast<double>(total), "images");
  });
}

Format image_folder() {
  return {
      .name = "image_folder",
      .summary = "A folder of JPEG, PNG, PGM or PPM images; sub-folders name the labels.",
      .recognises = recognises,
      .read = read_folder,
  };
}

}  // namespace querist::formats
