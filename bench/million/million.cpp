// A selection over a large pool, features in a mapped file: what each strategy takes beside what
// this machine could do at best, and what its approximation loses, printed as JSON.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <numeric>

#include "base/clock.h"
#include "base/error.h"
#include "base/threads.h"
#include "kernels/linear_probabilities.h"
#include "kernels/top_k.h"
#include "kernels/uncertainty.h"
#include "kernels/vectors.h"
#include "learners/learner.h"
#include "loop/mixture.h"
#include "million/loss.h"
#include "million/work.h"
#include "roofline.h"
#include "strategies/strategy.h"

namespace querist::bench {

static constexpr size_t labels = 2000;
static constexpr uint64_t seed = 11;
static constexpr double long_s = 5;  // What takes longer is not repeated.
static constexpr int repeats = 3;

struct Options {
  size_t rows = 1'000'000;
  size_t batch = 1000;
  size_t modes = 100;
  std::filesystem::path folder;
  bool avx2 = false;  // No wider vectors than AVX2.
  bool loss = false;  // What is lost instead of what is taken.
};

// The pool and the head that scores it.
struct Scene {
  MixtureShape shape;
  Mixture mixture;
  std::vector<int64_t> labeled, candidates;
  std::vector<int32_t> classes;
  std::unique_ptr<learners::Model> head;
  Matrix probabilities;
  Pool pool;

  explicit Scene(const Options& options) : shape{512, 20, options.modes} {
    mixture = make_mixture(options.folder, options.rows, shape, seed);
    labeled = Rng(5).sample(options.rows, labels);
    std::sort(labeled.begin(), labeled.end());
    std::vector<int64_t> all(options.rows);
    std::iota(all.begin(), all.end(), 0);
    std::ranges::set_difference(all, labeled, std::back_inserter(candidates));
    for (const int64_t row : labeled) classes.push_back(mixture.truth[static_cast<size_t>(row)]);
    const auto& learner = learners::find("logistic_regression");
    Params params(learner.params);
    params.set("strength", 30.0);
    const OwnedFeatures rows = take_rows(features(), labeled);
    head =
        learners::train(learner, {rows.view(), classes, {}, shape.classes}, params, nullptr, 1, {});
    pool.size = options.rows;
    pool.classes = shape.classes;
    pool.candidates = candidates;
    pool.labeled = labeled;
    pool.labels = classes;
    pool.embeddings = features();
    score();  // Touches the pages of the probabilities, which a project keeps from query to query.
    pool.probabilities = probabilities;
  }
  const Features& features() const { return mixture.view.features; }
  void score() { head->probabilities(features(), probabilities); }
};

struct Cost {
  double wall = 0, processor = 0;
};

static void add_cost(Json& json, const Cost& cost) {
  json["wall_s"] = cost.wall;
  json["cpu_s"] = cost.processor;
}

template <class Work>
static Cost measure_once(Work work) {
  const double wall = monotonic_seconds();
  const double processor = cpu_seconds();
  work();
  return {monotonic_seconds() - wall, cpu_seconds() - processor};
}

// The quickest of a few times.
template <class Work>
static Cost measure(Work work) {
  Cost best = measure_once(work);
  for (int i = 1; i < repeats && best.wall < long_s; ++i) {
    const Cost cost = measure_once(work);
    if (cost.wall < best.wall) best = cost;
  }
  return best;
}

// Margins by blocks of rows, so that the probabilities of all are never held: how much their table
// costs.
static std::vector<int64_t> smallest_margins(const Scene& scene, size_t batch) {
  constexpr size_t block = 8192;
  const Features& x = scene.features();
  const MatrixView weights = scene.head->linear_weights();
  const auto bias = scene.head->linear_bias();
  std::vector<float> utilities(x.rows);
  parallel_for((x.rows + block - 1) / block, 1, [&](size_t begin, size_t end) {
    std::vector<float> probabilities(block * scene.shape.classes);
    for (size_t b = begin; b < end; ++b) {
      const size_t from = b * block, rows = std::min(block, x.rows - from);
      const auto part = std::span(probabilities).first(rows * scene.shape.classes);
      kernels::linear_probabilities(Features::of_half(rows, x.cols, x.half + from * x.cols),
                                    weights, bias, part);
      kernels::margins(part, scene.shape.classes, {utilities.data() + from, rows});
    }
  });
  for (float& utility : utilities) utility = 1 - utility;
  for (const int64_t row : scene.labeled) utilities[static_cast<size_t>(row)] = -1;
  std::vector<int64_t> picked;
  for (const size_t row : kernels::top_k(utilities, batch))
    picked.push_back(static_cast<int64_t>(row));
  return picked;
}

// A strategy and what is set in it.
struct Case {
  std::string name, strategy;
  Params params;

