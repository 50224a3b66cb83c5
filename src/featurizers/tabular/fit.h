// Fits a table: decides each column's type and learns its encoding.
#pragma once

#include <memory>

#include "featurizers/tabular/model.h"

namespace querist::featurizers {

std::shared_ptr<const TabularModel> fit_table(const FitInput& input, const Params& params,
                                              uint64_t seed, const Progress& progress);

}  // namespace querist::featurizers
