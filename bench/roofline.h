// What this machine can do at best, measured where the benchmarks run, and what it was doing.
#pragma once

#include <string>

#include "base/matrix.h"

namespace querist::bench {

// How much all threads together did in a second of the clock, and in a second of processor time
// that they had: on a busy machine the second says more.
struct Rate {
  double wall = 0;
  double processor = 0;
};

// Bytes read from half features, the best of five passes.
Rate read_bandwidth(const Features& x);

// Multiply-adds of float32, counted as two, with all operands in registers of the widest vectors
// allowed; the best of five tries.
Rate peak_flops();

std::string vector_name();  // Highway's name of those vectors.
double load_average();      // Of the last minute; -1: unknown.
std::string processor_model();

}  // namespace querist::bench
