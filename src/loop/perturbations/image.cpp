// Images as worse cameras take them: noise, other light, out of focus, off centre.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/error.h"
#include "featurizers/pixels/decode.h"
#include "loop/perturbations/perturbation.h"

namespace querist::loop {

using featurizers::Image;

// Decodes at full size, changes the pixels, and stores them without loss.
template <class Change>
static void change_pixels(Payload& payload, Change&& change) {
  Image image;
  const std::string reason = featurizers::decode_image(payload.image, SIZE_MAX, image);
  if (!reason.empty()) refuse("an image cannot be read: {}", reason);
  change(image);
  payload.image = featurizers::encode_png(image);
}

static uint8_t to_byte(double value) {
  return static_cast<uint8_t>(std::clamp(std::round(value), 0.0, 255.0));
}

static void add_noise(Payload& payload, double amount, Rng& rng) {
  change_pixels(payload, [&](Image& image) {
    const bool grey = [&] {
      for (size_t i = 0; i < image.rgb.size(); i += 3) {
        if (image.rgb[i] != image.rgb[i + 1] || image.rgb[i] != image.rgb[i + 2]) return false;
      }
      return true;
    }();
    for (size_t i = 0; i < image.rgb.size(); i += 3) {
      double noise = 0;
      for (size_t channel = 0; channel < 3; ++channel) {
        if (channel == 0 || !grey) noise = amount * rng.normal();
        image.rgb[i + channel] = to_byte(image.rgb[i + channel] + noise);
      }
    }
  });
}

static void brighten(Payload& payload, double amount, Rng&) {
  change_pixels(payload, [&](Image& image) {
    for (uint8_t& value : image.rgb) value = to_byte(value + amount);
  });
}

// The pixel at (x, y), the nearest one of the image where that lies outside.
static const uint8_t* pixel(const Image& image, int64_t x, int64_t y) {
  const auto column = std::clamp<int64_t>(x, 0, static_cast<int64_t>(image.width) - 1);
  const auto row = std::clamp<int64_t>(y, 0, static_cast<int64_t>(image.height) - 1);
  return image.rgb.data() +
         3 * (static_cast<size_t>(row) * image.width + static_cast<size_t>(column));
}

static int64_t pixels_of(const Image& image, double share) {
  const auto side = static_cast<double>(std::min(image.width, image.height));
  return std::max<int64_t>(1, std::llround(share * side));
}

// The mean over 2 · reach + 1 pixels along one axis.
static void blur_along(Image& image, int64_t reach, bool across) {
  const Image from = image;
  for (size_t y = 0; y < image.height; ++y) {
    for (size_t x = 0; x < image.width; ++x) {
      for (size_t channel = 0; channel < 3; ++channel) {
        double sum = 0;
        for (int64_t step = -reach; step <= reach; ++step) {
          sum += pixel(from, static_cast<int64_t>(x) + (across ? step : 0),
                       static_cast<int64_t>(y) + (across ? 0 : step))[channel];
        }
        image.rgb[3 * (y * image.width + x) + channel] =
            to_byte(sum / static_cast<double>(2 * reach + 1));
      }
    }
  }
}

static void blur(Payload& payload, double amount, Rng&) {
  change_pixels(payload, [&](Image& image) {
    blur_along(image, pixels_of(image, amount), true);
    blur_along(image, pixels_of(image, amount), false);
  });
}

static void shift(Payload& payload, double amount, Rng& rng) {
  change_pixels(payload, [&](Image& image) {
    const Image from = image;
    const int64_t step = pixels_of(image, amount);
    const int64_t right = rng.below(2) == 0 ? step : -step;
    const int64_t down = rng.below(2) == 0 ? step : -step;
    for (size_t y = 0; y < image.height; ++y) {
      for (size_t x = 0; x < image.width; ++x) {
        std::copy_n(pixel(from, static_cast<int64_t>(x) - right, static_cast<int64_t>(y) - down), 3,
                    image.rgb.data() + 3 * (y * image.width + x));
      }
    }
  });
}

std::vector<Perturbation> image_perturbations() {
  return {{"noise",
           "Normal noise on every pixel.",
           "steps of 0 … 255",
           {0, 8, 16, 32, 48, 64},
           add_noise},
          {"brightness",
           "Every pixel lighter.",
           "steps of 0 … 255",
           {0, 16, 32, 64, 96, 128},
           brighten},
          {"blur",
           "Each pixel the mean of its surroundings, a square.",
           "reach as a share of the shorter side, at least one pixel",
           {0, 0.02, 0.04, 0.07, 0.1, 0.15},
           blur},
          {"shift",
           "Moved along both axes; the edge is repeated.",
           "share of the shorter side, at least one pixel",
           {0, 0.03, 0.06, 0.1, 0.15, 0.2},
           shift}};
}

}  // namespace querist::loop
