// Features kept beside the store: appended, rebuilt and fitted anew, bit for bit the same.
#include "loop/workshop.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <thread>

#include "base/file.h"
#include "loop/loop_fixture.h"
#include "storage/feature_store.h"
#include "storage/models.h"
#include "storage/projects.h"

namespace querist::loop {

// All that a view holds, as owned values.
struct Copy {
  std::vector<float> values;
  std::vector<int32_t> columns;
  std::vector<int64_t> offsets;
  std::vector<float> geometry;
  bool operator==(const Copy&) const = default;
};

static Copy copy_of(const storage::FeatureView& view) {
  std::vector<int64_t> rows(view.rows);
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int64_t>(i);
  const OwnedFeatures owned = take_rows(view.features, rows);
  Copy copy;
  copy.values = owned.is_sparse ? owned.sparse.values : owned.dense.values;
  copy.columns = owned.sparse.columns;
  copy.offsets = owned.sparse.offsets;
  copy.geometry = take_rows(view.geometry, rows).dense.values;
  return copy;
}

static Copy features(Bench& bench) { return copy_of(bench.workshop().features(bench.quiet())); }

static std::vector<std::filesystem::path> feature_files(Bench& bench) {
  const auto folder = storage::feature_folder(bench.store().folder(), bench.project().id,
                                              bench.workshop().featurizer_version());
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (std::filesystem::file_size(entry.path()) > 0) files.push_back(entry.path());
  }
  return files;
}

static void flip_a_byte(const std::filesystem::path& file) {
  std::string bytes = read_file(file);
  bytes[bytes.size() / 2] ^= 0x10;
  write_file_atomically(file, bytes);
}

struct Kind {
  PayloadKind payload;
  NewExample (*make)(int);
};
static const std::vector<Kind> kinds = {{PayloadKind::text, generated_text},
                                        {PayloadKind::columns, generated_row},
                                        {PayloadKind::embedding, generated_embedding}};

TEST(Workshop, AppendsTheRowsThatARebuildWouldMake) {
  for (const auto& [payload, make] : kinds) {
    Bench bench;
    bench.add(payload, make, 0, 50);
    features(bench);
    for (const int end : {51, 90, 150}) {
      bench.add(payload, make, 0, end);  // Those that are there already are duplicates.
      features(bench);
    }
    const Copy appended = features(bench);
    EXPECT_EQ(bench.workshop().features(bench.quiet()).rows, 150u);
    EXPECT_EQ(bench.workshop().featurizer_version(), 1);
    for (const auto& file : feature_files(bench)) std::filesystem::remove(file);
    bench.reopen();
    EXPECT_EQ(features(bench), appended) << payload_word(payload);
    EXPECT_FALSE(appended.values.empty());
  }
}

TEST(Workshop, RebuildsFilesThatAreDamagedOrMissing) {
  for (const auto& [payload, make] : kinds) {
    Bench bench;
    bench.add(payload, make, 0, 60);
    const Copy whole = features(bench);
    for (const auto& file : feature_files(bench)) {
      flip_a_byte(file);
      bench.reopen();
      EXPECT_EQ(features(bench), whole) << "flipped " << file;
      std::filesystem::remove(file);
      bench.reopen();
      EXPECT_EQ(features(bench), whole) << "removed " << file;
      std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
      bench.reopen();
      EXPECT_EQ(features(bench), whole) << "cut " << file;
    }
    EXPECT_EQ(bench.workshop().featurizer_version(), 1) << "nothing is fitted anew for it";
  }
}

TEST(Workshop, MendsFilesThatAreDamagedUnderIt) {
  const std::function<void(const std::filesystem::path&)> harms[] = {
      flip_a_byte,
      [](const auto& file) {
        std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
      },
      [](const auto& file) { std::filesystem::remove(file); }};
  for (const auto& [payload, make] : kinds) {
    Bench bench;
    bench.add(payload, make, 0, 60);
    const Copy whole = features(bench);
    for (const auto& harm : harms) {
      for (const auto& file : feature_files(bench)) {
        bench.workshop().check_features();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));  // Past the clock's last tick.
        harm(file);
        try {
          bench.workshop().check_features();
          ADD_FAILURE() << "nobody noticed what became of " << file;
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), Code::unavailable);
        }
        EXPECT_EQ(features(bench), whole) << file;
      }
    }
    EXPECT_EQ(bench.workshop().featurizer_version(), 1) << "nothing is fitted anew for it";
  }
}

