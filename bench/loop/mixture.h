// A synthetic pool: a mixture of Gaussians as unit rows of float16 in the store's mapped files.
#pragma once

#include <filesystem>
#include <vector>

#include "storage/feature_store.h"

namespace querist::bench {

inline constexpr size_t features = 384;
inline constexpr size_t classes = 10;

struct Mixture {
  std::vector<int32_t> truth;  // The class of each row.
  storage::FeatureView view;
};

// Appends `rows` rows to new files in the folder.
Mixture make_mixture(const std::filesystem::path& folder, size_t rows, uint64_t seed);

}  // namespace querist::bench
