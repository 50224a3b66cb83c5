// SQLite as a Database: groups, savepoints, snapshots, locks, and disks and files that fail.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "storage/database.h"
#include "storage/temporary_folder.h"

namespace querist::storage {

static Code code_of(const std::function<void()>& work, std::string* message = nullptr) {
  try {
    work();
  } catch (const Error& error) {
    if (message) *message = error.what();
    return error.code();
  }
  ADD_FAILURE() << "no error was thrown";
  return Code::internal;
}

static void put(Database& database, const std::string& name, const std::string& value = "") {
  database.write([&](Session& s) {
    s.execute("INSERT INTO meta (name, value) VALUES ($1, $2)", {name, value});
  });
}

static int64_t count(Database& database) {
  int64_t found = 0;
  database.read([&](Session& s) { found = s.integer("SELECT count(*) FROM meta"); });
  return found;
}

TEST(Sqlite, BindsByNumberWhateverTheOrderOfPlaceholders) {
  const TemporaryFolder folder;
  const auto database = open_sqlite(folder.path());
  database->read([](Session& s) {
    s.each("SELECT $2, $1, $2, $3", {"one", 2, std::nullopt}, [](const Row& row) {
      EXPECT_EQ(row.integer(0), 2);
      EXPECT_EQ(row.text(1), "one");
      EXPECT_EQ(row.integer(2), 2);
      EXPECT_TRUE(row.null(3));
    });
  });
}

TEST(Sqlite, ReadsBackEveryKindOfValue) {
  const TemporaryFolder folder;
  const auto database = open_sqlite(folder.path());
  const std::string bytes("\0\1\xff", 3);
  database->read([&](Session& s) {
    s.each("SELECT $1, $2, $3, $4", {INT64_MIN, 0.1, bytes, Blob{bytes}}, [&](const Row& row) {
      EXPECT_EQ(row.integer(0), INT64_MIN);
      EXPECT_EQ(row.real(1), 0.1);
      EXPECT_EQ(row.text(2), bytes);
      EXPECT_EQ(row.blob(3), bytes);
    });
  });
}

TEST(Sqlite, RunsAStatementInsideItself) {
  const TemporaryFolder folder;
  const auto database = open_sqlite(folder.path());
  for (const char* name : {"a", "b", "c"}) put(*database, name);
  int pairs = 0;
  database->read([&](Session& s) {
    const char* sql = "SELECT name FROM meta";
    s.each(sql, {}, [&](const Row&) { s.each(sql, {}, [&](const Row&) { ++pairs; }); });
  });
  EXPECT_EQ(pairs, 9);
}

TEST(Sqlite, UndoesOnlyTheWorkThatFails) {
  const TemporaryFolder folder;
  const auto database = open_sqlite(folder.path());
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        try {
          database->write([&](Session& s) {
            s.execute("INSERT INTO meta (name, value) VALUES ($1, '')",
                      {fmt::format("{}/{}", t, i)});
            if (i % 5 == 0) refuse("on purpose");
          });
        } catch (const Error&) {
          ++failed;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 80);
  EXPECT_EQ(count(*database), 320);
}

TEST(Sqlite, OutlivesAListenerThatThrows) {
  const TemporaryFolder folder;
  const auto database = open_sqlite(folder.path());
  std::atomic<int> heard = 0;
  database->after_commit([&] {
    ++heard;
    fail(Code::unavailable, "what it wanted to read is damaged");
  });
  put(*database, "a");
  put(*database, "b");
  for (int i = 0; i < 200 && heard < 2; ++i) ::usleep(5'000);
  EXPECT_EQ(heard, 2);
  EXPECT_EQ(count(*database), 2);
  database->after_commit({});
}

TEST(Sqlite, KeepsASnapshotWhileOthersWrite) {
  const TemporaryFolder folder;
  const auto database = open_sqlite(folder.path());
  put(*database, "a");
  database->read([&](Session& s) {
    const auto now = [&] { return s.integer("SELECT count(*) FROM meta"); };
    EXPECT_EQ(now(), 1);
    std::thread([&] { put(*database, "b"); }).join();
    EXPECT_EQ(now(), 1);
  });
  EXPECT_EQ(count(*database), 2);
}

TEST(Sqlite, RefusesASecondOpenerAndNamesTheFirst) {
  const TemporaryFolder folder;
  const auto database = open_sqlite(folder.path());
  std::string message;
  EXPECT_EQ(code_of([&] { open_sqlite(folder.path()); }, &message), Code::conflict);
  EXPECT_NE(message.find(fmt::format("in use by process {}", ::getpid())), std::string::npos)
      << message;
  put(*database, "a");
  EXPECT_EQ(count(*open_sqlite(folder.path(), {.read_only = true})), 1);
}

TEST(Sqlite, RefusesToWriteWhenOpenedForReading) {
  const TemporaryFolder folder;
  open_sqlite(folder.path());
  const auto database = open_sqlite(folder.path(), {.read_only = true});
  EXPECT_EQ(code_of([&] { put(*database, "a"); }), Code::permission_denied);
}

TEST(Sqlite, BringsTheFirstSchemaUpToDateAndKeepsWhatItHolds) {
  const TemporaryFolder folder;
  {
    const auto database = open_sqlite(folder.path());
    put(*database, "kept", "yes");
    database->write([](Session& s) {
      s.execute("ALTER TABLE selection_items DROP COLUMN relabel");
      s.execute("ALTER TABLE imports DROP COLUMN add_classes");
      s.execute("ALTER TABLE projects DROP COLUMN label_columns");
      s.execute("PRAGMA user_version = 1");
    });
  }
  const auto database = open_sqlite(folder.path());
  EXPECT_EQ(count(*database), 1);
  database->read([](Session& s) {
    EXPECT_EQ(s.integer("SELECT count(add_classes) FROM imports"), 0);
    EXPECT_EQ(s.integer("SELECT count(relabel) FROM selection_items"), 0);
    EXPECT_EQ(s.integer("SELECT count(label_columns) FROM projects"), 0);
    EXPECT_EQ(s.integer("PRAGMA user_version"), migrations().back().version);
  });
}

TEST(Sqlite, RefusesANewerSchemaAndForeignFiles) {
  const TemporaryFolder folder;
  open_sqlite(folder.path())->write([](Session& s) { s.execute("PRAGMA user_version = 999"); });
  std::string message;
  EXPECT_EQ(code_of([&] { open_sqlite(folder.path()); }, &message), Code::conflict);
  EXPECT_NE(message.find("newer"), std::string::npos);
  const TemporaryFolder other;
  open_sqlite(other.path())->write([](Session& s) { s.execute("PRAGMA application_id = 7"); });
  EXPECT_EQ(code_of([&] { open_sqlite(other.path()); }), Code::conflict);
}

TEST(Sqlite, SaysThatAFileIsDamaged) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "querist.db") << std::string(8'192, 'x');
  std::string message;
  EXPECT_EQ(code_of([&] { open_sqlite(folder.path()); }, &message), Code::unavailable);
  EXPECT_NE(message.find("damaged"), std::string::npos) << message;
}

TEST(Sqlite, SurvivesDamageFoundWhileReading) {
  const TemporaryFolder folder;
  {
    const auto database = open_sqlite(folder.path());
    for (int i = 0; i < 200; ++i) put(*database, std::to_string(i), std::string(3'000, 'v'));
  }
  const auto size = std::filesystem::file_size(folder.path() / "querist.db");
  std::fstream file(folder.path() / "querist.db", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(size / 2 / 4'096 * 4'096));
  file << std::string(size / 4, '\xee');
  file.close();
  const auto database = open_sqlite(folder.path());
  const auto read_all = [&] {
    database->read([](Session& s) {
      s.each("SELECT sum(length(value)), max(name) FROM meta", {}, [](const Row&) {});
    });
  };
  EXPECT_EQ(code_of(read_all), Code::unavailable);
  database->read([](Session& s) { EXPECT_EQ(s.integer("SELECT 1"), 1); });
}

TEST(Sqlite, LosesNothingWhenItsDiskIsFullAndGoesOnOnceThereIsRoom) {
  const TemporaryFolder folder;
  const auto database = open_sqlite(folder.path());
  put(*database, "before");
  int64_t pages = 0;
  database->write([&](Session& s) {
    pages = s.integer("PRAGMA page_count");
    s.each(fmt::format("PRAGMA max_page_count = {}", pages + 4), {}, [](const Row&) {});
  });
  EXPECT_EQ(code_of([&] { put(*database, "large", std::string(1 << 20, 'x')); }),
            Code::resource_exhausted);
  put(*database, "small");
  database->write(
      [&](Session& s) { s.each("PRAGMA max_page_count = 1000000", {}, [](const Row&) {}); });
  put(*database, "large", std::string(1 << 20, 'x'));
  EXPECT_EQ(count(*database), 3);
}

TEST(Sqlite, AnswersTheOthersOfAGroupThatAFullDiskUndid) {
  const TemporaryFolder folder;
  const auto database = open_sqlite(folder.path());
  database->write([&](Session& s) {
    const int64_t pages = s.integer("PRAGMA page_count");
    s.each(fmt::format("PRAGMA max_page_count = {}", pages + 40), {}, [](const Row&) {});
  });
  std::atomic<int> stored = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        const size_t size = t == 0 ? 1 << 20 : 10;
        try {
          put(*database, fmt::format("{}/{}", t, i), std::string(size, 'x'));
          ++stored;
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), Code::resource_exhausted) << error.what();
          ++refused;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stored, 70);
  EXPECT_EQ(refused, 10);
  EXPECT_EQ(count(*database), 70);
}

TEST(Sqlite, ReportsARealFullFileSystem) {
  const TemporaryFolder folder;
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=2m") != 0) {
    GTEST_SKIP() << "NOT TESTED: a small file system cannot be mounted here (needs root)";
  }
  {
    const auto database = open_sqlite(folder.path());
    put(*database, "before");
    EXPECT_EQ(code_of([&] { put(*database, "large", std::string(4 << 20, 'x')); }),
              Code::resource_exhausted);
    EXPECT_EQ(::mount("tmpfs", folder.path().c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0);
    put(*database, "large", std::string(4 << 20, 'x'));
    EXPECT_EQ(count(*database), 2);
  }
  ::umount(folder.path().c_str());
}

// Root may write anywhere, so a child that is nobody tries.
TEST(Sqlite, SaysThatAFolderMayNotBeWrittenTo) {
  const TemporaryFolder folder;
  ::chmod(folder.path().c_str(), 0555);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::getuid() == 0 && ::setuid(65534) != 0) ::_exit(3);
    try {
      open_sqlite(folder.path());
    } catch (const Error& error) {
      ::_exit(error.code() == Code::permission_denied ? 42 : 4);
    }
    ::_exit(5);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

}  // namespace querist::storage
