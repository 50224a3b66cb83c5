// Trees are asked in their order for every row, so a sum is the same whatever rows are beside it.
#include "learners/forest/forest_model.h"

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/limits.h"
#include "learners/rows/unseen_classes.h"

namespace querist::learners {

static constexpr std::string_view magic = "querist.forest";
static constexpr uint32_t format_version = 1;

Rng tree_rng(const ForestSettings& settings, size_t tree) {
  return Rng(mix_seed(settings.seed, tree), 5);
}

std::vector<uint32_t> draw_bag(const ForestSettings& settings, size_t rows, Rng& rng) {
  std::vector<uint32_t> counts(rows, settings.bootstrap ? 0 : 1);
  for (size_t i = 0; settings.bootstrap && i < rows; ++i) ++counts[rng.below(rows)];
  return counts;
}

ForestModel::ForestModel(const ForestSettings& settings, size_t labels, std::vector<int32_t> seen,
                         TreeEnsemble trees, ForestLeaves leaves)
    : settings_(settings),
      labels_(labels),
      seen_(std::move(seen)),
      trees_(std::move(trees)),
      leaves_(std::move(leaves)) {}

void ForestModel::add_leaf(uint32_t node, double* shares) const {
  const uint32_t leaf = trees_.nodes()[node].payload;
  const uint32_t begin = leaves_.starts[leaf];
  const uint32_t end = leaves_.starts[leaf + 1];
  if (!settings_.votes) {
    for (uint32_t at = begin; at < end; ++at)
      shares[leaves_.classes[at]] += static_cast<double>(leaves_.values[at]);
    return;
  }
  uint32_t best = begin;
  for (uint32_t at = begin + 1; at < end; ++at) {
    const float gain = leaves_.values[at] - leaves_.values[best];
    if (gain > 0 || (gain == 0 && leaves_.classes[at] < leaves_.classes[best])) best = at;
  }
  shares[leaves_.classes[best]] += 1;
}

void ForestModel::probabilities(const Features& features, Matrix& out) const {
  QUERIST_CHECK(settings_.task == Task::classification);
  out.rows = features.rows;
  out.cols = settings_.classes;
  out.values.resize(out.rows * out.cols);
  const double unseen = unseen_share(static_cast<double>(labels_), seen_.size(), settings_.classes);
  const auto count = static_cast<double>(trees_.trees());
  trees_.find_leaves(features, [&](size_t begin, size_t end, const uint32_t* leaves) {
    std::vector<double> shares(seen_.size());
    for (size_t i = begin; i < end; ++i) {
      std::fill(shares.begin(), shares.end(), 0.0);
      for (size_t t = 0; t < trees_.trees(); ++t)
        add_leaf(leaves[t * (end - begin) + i - begin], shares.data());
      for (double& share : shares) share /= count;
      spread(shares, seen_, unseen, out.row(i));
    }
  });
}

void ForestModel::member_probabilities(const Features& features, Matrix& out) const {
  QUERIST_CHECK(settings_.task == Task::classification);
  out.rows = features.rows * trees_.trees();
  out.cols = settings_.classes;
  out.values.resize(out.rows * out.cols);
  const double unseen = unseen_share(static_cast<double>(labels_), seen_.size(), settings_.classes);
  trees_.find_leaves(features, [&](size_t begin, size_t end, const uint32_t* leaves) {
    std::vector<double> shares(seen_.size());
    for (size_t t = 0; t < trees_.trees(); ++t) {
      for (size_t i = begin; i < end; ++i) {
        std::fill(shares.begin(), shares.end(), 0.0);
        add_leaf(leaves[t * (end - begin) + i - begin], shares.data());
        spread(shares, seen_, unseen, out.row(t * features.rows + i));
      }
    }
  });
}

void ForestModel::predictions(const Features& features, std::vector<float>& out) const {
  QUERIST_CHECK(settings_.task == Task::regression);
  out.resize(features.rows);
  trees_.find_leaves(features, [&](size_t begin, size_t end, const uint32_t* leaves) {
    for (size_t i = begin; i < end; ++i) {
      double sum = 0;
      for (size_t t = 0; t < trees_.trees(); ++t) {
        const uint32_t leaf = trees_.nodes()[leaves[t * (end - begin) + i - begin]].payload;
        sum += static_cast<double>(leaves_.values[leaf]);
      }
      out[i] = static_cast<float>(sum / static_cast<double>(trees_.trees()));
    }
  });
}

void ForestModel::member_predictions(const Features& features, Matrix& out) const {
  QUERIST_CHECK(settings_.task == Task::regression);
  out.rows = trees_.trees();
  out.cols = features.rows;
  out.values.resize(out.rows * out.cols);
  trees_.find_leaves(features, [&](size_t begin, size_t end, const uint32_t* leaves) {
    for (size_t t = 0; t < trees_.trees(); ++t) {
      for (size_t i = begin; i < end; ++i) {
        const uint32_t leaf = trees_.nodes()[leaves[t * (end - begin) + i - begin]].payload;
        out.at(t, i) = leaves_.values[leaf];
      }
    }
  });
}

Matrix ForestModel::out_of_bag(const Features& training_rows) const {
  if (training_rows.rows != labels_) {
    refuse("the forest was trained on {} rows, these are {}", labels_, training_rows.rows);
  }
  const bool regression = settings_.task == Task::regression;
  std::vector<std::vector<uint32_t>> bags;  // Bits: 1 where the tree saw the row.
  for (size_t t = 0; t < trees_.trees(); ++t) {
    Rng rng = tree_rng(settings_, t);
    const std::vector<uint32_t> counts = draw_bag(settings_, labels_, rng);
    std::vector<uint32_t> bits((labels_ + 31) / 32);
    for (size_t i = 0; i < labels_; ++i)
      bits[i / 32] |= static_cast<uint32_t>(counts[i] > 0) << i % 32;
    bags.push_back(std::move(bits));
  }
  Matrix out(labels_, regression ? 1 : settings_.classes);
  const double unseen = unseen_share(static_cast<double>(labels_), seen_.size(), settings_.classes);
  trees_.find_leaves(training_rows, [&](size_t begin, size_t end, const uint32_t* leaves) {
    std::vector<double> shares(regression ? 1 : seen_.size());
    for (size_t i = begin; i < end; ++i) {
      std::fill(shares.begin(), shares.end(), 0.0);
      double count = 0;
      for (size_t t = 0; t < trees_.trees(); ++t) {
        if (bags[t][i / 32] >> i % 32 & 1) continue;
        const uint32_t node = leaves[t * (end - begin) + i - begin];
        ++count;
        if (regression) {
          shares[0] += static_cast<double>(leaves_.values[trees_.nodes()[node].payload]);
        } else {
          add_leaf(node, shares.data());
        }
      }
      for (double& share : shares) share /= count;  // NaN where there was no tree.
      if (regression || count == 0) {
        std::fill(out.row(i).begin(), out.row(i).end(), static_cast<float>(shares[0]));
      } else {
        spread(shares, seen_, unseen, out.row(i));
      }
    }
  });
  return out;
}

std::string ForestModel::save() const {
  ByteWriter writer;
  writer.put(magic);
  writer.put(format_version);
  writer.put<uint8_t>(settings_.task == Task::regression);
  writer.put<uint64_t>(settings_.classes);
  writer.put<uint64_t>(settings_.seed);
  writer.put<uint8_t>(settings_.bootstrap);
  writer.put<uint8_t>(settings_.votes);
  writer.put<uint64_t>(labels_);
  writer.put(seen_);
  trees_.write(writer);
  writer.put(leaves_.starts);
  writer.put(leaves_.classes);
  writer.put(leaves_.values);
  return writer.take();
}

static bool leaves_sound(const TreeEnsemble& trees, const ForestLeaves& leaves, size_t seen,
                         bool regression) {
  const size_t count = leaves.starts.size();
  if (count == 0 || leaves.starts[0] != 0 || leaves.starts.back() != leaves.values.size() ||
      leaves.classes.size() != (regression ? 0 : leaves.values.size()))
    return false;
  for (size_t i = 1; i < count; ++i) {
    if (leaves.starts[i] <= leaves.starts[i - 1]) return false;
    if (regression && leaves.starts[i] != i) return false;
    if (leaves.starts[i] > leaves.values.size()) return false;
    double sum = 0;
    for (uint32_t at = leaves.starts[i - 1]; at < leaves.starts[i]; ++at) {
      if (!std::isfinite(leaves.values[at]) || (!regression && leaves.values[at] < 0)) return false;
      sum += static_cast<double>(leaves.values[at]);
    }
    if (!regression && std::abs(sum - 1) > 1e-5) return false;
  }
  for (const int32_t cls : leaves.classes)
    if (cls < 0 || static_cast<size_t>(cls) >= seen) return false;
  return std::all_of(trees.nodes().begin(), trees.nodes().end(), [&](const TreeNode& node) {
    return !node.leaf() || size_t{node.payload} + 1 < count;
  });
}

std::unique_ptr<Model> load_forest(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.text() != magic) refuse("these bytes are no forest");
  if (const auto version = reader.number<uint32_t>(); version != format_version) {
    refuse("the model was stored in form {}, this program reads form {}", version, format_version);
  }
  ForestSettings settings;
  const bool regression = reader.number<uint8_t>() != 0;
  settings.task = regression ? Task::regression : Task::classification;
  settings.classes = reader.number<uint64_t>();
  settings.seed = reader.number<uint64_t>();
  settings.bootstrap = reader.number<uint8_t>() != 0;
  settings.votes = reader.number<uint8_t>() != 0;
  const auto labels = reader.number<uint64_t>();
  auto seen = reader.vector<int32_t>();
  TreeEnsemble trees = TreeEnsemble::read(reader);
  ForestLeaves leaves;
  leaves.starts = reader.vector<uint32_t>();
  leaves.classes = reader.vector<int32_t>();
  leaves.values = reader.vector<float>();
  bool sound = reader.at_end() && labels > 0 && settings.classes <= limits::max_classes &&
               (settings.classes == 0) == regression && seen.empty() == regression &&
               seen.size() <= settings.classes &&
               leaves_sound(trees, leaves, seen.size(), regression);
  for (size_t k = 0; sound && k < seen.size(); ++k) {
    sound = seen[k] >= (k == 0 ? 0 : seen[k - 1] + 1) &&
            static_cast<size_t>(seen[k]) < settings.classes;
  }
  if (!sound) refuse("the stored model is damaged");
  return std::make_unique<ForestModel>(settings, labels, std::move(seen), std::move(trees),
                                       std::move(leaves));
}

}  // namespace querist::learners
