// Blobs as files DIR/blobs/ab/cdef…: written under another name, synced together, then renamed.
#include "storage/blobs.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <set>

#include "base/file.h"
#include "base/hash.h"
#include "base/stop_point.h"
#include "base/threads.h"
#include "storage/durable_file.h"

namespace querist::storage {

static std::filesystem::path path_of(const Store& store, std::string_view hash) {
  return store.folder() / "blobs" / hash.substr(0, 2) / hash.substr(2);
}

// Temporary files of a batch that fails are taken away again.
struct Temporaries {
  std::vector<std::pair<std::filesystem::path, std::filesystem::path>> names;  // Temporary, final.
  ~Temporaries() {
    std::error_code ignored;  // Those already renamed are simply not there.
    for (const auto& [temporary, last] : names) std::filesystem::remove(temporary, ignored);
  }
};

// A file that is there but damaged counts as absent, so that importing again mends it.
static bool is_stored(const std::filesystem::path& path, std::string_view bytes) {
  std::error_code absent;
  if (std::filesystem::file_size(path, absent) != bytes.size() || absent) return false;
  return read_file(path) == bytes;
}

std::vector<std::string> put_blobs(Store& store, std::span<const std::string_view> blobs) {
  std::vector<std::string> hashes(blobs.size());
  std::vector<char> stored(blobs.size());
  parallel_for(blobs.size(), 16, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      hashes[i] = sha256_hex(blobs[i]);
      stored[i] = is_stored(path_of(store, hashes[i]), blobs[i]);
    }
  });
  static std::atomic<uint64_t> counter = 0;
  Temporaries temporaries;
  std::set<std::filesystem::path> folders;
  std::set<std::string_view> seen;
  for (size_t i = 0; i < blobs.size(); ++i) {
    const auto path = path_of(store, hashes[i]);
    if (!seen.insert(hashes[i]).second || stored[i]) continue;
    if (folders.insert(path.parent_path()).second) make_folder(path.parent_path());
    auto temporary = path;
    temporary += fmt::format(".{}.{}.tmp", ::getpid(), ++counter);
    temporaries.names.emplace_back(temporary, path);
    DurableFile file(temporary);
    file.write_at(0, blobs[i]);
  }
  if (temporaries.names.empty()) return hashes;
  DurableFile(temporaries.names.front().first).sync_filesystem();
  stop_point("blobs_written");
  for (const auto& [temporary, path] : temporaries.names) rename_file(temporary, path);
  stop_point("blobs_renamed");
  for (const auto& folder : folders) sync_folder(folder);
  sync_folder(store.folder() / "blobs");
  return hashes;
}

std::string blob(Store& store, std::string_view hash) {
  const bool name = hash.size() == 64 && std::all_of(hash.begin(), hash.end(), [](char c) {
                      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                    });
  const auto path = name ? path_of(store, hash) : std::filesystem::path();
  if (!name || !std::filesystem::exists(path)) {
    fail(Code::not_found, "there is no stored file {}", hash.substr(0, 64));
  }
  std::string bytes = read_file(path);
  if (sha256_hex(bytes) != hash) {
    fail(Code::unavailable, "the stored file {} is damaged: import it again", path.string());
  }
  return bytes;
}

}  // namespace querist::storage
