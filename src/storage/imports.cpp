// An import is known again by its file's path, size, time of change and first bytes.
#include "storage/imports.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/hash.h"

namespace querist::storage {

static constexpr size_t head_bytes = 1 << 16;

static Import import_row(const Row& row) {
  return {.id = row.integer(0),
          .project_id = row.integer(1),
          .source = row.text(2),
          .size = row.integer(3),
          .mtime = row.integer(4),
          .head_hash = row.text(5),
          .rows_done = row.integer(6),
          .accepted = row.integer(7),
          .duplicates = row.integer(8),
          .rejected = row.integer(9),
          .finished = !row.null(10),
          .add_classes = row.integer(11) != 0};
}

static const std::string select_import =
    "SELECT id, project_id, source, size, mtime, head_hash, rows_done, accepted, duplicates, "
    "rejected, "
    "finished_at, add_classes FROM imports ";

Import begin_import(Store& store, int64_t project_id, const std::filesystem::path& file,
                    bool add_classes) {
  struct stat info {};
  const auto path = std::filesystem::absolute(file).lexically_normal();
  if (::stat(path.c_str(), &info) != 0) {
    fail(errno == ENOENT ? Code::not_found : Code::unavailable, "cannot read {}: {}", path.string(),
         std::strerror(errno));
  }
  std::string head;
  if (!S_ISDIR(info.st_mode)) {
    head.resize(head_bytes);
    std::ifstream stream(path, std::ios::binary);
    stream.read(head.data(), static_cast<std::streamsize>(head.size()));
    head.resize(static_cast<size_t>(stream.gcount()));
  }
  const int64_t mtime = info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec;
  const std::string hash = sha256_hex(head);
  return store.write([&](Session& session) {
    const int64_t id = session.integer(
        "INSERT INTO imports (project_id, source, size, mtime, head_hash, created_at, "
        "add_classes) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (project_id, source, size, "
        "mtime, head_hash) "
        "DO UPDATE SET project_id = excluded.project_id RETURNING id",
        {project_id, path.string(), int64_t{info.st_size}, mtime, hash, store.now(),
         int64_t{add_classes}});
    return import_of(store, id);
  });
}

Import import_of(Store& store, int64_t id) {
  auto found = store.read([&](Session& session) {
    return session.one(select_import + "WHERE id = $1", {id}, import_row);
  });
  if (!found) fail(Code::not_found, "there is no import {}", id);
  return std::move(*found);
}

void finish_import(Store& store, int64_t id, int64_t rows_done, int64_t rejected) {
  store.write([&](Session& session) {
    session.execute(
        "UPDATE imports SET rows_done = $2, rejected = rejected + $3, "
        "finished_at = $4 WHERE id = $1",
        {id, rows_done, rejected, store.now()});
  });
}

}  // namespace querist::storage
