// What each says of the same rows, then the paired tests.
#include "loop/comparison.h"

#include <algorithm>

#include "loop/audit_columns.h"
#include "loop/estimate_json.h"
#include "loop/evaluate.h"
#include "loop/model_rows.h"
#include "loop/paired_accuracy.h"
#include "metrics/classification.h"
#include "metrics/decision.h"
#include "metrics/intervals.h"
#include "storage/annotations.h"
#include "storage/events.h"

namespace querist::loop {

// Every audit label there is of a class that both versions know, under the same number: classes are
// only ever added, at the end.
static NumberedLabels audit_of_both(storage::Store& store, const ModelRows& a, const ModelRows& b) {
  const auto rows = static_cast<int64_t>(std::min(a.view.rows, b.view.rows));
  const bool a_knows_fewer = a.version.classes.size() < b.version.classes.size();
  const auto& classes = a_knows_fewer ? a.version.classes : b.version.classes;
  return numbered(storage::labels_as_of(store, a.project.id, storage::LabelUse::audit,
                                        storage::last_sequence(store)),
                  classes, rows);
}

// What one version says of the same examples.
struct Answers {
  std::vector<int32_t> predicted;
  std::vector<double> log_losses;

  Answers(const ModelRows& rows, const NumberedLabels& audit) {
    const Matrix probabilities = predict_rows(*rows.model.model, rows.view, audit.rows);
    predicted = metrics::decide(probabilities, rows.model.class_weights);
    log_losses = metrics::log_losses(audit.ids, probabilities);
  }
};

static std::string sentence_of(int64_t version, int64_t against, const PairedAccuracy& paired) {
  const metrics::Estimate& d = paired.difference;
  const std::string counts = fmt::format(
      "On the same {} audit examples version {} is right on {} that version {} gets wrong, and "
      "wrong on {} that it gets right ({})",
      paired.rows, version, paired.only_first, against, paired.only_second, test_words(paired));
  if (paired.p_value >= 0.05)
    return fmt::format("{}: they are not told apart (95 % {:+.1f} to {:+.1f} points).", counts,
                       100 * d.ci_low, 100 * d.ci_high);
  return fmt::format(
      "{}: version {} is better by {:.1f} points of accuracy (95 % {:+.1f} to "
      "{:+.1f}).",
      counts, d.value > 0 ? version : against, 100 * std::abs(d.value), 100 * d.ci_low,
      100 * d.ci_high);
}

Json comparison(Workshop& workshop, int64_t version, int64_t against, const Progress& progress) {
  if (version == against) refuse("version {} is compared with itself: name another", version);
  const ModelRows a = model_rows(workshop, version, progress);
  const ModelRows b = model_rows(workshop, against, progress);
  for (const ModelRows* rows : {&a, &b}) {
    if (rows->version.with_audit) {
      fail(Code::conflict, "version {} was trained on the audit labels: they measure it no more",
           rows->version.version);
    }
  }
  const NumberedLabels audit = audit_of_both(workshop.store(), a, b);
  if (audit.rows.size() < 2) {
    fail(Code::conflict, "{} audit examples have been answered: that compares nothing",
         audit.rows.size());
  }
  const Answers ours(a, audit), theirs(b, audit);
  const auto groups = audit_groups(workshop.store(), a.project.id, audit.rows);
  const auto seed = static_cast<uint64_t>(a.project.settings.integer("seed"));
  const auto paired = paired_accuracy(audit.ids, ours.predicted, theirs.predicted, groups, seed);
  std::vector<double> losses;
  for (size_t i = 0; i < audit.rows.size(); ++i)
    losses.push_back(ours.log_losses[i] - theirs.log_losses[i]);
  return {{"version", a.version.version},
          {"against", b.version.version},
          {"audit_labels", audit.rows.size()},
          {"accuracy", accuracy_json(audit.ids, ours.predicted, groups)},
          {"against_accuracy", accuracy_json(audit.ids, theirs.predicted, groups)},
          {"only_right", paired.only_first},
          {"only_against_right", paired.only_second},
          {"difference", estimate_json(paired.difference)},
          {"p_value", paired.p_value},
          {"test", paired.test},
          {"log_loss", metrics::mean(ours.log_losses)},
          {"against_log_loss", metrics::mean(theirs.log_losses)},
          {"log_loss_difference", estimate_json(mean_interval(losses, groups, seed))},
          {"sentence", sentence_of(a.version.version, b.version.version, paired)}};
}

}  // namespace querist::loop
