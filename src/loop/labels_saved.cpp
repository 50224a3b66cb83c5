// Draws random labels of growing number, compares what they teach with what the project's labels
// taught, and asks metrics/ where the two meet.
#include "loop/labels_saved.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/threads.h"
#include "loop/out_of_fold.h"
#include "loop/saved_population.h"
#include "metrics/classification.h"
#include "metrics/intervals.h"
#include "metrics/labels_to_match.h"

namespace querist::loop {

static constexpr size_t least_unlabeled = 50;
static constexpr double rounding = 1e-9;  // Of a sum of shares.
// Of the labels: the present model, taught by all of them, can stand in for an annotator there.
static constexpr double early_share = 1.0 / 3;
static constexpr double reach = 20;   // Random labels, in units of the early ones.
static constexpr double step = 1.35;  // From one number of random labels to the next.
// The early labels' models are of so many of them: their mean is smoother than one model.
static constexpr double early_parts[] = {0.9, 0.95, 1.0, 1.05, 1.1};
static constexpr double levels[] = {0.5, 0.8, 0.9};  // Of the intervals beside that of 0.95.
// Standard deviation of the logarithm of the random labels from labelling draws with the present
// model instead of a person (decision 0013).
static constexpr double model_deviation = 0.2;

size_t saved_minimum(size_t classes) {
  return std::max(saved_audit_labels, saved_audit_labels_a_class * classes);
}

std::string unsaved_reason(size_t training_labels, size_t audit_labels, size_t unlabeled,
                           size_t classes) {
  const size_t needed = saved_minimum(classes);
  if (audit_labels < needed) return fmt::format("{} of {} audit labels yet", audit_labels, needed);
  if (training_labels < saved_training_labels)
    return fmt::format("{} of {} labels to train on yet", training_labels, saved_training_labels);
  if (unlabeled < least_unlabeled)
    return fmt::format("it compares models on {} unlabelled examples, and {} are left",
                       least_unlabeled, unlabeled);
  return {};
}

std::string too_dear_reason(const learners::Learner& learner, const Features& features,
                            size_t classes) {
  double columns = static_cast<double>(features.cols);
  if (features.kind == Features::Kind::sparse && features.rows > 0) {
    const int64_t* offsets = features.sparse.offsets;
    columns = static_cast<double>(offsets[features.rows] - offsets[0]) /
              static_cast<double>(features.rows);
  }
  const auto outputs = static_cast<double>(classes > 2 ? classes : 1);
  if (learner.name != "gbdt" || columns * outputs <= 500) return {};
  return fmt::format("gbdt takes too long for it on {} columns and {} classes", features.cols,
                     classes);
}

namespace {

struct Effort {
  size_t early = 500;    // Most early labels,
  size_t random = 5000;  // and most random ones.
  size_t draws = 6;      // Most draws a number of random labels.
  size_t halvings = 12;  // Of the audit labels.
};

Effort effort_for(const learners::Learner& learner) {
  const bool cheap = learner.name == "logistic_regression" || learner.name == "naive_bayes";
  return cheap ? Effort{} : Effort{.early = 100, .random = 1000, .draws = 3, .halvings = 4};
}

// A model to train, and what it then says of every row that is asked about.
struct Lesson {
  std::vector<int64_t> rows;
  std::vector<int32_t> labels;
  std::vector<int32_t> answers;
};

// How often several models err, a row: on each audit row and on each other judge compared with the
// present model, on audit rows and labelled judges compared with their labels.
struct Errors {
  std::vector<double> measured, proxy, unlabeled, known;
};

size_t part_of(size_t labels, double share) {
  return static_cast<size_t>(std::llround(share * static_cast<double>(labels)));
}

class Comparison {
 public:
  Comparison(const learners::Learner& learner, const Params& params, const SavedData& data,
             uint64_t seed, const Progress& progress)
      : learner_(learner),
        params_(learner.settled ? learner.settled(params, *data.present) : params),
        data_(data),
        effort_(effort_for(learner)),
        seed_(seed),
        progress_(progress) {
    const auto third = static_cast<size_t>(early_share * static_cast<double>(data.rows.size()));
    early_ = std::min(third, effort_.early);
    const auto unseen = unseen_answers();
    const size_t learnt =
        unseen.empty() ? data.rows.size() : part_of(early_, *std::rbegin(early_parts));
    population_ = saved_population(data, learnt, mix_seed(seed_, 1));
    std::vector<int64_t> asked(data.audit_rows.begin(), data.audit_rows.end());
    asked.insert(asked.end(), population_.judges.begin(), population_.judges.end());
    asked_ = take_rows(data.features, asked);
    present_ = answers_of(*data.present, asked_);
    for (size_t k = 0; k < population_.later.size(); ++k)
      present_[audit() + population_.unlabeled() + k] = unseen[population_.later[k]];
  }

