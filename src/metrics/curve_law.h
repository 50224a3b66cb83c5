// The laws that learning curves are fitted with, all of the form error(m) = a + b g(m) with g
// falling from at most 1 or from infinity to 0 (Viering and Loog 2022 compare them).
#pragma once

#include <optional>
#include <string_view>

namespace querist::metrics {

// The folk's power law, m^-c (Cortes et al. 1993); exponential, e^(-c m); and the sigmoid of
// Morgan, Mercer and Flodin (1975), 1 / (1 + (m / half)^c), which starts flat and ends as a power
// law.
enum class CurveForm { power_law, exponential, mmf };
std::string_view curve_form_word(CurveForm form);  // power_law, exponential, mmf.

struct CurveLaw {
  double a = 0;  // The error that no number of labels removes.
  double b = 0;  // At least 0, as is a; 0: a flat curve.
  double c = 1;  // An exponent; of the exponential a rate per label. Above 0.
  CurveForm form = CurveForm::power_law;
  double half = 1;  // Of mmf: the labels after which half of b is gone.

  double g(double labels) const;
  double error(double labels) const;  // Within [0, 1].
  // The labels at which the error has fallen to the given one. Nothing: it never does. 0 where it
  // lies below from the first label on.
  std::optional<double> labels_to(double error) const;
};

}  // namespace querist::metrics
