// The rows of a project's settings. Names of plug-ins are checked by whoever knows the registries.
#include "data/project_settings.h"

namespace querist {

static ParamSpecs choosing_settings() {
  return {
      {.name = "strategy",
       .fallback = "auto",
       .help = "Query strategy that chooses what to label next; may set its parameters, as in "
               "max_herding(gamma=2)."},
      {.name = "learner",
       .fallback = "logistic_regression",
       .help = "Learner that is trained on the labels; may set its parameters, as in "
               "forest(trees=300). auto: the cheap learner that loses least out of fold, looked at "
               "again as labels grow."},
      {.name = "featurizer",
       .fallback = "",
       .help = "Featurizer of the examples; empty: the usual one for their kind. It may set its "
               "parameters, as in tfidf(char_max=0)."},
      {.name = "batch_size",
       .fallback = 20,
       .min = 1,
       .max = 10'000,
       .whole = true,
       .help =
           "Examples chosen at a time; unless set, auto begins with 10, or one for each class if "
           "those are more."},
      {.name = "ssl",
       .fallback = "off",
       .help = "Pseudo-labels for the model that predicts: off; auto, where they stand the test on "
               "held-out or audit labels; or a pseudo-labeler, as in self_training(share=0.4), "
               "used whether it helps or not."},
      {.name = "ssl_rows",
       .fallback = 10'000,
       .min = 100,
       .max = 1'000'000,
       .whole = true,
       .help = "Most unlabelled examples that pseudo-labels look at; a uniform sample of more."},
      {.name = "augment",
       .fallback = "none",
       .choices = {"none", "typos"},
       .help = "Train on each labelled text once more with typing mistakes, so that the model "
               "stands them (typos); what that changed on audit texts is told with the metrics."},
      {.name = "typos",
       .fallback = 0.1,
       .min = 0.001,
       .max = 0.5,
       .help = "augment: share of the letters that are mistyped."},
      {.name = "audit_share",
       .fallback = 0.1,
       .min = 0,
       .max = 1,
       .help =
           "Share of each batch drawn uniformly at random to measure with, halved from 200 such "
           "labels on (a share of 1, random draws alone, is not); never trained on until "
           "finalised."},
      {.name = "guard",
       .fallback = true,
       .help = "Watch, by the audit labels, whether the chosen labels teach less than random ones, "
               "and draw half of each batch at random while they do."},
      {.name = "labels_saved",
       .fallback = true,
       .help =
           "Estimate, from 50 audit labels on, how many random labels would have taught as much "
           "as the first third of the labels did; the training step that does takes seconds "
           "longer."}};
}

static ParamSpecs labelling_settings() {
  return {
      {.name = "overlap",
       .fallback = 1,
       .min = 1,
       .max = 20,
       .whole = true,
       .help = "Annotators that each example is shown to."},
      {.name = "consensus",
       .fallback = "majority_vote",
       .help = "Consensus method that makes one label of several annotators' answers before each "
               "training: majority_vote (a tie goes to the first answer), or one that weighs "
               "annotators by how far they can be trusted, as dawid_skene or glad."},
      {.name = "relabel",
       .fallback = "auto",
       .choices = {"auto", "off"},
       .help = "Whether auto may ask another annotator about a labelled example, where two or more "
               "annotators err and that is expected to tell more than a new label."},
      {.name = "suggestions",
       .fallback = "hidden",
       .choices = {"hidden", "shown"},
       .help = "Whether labellers see the model's suggestion; what was shown is stored with each "
               "label."},
      {.name = "guideline", .fallback = "", .help = "What labellers should know, as Markdown."},
      {.name = "question",
       .fallback = "Which class fits?",
       .help = "The question above the choices."},
      {.name = "group_columns",
       .fallback = "",
       .help = "Columns, as a line of CSV, whose values the model should treat alike, such as "
               "group, a table's column or a key of meta; compared on the audit labels."},
      {.name = "target_metric",
       .fallback = "accuracy",
       .choices = {"accuracy", "balanced_accuracy"},
       .help = "The metric that the target is about."},
      {.name = "target",
       .fallback = 0.0,
       .min = 0,
       .max = 1,
       .help = "Value of the metric to reach; 0: no target."},
      {.name = "target_recall",
       .fallback = 0.95,
       .min = 0.01,
       .max = 1,
       .help = "Share of the relevant examples that a review is to find: a project of two classes "
               "whose strategy is certainty."},
      {.name = "budget",
       .fallback = 0,
       .min = 0,
       .max = 1e9,
       .whole = true,
       .help = "Most labels to give; the advice is to stop when they are given. 0: no limit."},
      {.name = "stopping_kappa",
       .fallback = 0.99,
       .min = 0.5,
       .max = 1,
       .help =
           "Agreement (Cohen's kappa) of successive models at which their answers count as "
           "settled; lower stops sooner and costs accuracy. In simulations those runs that stopped "
           "lost 0.4 points of 100 at 0.99, 1.4 at 0.98 for two thirds of the labels, 3.1 at 0.95 "
           "for two fifths, and 5.5 at 0.9 for a quarter."},
      {.name = "seconds_per_label",
       .fallback = 0.0,
       .min = 0,
       .max = 86'400,
       .help = "Expected time of one label in seconds; 0: measured."},
      {.name = "cost_per_hour",
       .fallback = 0.0,
       .min = 0,
       .max = 100'000,
       .help = "Cost of an hour of labelling."},
      {.name = "value_per_point",
       .fallback = 0.0,
       .min = 0,
       .max = 1e12,
       .help = "What one point of 100 of the target metric is worth, in the money of "
               "cost_per_hour; 0: not known."},
      {.name = "lease_seconds",
       .fallback = 600,
       .min = 5,
       .max = 86'400,
       .whole = true,
       .help = "How long a handed-out example is held without a sign of life, in seconds."},
      {.name = "class_weight",
       .fallback = "none",
       .choices = {"none", "balanced"},
       .help = "Weigh classes equally in training (balanced) or as they come (none)."},
      {.name = "calibration",
       .fallback = "auto",
       .help = "Calibrator of the model's probabilities: the one that does best on training labels "
               "held out (auto), none, or one by name."},
      {.name = "decision_metric",
       .fallback = "accuracy",
       .choices = {"accuracy", "balanced_accuracy", "f1", "mcc"},
       .help = "The metric that predicted classes are chosen for, on training labels held out: the "
               "likeliest class (accuracy), or one by a threshold or weights of classes."},
      {.name = "seed",
       .fallback = 0,
       .min = 0,
       .max = 4294967295.0,
       .whole = true,
       .help = "Seed of everything random in the project."},
  };
}

ParamSpecs project_settings() {
  ParamSpecs rows = choosing_settings();
  for (ParamSpec& row : labelling_settings()) rows.push_back(std::move(row));
  return rows;
}

}  // namespace querist
