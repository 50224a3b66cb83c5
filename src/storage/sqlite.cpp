// SQLite behind Database: one writer thread that commits in groups, and pooled read snapshots.
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/check.h"
#include "storage/database.h"
#include "storage/folder_lock.h"

namespace querist::storage {

static constexpr int application_id =
    0x51455249;  // "QERI", so that another program's file is not taken for ours.
static constexpr auto group_time = std::chrono::milliseconds(2);
static constexpr size_t max_idle_readers = 16;

static Code code_of(int result, int system) {
  const bool full = system == ENOSPC || system == EDQUOT || system == EFBIG;
  const bool denied = system == EACCES || system == EPERM || system == EROFS;
  switch (result & 0xff) {
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return Code::resource_exhausted;
    case SQLITE_IOERR:
      return full ? Code::resource_exhausted : Code::unavailable;
    case SQLITE_CANTOPEN:
      return denied ? Code::permission_denied : Code::unavailable;
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return Code::permission_denied;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_BUSY:
      return Code::unavailable;
    case SQLITE_TOOBIG:
      return Code::invalid_argument;
    case SQLITE_CONSTRAINT:
      return result == SQLITE_CONSTRAINT_UNIQUE || result == SQLITE_CONSTRAINT_PRIMARYKEY
                 ? Code::conflict
                 : Code::internal;
    default:
      return Code::internal;
  }
}

static std::string_view advice_for(Code code, int result) {
  const int primary = result & 0xff;
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) {
    return "the file is damaged: restore querist.db from a backup";
  }
  if (primary == SQLITE_BUSY) return "it is busy: try again";
  if (code == Code::resource_exhausted) {
    return "its disk is full: free some space and try again; nothing stored before is lost";
  }
  if (code == Code::permission_denied) return "it may not be written to: check the folder's owner";
  return "the statement or the disk failed";
}

[[noreturn]] static void fail_sqlite(sqlite3* db, int result, std::string_view doing) {
  const int extended = db ? sqlite3_extended_errcode(db) : result;
  const Code code = code_of(extended, db ? sqlite3_system_errno(db) : 0);
  fail(code, "the database, {}: {} ({})", doing, advice_for(code, extended),
       db ? sqlite3_errmsg(db) : sqlite3_errstr(result));
}

// A prepared statement with the positions of its $1, $2, … (SQLite numbers them by first
// appearance).
struct Statement {
  sqlite3_stmt* raw = nullptr;
  std::vector<int> positions;
  std::vector<Value> cells;
  bool busy = false;

  Statement(sqlite3* db, std::string_view sql) {
    const int result = sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()),
                                          SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    if (result != SQLITE_OK) fail_sqlite(db, result, "preparing a statement");
    const int count = sqlite3_bind_parameter_count(raw);
    for (int i = 1; i <= count; ++i) {
      const std::string name = "$" + std::to_string(i);
      positions.push_back(sqlite3_bind_parameter_index(raw, name.c_str()));
      QUERIST_CHECK(positions.back() > 0);
    }
    cells.resize(static_cast<size_t>(sqlite3_column_count(raw)));
  }
  ~Statement() { sqlite3_finalize(raw); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  void bind(std::span<const Value> values) {
    QUERIST_CHECK(values.size() == positions.size());
    for (size_t i = 0; i < values.size(); ++i) bind_one(positions[i], values[i]);
  }

  void read_cells() {
    for (size_t i = 0; i < cells.size(); ++i) cells[i] = cell(static_cast<int>(i));
  }

 private:
  void bind_one(int at, const Value& value) {
    int result = SQLITE_OK;
    if (const auto* number = std::get_if<int64_t>(&value)) {
      result = sqlite3_bind_int64(raw, at, *number);
    } else if (const auto* real = std::get_if<double>(&value)) {
      result = sqlite3_bind_double(raw, at, *real);
    } else if (const auto* text = std::get_if<std::string_view>(&value)) {
      result = sqlite3_bind_text64(raw, at, text->data() ? text->data() : "", text->size(),
                                   SQLITE_STATIC, SQLITE_UTF8);
    } else if (const auto* blob = std::get_if<Blob>(&value)) {
      result = sqlite3_bind_blob64(raw, at, blob->bytes.data() ? blob->bytes.data() : "",
                                   blob->bytes.size(), SQLITE_STATIC);
    } else {
      result = sqlite3_bind_null(raw, at);
    }
    if (result != SQLITE_OK) fail_sqlite(sqlite3_db_handle(raw), result, "binding a value");
  }

  Value cell(int i) const {
    const auto bytes = [&](const void* data) {
      return std::string_view(static_cast<const char*>(data),
                              static_cast<size_t>(sqlite3_column_bytes(raw, i)));
    };
    switch (sqlite3_column_type(raw, i)) {
      case SQLITE_INTEGER:
        return int64_t{sqlite3_column_int64(raw, i)};
      case SQLITE_FLOAT:
        return sqlite3_column_double(raw, i);
      case SQLITE_TEXT:
        return bytes(sqlite3_column_text(raw, i));
      case SQLITE_BLOB:
        return Blob{bytes(sqlite3_column_blob(raw, i))};
      default:
        return {};
    }
  }
};

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

