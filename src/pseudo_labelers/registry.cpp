// The list of every pseudo-labeler in this folder, written by the build, and the one door through
// which they label.
#include <algorithm>

#include "base/error.h"
#include "base/registry.h"
#include "pseudo_labelers/pseudo_labeler.h"

namespace querist::pseudo_labelers {

const std::vector<PseudoLabeler>& all() {
  static const std::vector<PseudoLabeler> cards = {
#define ENTRY(function, wire_name) function(),
#include "pseudo_labelers.list"
#undef ENTRY
  };
  return cards;
}

const PseudoLabeler& find(std::string_view name) {
  return find_card(all(), "pseudo-labeler", name);
}

static void check_rows(std::string_view what, std::span<const int64_t> rows, size_t most) {
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] < 0 || static_cast<size_t>(rows[i]) >= most)
      refuse("{} names row {}, but there are {} rows", what, rows[i], most);
    if (i > 0 && rows[i] <= rows[i - 1]) refuse("{} must ascend without repeats", what);
  }
}

static void check(const PseudoLabeler& labeler, const PartlyLabeled& data) {
  const size_t n = data.features.rows;
  check_rows("labeled", data.labeled, n);
  check_rows("unlabeled", data.unlabeled, n);
  std::vector<int64_t> both;
  std::ranges::set_intersection(data.labeled, data.unlabeled, std::back_inserter(both));
  if (!both.empty()) refuse("row {} is both labelled and unlabelled", both[0]);
  if (data.labels.size() != data.labeled.size())
    refuse("there are {} labels for {} labelled rows", data.labels.size(), data.labeled.size());
  for (const int32_t label : data.labels) {
    if (label < 0 || static_cast<size_t>(label) >= data.classes)
      refuse("labels holds class {}, but there are {} classes", label, data.classes);
  }
  if (data.geometry.rows != n) refuse("geometry has {} rows, features {}", data.geometry.rows, n);
  if (data.geometry.kind == Features::Kind::sparse) refuse("geometry must be dense");
  if (labeler.needs_second_view && data.second_view.rows != n) {
    refuse("{} needs a second view of the {} rows, and it has {}", labeler.name, n,
           data.second_view.rows);
  }
}

PseudoLabels label(const PseudoLabeler& labeler, const PartlyLabeled& data, const Params& params,
                   const Trainer& train, uint64_t seed, const Progress& progress) {
  check(labeler, data);
  const bool one_class =
      std::ranges::adjacent_find(data.labels, std::not_equal_to()) == data.labels.end();
  if (one_class || data.unlabeled.empty()) return {};
  Rng rng(seed);
  PseudoLabels result = labeler.label(data, params, train, rng, progress);
  QUERIST_CHECK(result.labels.size() == result.rows.size());
  QUERIST_CHECK(result.weights.size() == result.rows.size());
  return result;
}

void weigh_alike(const PartlyLabeled& data, double share, PseudoLabels& pseudo) {
  const auto count = static_cast<double>(std::max<size_t>(1, pseudo.rows.size()));
  const double weight = share * static_cast<double>(data.labeled.size()) / count;
  pseudo.weights.assign(pseudo.rows.size(), static_cast<float>(weight));
}

Dataset with_pseudo_labels(const PartlyLabeled& data, const PseudoLabels& pseudo,
                           OwnedFeatures& own) {
  std::vector<int64_t> rows(data.labeled.begin(), data.labeled.end());
  rows.insert(rows.end(), pseudo.rows.begin(), pseudo.rows.end());
  own = take_rows(data.features, rows);
  Dataset out;
  out.features = own.view();
  out.classes = data.classes;
  out.labels.assign(data.labels.begin(), data.labels.end());
  out.labels.insert(out.labels.end(), pseudo.labels.begin(), pseudo.labels.end());
  if (pseudo.rows.empty()) return out;
  out.weights.assign(data.labeled.size(), 1);
  out.weights.insert(out.weights.end(), pseudo.weights.begin(), pseudo.weights.end());
  return out;
}

}  // namespace querist::pseudo_labelers
