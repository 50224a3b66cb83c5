// How much many annotators agree beyond chance, where not everyone answers everything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace querist::metrics {

// Answers by item: item i has labels[offsets[i]] … labels[offsets[i + 1] - 1]; classes 0 …
// classes-1.
struct ItemLabels {
  std::span<const size_t> offsets;
  std::span<const int32_t> labels;
  size_t classes = 0;
};

// Krippendorff's alpha for classes (Krippendorff 1970, 2011): 1 less the disagreement within items
// over that of any two answers. Items with one answer say nothing. 1 where all answers are one
// class; NaN where no item has two.
double krippendorff_alpha(const ItemLabels& answers);

// Fleiss' kappa (Fleiss 1971), which needs equally many answers of every item, two at least; 1
// where all answers are one class.
double fleiss_kappa(const ItemLabels& answers);

// The share of pairs of answers to one item that are equal, each item counting alike; NaN where no
// item has two.
double observed_agreement(const ItemLabels& answers);

}  // namespace querist::metrics
