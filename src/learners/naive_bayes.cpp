// Naive Bayes: of counts (McCallum and Nigam 1998), of their complements (Rennie et al. 2003), and
// of normal features.
#include "learners/learner.h"
#include "learners/naive_bayes/naive_bayes_model.h"

namespace querist::learners {

static NaiveBayesVariant variant_of(const std::string& name, const Features& features) {
  if (name == "multinomial") return NaiveBayesVariant::multinomial;
  if (name == "complement") return NaiveBayesVariant::complement;
  if (name == "gaussian") return NaiveBayesVariant::gaussian;
  return has_negative(features) ? NaiveBayesVariant::gaussian : NaiveBayesVariant::multinomial;
}

// A warm start has nothing to give: training is a sum over the rows.
static std::unique_ptr<Model> train(const Dataset& data, const Params& params, const Model*,
                                    uint64_t, const Progress& progress) {
  progress.check();
  NaiveBayesStatistics statistics;
  statistics.variant = variant_of(params.text("variant"), data.features);
  statistics.features = data.features.cols;
  add_rows(statistics, data);
  progress.check();
  const NaiveBayesSettings settings = {
      .smoothing = params.number("smoothing"),
      .variance_smoothing = params.number("variance_smoothing"),
      .balance = params.text("class_weight") == "balanced" ? Balance::weights : Balance::none,
  };
  return std::make_unique<NaiveBayesModel>(std::move(statistics), settings);
}

Learner naive_bayes() {
  return {
      .name = "naive_bayes",
      .summary =
          "Counts by class: trained in one pass over the labels, good with few of them; its "
          "probabilities are too sure of themselves.",
      .params = {{.name = "variant",
                  .fallback = "auto",
                  .choices = {"auto", "multinomial", "complement", "gaussian"},
                  .help = "What features are taken for: counts or weights of words (multinomial; "
                          "complement where classes are unequal), or normal numbers (gaussian). "
                          "auto: gaussian where a feature is negative, else multinomial."},
                 {.name = "smoothing",
                  .fallback = 1.0,
                  .min = 1e-10,
                  .max = 1e9,
                  .help = "Added to every count (alpha)."},
                 {.name = "variance_smoothing",
                  .fallback = 1e-9,
                  .min = 0,
                  .max = 1e9,
                  .help = "gaussian: share of the largest variance of a feature that is added to "
                          "every variance."},
                 {.name = "class_weight",
                  .fallback = "none",
                  .choices = {"none", "balanced"},
                  .help = "Weigh classes equally (balanced) or as they come (none)."}},
      .train = train,
      .load = load_naive_bayes,
      .source = "McCallum and Nigam 1998; Rennie et al. 2003",
  };
}

}  // namespace querist::learners
