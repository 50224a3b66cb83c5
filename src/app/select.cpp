// querist select: one batch from arrays on disk, no project needed.
#include <algorithm>
#include <numeric>

#include "app/verb.h"
#include "base/error.h"
#include "base/json.h"
#include "formats/npy.h"
#include "formats/npy/array.h"
#include "strategies/door/expression.h"

namespace querist::app {

// The arrays that flags name, alive while a pool looks at them.
class Arrays {
 public:
  Arrays(const Invocation& invocation, const strategies::QueryStrategy& strategy)
      : strategy_(strategy),
        embeddings_(read(invocation, "embeddings")),
        probabilities_(read(invocation, "probabilities")),
        members_(read(invocation, "member_probabilities")),
        predictions_(read(invocation, "predictions")),
        member_predictions_(read(invocation, "member_predictions")),
        labels_(read(invocation, "labels")),
        costs_(read(invocation, "costs")) {
    if (!invocation.text("groups").empty()) {
      for (const int64_t group : formats::read_npy_integers(invocation.text("groups"))) {
        if (group != static_cast<int32_t>(group)) refuse("group {} is too large a number", group);
        group_ids_.push_back(static_cast<int32_t>(group));
      }
    }
    if (!invocation.text("labeled").empty())
      labeled_ = formats::read_npy_integers(invocation.text("labeled"));
    if (!invocation.text("candidates").empty()) {
      candidates_ = formats::read_npy_integers(invocation.text("candidates"));
      has_candidates_ = true;
    }
  }

  // Throws where a signal of the card is missing, naming the flag that brings it.
  Pool pool() {
    Pool pool;
    pool.size = rows();
    if (!embeddings_.empty()) pool.embeddings = embeddings_.features();
    if (!probabilities_.empty()) pool.probabilities = matrix(probabilities_);
    if (!members_.empty()) {
      pool.member_probabilities = {members_.dimension(0), members_.dimension(1),
                                   members_.dimension(2), members_.floats().data()};
    }
    if (!predictions_.empty()) pool.predictions = predictions_.floats();
    if (!member_predictions_.empty()) pool.member_predictions = matrix(member_predictions_);
    if (!costs_.empty()) pool.costs = costs_.floats();
    pool.groups = group_ids_;
    set_rows(pool);
    set_labels(pool);
    const Signal missing = strategies::missing_signals(strategy_, pool);
    const bool is_cold = strategy_.handles_no_model && !strategies::lacks_more_than_model(missing);
    if (missing != Signal::none && !is_cold)
      wrong_usage("{} needs {}: pass each as a flag of that name", strategy_.name,
                  strategies::signal_names(missing));
    return pool;
  }

 private:
  static formats::NpyArray read(const Invocation& invocation, std::string_view flag) {
    const std::string path = invocation.text(flag);
    return path.empty() ? formats::NpyArray() : formats::NpyArray(path);
  }

  static MatrixView matrix(formats::NpyArray& array) {
    return {array.dimension(0), array.dimension(1), array.floats().data()};
  }

  // As many as the first array that is there says; the door refuses the others that differ.
  size_t rows() const {
    if (!embeddings_.empty()) return embeddings_.dimension(0);
    if (!probabilities_.empty()) return probabilities_.dimension(0);
    if (!members_.empty()) return members_.dimension(1);
    if (!predictions_.empty()) return predictions_.dimension(0);
    if (!member_predictions_.empty()) return member_predictions_.dimension(1);
    if (!costs_.empty()) return costs_.dimension(0);
    wrong_usage("pass --embeddings or --probabilities: there is nothing to choose from");
  }

  // Labelled rows ascending, their labels moved along; candidates as given, else all others.
  void set_rows(Pool& pool) {
    order_.resize(labeled_.size());
    std::iota(order_.begin(), order_.end(), size_t{0});
    std::stable_sort(order_.begin(), order_.end(),
                     [&](size_t a, size_t b) { return labeled_[a] < labeled_[b]; });
    std::sort(labeled_.begin(), labeled_.end());
    std::sort(candidates_.begin(), candidates_.end());
    if (!has_candidates_) {
      std::vector<int64_t> every(pool.size);
      std::iota(every.begin(), every.end(), 0);
      std::set_difference(every.begin(), every.end(), labeled_.begin(), labeled_.end(),
                          std::back_inserter(candidates_));
    }
    pool.labeled = labeled_;
    pool.candidates = candidates_;
  }

