// A multi-layer perceptron (Rumelhart, Hinton and Williams 1986) trained by Adam (Kingma and Ba
// 2015), with dropout members (Gal and Ghahramani 2016).
#include <algorithm>
#include <cmath>
#include <numeric>

#include "learners/cross_validation.h"
#include "learners/learner.h"
#include "learners/neural_head/network_model.h"
#include "learners/neural_head/training.h"
#include "metrics/stratified_folds.h"

namespace querist::learners {

static constexpr double unseen_count = 0.05;       // As in logistic_regression.
static constexpr size_t fewest_to_hold_out = 100;  // Rows; fewer all train.
static constexpr size_t block_rows = 256;
static constexpr size_t posterior_folds = 5;
static constexpr size_t most_to_judge = 2000;  // Held-out rows that judge the prior's precision.

static void want_classes(const Dataset& data, bool is_balanced, NetworkParts& parts,
                         Wanted& wanted) {
  parts.present = data.labels;
  std::ranges::sort(parts.present);
  const auto rest = std::ranges::unique(parts.present);
  parts.present.erase(rest.begin(), rest.end());
  wanted.outputs = parts.present.size();
  std::vector<double> counts(wanted.outputs);
  for (const int32_t label : data.labels) {
    const auto at = std::ranges::lower_bound(parts.present, label);
    wanted.labels.push_back(static_cast<int32_t>(at - parts.present.begin()));
    ++counts[static_cast<size_t>(wanted.labels.back())];
  }
  const auto rows = static_cast<double>(data.labels.size());
  parts.unseen_share = unseen_count / rows;
  for (size_t i = 0; is_balanced && i < wanted.labels.size(); ++i) {
    const double count = counts[static_cast<size_t>(wanted.labels[i])];
    wanted.weights[i] *= static_cast<float>(rows / (static_cast<double>(wanted.outputs) * count));
  }
}

static void want_numbers(const Dataset& data, NetworkParts& parts, Wanted& wanted) {
  double total = 0, square = 0;
  for (size_t i = 0; i < data.targets.size(); ++i) {
    const auto weight = static_cast<double>(wanted.weights[i]);
    total += weight;
    parts.mean += (static_cast<double>(data.targets[i]) - parts.mean) * weight / total;
  }
  for (size_t i = 0; i < data.targets.size(); ++i) {
    const double gap = static_cast<double>(data.targets[i]) - parts.mean;
    square += static_cast<double>(wanted.weights[i]) * gap * gap / total;
  }
  const bool varies =
      std::ranges::any_of(data.targets, [&](float y) { return y != data.targets[0]; });
  parts.spread = varies ? std::sqrt(square) : 0;  // 0: there is nothing to predict but the mean.
  if (!varies) parts.mean = static_cast<double>(data.targets[0]);
  for (const float target : data.targets) {
    const double gap = static_cast<double>(target) - parts.mean;
    wanted.numbers.push_back(varies ? static_cast<float>(gap / parts.spread) : 0);
  }
}

static Wanted want(const Dataset& data, bool is_balanced, NetworkParts& parts) {
  Wanted wanted{.loss = parts.loss(), .weights = data.weights};
  if (wanted.weights.empty()) wanted.weights.assign(data.features.rows, 1);
  if (data.task == Task::regression) {
    want_numbers(data, parts, wanted);
  } else if (data.task == Task::multi_label) {
    wanted.outputs = data.classes;
    wanted.label_matrix = data.label_matrix;
  } else {
    want_classes(data, is_balanced, parts, wanted);
  }
  return wanted;
}

// Splits the rows: an even share of every class is held out where there are enough of them.
static void hold_out(const Wanted& wanted, double share, uint64_t seed, std::vector<int64_t>& rows,
                     std::vector<int64_t>& held_out) {
  const size_t count = wanted.weights.size();
  const bool has_enough = share > 0 && count >= fewest_to_hold_out;
  const auto folds = has_enough ? static_cast<size_t>(std::lround(1 / share)) : 1;
  const std::vector<int32_t> same(count);
  const bool is_labelled = !wanted.labels.empty();
  const auto fold = metrics::stratified_folds(is_labelled ? wanted.labels : same,
                                              is_labelled ? wanted.outputs : 1, folds, seed);
  for (size_t i = 0; i < count; ++i) {
    (has_enough && fold[i] == 0 ? held_out : rows).push_back(static_cast<int64_t>(i));
  }
}

// What a network makes of chosen rows, nothing dropped.
static void look_at(const Features& x, std::span<const int64_t> rows, const InputForm& form,
                    const Wanted& wanted, const Network& network, Batch& batch, Tape& tape) {
  Rng rng(0);
  read_rows(x, rows, form, batch);
  wanted.fill(rows, batch);
  forward(network, batch, 0, rng, tape);
}

static Laplace posterior_of(const Features& x, std::span<const int64_t> rows, const InputForm& form,
                            const Wanted& wanted, const Network& network) {
  return fit_laplace(wanted.loss, network.layers.back(), [&](const auto& take) {
    Batch batch;
    Tape tape;
    for (size_t begin = 0; begin < rows.size(); begin += block_rows) {
      const size_t count = std::min(block_rows, rows.size() - begin);
      look_at(x, rows.subspan(begin, count), form, wanted, network, batch, tape);
      take(tape.outputs[tape.outputs.size() - 2], tape.outputs.back(), batch.weights);
    }
  });
}

static HeldOut held_out_of(const Features& x, std::span<const int64_t> rows,
                           std::span<const int64_t> held_out, const InputForm& form,
                           const Wanted& wanted, const Network& network) {
  Batch batch;
  Tape tape;
  look_at(x, held_out.first(std::min(held_out.size(), most_to_judge)), form, wanted, network, batch,
          tape);
  return {.posterior = posterior_of(x, rows, form, wanted, network),
          .inputs = tape.outputs[tape.outputs.size() - 2],
          .scores = tape.outputs.back(),
          .targets = batch.targets,
          .weights = batch.weights};
}

// The posterior of all rows, its prior's precision where rows that training has not seen have the
// least loss: those held out to stop by, or else each part of the rows under a network of the rest.
static Laplace chosen_posterior(const Features& x, std::span<const int64_t> rows,
                                std::span<const int64_t> held_out, const NetworkParts& parts,
                                const Wanted& wanted, const NetworkSettings& settings,
                                uint64_t seed, const Progress& progress) {
  std::vector<int64_t> all(wanted.weights.size());
  std::iota(all.begin(), all.end(), 0);
  Laplace out = posterior_of(x, all, parts.form, wanted, parts.network);
  // The passes that count are those of the network itself; the folds only ask whether to stop.
  const Progress quiet([&](double, double, std::string_view) { progress.check(); });
  std::vector<HeldOut> unseen;
  if (!held_out.empty()) {
    unseen.push_back(held_out_of(x, rows, held_out, parts.form, wanted, parts.network));
  } else if (all.size() > 1) {
    const size_t folds = std::min(posterior_folds, all.size());
    const std::vector<int32_t> same(all.size());
    const bool is_labelled = !wanted.labels.empty();
    const auto fold = metrics::stratified_folds(is_labelled ? wanted.labels : same,
                                                is_labelled ? wanted.outputs : 1, folds, seed);
    for (size_t f = 0; f < folds; ++f) {
      std::vector<int64_t> own, rest;
      for (const int64_t row : all)
        (fold[static_cast<size_t>(row)] == f ? own : rest).push_back(row);
      if (own.empty() || rest.empty()) continue;
      const Network network =
          train_network(x, parts.form, wanted, rest, {}, settings, mix_seed(seed, f), quiet);
      unseen.push_back(held_out_of(x, rest, own, parts.form, wanted, network));
    }
  }
  if (!unseen.empty()) {
    const double usual = precision_of(parts.network.layers.back());
    out.precision = choose_precision(wanted.loss, usual, std::move(unseen));
  }
  return out;
}

static std::optional<Hardening> hardening(const Params& params) {
  const std::string& attack = params.text("adversarial");
  if (attack == "none") return std::nullopt;
  Params plain = params;
  plain.set("adversarial", "none");
  return Hardening{
      .ball = {.norm = params.text("norm") == "l2" ? Norm::l2 : Norm::linf,
               .radius = params.number("radius"),
               .steps = attack == "fgsm" ? 1 : static_cast<size_t>(params.integer("steps"))},
      .plain = std::move(plain)};
}

static std::optional<Ball> ball_of(const Params& params, const InputForm& form) {
  const auto asked = hardening(params);
  if (!asked) return std::nullopt;
  if (form.by_column) {
    refuse(
        "adversarial training needs dense features, such as embeddings, or at most 1,024 sparse "
        "columns; these rows have {}",
        form.features);
  }
  return asked->ball;
}

static std::unique_ptr<Model> train(const Dataset& data, const Params& params, const Model*,
                                    uint64_t seed, const Progress& progress) {
  NetworkParts parts{.task = data.task,
                     .classes = data.task == Task::regression ? 0 : data.classes,
                     .form = form_of(data.features),
                     .network = {},
                     .present = {},
                     .members = static_cast<size_t>(params.integer("members")),
                     .dropout = params.number("dropout"),
                     .mask_seed = mix_seed(seed, 2),
                     .laplace = {}};
  const Wanted wanted = want(data, params.text("class_weight") == "balanced", parts);
  NetworkSettings settings{.hidden = static_cast<size_t>(params.integer("hidden")),
                           .layers = static_cast<size_t>(params.integer("layers")),
                           .dropout = parts.dropout,
                           .focal = params.number("focal"),
                           .rate = params.number("learning_rate"),
                           .decay = params.number("weight_decay"),
                           .batch_size = static_cast<size_t>(params.integer("batch_size")),
                           .max_epochs = static_cast<size_t>(params.integer("max_epochs")),
                           .patience = static_cast<size_t>(params.integer("patience")),
                           .ball = ball_of(params, parts.form)};
  const bool is_one_class = data.task == Task::classification && wanted.outputs == 1;
  if (is_one_class) settings.max_epochs = 0;  // The softmax of one score is 1.
  std::vector<int64_t> rows, held_out;
  hold_out(wanted, params.number("held_out"), mix_seed(seed, 0), rows, held_out);
  parts.network = train_network(data.features, parts.form, wanted, rows, held_out, settings,
                                mix_seed(seed, 1), progress);
  if (params.flag("laplace") && data.task != Task::regression && !is_one_class) {
    parts.laplace = chosen_posterior(data.features, rows, held_out, parts, wanted, settings,
                                     mix_seed(seed, 3), progress);
  }
  return std::make_unique<NetworkModel>(std::move(parts));
}

static ParamSpecs params() {
  return {
      {.name = "hidden",
       .fallback = 128,
       .min = 1,
       .max = 4096,
       .whole = true,
       .help = "Units of each hidden layer."},
      {.name = "layers",
       .fallback = 1,
       .min = 1,
       .max = 8,
       .whole = true,
       .help = "Hidden layers."},
      {.name = "dropout",
       .fallback = 0.1,
       .min = 0,
       .max = 0.9,
       .help = "Chance that a hidden unit is left out of a step, or of a member."},
      {.name = "focal",
       .fallback = 0.0,
       .min = 0,
       .max = 10,
       .help = "How much less what is already right counts (Lin et al. 2017); 0: all alike."},
      {.name = "laplace",
       .fallback = false,
       .help = "Probabilities take the last layer's uncertainty into account (Kristiadi et al. "
               "2020), its prior chosen by the loss of held-out rows; where none are held out, "
               "below 100 rows, by five more trainings."},
      {.name = "members",
       .fallback = 10,
       .min = 2,
       .max = 1000,
       .whole = true,
       .help = "Thinned networks that stand for a committee."},
      {.name = "learning_rate",
       .fallback = 2e-3,
       .min = 1e-7,
       .max = 1,
       .help = "Adam's step size."},
      {.name = "weight_decay",
       .fallback = 0.01,
       .min = 0,
       .max = 100,
       .help = "What the weights lose each step, by the step size."},
      {.name = "batch_size",
       .fallback = 0,
       .min = 0,
       .max = 100'000,
       .whole = true,
       .help = "Rows of a step; 0: a sixteenth of all, 8 to 64.",
       .automatic = true},
      {.name = "max_epochs",
       .fallback = 200,
       .min = 1,
       .max = 100'000,
       .whole = true,
       .help = "Most passes over the rows."},
      {.name = "patience",
       .fallback = 10,
       .min = 1,
       .max = 100'000,
       .whole = true,
       .help = "Passes without a gain on the held-out rows after which training ends."},
      {.name = "held_out",
       .fallback = 0.1,
       .min = 0,
       .max = 0.5,
       .help = "Share of the rows that only decides when to stop; none below 100 rows."},
      {.name = "class_weight",
       .fallback = "none",
       .choices = {"none", "balanced"},
       .help = "Weigh classes equally (balanced) or as they come (none); one class an example "
               "only."},
      {.name = "adversarial",
       .fallback = "none",
       .choices = {"none", "fgsm", "pgd"},
       .help = "Train on rows moved to where the loss is larger: by one step along its gradient "
               "(fgsm) or by several (pgd); slower by as many passes, and less right on rows that "
               "nobody moved."},
      {.name = "radius",
       .fallback = 0.1,
       .min = 0,
       .max = 1e6,
       .help = "adversarial: how far a row may be moved, in the units of the features."},
      {.name = "norm",
       .fallback = "l2",
       .choices = {"l2", "linf"},
       .help = "adversarial: how that is measured; the length of the move (l2) or its largest "
               "number (linf)."},
      {.name = "steps",
       .fallback = 7,
       .min = 1,
       .max = 1000,
       .whole = true,
       .help = "adversarial: steps of pgd."},
  };
}

Learner neural_head() {
  return {
      .name = "neural_head",
      .summary =
          "Neural network of one hidden layer or more; always trains afresh, a warm start "
          "changes nothing.",
      .params = params(),
      .train = train,
      .load = load_network_model,
      .source =
          "Rumelhart, Hinton and Williams 1986; Kingma and Ba 2015; Gal and Ghahramani 2016; "
          "Lin et al. 2017; MacKay 1992; Kristiadi et al. 2020; Goodfellow, Shlens and Szegedy "
          "2015; Madry et al. 2018",
      .gives = Signal::probabilities | Signal::member_probabilities | Signal::predictions |
               Signal::member_predictions,
      .tasks = {Task::classification, Task::multi_label, Task::regression},
      .hardening = hardening,
  };
}

}  // namespace querist::learners
