// Signatures, safe paths and the rules by which a path names label and split.
#include "formats/image/image_file.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <system_error>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "formats/stream/encoding.h"

namespace querist::formats {

bool begins_as_image(std::string_view bytes) {
  if (bytes.starts_with("\xff\xd8\xff") || bytes.starts_with("\x89PNG\r\n\x1a\n")) return true;
  return bytes.size() > 2 && bytes[0] == 'P' && (bytes[1] == '5' || bytes[1] == '6') &&
         (bytes[2] == '\n' || bytes[2] == ' ' || bytes[2] == '\t' || bytes[2] == '\r');
}

static std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const size_t at = std::min(path.find('/'), path.size());
    if (at > 0 && path.substr(0, at) != ".") parts.push_back(path.substr(0, at));
    path.remove_prefix(std::min(at + 1, path.size()));
  }
  return parts;
}

std::string path_fault(std::string_view path) {
  if (path.empty()) return "it has no name";
  if (!text_fault(path).empty()) return "its name is not UTF-8; rename it";
  std::string plain(path);
  std::replace(plain.begin(), plain.end(), '\\', '/');
  const bool drive = plain.size() > 1 && plain[1] == ':';
  if (plain[0] == '/' || drive) {
    return "its path is absolute; only paths inside are read";
  }
  const auto parts = parts_of(plain);
  if (std::find(parts.begin(), parts.end(), "..") != parts.end()) {
    return "its path leads outside (\"..\"); only paths inside are read";
  }
  return {};
}

bool is_clutter(std::string_view path) {
  const auto parts = parts_of(path);
  if (parts.empty()) return true;
  const bool hidden = std::any_of(parts.begin(), parts.end(), [](std::string_view part) {
    return (part[0] == '.' && part != "..") || part == "__MACOSX";
  });
  return hidden || parts.back() == "Thumbs.db" || parts.back() == "desktop.ini";
}

static bool is_split(std::string_view part) {
  constexpr std::string_view words[] = {"train", "test", "val", "valid", "validation"};
  return std::find(std::begin(words), std::end(words), part) != std::end(words);
}

void describe_by_path(NewExample& example, std::string_view path) {
  auto parts = parts_of(path);
  example.meta = canonical_json(Json{{"file", std::string(path)}});
  if (parts.empty()) return;
  parts.pop_back();
  for (const std::string_view part : parts) {
    if (is_split(part)) example.split = part;
  }
  if (!parts.empty() && !is_split(parts.back())) example.label = std::string(parts.back());
}

// Whether `file`, links followed, lies in `folder`.
static bool lies_within(const std::filesystem::path& folder, const std::filesystem::path& file) {
  std::error_code error;
  const auto root = std::filesystem::canonical(folder, error);
  if (error) return false;
  const auto target = std::filesystem::canonical(file, error);
  if (error) return false;
  return std::mismatch(root.begin(), root.end(), target.begin(), target.end()).first == root.end();
}

std::string load_image(const std::filesystem::path& folder, std::string_view path,
                       std::string& image) {
  const std::string fault = path_fault(path);
  if (!fault.empty()) return fmt::format("the image {} is not read: {}", path, fault);
  const std::filesystem::path file = folder / path;
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) return fmt::format("there is no file {}", path);
  if (!std::filesystem::is_regular_file(status)) return fmt::format("{} is not a file", path);
  if (!lies_within(folder, file)) return fmt::format("the link {} leads outside its folder", path);
  const auto size = std::filesystem::file_size(file, error);
  if (error) return fmt::format("cannot read {}: {}", path, error.message());
  if (size > limits::max_archive_entry_bytes) {
    return fmt::format("{} is larger than {} MiB", path, limits::max_archive_entry_bytes >> 20);
  }
  image.resize(size);
  std::ifstream stream(file, std::ios::binary);
  if (!stream.read(image.data(), static_cast<std::streamsize>(size))) {
    return fmt::format("cannot read {}", path);
  }
  if (!begins_as_image(image)) return fmt::format("{} is no JPEG, PNG, PGM or PPM image", path);
  return {};
}

}  // namespace querist::formats