// One connection, used by one thread at a time, with its prepared statements.
class Connection {
 public:
  Connection(const std::filesystem::path& file, int flags, int cache_kib) {
    sqlite3* opened = nullptr;
    const int result = sqlite3_open_v2(file.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX, nullptr);
    handle_.reset(opened);
    if (result != SQLITE_OK) fail_sqlite(opened, result, "opening it");
    sqlite3_extended_result_codes(opened, 1);
    sqlite3_busy_timeout(opened, 5'000);
    script(
        "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
        "PRAGMA cache_size = -" +
        std::to_string(cache_kib) + ";");
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void script(const std::string& sql) {
    const int result = sqlite3_exec(db(), sql.c_str(), nullptr, nullptr, nullptr);
    if (result != SQLITE_OK) fail_sqlite(db(), result, "running a script");
  }

  int64_t run(std::string_view sql, std::span<const Value> values, const OnRow* on_row) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) {
      found = statements_.emplace(std::string(sql), std::make_unique<Statement>(db(), sql)).first;
    }
    if (!found->second->busy) return step(*found->second, values, on_row);
    Statement again(db(), sql);  // The same statement is being read further up the stack.
    return step(again, values, on_row);
  }

  // For where nothing may throw; a connection that could not fails its next BEGIN instead.
  void give_up() noexcept { sqlite3_exec(db(), "ROLLBACK", nullptr, nullptr, nullptr); }
  bool in_transaction() const { return sqlite3_get_autocommit(db()) == 0; }
  Session& session() { return session_; }

 private:
  int64_t step(Statement& statement, std::span<const Value> values, const OnRow* on_row) {
    struct Reset {
      Statement& statement;
      ~Reset() {
        sqlite3_reset(statement.raw);
        sqlite3_clear_bindings(statement.raw);
        statement.busy = false;
      }
    } reset{statement};
    statement.busy = true;
    statement.bind(values);
    int result;
    while ((result = sqlite3_step(statement.raw)) == SQLITE_ROW) {
      if (!on_row) continue;
      statement.read_cells();
      (*on_row)(Row(statement.cells));
    }
    if (result != SQLITE_DONE) fail_sqlite(db(), result, "running a statement");
    return sqlite3_stmt_readonly(statement.raw) ? 0 : sqlite3_changes64(db());
  }

  sqlite3* db() const { return handle_.get(); }

  std::unique_ptr<sqlite3, decltype(&sqlite3_close)> handle_{nullptr, sqlite3_close};
  std::unordered_map<std::string, std::unique_ptr<Statement>, TextHash, std::equal_to<>>
      statements_;
  Session session_{[this](std::string_view sql, std::span<const Value> values,
                          const OnRow* on_row) { return run(sql, values, on_row); }};
};

// Undoes what is open when it leaves without having been told that all went well.
class Transaction {
 public:
  Transaction(Connection& connection, const char* begin) : connection_(connection) {
    connection.run(begin, {}, nullptr);
  }
  void commit() { connection_.run("COMMIT", {}, nullptr); }
  ~Transaction() {
    if (connection_.in_transaction()) connection_.give_up();
  }

 private:
  Connection& connection_;
};

class Sqlite : public Database {
 public:
  Sqlite(const std::filesystem::path& folder, const OpenOptions& options)
      : file_(folder / "querist.db"), read_only_(options.read_only) {
    if (!read_only_) lock_.emplace(folder);
    const int flags =
        read_only_ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    writer_.emplace(file_, flags, 256 * 1024);
    if (!read_only_) {
      writer_->script(
          "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 8000;"
          "PRAGMA journal_size_limit = 67108864;");
    }
    migrate();
    if (!read_only_) thread_ = std::thread([this] { write_loop(); });
  }

