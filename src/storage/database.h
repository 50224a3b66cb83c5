// What a storage backend must do: run statements in durable, group-committed writes and in
// snapshots for reading.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"

namespace querist::storage {

struct Blob {
  std::string_view bytes;
};

// A value to bind or a cell read; texts and blobs are borrowed (a cell's until the row callback
// returns).
struct Value : std::variant<std::monostate, int64_t, double, std::string_view, Blob> {
  Value() = default;
  Value(std::nullopt_t) {}
  Value(int64_t number) : variant(number) {}
  Value(int number) : variant(int64_t{number}) {}
  Value(size_t number) : variant(static_cast<int64_t>(number)) {}
  Value(bool flag) : variant(int64_t{flag}) {}
  Value(double number) : variant(number) {}
  Value(std::string_view text) : variant(text) {}
  Value(const std::string& text) : variant(std::string_view(text)) {}
  Value(const char* text) : variant(std::string_view(text)) {}
  Value(Blob blob) : variant(blob) {}
  template <class T>
  Value(const std::optional<T>& value) {
    if (value) *this = Value(*value);
  }
};

// The current row; getters by position, a wrong type is a broken invariant of the schema.
class Row {
 public:
  explicit Row(std::span<const Value> cells) : cells_(cells) {}

  bool null(size_t i) const { return cells_[i].index() == 0; }
  int64_t integer(size_t i) const { return std::get<int64_t>(cells_[i]); }
  double real(size_t i) const { return std::get<double>(cells_[i]); }
  bool flag(size_t i) const { return integer(i) != 0; }
  std::string_view view(size_t i) const { return std::get<std::string_view>(cells_[i]); }
  std::string text(size_t i) const { return std::string(view(i)); }
  std::string_view blob(size_t i) const { return std::get<Blob>(cells_[i]).bytes; }
  std::optional<int64_t> maybe_integer(size_t i) const {
    return null(i) ? std::nullopt : std::optional(integer(i));
  }
  std::optional<double> maybe_real(size_t i) const {
    return null(i) ? std::nullopt : std::optional(real(i));
  }
  std::optional<std::string> maybe_text(size_t i) const {
    return null(i) ? std::nullopt : std::optional(text(i));
  }

 private:
  std::span<const Value> cells_;
};

using OnRow = std::function<void(const Row&)>;

// Where statements run: inside one write or one snapshot, on one thread. Placeholders are $1, $2, …
class Session {
 public:
  using Run = std::function<int64_t(std::string_view sql, std::span<const Value> values,
                                    const OnRow* on_row)>;

  explicit Session(Run run) : run_(std::move(run)) {}

  // Returns the number of rows changed.
  int64_t execute(std::string_view sql, std::initializer_list<Value> values = {}) {
    return run_(sql, {values.begin(), values.size()}, nullptr);
  }
  void each(std::string_view sql, std::initializer_list<Value> values, const OnRow& on_row) {
    run_(sql, {values.begin(), values.size()}, &on_row);
  }
  // The first row made into a T, or nothing.
  template <class Make>
  auto one(std::string_view sql, std::initializer_list<Value> values, Make&& make) {
    std::optional<decltype(make(std::declval<const Row&>()))> result;
    each(sql, values, [&](const Row& row) {
      if (!result) result.emplace(make(row));
    });
    return result;
  }
  template <class Make>
  auto all(std::string_view sql, std::initializer_list<Value> values, Make&& make) {
    std::vector<decltype(make(std::declval<const Row&>()))> result;
    each(sql, values, [&](const Row& row) { result.push_back(make(row)); });
    return result;
  }
  // The single integer a statement gives: a count, an id from RETURNING.
  int64_t integer(std::string_view sql, std::initializer_list<Value> values = {}) {
    const auto found = one(sql, values, [](const Row& row) { return row.integer(0); });
    if (!found) fail(Code::internal, "a statement that always answers gave no row");
    return *found;
  }

 private:
  Run run_;
};

class Database {
 public:
  using Work = std::function<void(Session&)>;

  virtual ~Database() = default;

  // Queues the work to the one writer and returns once it is durable; whatever it throws undoes it
  // alone and is thrown here. The work may run again if its group could not commit, so it must set,
  // not add to, what it captures.
  virtual void write(const Work& work) = 0;

  // Runs the work over one snapshot, in parallel with writes and other reads.
  virtual void read(const Work& work) = 0;

  // Called on the writer's thread after every durable group.
  virtual void after_commit(std::function<void()> listener) = 0;
};

struct OpenOptions {
  bool read_only = false;  // No lock, no migration, no writes: for looking while a server runs.
};

// Opens or creates FOLDER/querist.db and brings its schema up to date. Throws conflict while
// another process holds the folder, permission_denied, resource_exhausted, unavailable (damaged),
// or conflict for a newer schema.
std::unique_ptr<Database> open_sqlite(const std::filesystem::path& folder,
                                      const OpenOptions& options = {});

// One file of migrations/, in order of its number.
struct Migration {
  int64_t version = 0;
  std::string_view name;
  std::string_view sql;
};
const std::vector<Migration>& migrations();

}  // namespace querist::storage
