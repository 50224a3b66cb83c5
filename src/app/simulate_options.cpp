// What a simulation can be told: the data, the plan, where the result goes.
#include "app/simulate_options.h"

#include "app/columns.h"
#include "loop/simulation/metric.h"

namespace querist::app {

// What is compared, from what on, and how far.
static ParamSpecs loop_options() {
  return {
      {.name = "task",
       .fallback = "classification",
       .choices = {"classification", "multi_label", "regression"},
       .help = "What the labels are: classes, sets of labels, or numbers. Of numbers, curves and "
               "areas are of the RMSE, where lower is better, with MAE, R² and, of "
               "gaussian_process, coverage of its 90 % intervals and their pinball loss; the usual "
               "learner is ridge, the usual strategies max_herding,lcmd,random. Of sets, areas are "
               "of the micro F1, one label that is bought is a row's whole set, and the usual "
               "strategies are mmc,multilabel_margin,random."},
      {.name = "label_separator",
       .fallback = "|",
       .help = "With --task multi_label: what stands between the labels in a cell, or a text, of "
               "--label; an empty one says that none applies. JSON lists need none, and null says "
               "that the row is not labelled. Several columns in --label, as a line of CSV: one "
               "a label, each 1 or 0."},
      {.name = "test_fraction",
       .fallback = 0.4,
       .min = 0.01,
       .max = 0.99,
       .help = "Share of the rows to test on, drawn anew for each seed; without --split."},
      {.name = "strategies",
       .fallback = "auto,margin,random",
       .help = "Strategies, comma-separated; each may set parameters, as in "
               "margin,k_means(max_iterations=50)."},
      {.name = "learner",
       .fallback = "logistic_regression",
       .help = "Learner that is trained; of several, comma-separated, each gets its runs. auto: "
               "chosen on the way by losses out of fold."},
      {.name = "featurizer",
       .fallback = "",
       .help = "Featurizer, or several as with learner; each may set parameters, as in "
               "tfidf(char_max=0); empty: the usual one."},
      {.name = "initial",
       .fallback = 20,
       .min = 1,
       .max = 1e6,
       .whole = true,
       .help = "Random labels to start from."},
      {.name = "initial_per_class",
       .fallback = 0,
       .min = 0,
       .max = 1e6,
       .whole = true,
       .help = "Start from so many random labels of each class instead; 0: from --initial."},
      {.name = "ssl",
       .fallback = "off",
       .help = "Pseudo-labels for the models that are measured: off; auto, where they stand "
               "the test; or the name of a pseudo-labeler, forced. Strategies never see them."},
      {.name = "batch_size",
       .fallback = "20",
       .help = "Labels a round; of several numbers, comma-separated, each gets its runs with each "
               "budget."},
      {.name = "budget",
       .fallback = "500",
       .help = "Labels in all, or several numbers as with batch_size."}};
}

// How often, and by whose protocol.
static ParamSpecs protocol_options() {
  return {{.name = "seeds",
           .fallback = 10,
           .min = 1,
           .max = 10'000,
           .whole = true,
           .help = "Paired repetitions."},
          {.name = "first_seed",
           .fallback = 0,
           .min = 0,
           .max = 1e9,
           .whole = true,
           .help = "The first of the seeds, which count up from it."},
          {.name = "protocol",
           .fallback = "none",
           .choices = {"none", "one_by_one_rbf_svm", "screening"},
           .help = "one_by_one_rbf_svm: as the published comparison on 26 binary tables, one "
                   "label a step to the last under an RBF support vector machine. screening: as "
                   "a systematic review, all rows are read from one relevant and one other "
                   "record on, by certainty, one at a time and with balanced naive Bayes of "
                   "texts unless told otherwise, until nothing relevant is left."},
          {.name = "query_learner",
           .fallback = "",
           .help = "With one_by_one_rbf_svm: the learner that strategies ask instead of the "
                   "support vector machine."},
          {.name = "task_learner",
           .fallback = "",
           .help = "With one_by_one_rbf_svm: the learner that is measured instead of it."},
          {.name = "relevant",
           .fallback = "",
           .help = "The class that --protocol screening looks for; empty: the rarer one."}};
}

// Who answers, and what that costs.
static ParamSpecs annotator_options() {
  return {
      {.name = "noise", .fallback = 0.0, .min = 0, .max = 1, .help = "Chance of a wrong answer."},
      {.name = "annotators",
       .fallback = 0,
       .min = 0,
       .max = 10'000,
       .whole = true,
       .help = "Simulated annotators in the oracle's place; 0: the oracle answers."},
      {.name = "votes",
       .fallback = 1,
       .min = 1,
       .max = 100,
       .whole = true,
       .help = "Labels an example gets from different annotators; their majority counts, and "
               "each costs."},
      {.name = "annotator_accuracy",
       .fallback = "0.8",
       .help = "How often annotators are right: one number, or several in turn."},
      {.name = "annotator_errors",
       .fallback = "uniform",
       .choices = {"uniform", "confusion", "difficulty"},
       .help = "How they err: on any class, each by likings of its own, or near the boundary "
               "between the two likeliest classes of a model of the rest of the pool, on the "
               "likeliest wrong class."},
      {.name = "spammers",
       .fallback = 0.0,
       .min = 0,
       .max = 1,
       .help = "Share of the annotators that answer at random."},
      {.name = "cost_per_label",
       .fallback = 0.0,
       .min = 0,
       .max = 1e9,
       .help = "What a label costs; the result then has areas over cost. 0: not counted."},
      {.name = "cost_column",
       .fallback = "",
       .help = "Column of what a label of the row costs, times cost_per_label."}};
}

// What is measured, and where the result goes.
static ParamSpecs measure_options() {
  return {
      {.name = "full_accuracy",
       .fallback = false,
       .help = "Also train on the whole pool, once a seed, and tell the labels that 90, 95 "
               "and 99 % of its accuracy (of numbers, of its R²; of sets, of the "
               "metric, or for losses of its micro F1) took; --html and --stopping do so "
               "too."},
      {.name = "typos",
       .fallback = 0.0,
       .min = 0,
       .max = 1,
       .help = "Share of the letters that are mistyped in a second copy of the test texts, to "
               "measure on as well."},
      {.name = "augment",
       .fallback = "none",
       .choices = {"none", "typos"},
       .help = "typos: train on each labelled text as it is and with as many typos, half a "
               "label each."},
      {.name = "audit_share",
       .fallback = 0.0,
       .min = 0,
       .max = 1,
       .help = "Share of each batch drawn at random and not trained on; it counts as spent."},
      {.name = "stopping",
       .fallback = "",
       .help =
           "Stopping rules to watch, comma-separated, as in "
           "stabilizing_predictions,stabilizing_predictions(kappa=0.95): where each would "
           "have ended the run, and its share of the accuracy that all labels give. The "
           "run goes on to its budget. Rules that read audit labels want an audit share, "
           "target_reached a target, as in target_reached(target=0.9), cost_benefit "
           "cost_per_label and cost_benefit(value_per_point=5); those of a review are refused."},
      {.name = "guard",
       .fallback = "on",
       .choices = {"on", "off"},
       .help = "With an audit share: draw half of each batch at random while the chosen "
               "labels teach less than random ones."},
      {.name = "labels_saved",
       .fallback = false,
       .help = "With an audit share: also estimate, at the end of each run and by its audit "
               "labels, what a project would say of the labels it saved; in the JSON's runs."},
      {.name = "metric",
       .fallback = "accuracy",
       .choices = loop::metric_names(),
       .help = "What areas are of. accuracy and aubc_trapz_over_n are of classes: the mean over "
               "labels, or the published benchmark's normalisation. rmse is of numbers. Of sets of "
               "labels there are micro_f1, unless told otherwise, macro_f1, subset_accuracy, "
               "hamming_loss, average_precision (mean over labels) and log_loss."},
      {.name = "threads",
       .fallback = 0,
       .min = 0,
       .max = 1024,
       .whole = true,
       .help = "Threads; 0: all cores."},
      {.name = "out",
       .fallback = "",
       .help = "Write the result as JSON to this file; finished runs are kept beside it, "
               "so that an interrupted simulation goes on."},
      {.name = "html", .fallback = "", .help = "Write a self-contained report to this file."},
      {.name = "combine",
       .fallback = "",
       .help = "Instead of DATA: results of earlier simulations of the same strategies, "
               "comma-separated, one a data set. Mean ranks over the sets, Friedman's test, "
               "Nemenyi's critical difference and Wilcoxon's tests with Holm's correction."},
      json_option()};
}

ParamSpecs simulate_options() {
  ParamSpecs options;
  for (const ParamSpecs& part :
       {loop_options(), protocol_options(), annotator_options(), measure_options()})
    options.insert(options.end(), part.begin(), part.end());
  return with_columns(std::move(options));
}

}  // namespace querist::app
