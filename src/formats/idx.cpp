// IDX images, the format of MNIST (LeCun, Cortes and Burges 1998), with the labels file that lies
// beside them.
#include <algorithm>
#include <optional>

#include "formats/format.h"
#include "formats/npy/header.h"
#include "formats/stream/file_source.h"

namespace querist::formats {

static constexpr size_t max_side = 8192;

static bool recognises(std::string_view file_name, std::string_view head, bool is_folder) {
  if (is_folder || head.size() < 4 || !head.starts_with(std::string_view("\0\0", 2))) return false;
  const bool known_type =
      std::string_view("\x08\x09\x0b\x0c\x0d\x0e").find(head[2]) != std::string_view::npos;
  return known_type &&
         (file_name.find("idx") != std::string_view::npos || (head[2] == 8 && head[3] == 3));
}

// The sizes in an IDX header of bytes with so many dimensions.
static std::vector<size_t> read_header(const ByteSource& bytes, size_t dimensions,
                                       std::string_view name) {
  unsigned char raw[16];
  const size_t length = 4 + 4 * dimensions;
  auto* const buffer = reinterpret_cast<char*>(raw);
  if (read_fully(bytes, buffer, 4) != 4) refuse("{} is cut short in its header", name);
  if (raw[0] != 0 || raw[1] != 0 || raw[2] != 8) {
    refuse(
        "{} holds no IDX array of bytes; images are read from files like "
        "train-images-idx3-ubyte.gz",
        name);
  }
  if (raw[3] != dimensions) {
    refuse(
        "{} has {} dimensions where {} are needed; import the images (idx3), their labels (idx1) "
        "are found beside them",
        name, raw[3], dimensions);
  }
  if (read_fully(bytes, buffer + 4, length - 4) != length - 4)
    refuse("{} is cut short in its header", name);
  std::vector<size_t> sizes;
  for (size_t at = 4; at < length; at += 4) {
    sizes.push_back(size_t{raw[at]} << 24 | size_t{raw[at + 1]} << 16 | size_t{raw[at + 2]} << 8 |
                    raw[at + 3]);
  }
  return sizes;
}

static bool replace(std::string& name, std::string_view from, std::string_view to) {
  const size_t at = name.rfind(from);
  if (at != std::string::npos) name.replace(at, from.size(), to);
  return at != std::string::npos;
}

// The labels file that belongs to an images file, packed or not.
static std::optional<std::filesystem::path> labels_beside(const std::filesystem::path& images) {
  std::string name = images.filename().string();
  for (const std::string_view packed : {".gz", ".zst"}) {
    if (name.ends_with(packed)) name.resize(name.size() - packed.size());
  }
  const bool images_named = replace(name, "images", "labels");
  const bool dimensions_named = replace(name, "idx3", "idx1");
  if (!images_named && !dimensions_named) return std::nullopt;
  for (const std::string_view packed : {"", ".gz", ".zst"}) {
    std::filesystem::path path = images.parent_path() / (name + std::string(packed));
    if (std::filesystem::is_regular_file(path)) return path;
  }
  return std::nullopt;
}

// "train-…" and "t10k-…" are how MNIST and its kin name their two halves.
static std::string split_of(const std::string& name) {
  if (name.find("train") != std::string::npos) return "train";
  if (name.find("t10k") != std::string::npos || name.find("test") != std::string::npos)
    return "test";
  return {};
}

static void read_idx_file(const std::filesystem::path& path, const Roles&, int64_t skip_rows,
                          const Receiver& receiver, const Progress& progress) {
  const ByteSource images = open_file(path, progress);
  const std::vector<size_t> sizes = read_header(images, 3, path.string());
  if (sizes[1] == 0 || sizes[2] == 0 || sizes[1] > max_side || sizes[2] > max_side) {
    refuse("{} claims images of {} by {} pixels; up to {} a side can be read", path.string(),
           sizes[2], sizes[1], max_side);
  }
  const Progress silent;
  ByteSource labels;
  const auto labels_path = labels_beside(path);
  if (labels_path) {
    labels = open_file(*labels_path, silent);
    const size_t count = read_header(labels, 1, labels_path->string())[0];
    if (count != sizes[0]) {
      refuse(
          "{} has {} labels for {} images; put the labels file that belongs to them beside them, "
          "or none",
          labels_path->string(), count, sizes[0]);
    }
  }
  Layout layout;
  layout.payload = PayloadKind::image;
  receiver.layout(layout);
  const std::string header = fmt::format("P5\n{} {}\n255\n", sizes[2], sizes[1]);
  const std::string split = split_of(path.filename().string());
  const size_t pixels = sizes[1] * sizes[2];
  std::string image(header.size() + pixels, '\0');
  std::copy(header.begin(), header.end(), image.begin());
  for (size_t i = 0; i < sizes[0]; ++i) {
    const auto row = static_cast<int64_t>(i) + 1;
    char label = 0;
    const bool cut = read_fully(images, image.data() + header.size(), pixels) != pixels;
    if (cut || (labels && read_fully(labels, &label, 1) != 1)) {
      receiver.problem(
          {row, fmt::format("the {} end here, but their header promises {}; the file is cut short",
                            cut ? "images" : "labels", sizes[0])});
      return;
    }
    if (row <= skip_rows) continue;
    NewExample example;
    example.payload.image = image;
    if (labels) example.label = std::to_string(static_cast<unsigned char>(label));
    example.split = split;
    receiver.example(row, std::move(example));
  }
  char beyond;
  read_fully(images, &beyond, 1);  // A packed file's checksum is looked at when its end is read.
}

Format idx() {
  return {
      .name = "idx",
      .summary =
          "IDX images of bytes as MNIST has them (*-idx3-ubyte, also .gz), with the labels file "
          "beside them.",
      .recognises = recognises,
      .read = read_idx_file,
  };
}

}  // namespace querist::formats