  Json estimate() {
    const Errors ours = errors_of(early_lessons());
    metrics::ErrorDifferences errors;
    errors.stands_for = population_.stands_for;
    errors.known_shares = population_.known_shares;
    Json curve = Json::array();
    size_t below = 0;
    for (const size_t count : numbers()) {
      const auto lessons = random_lessons(count, draws_of(count));
      const Errors theirs = errors_of(lessons);
      add(errors, count, ours, theirs, deviation(lessons));
      curve.push_back({{"labels", count}, {"accuracy", 1 - metrics::mean(theirs.measured)}});
      const double gap = metrics::powered_differences(errors, 0, 1).means.back();
      below = gap < -2 * noise(errors) ? below + 1 : 0;
      if (below == 2) break;  // More random labels only teach more.
    }
    Json json = {{"audit_labels", data_.audit_rows.size()},
                 {"training_labels", data_.rows.size()},
                 {"labels", early_},
                 {"accuracy", 1 - metrics::mean(ours.measured)},
                 {"random_curve", curve}};
    add_interval(json, errors);
    json["back_test"] = back_test();
    return json;
  }

 private:
  // What models like the present one say of labelled rows that they were not taught: as good there
  // as it is on other rows. Empty where there are too few labels for folds.
  std::vector<int32_t> unseen_answers() const {
    const OwnedFeatures features =
        take_rows(data_.features, {data_.rows.begin(), data_.rows.end()});
    const Dataset set = {
        features.view(), {data_.labels.begin(), data_.labels.end()}, {}, data_.classes};
    const auto folds =
        out_of_fold(learner_, set, params_, *data_.present, mix_seed(seed_, 6), checking());
    return folds ? metrics::likeliest(*folds) : std::vector<int32_t>();
  }

  std::vector<size_t> numbers() const {
    const auto early = static_cast<double>(early_);
    const size_t drawable = std::min(effort_.random, population_.drawn_from.size());
    const double most = std::min(reach * early, static_cast<double>(drawable));
    std::vector<size_t> out;
    for (double n = std::max(4.0, early / 4); n < most; n *= step)
      out.push_back(static_cast<size_t>(n));
    if (out.empty() || static_cast<double>(out.back()) < most)
      out.push_back(static_cast<size_t>(most));
    return out;
  }

  // Many labels vary less, and cost more.
  size_t draws_of(size_t count) const { return std::clamp<size_t>(3000 / count, 2, effort_.draws); }

  std::vector<Lesson> early_lessons() const {
    std::vector<Lesson> lessons;
    for (const double part : early_parts) {
      const auto count = static_cast<long>(part_of(early_, part));
      lessons.push_back({{data_.rows.begin(), data_.rows.begin() + count},
                         {data_.labels.begin(), data_.labels.begin() + count},
                         {}});
    }
    teach(lessons);
    return lessons;
  }

  // The first `count` rows of random orders, so that more labels are the same ones and others.
  std::vector<Lesson> random_lessons(size_t count, size_t draws) const {
    std::vector<Lesson> lessons(draws);
    for (size_t r = 0; r < draws; ++r) {
      Rng rng(mix_seed(seed_, 10 + r));
      for (const int64_t at : rng.sample(population_.drawn_from.size(), count)) {
        const auto i = static_cast<size_t>(at);
        lessons[r].rows.push_back(population_.drawn_from[i]);
        lessons[r].labels.push_back(population_.drawn_labels[i]);
      }
      stand_in(lessons[r]);
    }
    teach(lessons);
    return lessons;
  }

  // Labels what has no label as the present model would.
  void stand_in(Lesson& lesson) const {
    std::vector<int64_t> unknown;
    for (size_t i = 0; i < lesson.rows.size(); ++i) {
      if (lesson.labels[i] < 0) unknown.push_back(lesson.rows[i]);
    }
    if (unknown.empty()) return;
    const auto said = answers_of(*data_.present, take_rows(data_.features, unknown));
    size_t next = 0;
    for (int32_t& label : lesson.labels) {
      if (label < 0) label = said[next++];
    }
  }

