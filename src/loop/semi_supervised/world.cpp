// Copies the rows, so that every method reads the same few.
#include "loop/semi_supervised/world.h"

#include <algorithm>

namespace querist::loop {

static OwnedFeatures every_second_column(const OwnedFeatures& all) {
  OwnedFeatures half;
  half.is_sparse = all.is_sparse;
  if (all.is_sparse) {
    half.sparse.cols = (all.sparse.cols + 1) / 2;
    for (size_t i = 0; i < all.sparse.rows(); ++i) {
      for (auto at = all.sparse.offsets[i]; at < all.sparse.offsets[i + 1]; ++at) {
        const auto place = static_cast<size_t>(at);
        if (all.sparse.columns[place] % 2 != 0) continue;
        half.sparse.columns.push_back(all.sparse.columns[place] / 2);
        half.sparse.values.push_back(all.sparse.values[place]);
      }
      half.sparse.offsets.push_back(static_cast<int64_t>(half.sparse.columns.size()));
    }
    return half;
  }
  half.dense = Matrix(all.dense.rows, (all.dense.cols + 1) / 2);
  for (size_t i = 0; i < half.dense.rows; ++i) {
    for (size_t j = 0; j < half.dense.cols; ++j) half.dense.at(i, j) = all.dense.at(i, 2 * j);
  }
  return half;
}

// Ascending; a sample of them where there are more than the plan looks at.
static std::vector<int64_t> unlabeled_rows(const SslData& data, const SslPlan& plan, size_t& all) {
  std::vector<char> taken(data.features.rows);
  for (const int64_t row : data.rows) taken[static_cast<size_t>(row)] = 1;
  for (const int64_t row : data.audit_rows) taken[static_cast<size_t>(row)] = 1;
  std::vector<int64_t> rows;
  for (size_t row = 0; row < taken.size(); ++row) {
    if (!taken[row]) rows.push_back(static_cast<int64_t>(row));
  }
  all = rows.size();
  if (all <= plan.most_rows) return rows;
  std::vector<int64_t> sample;
  Rng rng(mix_seed(plan.seed, 12));
  for (const int64_t at : rng.sample(all, plan.most_rows))
    sample.push_back(rows[static_cast<size_t>(at)]);
  std::sort(sample.begin(), sample.end());
  return sample;
}

SslWorld make_world(const SslData& data, const SslPlan& plan) {
  SslWorld world;
  world.classes = data.classes;
  const auto others = unlabeled_rows(data, plan, world.unlabeled_in_pool);
  std::ranges::merge(data.rows, others, std::back_inserter(world.pool_rows));
  size_t given = 0;
  for (size_t i = 0; i < world.pool_rows.size(); ++i) {
    const bool is_given = given < data.rows.size() && data.rows[given] == world.pool_rows[i];
    (is_given ? world.labeled : world.unlabeled).push_back(static_cast<int64_t>(i));
    if (is_given) world.labels.push_back(data.labels[given++]);
  }
  world.features = take_rows(data.features, world.pool_rows);
  world.second_view = every_second_column(world.features);
  world.has_distances = data.geometry.kind != Features::Kind::sparse && data.geometry.cols > 0;
  world.geometry = world.has_distances ? dense_rows(data.geometry, world.pool_rows)
                                       : Matrix(world.pool_rows.size(), 1);
  return world;
}

pseudo_labelers::PartlyLabeled SslWorld::view() const {
  return {features.view(), geometry, second_view.view(), labeled, labels, unlabeled, classes};
}

pseudo_labelers::PseudoLabels SslWorld::in_pool(pseudo_labelers::PseudoLabels found) const {
  for (int64_t& row : found.rows) row = pool_rows[static_cast<size_t>(row)];
  return found;
}

}  // namespace querist::loop
