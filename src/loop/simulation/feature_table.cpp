// A featurizer's bytes say all of its transform, so equal bytes mean equal features.
#include "loop/simulation/feature_table.h"

#include <algorithm>

#include "base/error.h"
#include "kernels/half_rows.h"
#include "kernels/softmax_regression.h"

namespace querist::loop {

Features FeatureBlock::features() const {
  if (kind == Features::Kind::sparse) return sparse;
  if (kind == Features::Kind::half) return Features::of_half(rows, cols, half.data());
  return dense;
}

FeatureBlock FeatureBlock::chosen(std::span<const int64_t> wanted) const {
  FeatureBlock out;
  out.kind = kind;
  out.rows = wanted.size();
  out.cols = cols;
  if (kind == Features::Kind::sparse) out.sparse = sparse_rows(sparse, wanted);
  if (kind == Features::Kind::dense) out.dense = dense_rows(dense, wanted);
  if (kind == Features::Kind::half) {
    out.half.reserve(wanted.size() * cols);
    for (const int64_t row : wanted) {
      const auto first = half.begin() + row * static_cast<std::ptrdiff_t>(cols);
      out.half.insert(out.half.end(), first, first + static_cast<std::ptrdiff_t>(cols));
    }
  }
  if (geometry.cols > 0) out.geometry = dense_rows(geometry, wanted);
  return out;
}

OwnedFeatures FeatureBlock::owned(std::span<const int64_t> wanted) const {
  if (kind != Features::Kind::half) return take_rows(features(), wanted);
  OwnedFeatures out;
  out.dense = Matrix(wanted.size(), cols);
  for (size_t i = 0; i < wanted.size(); ++i)
    kernels::widen_halves(half.data() + static_cast<size_t>(wanted[i]) * cols, cols,
                          out.dense.row(i).data());
  return out;
}

FeatureTable::FeatureTable(const Table& table, std::vector<int64_t> rows,
                           const std::string& featurizer)
    : table_(table), rows_(std::move(rows)) {
  featurizer_ = featurizers::parse_featurizer(featurizer, table.payload);
  if (featurizer_.card->survey) survey_ = featurizer_.card->survey(table.payloads);
}

// Rows of one transform after another; blocks of them stay in cache until they are stored.
static constexpr size_t block_rows = 256;

static void append(featurizers::FeatureBatch&& batch, FeatureBlock& block) {
  const auto add = [](const Matrix& from, Matrix& to) {
    to.values.insert(to.values.end(), from.values.begin(), from.values.end());
    to.rows += from.rows;
    to.cols = from.cols;
  };
  block.rows += batch.rows();
  if (batch.geometry.cols > 0) add(batch.geometry, block.geometry);
  if (block.kind == Features::Kind::dense) return add(batch.dense, block.dense);
  if (block.kind == Features::Kind::half) {
    const size_t before = block.half.size();
    block.half.resize(before + batch.dense.values.size());
    return kernels::narrow_to_halves(batch.dense.values, block.half.data() + before);
  }
  Csr& to = block.sparse;
  to.cols = batch.sparse.cols;
  const auto before = static_cast<int64_t>(to.columns.size());
  to.columns.insert(to.columns.end(), batch.sparse.columns.begin(), batch.sparse.columns.end());
  to.values.insert(to.values.end(), batch.sparse.values.begin(), batch.sparse.values.end());
  for (size_t i = 1; i < batch.sparse.offsets.size(); ++i)
    to.offsets.push_back(before + batch.sparse.offsets[i]);
}

static FeatureBlock room_for(size_t rows, const featurizers::Fitted& fitted) {
  FeatureBlock block;
  block.cols = fitted.features;
  if (fitted.is_sparse) block.kind = Features::Kind::sparse;
  if (fitted.is_half) block.kind = Features::Kind::half;
  const size_t numbers = rows * fitted.features;
  if (block.kind == Features::Kind::dense) block.dense.values.reserve(numbers);
  if (block.kind == Features::Kind::half) block.half.reserve(numbers);
  block.geometry.values.reserve(rows * fitted.geometry_features);
  return block;
}

FeatureBlock block_of(const featurizers::Fitted& fitted, std::span<const Payload> payloads) {
  FeatureBlock block = room_for(payloads.size(), fitted);
  for (size_t begin = 0; begin < payloads.size(); begin += block_rows) {
    const size_t count = std::min(payloads.size() - begin, block_rows);
    append(fitted.transform(payloads.subspan(begin, count)), block);
  }
  return block;
}

static FeatureBlock transform(const featurizers::Fitted& fitted, const Table& table,
                              const std::vector<int64_t>& rows) {
  FeatureBlock block = room_for(rows.size(), fitted);
  std::vector<Payload> copies;
  for (size_t begin = 0; begin < rows.size(); begin += block_rows) {
    const size_t end = std::min(rows.size(), begin + block_rows);
    const auto first = static_cast<size_t>(rows[begin]);
    if (static_cast<size_t>(rows[end - 1]) - first == end - 1 - begin) {  // They lie together.
      append(fitted.transform(std::span(table.payloads).subspan(first, end - begin)), block);
      continue;
    }
    copies.clear();
    for (size_t i = begin; i < end; ++i)
      copies.push_back(table.payloads[static_cast<size_t>(rows[i])]);
    append(fitted.transform(copies), block);
  }
  return block;
}

std::shared_ptr<const FittedFeatures> FeatureTable::fit(const std::vector<int64_t>& fit_rows,
                                                        uint64_t seed, const Progress& progress) {
  {
    const std::lock_guard lock(mutex_);
    if (last_ && seed == last_seed_ && fit_rows == last_rows_) return last_;
  }
  featurizers::FitInput input;
  input.columns = table_.columns;
  input.survey = survey_;
  input.surveyed_rows = fit_rows;
  input.payloads = [&](const std::function<void(std::span<const Payload>)>& take) {
    for (const int64_t row : fit_rows) take({&table_.payloads[static_cast<size_t>(row)], 1});
  };
  auto fitted = featurizer_.card->fit(input, featurizer_.params, seed, progress);
  const std::string bytes = fitted.save();
  {
    const std::lock_guard lock(mutex_);
    if (last_ && bytes == last_fitted_) return last_;
  }
  auto block = transform(fitted, table_, rows_);
  auto made = std::make_shared<const FittedFeatures>(std::move(fitted), std::move(block));
  const std::lock_guard lock(mutex_);
  last_fitted_ = bytes;
  last_seed_ = seed;
  last_rows_ = fit_rows;
  last_ = made;
  return made;
}

}  // namespace querist::loop