  void set_labels(Pool& pool) {
    pool.classes =
        pool.probabilities.rows ? pool.probabilities.cols : pool.member_probabilities.cols;
    if (labels_.empty()) {
      pool.classes = std::max<size_t>(pool.classes, 1);
      return;
    }
    if (labels_.dimension(0) != labeled_.size())
      refuse("--labels has {} entries but --labeled {}", labels_.dimension(0), labeled_.size());
    const auto values = labels_.floats();
    const size_t width = labels_.dimension(1);
    std::vector<float> sorted;
    for (const size_t i : order_) {
      const auto row = values.subspan(i * width, width);
      sorted.insert(sorted.end(), row.begin(), row.end());
    }
    given_labels_ = std::move(sorted);
    if (strategy_.task == Task::regression) {
      pool.targets = given_labels_;
    } else if (strategy_.task == Task::multi_label) {
      pool.label_matrix = {labeled_.size(), width, given_labels_.data()};
      pool.classes = std::max(pool.classes, width);
    } else {
      for (const float label : given_labels_) label_ids_.push_back(static_cast<int32_t>(label));
      pool.labels = label_ids_;
      if (pool.classes == 0) {
        for (const int32_t id : label_ids_)
          pool.classes = std::max(pool.classes, static_cast<size_t>(std::max(id, 0)) + 1);
      }
    }
    pool.classes = std::max<size_t>(pool.classes, 1);
  }

  const strategies::QueryStrategy& strategy_;
  formats::NpyArray embeddings_, probabilities_, members_, predictions_, member_predictions_;
  formats::NpyArray labels_, costs_;
  std::vector<int64_t> labeled_, candidates_;
  bool has_candidates_ = false;
  std::vector<size_t> order_;
  std::vector<float> given_labels_;
  std::vector<int32_t> label_ids_, group_ids_;
};

static int run(const Invocation& invocation) {
  const auto strategy = strategies::parse_strategy(invocation.text("strategy"));
  Arrays arrays(invocation, *strategy.card);
  const Pool pool = arrays.pool();
  const auto selection = strategies::select_batch(
      *strategy.card, pool, static_cast<size_t>(invocation.options.integer("batch_size")),
      strategy.params, static_cast<uint64_t>(invocation.options.integer("seed")));
  if (!invocation.text("out").empty()) {
    formats::write_npy(invocation.text("out"), selection.rows);
  } else if (invocation.options.flag("json")) {
    put_out("",
            Json{{"indices", selection.rows}, {"utilities", selection.utilities}}.dump() + "\n");
  } else {
    std::string text;
    for (const int64_t row : selection.rows) text += std::to_string(row) + "\n";
    put_out("", text);
  }
  return 0;
}

static ParamSpec npy_option(std::string_view name, std::string_view help) {
  return {.name = name, .fallback = "", .help = help};
}

Verb select() {
  return {
      .name = "select",
      .summary = "Choose a batch from arrays in .npy files.",
      .example =
          "querist select --strategy k_center --embeddings X.npy --batch-size 100 --out idx.npy",
      .options =
          {{.name = "strategy",
            .fallback = "auto",
            .help = "Query strategy; may set its parameters, as in \"max_herding(gamma=2)\"."},
           npy_option("embeddings", "An .npy of (n, d) features, float16 or float32 as it lies."),
           npy_option("probabilities", "An .npy of (n, classes) probabilities."),
           npy_option("member_probabilities",
                      "An .npy of (members, n, classes) probabilities of a committee."),
           npy_option("predictions", "An .npy of (n,) predicted numbers, for regression."),
           npy_option("member_predictions",
                      "An .npy of (members, n) predicted numbers of a committee."),
           npy_option("labeled", "An .npy of row numbers that are labelled."),
           npy_option("labels",
                      "An .npy of what they were labelled: class ids, numbers, or (m, labels) of "
                      "0 and 1."),
           npy_option("candidates",
                      "An .npy of row numbers that may be chosen; unset: all others."),
           npy_option("costs", "An .npy of (n,) positive prices of a label."),
           npy_option("groups", "An .npy of (n,) group ids."),
           {.name = "batch_size",
            .fallback = 100,
            .min = 1,
            .max = 1e7,
            .whole = true,
            .help = "Rows to choose."},
           {.name = "seed",
            .fallback = 0,
            .min = 0,
            .max = 4294967295.0,
            .whole = true,
            .help = "Seed of everything random."},
           npy_option("out", "Write the row numbers to this .npy."),
           json_option()},
      .run = run,
  };
}

}  // namespace querist::app
