// Whether every number is finite.
#pragma once

#include "base/matrix.h"

namespace querist::kernels {

bool all_finite(const Features& features);

}  // namespace querist::kernels
