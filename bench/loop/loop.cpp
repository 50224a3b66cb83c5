// The live loop: from a label's arrival to the next query rescored over the whole pool, printed as
// JSON.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/clock.h"
#include "base/json.h"
#include "base/threads.h"
#include "kernels/vectors.h"
#include "learners/learner.h"
#include "loop/mixture.h"
#include "roofline.h"
#include "strategies/strategy.h"

namespace querist::bench {

static constexpr size_t starting_labels = 2000;
static constexpr size_t batch_size = 10;
static constexpr MixtureShape shape;

struct Options {
  size_t rows = 100'000;
  size_t arrivals = 40;
  std::filesystem::path folder;
  bool avx2 = false;  // No wider vectors than AVX2.
};

// Wall and processor seconds of one part of the loop, one entry an arrival.
struct Times {
  std::vector<double> wall, processor;

  template <class Work>
  auto measure(Work work) {
    const double wall_before = monotonic_seconds();
    const double processor_before = cpu_seconds();
    auto result = work();
    wall.push_back(monotonic_seconds() - wall_before);
    processor.push_back(cpu_seconds() - processor_before);
    return result;
  }
};

static double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const auto at = static_cast<size_t>(share * static_cast<double>(values.size()));
  return values[std::min(at, values.size() - 1)];
}

static Json summary(const Times& times) {
  return {{"wall_p50_ms", 1e3 * quantile(times.wall, 0.5)},
          {"wall_p99_ms", 1e3 * quantile(times.wall, 0.99)},
          {"cpu_p50_ms", 1e3 * quantile(times.processor, 0.5)},
          {"cpu_p99_ms", 1e3 * quantile(times.processor, 0.99)}};
}

static Times sum_of(const std::vector<const Times*>& parts) {
  Times total = *parts.front();
  for (size_t p = 1; p < parts.size(); ++p) {
    for (size_t i = 0; i < total.wall.size(); ++i) {
      total.wall[i] += parts[p]->wall[i];
      total.processor[i] += parts[p]->processor[i];
    }
  }
  return total;
}

// The labelled rows, ascending, and everything else.
struct Labels {
  std::vector<int64_t> rows, candidates;
  std::vector<int32_t> classes;

  Labels(const Mixture& mixture, size_t count, uint64_t seed) {
    Rng rng(seed);
    rows = rng.sample(mixture.truth.size(), count);
    std::sort(rows.begin(), rows.end());
    for (const int64_t row : rows) classes.push_back(mixture.truth[static_cast<size_t>(row)]);
    for (int64_t row = 0; row < static_cast<int64_t>(mixture.truth.size()); ++row) {
      if (!std::binary_search(rows.begin(), rows.end(), row)) candidates.push_back(row);
    }
  }
  void add(int64_t row, int32_t cls) {
    const auto at = std::lower_bound(rows.begin(), rows.end(), row);
    classes.insert(classes.begin() + (at - rows.begin()), cls);
    rows.insert(at, row);
    candidates.erase(std::lower_bound(candidates.begin(), candidates.end(), row));
  }
};

static double accuracy(const Matrix& probabilities, const std::vector<int32_t>& truth) {
  size_t right = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    const auto p = probabilities.row(i);
    right += std::max_element(p.begin(), p.end()) - p.begin() == truth[i];
  }
  return static_cast<double>(right) / static_cast<double>(truth.size());
}

static Json run_loop(const Mixture& mixture, const Options& options) {
  const auto& learner = learners::find("logistic_regression");
  Params params(learner.params);
  params.set("strength", 30.0);
  Labels labels(mixture, starting_labels, 5);
  const Features& x = mixture.view.features;
  std::unique_ptr<learners::Model> model;
  Matrix probabilities;
  Times refit, rescore, margin, automatic;
  Selection next;
  std::any margin_memory, automatic_memory;  // As a project's workshop keeps one.
  for (size_t arrival = 0; arrival <= options.arrivals; ++arrival) {
    if (arrival > 0) labels.add(next.rows[0], mixture.truth[static_cast<size_t>(next.rows[0])]);
    const auto step = [&](Times& times, auto work) {
      Times cold;  // The first round trains from nothing and touches the pages.
      return (arrival > 0 ? times : cold).measure(work);
    };
    model = step(refit, [&] {
      const OwnedFeatures rows = take_rows(x, labels.rows);
      const Dataset data = {rows.view(), labels.classes, {}, shape.classes};
      return learners::train(learner, data, params, model.get(), 1, {});
    });
    step(rescore, [&] {
      model->probabilities(x, probabilities);
      return 0;
    });
    Pool pool;
    pool.size = x.rows;
    pool.classes = shape.classes;
    pool.candidates = labels.candidates;
    pool.labeled = labels.rows;
    pool.labels = labels.classes;
    pool.probabilities = probabilities;
    pool.embeddings = x;
    pool.checked = true;  // Made here, and found finite when the model read them.
    const auto choose = [&](std::string_view name, std::any& memory) {
      pool.memory = &memory;
      const auto& card = strategies::find(name);
      return strategies::select_batch(card, pool, batch_size, Params(card.params), arrival);
    };
    next = step(margin, [&] { return choose("margin", margin_memory); });
    step(automatic, [&] { return choose("auto", automatic_memory); });
  }
  return {{"refit", summary(refit)},
          {"rescore", summary(rescore)},
          {"select_margin", summary(margin)},
          {"select_auto", summary(automatic)},
          {"loop_margin", summary(sum_of({&refit, &rescore, &margin}))},
          {"loop_auto", summary(sum_of({&refit, &rescore, &automatic}))},
          {"accuracy", accuracy(probabilities, mixture.truth)}};
}

static Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--avx2") {
      options.avx2 = true;
    } else if (i + 1 < argc && name == "--rows") {
      options.rows = std::strtoull(argv[++i], nullptr, 10);
    } else if (i + 1 < argc && name == "--arrivals") {
      options.arrivals = std::strtoull(argv[++i], nullptr, 10);
    } else if (i + 1 < argc && name == "--folder") {
      options.folder = argv[++i];
    } else {
      refuse("bench_loop takes --rows N, --arrivals N, --folder DIR and --avx2, not {}", name);
    }
  }
  if (options.folder.empty()) refuse("pass --folder DIR: where should the pool lie?");
  if (options.rows <= starting_labels + options.arrivals || options.arrivals == 0) {
    refuse("--rows must exceed {} labels and --arrivals be at least 1", starting_labels);
  }
  return options;
}

static void run(int argc, char** argv) {
  const Options options = parse(argc, argv);
  if (options.avx2) {
    kernels::limit_vectors("avx2");
  }
  const Mixture mixture = make_mixture(options.folder, options.rows, shape, 11);
  const double load_before = load_average();
  const double bandwidth = read_bandwidth(mixture.view.features).wall;
  Json result = run_loop(mixture, options);
  const auto cells = static_cast<double>(options.rows * shape.features);
  result["rows"] = options.rows;
  result["arrivals"] = options.arrivals;
  result["threads"] = thread_count();
  result["processor"] = processor_model();
  result["vectors"] = vector_name();
  result["load_before"] = load_before;
  result["load_after"] = load_average();
  result["read_gb_per_s"] = bandwidth / 1e9;
  result["floor"] = {{"bytes", cells * 2},
                     {"bytes_ms", 1e3 * cells * 2 / bandwidth},
                     {"flops", cells * 2 * shape.classes}};
  std::printf("%s\n", result.dump().c_str());
}

}  // namespace querist::bench

int main(int argc, char** argv) {
  try {
    querist::bench::run(argc, argv);
  } catch (const std::exception& error) {  // The program's door.
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
