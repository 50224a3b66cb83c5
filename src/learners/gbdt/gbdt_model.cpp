// The trees are read from XGBoost's UBJSON, which is what is stored and what boosting goes on from.
#include "learners/gbdt/gbdt_model.h"

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/fast_hash.h"
#include "base/json.h"
#include "base/limits.h"
#include "learners/rows/unseen_classes.h"

namespace querist::learners {

static constexpr std::string_view magic = "querist.gbdt";
// Form 1 had no scale.
static constexpr uint32_t format_version = 2;

[[noreturn]] static void refuse_damaged() { refuse("the stored model is damaged"); }

static const Json& member(const Json& object, const char* name) {
  const auto at = object.find(name);
  if (at == object.end()) refuse_damaged();
  return *at;
}

static std::vector<double> numbers(const Json& object, const char* name, size_t count) {
  const Json& array = member(object, name);
  if (!array.is_array() || array.size() != count) refuse_damaged();
  std::vector<double> values;
  for (const Json& value : array) {
    if (!value.is_number()) refuse_damaged();
    values.push_back(value.get<double>());
    if (!std::isfinite(values.back())) refuse_damaged();
  }
  return values;
}

// Appends one of the library's trees, its nodes renumbered so that children lie side by side.
static void append_tree(const Json& tree, size_t features, std::vector<TreeNode>& nodes,
                        std::vector<float>& leaves) {
  const size_t count = member(tree, "left_children").size();
  const auto lefts = numbers(tree, "left_children", count);
  const auto rights = numbers(tree, "right_children", count);
  const auto columns = numbers(tree, "split_indices", count);
  const auto values = numbers(tree, "split_conditions", count);
  const auto zero_left = numbers(tree, "default_left", count);
  const auto child = [&](double number) {
    if (!(number >= 0 && number < static_cast<double>(count))) refuse_damaged();
    return static_cast<size_t>(number);
  };
  if (count == 0) refuse_damaged();
  std::vector<size_t> theirs = {0};
  const size_t first = nodes.size();
  nodes.emplace_back();
  for (size_t i = 0; i < theirs.size(); ++i) {
    if (theirs.size() > count) refuse_damaged();  // A node has two parents.
    const size_t at = theirs[i];
    const auto value = static_cast<float>(values[at]);
    const auto own = static_cast<uint32_t>(first + i);
    if (lefts[at] == -1) {
      nodes[own] = {std::numeric_limits<float>::infinity(), 0, 0, own,
                    static_cast<uint32_t>(leaves.size())};
      leaves.push_back(value);
      continue;
    }
    if (!(columns[at] >= 0 && columns[at] < static_cast<double>(features))) refuse_damaged();
    theirs.push_back(child(lefts[at]));
    theirs.push_back(child(rights[at]));
    // The library goes left below its number, a node of ours up to it.
    nodes[own] = {std::nextafter(value, -std::numeric_limits<float>::infinity()),
                  static_cast<uint32_t>(columns[at]) & 0x7fffffffu, zero_left[at] == 0,
                  static_cast<uint32_t>(nodes.size()), 0};
    nodes.resize(nodes.size() + 2);
  }
}

GbdtModel::GbdtModel(Boosted boosted) : boosted_(std::move(boosted)) {
  std::vector<uint32_t> starts;
  std::vector<TreeNode> nodes;
  if (!boosted_.booster.empty()) {
    const Json model = Json::from_ubjson(boosted_.booster, true, false);
    if (model.is_discarded()) refuse_damaged();
    const Json& grown = member(member(member(model, "learner"), "gradient_booster"), "model");
    const Json& trees = member(grown, "trees");
    for (const double head : numbers(grown, "tree_info", trees.size())) {
      if (!(head >= 0 && head < static_cast<double>(boosted_.heads()))) refuse_damaged();
      heads_.push_back(static_cast<uint32_t>(head));
    }
    for (const Json& tree : trees) {
      starts.push_back(static_cast<uint32_t>(nodes.size()));
      append_tree(tree, boosted_.features, nodes, leaves_);
    }
  }
  trees_ = TreeEnsemble(boosted_.features, std::move(starts), std::move(nodes));
}

template <class Visit>
void GbdtModel::score(const Features& features, const Visit& visit) const {
  trees_.find_leaves(features, [&](size_t begin, size_t end, const uint32_t* leaves) {
    std::vector<double> scores(boosted_.heads());
    for (size_t i = begin; i < end; ++i) {
      std::fill(scores.begin(), scores.end(), 0.0);
      for (size_t t = 0; t < trees_.trees(); ++t) {
        const TreeNode& leaf = trees_.nodes()[leaves[t * (end - begin) + i - begin]];
        scores[heads_[t]] += static_cast<double>(leaves_[leaf.payload]);
      }
      visit(i, scores);
    }
  });
}

void GbdtModel::probabilities(const Features& features, Matrix& out) const {
  QUERIST_CHECK(boosted_.task == Task::classification);
  out.rows = features.rows;
  out.cols = boosted_.classes;
  out.values.resize(out.rows * out.cols);
  const size_t seen = boosted_.seen.size();
  const double unseen = unseen_share(static_cast<double>(boosted_.labels), seen, boosted_.classes);
  score(features, [&](size_t i, std::vector<double>& scores) {
    if (seen <= 2) {
      const double second = seen == 1 ? 0 : 1 / (1 + std::exp(-scores[0]));
      const double shares[] = {1 - second, second};
      spread({shares, seen}, boosted_.seen, unseen, out.row(i));
      return;
    }
    const double top = *std::max_element(scores.begin(), scores.end());
    double sum = 0;
    for (double& value : scores) {
      value = std::exp(value - top);
      sum += value;
    }
    for (double& value : scores) value /= sum;
    spread(scores, boosted_.seen, unseen, out.row(i));
  });
}

void GbdtModel::predictions(const Features& features, std::vector<float>& out) const {
  QUERIST_CHECK(boosted_.task == Task::regression);
  out.resize(features.rows);
  score(features, [&](size_t i, const std::vector<double>& scores) {
    out[i] = static_cast<float>(boosted_.mean + boosted_.scale * scores[0]);
  });
}

std::string GbdtModel::save() const {
  ByteWriter body;
  body.put<uint8_t>(boosted_.task == Task::regression);
  body.put<uint64_t>(boosted_.classes);
  body.put<uint64_t>(boosted_.features);
  body.put(boosted_.labels);
  body.put(boosted_.seen);
  body.put(boosted_.mean);
  body.put(boosted_.scale);
  body.put(boosted_.booster);
  const std::string bytes = body.take();
  ByteWriter writer;
  writer.put(magic);
  writer.put(format_version);
  writer.put(bytes);
  writer.put(fast_hash(bytes));
  return writer.take();
}

std::unique_ptr<Model> load_gbdt(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.text() != magic) refuse("these bytes are no boosted trees");
  const auto version = reader.number<uint32_t>();
  if (version < 1 || version > format_version) {
    refuse("the model was stored in form {}, this program reads form {}", version, format_version);
  }
  const std::string stored = reader.text();
  // A booster is too intricate to be checked number by number: it is whole or refused.
  if (reader.number<uint64_t>() != fast_hash(stored) || !reader.at_end()) refuse_damaged();
  ByteReader body(stored);
  Boosted boosted;
  const bool regression = body.number<uint8_t>() != 0;
  boosted.task = regression ? Task::regression : Task::classification;
  boosted.classes = body.number<uint64_t>();
  boosted.features = body.number<uint64_t>();
  boosted.labels = body.number<uint64_t>();
  boosted.seen = body.vector<int32_t>();
  boosted.mean = body.number<double>();
  if (version > 1) boosted.scale = body.number<double>();
  boosted.booster = body.text();
  bool sound = body.at_end() && boosted.features > 0 && boosted.features <= limits::max_features &&
               boosted.labels > 0 && boosted.classes <= limits::max_classes &&
               std::isfinite(boosted.mean) && std::isfinite(boosted.scale) && boosted.scale > 0 &&
               (boosted.classes == 0) == regression && boosted.seen.empty() == regression;
  for (size_t k = 0; sound && k < boosted.seen.size(); ++k) {
    sound = boosted.seen[k] >= (k == 0 ? 0 : boosted.seen[k - 1] + 1) &&
            static_cast<size_t>(boosted.seen[k]) < boosted.classes;
  }
  if (!sound) refuse_damaged();
  return std::make_unique<GbdtModel>(std::move(boosted));
}

}  // namespace querist::learners