  static std::vector<int32_t> answers_of(const learners::Model& model, const OwnedFeatures& rows) {
    Matrix probabilities;
    model.probabilities(rows.view(), probabilities);
    return metrics::likeliest(probabilities);
  }

  // Of each training among many: it may be called off, and tells nothing.
  Progress checking() const {
    return Progress([this](double, double, std::string_view) { progress_.check(); });
  }

  void teach(std::vector<Lesson>& lessons) const {
    const Progress inner = checking();
    parallel_for(lessons.size(), 1, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        progress_.check();
        const OwnedFeatures features = take_rows(data_.features, lessons[i].rows);
        const Dataset set = {features.view(), lessons[i].labels, {}, data_.classes};
        const auto model =
            learners::train(learner_, set, params_, nullptr, mix_seed(seed_, 2), inner);
        lessons[i].answers = answers_of(*model, asked_);
      }
    });
  }

  size_t audit() const { return data_.audit_rows.size(); }

  Errors errors_of(const std::vector<Lesson>& lessons) const {
    const size_t judges = population_.judges.size(), unlabeled = population_.unlabeled();
    Errors out{std::vector<double>(audit()), std::vector<double>(audit()),
               std::vector<double>(judges), std::vector<double>(judges)};
    const double each = 1 / static_cast<double>(lessons.size());
    for (const Lesson& lesson : lessons) {
      for (size_t i = 0; i < audit(); ++i) {
        out.measured[i] += lesson.answers[i] != data_.audit_labels[i] ? each : 0;
        out.proxy[i] += lesson.answers[i] != present_[i] ? each : 0;
      }
      for (size_t j = 0; j < judges; ++j) {
        const int32_t answer = lesson.answers[audit() + j];
        out.unlabeled[j] += answer != present_[audit() + j] ? each : 0;
        if (j < unlabeled) continue;
        out.known[j] += answer != data_.labels[population_.later[j - unlabeled]] ? each : 0;
      }
    }
    return out;
  }

  // Of the mean over draws, by how they differ from each other where all of them are compared.
  double deviation(const std::vector<Lesson>& lessons) const {
    std::vector<double> shares;
    for (const Lesson& lesson : lessons) shares.push_back(unlike_present(lesson));
    return metrics::standard_deviation(shares) / std::sqrt(static_cast<double>(shares.size()));
  }

  static void add(metrics::ErrorDifferences& errors, size_t count, const Errors& ours,
                  const Errors& theirs, double deviation) {
    const auto less = [](const std::vector<double>& a, const std::vector<double>& b) {
      std::vector<double> out(a.size());
      for (size_t i = 0; i < a.size(); ++i) out[i] = a[i] - b[i];
      return out;
    };
    errors.labels.push_back(static_cast<double>(count));
    errors.measured.push_back(less(theirs.measured, ours.measured));
    errors.proxy.push_back(less(theirs.proxy, ours.proxy));
    errors.unlabeled.push_back(less(theirs.unlabeled, ours.unlabeled));
    errors.known.push_back(less(theirs.known, ours.known));
    errors.deviations.push_back(deviation);
  }

  // Standard error of the last difference, roughly: where to stop is no estimate.
  static double noise(const metrics::ErrorDifferences& errors) {
    const auto& last = errors.measured.back();
    return metrics::standard_deviation(last) / std::sqrt(static_cast<double>(last.size()));
  }

  void add_interval(Json& json, const metrics::ErrorDifferences& errors) const {
    const auto powered = metrics::powered_differences(errors, mix_seed(seed_, 3));
    const auto found = [&](double level) {
      return metrics::labels_to_match(errors.labels, powered, model_deviation, mix_seed(seed_, 4),
                                      level);
    };
    const auto saved = [&](double random, double spent) { return 1 - spent / random; };
    const auto ours = static_cast<double>(early_);
    const auto add_ends = [&](Json& to, const metrics::LabelsToMatch& at) {
      to["ci_low"] = at.low_open ? Json(nullptr) : Json(saved(at.labels.ci_low, ours));
      to["ci_high"] = at.high_open ? Json(nullptr) : Json(saved(at.labels.ci_high, ours));
    };
    const auto widest = found(0.95);
    const metrics::Estimate& random = widest.labels;
    json["random_labels"] = random.value;
    json["value"] = saved(random.value, ours);
    add_ends(json, widest);
    for (const double level : levels) {
      json["intervals"].push_back({{"level", level}});
      add_ends(json["intervals"].back(), found(level));
    }
    json["beyond"] = widest.value_open;
    json["method"] = random.method;
    json["with_audit"] =
        saved(random.value, ours + static_cast<double>(data_.audit_before[early_ - 1]));
    json["proxy_weight"] = powered.weight;
  }

