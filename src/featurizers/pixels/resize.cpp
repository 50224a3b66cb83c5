// Separable: rows are averaged first, then columns, each source pixel weighted by how much of it is
// covered.
#include "featurizers/pixels/resize.h"

#include <algorithm>
#include <cmath>

namespace querist::featurizers {

struct Overlap {
  size_t source;
  size_t target;
  float weight;
};

// How `from` source cells cover `to` target cells, both ascending; the weights of a target sum
// to 1.
static std::vector<Overlap> overlaps(size_t from, size_t to) {
  std::vector<Overlap> all;
  const double step = static_cast<double>(from) / static_cast<double>(to);
  for (size_t target = 0; target < to; ++target) {
    const double begin = static_cast<double>(target) * step;
    const double end = begin + step;
    for (auto source = static_cast<size_t>(begin);
         source < from && static_cast<double>(source) < end; ++source) {
      const double low = std::max(begin, static_cast<double>(source));
      const double high = std::min(end, static_cast<double>(source + 1));
      if (high > low) all.push_back({source, target, static_cast<float>((high - low) / step)});
    }
  }
  return all;
}

std::vector<float> shrink(const Image& image, size_t side) {
  const std::vector<Overlap> across = overlaps(image.width, side);
  std::vector<float> line(side * 3);
  std::vector<float> out(side * side * 3);
  size_t shrunk = image.height;  // Which source row `line` holds.
  for (const Overlap& down : overlaps(image.height, side)) {
    if (shrunk != down.source) {
      shrunk = down.source;
      std::fill(line.begin(), line.end(), 0.0f);
      const uint8_t* row = image.rgb.data() + down.source * image.width * 3;
      for (const Overlap& o : across) {
        for (size_t c = 0; c < 3; ++c)
          line[o.target * 3 + c] += o.weight * static_cast<float>(row[o.source * 3 + c]);
      }
    }
    float* to = out.data() + down.target * side * 3;
    for (size_t i = 0; i < side * 3; ++i) to[i] += down.weight * line[i];
  }
  for (float& value : out) value = std::clamp(value / 255, 0.0f, 1.0f);
  return out;
}

bool is_grey(const std::vector<float>& rgb) {
  for (size_t i = 0; i < rgb.size(); i += 3) {
    if (rgb[i] != rgb[i + 1] || rgb[i] != rgb[i + 2]) return false;
  }
  return true;
}

std::vector<float> to_grey(const std::vector<float>& rgb) {
  std::vector<float> grey(rgb.size() / 3);
  for (size_t i = 0; i < grey.size(); ++i) {
    grey[i] = 0.299f * rgb[i * 3] + 0.587f * rgb[i * 3 + 1] + 0.114f * rgb[i * 3 + 2];
  }
  return grey;
}

}  // namespace querist::featurizers
