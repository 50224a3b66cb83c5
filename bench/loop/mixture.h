// A synthetic pool: a mixture of Gaussians as unit rows of float16 in the store's mapped files.
#pragma once

#include <filesystem>
#include <vector>

#include "storage/feature_store.h"

namespace querist::bench {

struct MixtureShape {
  size_t features = 384;
  size_t classes = 10;
  // Gaussians that a class is made of, the first ones common and the last ones rare; 1: one middle.
  size_t modes = 1;
};

struct Mixture {
  std::vector<int32_t> truth;  // The class of each row.
  storage::FeatureView view;
};

// Appends `rows` rows to new files in the folder.
Mixture make_mixture(const std::filesystem::path& folder, size_t rows, const MixtureShape& shape,
                     uint64_t seed);

}  // namespace querist::bench
