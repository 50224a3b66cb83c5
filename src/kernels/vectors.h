// Which vector instructions the kernels use: the widest that the machine has, or fewer.
#pragma once

#include <string_view>
#include <vector>

namespace querist::kernels {

// The names that limit_vectors takes and that this machine can run, narrowest first: sse4, avx2,
// avx512.
std::vector<std::string_view> supported_vectors();

// No kernel uses wider vectors from its next call on; "widest" lifts the limit. Throws
// invalid_argument on a name that is none or that the machine cannot run. Not while a kernel runs.
void limit_vectors(std::string_view widest);

}  // namespace querist::kernels
