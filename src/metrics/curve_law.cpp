// Each law and its inverse.
#include "metrics/curve_law.h"

#include <algorithm>
#include <cmath>

namespace querist::metrics {

std::string_view curve_form_word(CurveForm form) {
  constexpr std::string_view words[] = {"power_law", "exponential", "mmf"};
  return words[static_cast<size_t>(form)];
}

double CurveLaw::g(double labels) const {
  switch (form) {
    case CurveForm::power_law:
      return std::pow(labels, -c);
    case CurveForm::exponential:
      return std::exp(-c * labels);
    case CurveForm::mmf:
      break;
  }
  return 1 / (1 + std::pow(labels / half, c));
}

double CurveLaw::error(double labels) const { return std::clamp(a + b * g(labels), 0.0, 1.0); }

std::optional<double> CurveLaw::labels_to(double error) const {
  const double left = error - a;
  if (left >= 0 && b == 0) return 0;
  if (left <= 0) return std::nullopt;
  const double share = left / b;  // Of b, that g must have fallen to.
  switch (form) {
    case CurveForm::power_law:
      return std::pow(share, -1 / c);
    case CurveForm::exponential:
      return share >= 1 ? 0 : -std::log(share) / c;
    case CurveForm::mmf:
      break;
  }
  return share >= 1 ? 0 : half * std::pow(1 / share - 1, 1 / c);
}

}  // namespace querist::metrics
