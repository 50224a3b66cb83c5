// Whether a model has seen enough to be asked.
#pragma once

#include <cstdint>
#include <span>

namespace querist::loop {

// Two labels a class on average, and of two classes at least. A strategy that can do without a
// model does so where this is false. (No proof by cross-validation is asked: with few labels it
// fails models that choose well, see decision 0008.)
bool is_usable(std::span<const int32_t> labels, size_t classes);

}  // namespace querist::loop
