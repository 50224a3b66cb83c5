// Images of any size to small squares by area averaging.
#pragma once

#include <vector>

#include "featurizers/pixels/decode.h"

namespace querist::featurizers {

// Every channel value in [0, 1], laid out (side, side, 3): each target pixel is the mean of the
// area it covers.
std::vector<float> shrink(const Image& image, size_t side);

// Whether red, green and blue are equal everywhere.
bool is_grey(const std::vector<float>& rgb);

// Rec. 601 luma of (side, side, 3), laid out (side, side).
std::vector<float> to_grey(const std::vector<float>& rgb);

}  // namespace querist::featurizers
