// A selection over a large pool, features in a mapped file: what each strategy takes beside what
// this machine could do at best, and what its approximation loses, printed as JSON.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
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
  bool loss = false;
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

static Selection select(const std::string& strategy, const Pool& pool, size_t batch) {
  const auto& card = strategies::find(strategy);
  return strategies::select_batch(card, pool, batch, Params(card.params), seed);
}

// What bounds any program that moves these bytes and does these flops.
static void add_floor(Json& json, double bandwidth, double flops) {
  const double bytes_s = json["bytes"].get<double>() / bandwidth;
  const double flops_s = json["flops"].get<double>() / flops;
  json["floor_s"] = std::max(bytes_s, flops_s);
  json["roofline"] = std::max(bytes_s, flops_s) / json["wall_s"].get<double>();
}

class Measurement {
 public:
  Measurement(Scene& scene, const Options& options) : scene_(scene), options_(options) {}

  Json run(size_t threads) {
    set_threads(threads);
    const double bandwidth = read_bandwidth(scene_.features());
    const double flops = peak_flops();
    Json out = {{"threads", threads},
                {"read_gb_per_s", bandwidth / 1e9},
                {"gflop_per_s", flops / 1e9},
                {"strategies", Json::object()}};
    out["scoring"] = scoring_work(scene_.pool).json(scene_.pool);
    add_cost(out["scoring"], measure([&] { scene_.score(); }));
    add_floor(out["scoring"], bandwidth, flops);
    for (const char* name :
         {"margin", "cluster_margin", "badge", "k_center", "max_herding", "uherding"}) {
      Json& row = out["strategies"][name] = Json::object();
      row = one(name);
      add_floor(row, bandwidth, flops);
      std::fprintf(stderr, "%s: %.2f s\n", name, row["wall_s"].get<double>());
    }
    Json& fused = out["margin_by_blocks"] = Json::object();
    std::vector<int64_t> picked;
    add_cost(fused, measure([&] { picked = smallest_margins(scene_, options_.batch); }));
    fused["same_picks"] = picked == picked_["margin"];
    return out;
  }
  const std::map<std::string, std::vector<int64_t>>& picked() const { return picked_; }

 private:
  // Scores and selection where the strategy reads probabilities, else the selection.
  Json one(const std::string& name) {
    const bool scores = has(strategies::find(name).needs, Signal::probabilities);
    Selection selection;
    Cost choosing;
    const Cost cost = measure([&] {
      if (scores) scene_.score();
      choosing = measure_once([&] { selection = select(name, scene_.pool, options_.batch); });
    });
    auto& before = picked_[name];
    if (!before.empty() && before != selection.rows)
      fail(Code::internal, "{} picks otherwise with other threads", name);
    before = selection.rows;
    if (!work_.contains(name))
      work_[name] = selection_work(name, scene_.pool, options_.batch, seed, before);
    Work work = work_[name];
    if (scores) {
      work.bytes += scoring_work(scene_.pool).bytes;
      work.flops += scoring_work(scene_.pool).flops;
    }
    Json json = work.json(scene_.pool);
    add_cost(json, cost);
    json["select_wall_s"] = choosing.wall;
    json["select_cpu_s"] = choosing.processor;
    json["scores"] = scores;
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
  result["runs"].push_back(measurement.run(threads));
  if (threads > 1) result["runs"].push_back(measurement.run(1));
  set_threads(threads);
  if (options.loss) result["loss"] = losses(scene.pool, measurement.picked(), options.batch, seed);
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