  explicit Case(const std::string& of) : name(of), strategy(of), params(card().params) {}
  const strategies::QueryStrategy& card() const { return strategies::find(strategy); }
  bool scores() const { return has(card().needs, Signal::probabilities); }
};

static std::vector<Case> cases() {
  std::vector<Case> list;
  for (const char* name :
       {"margin", "cluster_margin", "badge", "k_center", "max_herding", "uherding"}) {
    list.emplace_back(name);
  }
  return list;
}

// Bytes moved, flops done or, which is the floor of any program that does both, the longer of the
// two, in seconds of the clock and of the processor.
struct Floor {
  Rate bandwidth, flops;

  void add(Json& json) const {
    const auto longer = [&](double Rate::*of) {
      return std::max(json["bytes"].get<double>() / bandwidth.*of,
                      json["flops"].get<double>() / flops.*of);
    };
    json["floor_wall_s"] = longer(&Rate::wall);
    json["floor_cpu_s"] = longer(&Rate::processor);
    json["roofline"] = longer(&Rate::processor) / json["cpu_s"].get<double>();
  }
};

class Measurement {
 public:
  Measurement(Scene& scene, const Options& options) : scene_(scene), options_(options) {}

  Json run(size_t threads) {
    set_threads(threads);
    const Floor floor = {read_bandwidth(scene_.features()), peak_flops()};
    Json out = {{"threads", threads},
                {"read_gb_per_s", floor.bandwidth.wall / 1e9},
                {"gflop_per_s", floor.flops.wall / 1e9},
                {"read_gb_per_cpu_s", floor.bandwidth.processor / 1e9},
                {"gflop_per_cpu_s", floor.flops.processor / 1e9},
                {"strategies", Json::object()}};
    out["scoring"] = scoring_work(scene_.pool).json(scene_.pool);
    add_cost(out["scoring"], measure([&] { scene_.score(); }));
    floor.add(out["scoring"]);
    for (const Case& wanted : cases()) {
      Json& row = out["strategies"][wanted.name] = one(wanted);
      floor.add(row);
    }
    Json& fused = out["margin_by_blocks"] = Json::object();
    std::vector<int64_t> picked;
    add_cost(fused, measure([&] { picked = smallest_margins(scene_, options_.batch); }));
    fused["same_picks"] = picked == picked_["margin"];
    return out;
  }

 private:
  // Scores and selection where the strategy reads probabilities, else the selection.
  Json one(const Case& wanted) {
    Selection selection;
    const Cost cost = measure([&] {
      if (wanted.scores()) scene_.score();
      selection =
          strategies::select_batch(wanted.card(), scene_.pool, options_.batch, wanted.params, seed);
    });
    auto& before = picked_[wanted.name];
    if (!before.empty() && before != selection.rows)
      fail(Code::internal, "{} picks otherwise with other threads", wanted.name);
    before = selection.rows;
    if (!work_.contains(wanted.name)) {
      work_[wanted.name] =
          selection_work(wanted.strategy, wanted.params, scene_.pool, options_.batch, seed, before);
    }
    Work work = work_[wanted.name];
    if (wanted.scores()) {
      work.bytes += scoring_work(scene_.pool).bytes;
      work.flops += scoring_work(scene_.pool).flops;
    }
    Json json = work.json(scene_.pool);
    add_cost(json, cost);
    json["scores"] = wanted.scores();
    return json;
  }

  Scene& scene_;
  const Options& options_;
  std::map<std::string, std::vector<int64_t>> picked_;
  std::map<std::string, Work> work_;
};

static Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto count = [&] { return std::strtoull(argv[++i], nullptr, 10); };
    if (name == "--avx2") {
      options.avx2 = true;
    } else if (name == "--loss") {
      options.loss = true;
    } else if (i + 1 < argc && name == "--rows") {
      options.rows = count();
    } else if (i + 1 < argc && name == "--batch") {
      options.batch = count();
    } else if (i + 1 < argc && name == "--modes") {
      options.modes = count();
    } else if (i + 1 < argc && name == "--folder") {
      options.folder = argv[++i];
    } else {
      refuse(
          "bench_million takes --rows N, --batch N, --modes N, --folder DIR, --avx2 and --loss, "
          "not {}",
          name);
    }
  }
  if (options.folder.empty()) refuse("pass --folder DIR: where should the pool lie?");
  if (options.batch == 0 || options.rows < 20 * options.batch + labels)
    refuse("--rows must be at least {} for {} picks", 20 * options.batch + labels, options.batch);
  return options;
}

static void run(int argc, char** argv) {
  const Options options = parse(argc, argv);
  if (options.avx2) kernels::limit_vectors("avx2");
  Scene scene(options);
  const size_t threads = thread_count();
  Json result = {{"rows", options.rows},
                 {"features", scene.shape.features},
                 {"classes", scene.shape.classes},
                 {"modes", options.modes},
                 {"labels", labels},
                 {"batch", options.batch},
                 {"processor", processor_model()},
                 {"vectors", vector_name()},
                 {"load_before", load_average()},
                 {"runs", Json::array()}};
  Measurement measurement(scene, options);
  if (options.loss) {
    result["loss"] = losses(scene.pool, options.batch, seed);
  } else {
    result["runs"].push_back(measurement.run(threads));
    if (threads > 1) result["runs"].push_back(measurement.run(1));
  }
  result["load_after"] = load_average();
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
