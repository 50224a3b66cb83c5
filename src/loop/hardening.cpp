// The same learner on the same labels with and without, on audit rows as they are and attacked.
#include "loop/hardening.h"

#include <numeric>

#include "learners/robustness.h"
#include "loop/estimate_json.h"
#include "loop/evaluate.h"
#include "loop/paired_accuracy.h"
#include "loop/simulation/typos.h"
#include "metrics/classification.h"
#include "storage/examples.h"

namespace querist::loop {

static constexpr size_t least_steps = 20;  // Of an attack that measures.

static void mistype(std::span<Payload> payloads, std::span<const int64_t> rows, double share,
                    uint64_t seed) {
  for (size_t i = 0; i < payloads.size(); ++i) {
    Rng rng(mix_seed(seed, static_cast<uint64_t>(rows[i])));
    payloads[i].text = with_typos(payloads[i].text, share, rng);
  }
}

static uint64_t typo_seed(const Project& project, uint64_t use) {
  return mix_seed(static_cast<uint64_t>(project.settings.integer("seed")), use);
}

static bool augments(const Project& project) { return project.settings.text("augment") == "typos"; }

std::optional<Taught> augmented(Workshop& workshop, const Project& project,
                                const NumberedLabels& labels) {
  if (!augments(project)) return std::nullopt;
  if (project.payload != PayloadKind::text) {
    refuse("augment=typos is for texts, which the project {} has none of: set augment=none",
           project.name);
  }
  auto payloads = storage::payloads(workshop.store(), project.id, labels.rows);
  const size_t rows = payloads.size();
  payloads.insert(payloads.end(), payloads.begin(), payloads.end());
  mistype(std::span(payloads).subspan(rows), labels.rows, project.settings.number("typos"),
          typo_seed(project, 95));
  Taught taught{.features = workshop.fitted().transform(payloads), .data = {}};
  taught.data = {taught.features.features(), labels.ids, {}, project.classes.size()};
  taught.data.labels.insert(taught.data.labels.end(), labels.ids.begin(), labels.ids.end());
  taught.data.weights.assign(2 * rows, 0.5F);  // A label counts once.
  return taught;
}

Json augmentation_json(const Project& project) {
  return {{"augment", project.settings.text("augment")},
          {"typos", project.settings.number("typos")}};
}

bool has_same_augmentation(const ModelVersion& version, const Project& project) {
  const Json stored = version.data.value("augmentation", Json());
  return augments(project) ? stored == augmentation_json(project) : stored.is_null();
}

// Who is right on which audit row, as it is and attacked.
struct Stand {
  std::vector<uint8_t> right, robust;
};

static std::vector<uint8_t> right_of(const learners::Model& model, const Features& x,
                                     std::span<const int32_t> labels) {
  Matrix probabilities;
  model.probabilities(x, probabilities);
  const auto predicted = metrics::likeliest(probabilities);
  std::vector<uint8_t> right(labels.size());
  for (size_t i = 0; i < right.size(); ++i) right[i] = predicted[i] == labels[i];
  return right;
}

static int64_t count(const std::vector<uint8_t>& flags) {
  return std::accumulate(flags.begin(), flags.end(), int64_t{0});
}

static Json stand_json(const Stand& stand, std::span<const int32_t> groups) {
  const auto share = [&](const std::vector<uint8_t>& flags) {
    if (!groups.empty()) return estimate_json(metrics::cluster_share_interval(flags, groups));
    return share_json(count(flags), static_cast<int64_t>(flags.size()));
  };
  return {{"accuracy", share(stand.right)}, {"robust_accuracy", share(stand.robust)}};
}

// how: the attack in words.
static Json compared(const TrainedHead& head, Json report, const Stand& before, const Stand& after,
                     const std::string& how) {
  const size_t rows = after.right.size();
  const std::vector<int32_t> held(rows, 1), with(after.robust.begin(), after.robust.end()),
      without(before.robust.begin(), before.robust.end());
  const auto paired = paired_accuracy(held, with, without, head.groups, head.seed);
  const metrics::Estimate& d = paired.difference;
  const auto percent = [&](const std::vector<uint8_t>& flags) {
    return 100 * static_cast<double>(count(flags)) / static_cast<double>(rows);
  };
  report["audit_labels"] = rows;
  report["before"] = stand_json(before, head.groups);
  report["after"] = stand_json(after, head.groups);
  report["robust_difference"] = estimate_json(d);
  report["p_value"] = paired.p_value;
  report["test"] = paired.test;
  report["sentence"] = fmt::format(
      "With {}, {:.1f} % of {} audit examples stay right, {:.1f} % were the model not trained for "
      "it ({:+.1f} points, 95 % {:+.1f} to {:+.1f}); as they are, {:.1f} % are right, {:.1f} % "
      "without (both uncalibrated).",
      how, percent(after.robust), rows, percent(before.robust), 100 * d.value, 100 * d.ci_low,
      100 * d.ci_high, percent(after.right), percent(before.right));
  return report;
}

static Json typo_report(const TrainedHead& head, const OwnedFeatures& audited) {
  const double share = head.project.settings.number("typos");
  auto payloads = storage::payloads(head.workshop.store(), head.project.id, head.audit.rows);
  mistype(payloads, head.audit.rows, share, typo_seed(head.project, 96));
  const auto mistyped = head.workshop.fitted().transform(payloads);
  const auto stand = [&](const learners::Model& model) {
    return Stand{right_of(model, audited.view(), head.audit.ids),
                 right_of(model, mistyped.features(), head.audit.ids)};
  };
  return compared(head, {{"attack", "typos"}, {"amount", share}}, stand(head.unaugmented),
                  stand(head.model), fmt::format("{:.3g} % of the letters mistyped", 100 * share));
}

static Json moved_report(const TrainedHead& head, const learners::Hardening& hardening,
                         const OwnedFeatures& audited) {
  learners::Ball ball = hardening.ball;
  ball.steps = std::max(ball.steps, least_steps);
  const OwnedFeatures features = take_rows(head.view.features, head.labels.rows);
  const auto taught = augmented(head.workshop, head.project, head.labels);
  const Dataset plain = {features.view(), head.labels.ids, {}, head.project.classes.size()};
  const auto twin = learners::train(head.learner, taught ? taught->data : plain, hardening.plain,
                                    nullptr, head.seed, head.progress);
  const auto stand = [&](const learners::Model& model) {
    auto holds = learners::robust_rows(model, audited.view(), head.audit.ids, ball);
    QUERIST_CHECK(holds.has_value());  // Who trains along gradients has some.
    return Stand{right_of(model, audited.view(), head.audit.ids), std::move(*holds)};
  };
  const std::string norm = ball.norm == learners::Norm::l2 ? "l2" : "linf";
  return compared(
      head,
      {{"attack", "moved_rows"}, {"norm", norm}, {"radius", ball.radius}, {"steps", ball.steps}},
      stand(*twin), stand(head.model),
      fmt::format("features moved by up to {:.3g} ({})", ball.radius, norm));
}

Json hardening_report(const TrainedHead& head) {
  Json reports = Json::array();
  const auto hardening =
      head.learner.hardening ? head.learner.hardening(head.params) : std::nullopt;
  if (head.audit.rows.size() < 2 || (!augments(head.project) && !hardening)) return reports;
  const OwnedFeatures audited = take_rows(head.view.features, head.audit.rows);
  if (augments(head.project)) reports.push_back(typo_report(head, audited));
  if (hardening) reports.push_back(moved_report(head, *hardening, audited));
  return reports;
}

}  // namespace querist::loop