TEST(Workshop, FitsAFeaturizerAnewWhoseFileIsDamaged) {
  Bench bench;
  bench.add_texts(0, 60);
  const Copy whole = features(bench);
  const auto folder = bench.store().folder() / "featurizers" / std::to_string(bench.project().id);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) flip_a_byte(entry.path());
  bench.reopen();
  EXPECT_EQ(features(bench), whole);
  EXPECT_EQ(bench.workshop().featurizer_version(), 2);
}

TEST(Workshop, FitsAnewOnceThePoolHasQuadrupled) {
  Bench bench;
  bench.add_texts(0, 50);
  features(bench);
  bench.add_texts(50, 199);
  features(bench);
  EXPECT_EQ(bench.workshop().featurizer_version(), 1);
  bench.add_texts(199, 200);
  const Copy grown = features(bench);
  EXPECT_EQ(bench.workshop().featurizer_version(), 2);
  const auto newest = storage::latest_featurizer(bench.store(), bench.project().id);
  EXPECT_EQ(newest->fitted_rows, 200);
  Bench fresh;  // What was fitted before plays no part.
  fresh.add_texts(0, 200);
  EXPECT_EQ(features(fresh), grown);
  bench.reopen();
  EXPECT_EQ(features(bench), grown);
  EXPECT_EQ(bench.workshop().featurizer_version(), 2);
}

TEST(Workshop, KeepsWhatTheColumnsAre) {
  Bench bench;
  bench.add(PayloadKind::columns, generated_row, 0, 60);
  const auto types = [&] {
    std::vector<std::string> all;
    for (const Column& column : bench.project().columns) all.push_back(column.type);
    return all;
  };
  EXPECT_EQ(types(), std::vector<std::string>(3));
  features(bench);
  const std::vector<std::string> found = {"number", "category", "number"};
  EXPECT_EQ(types(), found);
  // As projects are that were made before their types were kept.
  storage::set_column_types(bench.store(), bench.project().id,
                            {{"size", ""}, {"kind", ""}, {"age", ""}});
  bench.reopen();
  features(bench);
  EXPECT_EQ(types(), found);
  EXPECT_EQ(bench.workshop().featurizer_version(), 1);
  bench.set({{"featurizer", "tabular(types=age=drop)"}});
  features(bench);
  EXPECT_EQ(types(), (std::vector<std::string>{"number", "category", "dropped"}));
}

TEST(Workshop, KeepsAViewReadableWhileRowsAreAppended) {
  Bench bench;
  bench.add_texts(0, 50);
  const auto view = bench.workshop().features(bench.quiet());
  const Copy before = copy_of(view);
  bench.add_texts(50, 190);
  EXPECT_EQ(bench.workshop().features(bench.quiet()).rows, 190u);
  EXPECT_EQ(view.rows, 50u);
  EXPECT_EQ(copy_of(view), before);
}

TEST(Workshop, StopsWhenCancelledAndGoesOnLater) {
  Bench bench;
  bench.add_texts(0, 60);
  Progress cancelled;
  cancelled.cancel();
  EXPECT_THROW(bench.workshop().features(cancelled), Error);
  Bench fresh;
  fresh.add_texts(0, 60);
  EXPECT_EQ(features(bench), features(fresh));
}

TEST(Workshop, RefusesAFeaturizerOfAnotherKindOfPayload) {
  Bench bench(Json{{"featurizer", "tabular"}});
  bench.add_texts(0, 20);
  try {
    bench.workshop().features(bench.quiet());
    ADD_FAILURE() << "no error was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::invalid_argument);
    EXPECT_NE(std::string(error.what()).find("holds text"), std::string::npos) << error.what();
  }
  bench.set({{"featurizer", nullptr}});
  EXPECT_EQ(bench.workshop().features(bench.quiet()).rows, 20u);
}

TEST(Workshop, SaysWhichModelVersionIsNotThere) {
  Bench bench;
  EXPECT_EQ(bench.workshop().newest_model().model, nullptr);
  try {
    bench.workshop().load_model(3);
    ADD_FAILURE() << "no error was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::not_found);
  }
}

TEST(Workshops, MakesOneWorkshopAProject) {
  Bench bench;
  Workshops workshops(bench.store());
  EXPECT_EQ(&workshops.of(1), &workshops.of(1));
  EXPECT_NE(&workshops.of(1), &workshops.of(2));
  EXPECT_EQ(workshops.of(2).project_id(), 2);
}

}  // namespace querist::loop
