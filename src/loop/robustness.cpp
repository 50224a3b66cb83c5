// Perturbs the audit examples' payloads, makes their features again, predicts.
#include "loop/robustness.h"

#include <algorithm>

#include "loop/estimate_json.h"
#include "loop/model_rows.h"
#include "loop/perturbations/perturbation.h"
#include "metrics/calibration_interval.h"
#include "metrics/classification.h"
#include "storage/examples.h"
#include "storage/models.h"

namespace querist::loop {

static constexpr size_t chunk = 256;               // Examples in memory at a time.
static constexpr int64_t sampled_payloads = 5000;  // That say what values a column has.

// Probabilities of every audit row, and how many payloads were changed for them.
struct Point {
  Matrix probabilities;
  size_t changed = 0;
};

static bool same(const Payload& a, const Payload& b) {
  return a.text == b.text && a.cells == b.cells && a.image == b.image && a.embedding == b.embedding;
}

static Json point_json(const Point& point, std::span<const int32_t> labels, size_t severity,
                       double amount) {
  const auto predicted = metrics::likeliest(point.probabilities);
  std::vector<double> confidences;
  std::vector<uint8_t> right;
  int64_t hits = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    right.push_back(predicted[i] == labels[i]);
    hits += right.back();
    confidences.push_back(point.probabilities.at(i, static_cast<size_t>(predicted[i])));
  }
  const auto rows = static_cast<int64_t>(labels.size());
  return {{"severity", severity},
          {"amount", amount},
          {"changed", static_cast<double>(point.changed) / static_cast<double>(rows)},
          {"accuracy", share_json(hits, rows)},
          {"ece", estimate_json(metrics::expected_calibration_error_interval(confidences, right))}};
}

// [perturbation][severity]; the first point of each is the same one.
static std::vector<std::vector<Point>> measure(Workshop& workshop, const ModelRows& rows,
                                               const std::vector<Perturbation>& perturbations,
                                               uint64_t seed, const Progress& progress) {
  const auto stored =
      storage::find_featurizer(workshop.store(), rows.project.id, rows.version.featurizer_version);
  QUERIST_CHECK(stored.has_value());
  const FittedVersion featurizer = load_featurizer(workshop.store(), *stored);
  const std::span<const int64_t> audit(rows.audit.rows);
  const size_t classes = rows.version.classes.size();
  std::vector<std::vector<Point>> points(perturbations.size());
  for (auto& curve : points) curve.resize(severities, {Matrix(audit.size(), classes), 0});
  const auto predict = [&](std::span<const Payload> payloads, size_t begin, Matrix& into) {
    Matrix probabilities;
    rows.model.model->probabilities(featurizer.fitted.transform(payloads).features(),
                                    probabilities);
    std::copy(probabilities.values.begin(), probabilities.values.end(), into.row(begin).begin());
  };
  for (size_t begin = 0; begin < audit.size(); begin += chunk) {
    const auto part = audit.subspan(begin, std::min(chunk, audit.size() - begin));
    const auto payloads = storage::payloads(workshop.store(), rows.project.id, part);
    Matrix plain(part.size(), classes);
    predict(payloads, 0, plain);
    for (size_t p = 0; p < perturbations.size(); ++p) {
      std::copy(plain.values.begin(), plain.values.end(),
                points[p][0].probabilities.row(begin).begin());
      for (size_t severity = 1; severity < severities; ++severity) {
        progress.check();
        progress.at(static_cast<double>(begin * perturbations.size() + p * part.size()),
                    static_cast<double>(audit.size() * perturbations.size()), "perturbations");
        std::vector<Payload> worse = payloads;
        for (size_t i = 0; i < worse.size(); ++i) {
          const auto row = static_cast<uint64_t>(part[i]);
          Rng rng(mix_seed(mix_seed(seed, p * severities + severity), row));
          perturbations[p].apply(worse[i], perturbations[p].amounts[severity], rng);
          points[p][severity].changed += !same(worse[i], payloads[i]);
        }
        predict(worse, begin, points[p][severity].probabilities);
      }
    }
  }
  return points;
}

static std::vector<Payload> sample_of(storage::Store& store, const Project& project) {
  std::vector<Payload> sample;
  if (project.payload != PayloadKind::columns) return sample;  // Only tables look at other rows.
  const int64_t count = std::min(sampled_payloads, project.counts.examples);
  storage::each_payload(store, project.id, 0, count, static_cast<size_t>(sampled_payloads),
                        [&](int64_t, std::span<const Payload> payloads) {
                          sample.insert(sample.end(), payloads.begin(), payloads.end());
                        });
  return sample;
}

Json robustness_report(Workshop& workshop, int64_t version, const Progress& progress) {
  const ModelRows rows = model_rows(workshop, version, progress);
  Json report = {{"model_version", rows.version.version},
                 {"payload", payload_word(rows.project.payload.value())},
                 {"audit_labels", rows.audit.rows.size()},
                 {"perturbations", Json::array()}};
  if (rows.audit.rows.empty()) {
    report["reason"] = rows.version.with_audit
                           ? "the audit labels were trained on and measure no more"
                           : "no audit example had been answered when this version was trained";
    return report;
  }
  const auto seed = static_cast<uint64_t>(rows.project.settings.integer("seed"));
  const auto sample = sample_of(workshop.store(), rows.project);
  const auto perturbations = perturbations_of(rows.project.payload.value(), sample);
  const auto points = measure(workshop, rows, perturbations, mix_seed(seed, 41), progress);
  for (size_t p = 0; p < perturbations.size(); ++p) {
    Json curve = Json::array();
    for (size_t severity = 0; severity < severities; ++severity) {
      curve.push_back(point_json(points[p][severity], rows.audit.ids, severity,
                                 perturbations[p].amounts[severity]));
    }
    report["perturbations"].push_back({{"name", perturbations[p].name},
                                       {"summary", perturbations[p].summary},
                                       {"unit", perturbations[p].unit},
                                       {"curve", std::move(curve)}});
  }
  return report;
}

}  // namespace querist::loop