  ~Sqlite() override {
    {
      const std::lock_guard hold(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  void write(const Work& work) override {
    if (read_only_) fail(Code::permission_denied, "the data folder was opened for reading only");
    QUERIST_CHECK(std::this_thread::get_id() != thread_.get_id());
    auto entry = std::make_unique<Queued>(work);
    auto done = entry->done.get_future();
    {
      const std::lock_guard hold(mutex_);
      queue_.push_back(std::move(entry));
    }
    wake_.notify_one();
    if (auto error = done.get()) std::rethrow_exception(std::move(error));
  }

  void read(const Work& work) override {
    std::unique_ptr<Connection> connection = take_reader();
    {
      Transaction snapshot(*connection, "BEGIN");
      work(connection->session());
    }
    const std::lock_guard hold(readers_mutex_);
    if (readers_.size() < max_idle_readers) readers_.push_back(std::move(connection));
  }

  void after_commit(std::function<void()> listener) override {
    const std::lock_guard hold(mutex_);
    listener_ = std::move(listener);
  }

 private:
  struct Queued {
    explicit Queued(const Work& w) : work(&w) {}
    const Work* work;
    std::promise<std::exception_ptr> done;
  };
  using Group = std::vector<std::unique_ptr<Queued>>;

  int64_t number_of(std::string_view pragma) { return writer_->session().integer(pragma); }

  void migrate() {
    const int64_t version = number_of("PRAGMA user_version");
    const int64_t newest = migrations().back().version;
    const int64_t owner = number_of("PRAGMA application_id");
    const bool empty = number_of("SELECT count(*) FROM sqlite_schema") == 0;
    if (!empty && owner != application_id) {
      fail(Code::conflict, "{} is the database of another program; choose another data folder",
           file_.string());
    }
    if (version > newest) {
      fail(Code::conflict,
           "the data in {} was written by a newer Querist (schema {}, this one knows {}): install "
           "that version or restore a backup",
           file_.string(), version, newest);
    }
    if (version == newest) return;
    if (read_only_) {
      fail(Code::conflict,
           "the data in {} is of an older schema: start the server once to bring it up to date",
           file_.string());
    }
    for (const Migration& migration : migrations()) {
      if (migration.version <= version) continue;
      Transaction step(*writer_, "BEGIN IMMEDIATE");
      writer_->script(std::string(migration.sql));
      writer_->script(fmt::format("PRAGMA user_version = {}; PRAGMA application_id = {};",
                                  migration.version, application_id));
      step.commit();
    }
  }

  std::unique_ptr<Connection> take_reader() {
    {
      const std::lock_guard hold(readers_mutex_);
      if (!readers_.empty()) {
        auto connection = std::move(readers_.back());
        readers_.pop_back();
        return connection;
      }
    }
    return std::make_unique<Connection>(file_, SQLITE_OPEN_READONLY, 32 * 1024);
  }

  std::unique_ptr<Queued> pop(bool wait) {
    std::unique_lock hold(mutex_);
    if (wait) wake_.wait(hold, [&] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return nullptr;
    auto front = std::move(queue_.front());
    queue_.pop_front();
    return front;
  }

  void write_loop() {
    while (auto first = pop(true)) write_group(std::move(first));
  }

  // Runs what is queued, for at most group_time, under one commit. The first work needs no
  // savepoint: until a second one has joined, undoing it is undoing the whole.
  void write_group(std::unique_ptr<Queued> next) {
    const auto deadline = std::chrono::steady_clock::now() + group_time;
    Group group;
    bool lost = false;
    try {
      Transaction transaction(*writer_, "BEGIN IMMEDIATE");
      while (next && !lost) {
        run_one(std::move(next), group);
        lost = !writer_->in_transaction();
        if (std::chrono::steady_clock::now() < deadline && !lost) next = pop(false);
      }
      if (!lost) transaction.commit();
    } catch (const Error&) {  // No begin, or no commit: each work gets a transaction, and an
                              // answer, of its own.
      if (next) group.push_back(std::move(next));
      lost = true;
    }
    for (auto& entry : group) {
      if (!lost) entry->done.set_value(nullptr);
      if (lost) run_alone(*entry);
    }
    tell();
  }

  // The door of the writer's thread: what a work throws goes, and belongs, to the thread that waits
  // for it.
  template <class F>
  static std::exception_ptr caught(F&& work) {
    try {
      work();
      return nullptr;
    } catch (...) {
      return std::current_exception();
    }
  }

  // Joins the group when the work went well; else undoes it alone.
  void run_one(std::unique_ptr<Queued> entry, Group& group) {
    const bool alone = group.empty();
    auto error = caught([&] {
      if (!alone) writer_->run("SAVEPOINT work", {}, nullptr);
      (*entry->work)(writer_->session());
      if (!alone) writer_->run("RELEASE work", {}, nullptr);
    });
    if (!error) {
      group.push_back(std::move(entry));
      return;
    }
    entry->done.set_value(std::move(error));
    if (!writer_->in_transaction()) return;
    for (const char* sql :
         {alone ? "ROLLBACK" : "ROLLBACK TO work", alone ? "BEGIN IMMEDIATE" : "RELEASE work"}) {
      writer_->run(sql, {}, nullptr);
    }
  }

  void run_alone(Queued& entry) {
    entry.done.set_value(caught([&] {
      Transaction transaction(*writer_, "BEGIN IMMEDIATE");
      (*entry.work)(writer_->session());
      transaction.commit();
    }));
  }

  void tell() {
    std::function<void()> listener;
    {
      const std::lock_guard hold(mutex_);
      listener = listener_;
    }
    // A listener reads, and what it reads may be damaged: the next commit tells it again.
    if (listener) caught(listener);
  }

  std::filesystem::path file_;
  bool read_only_;
  std::optional<FolderLock> lock_;  // Released last, after the writer has closed.
  std::optional<Connection> writer_;
  std::mutex readers_mutex_;
  std::vector<std::unique_ptr<Connection>> readers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Queued>> queue_;
  std::function<void()> listener_;
  bool stopping_ = false;
  std::thread thread_;
};

std::unique_ptr<Database> open_sqlite(const std::filesystem::path& folder,
                                      const OpenOptions& options) {
  return std::make_unique<Sqlite>(folder, options);
}

}  // namespace querist::storage