  // Half of the audit labels teach, the others judge, again and again; against them as many
  // simulated ones, judged by the same rows.
  Json back_test() const {
    const size_t half = audit() / 2;
    std::vector<Lesson> lessons;
    std::vector<std::vector<size_t>> judges;
    Rng rng(mix_seed(seed_, 5));
    std::vector<size_t> order(audit());
    for (size_t pair = 0; pair < effort_.halvings; ++pair) {
      std::iota(order.begin(), order.end(), size_t{0});
      rng.shuffle(order);
      for (const size_t from : {size_t{0}, half}) {
        Lesson& lesson = lessons.emplace_back();
        auto& others = judges.emplace_back();
        for (size_t i = 0; i < 2 * half; ++i) {
          const size_t row = order[i];
          if (i < from || i >= from + half) {
            others.push_back(row);
            continue;
          }
          lesson.rows.push_back(data_.audit_rows[row]);
          lesson.labels.push_back(data_.audit_labels[row]);
        }
      }
    }
    teach(lessons);
    const auto simulated =
        random_lessons(std::min(half, population_.drawn_from.size()), 2 * effort_.halvings);
    return compared(errors_of(simulated), lessons, judges, half);
  }

  Json compared(const Errors& simulated, const std::vector<Lesson>& lessons,
                const std::vector<std::vector<size_t>>& judges, size_t half) const {
    std::vector<double> wrong(audit()), times(audit());
    double between = 0;
    for (size_t l = 0; l < lessons.size(); ++l) {
      for (const size_t i : judges[l]) {
        wrong[i] += lessons[l].answers[i] != data_.audit_labels[i];
        ++times[i];
      }
    }
    for (size_t l = 0; l + 1 < lessons.size(); l += 2) {
      const double gap = unlike_present(lessons[l]) - unlike_present(lessons[l + 1]);
      between += gap * gap / static_cast<double>(lessons.size());
    }
    std::vector<double> gaps, real;
    double predicted = 0;
    for (size_t i = 0; i < audit(); ++i) {
      if (times[i] == 0) continue;
      real.push_back(wrong[i] / times[i]);
      gaps.push_back(real.back() - simulated.measured[i]);
      predicted += simulated.measured[i];
    }
    predicted /= static_cast<double>(gaps.size());
    const double rows = metrics::standard_deviation(gaps);
    // The two halves of a pair are independent; a mean over halves of given labels varies half as
    // much as one of them (Hoeffding 1948).
    const double deviation =
        std::sqrt(rows * rows / static_cast<double>(gaps.size()) + between / 2);
    const double gap = metrics::mean(gaps);
    return {{"random_labels", half},
            {"predicted", 1 - predicted},
            {"measured", 1 - metrics::mean(real)},
            {"difference", -gap},
            {"ci_low", -gap - 1.96 * deviation},
            {"ci_high", -gap + 1.96 * deviation},
            {"held", std::abs(gap) <= 1.96 * deviation + rounding}};
  }

  double unlike_present(const Lesson& lesson) const {
    double count = 0;
    for (size_t i = audit(); i < present_.size(); ++i) count += lesson.answers[i] != present_[i];
    return count / static_cast<double>(population_.judges.size());
  }

  const learners::Learner& learner_;
  const Params params_;
  const SavedData& data_;
  const Effort effort_;
  const uint64_t seed_;
  const Progress& progress_;
  size_t early_ = 0;  // Labels to match.
  SavedPopulation population_;
  OwnedFeatures asked_;           // The audit rows, then the judges.
  std::vector<int32_t> present_;  // What the present model says of them without having seen them.
};

}  // namespace

Json estimate_labels_saved(const learners::Learner& learner, const Params& params,
                           const SavedData& data, uint64_t seed, const Progress& progress) {
  QUERIST_CHECK(data.present && unsaved_reason(data.rows.size(), data.audit_rows.size(),
                                               data.unlabeled.size(), data.classes)
                                    .empty());
  return Comparison(learner, params, data, seed, progress).estimate();
}

}  // namespace querist::loop
