// What this machine can do at best, measured where the benchmarks run, and what it was doing.
#pragma once

#include <string>

#include "base/matrix.h"

namespace querist::bench {

// Bytes a second that all threads read from half features, the best of five passes.
double read_bandwidth(const Features& x);

// Multiply-adds of float32 a second by all threads, counted as two, with all operands in registers
// of the widest vectors allowed; the best of five tries.
double peak_flops();

std::string vector_name();  // Highway's name of those vectors.
double load_average();      // Of the last minute; -1: unknown.
std::string processor_model();

}  // namespace querist::bench
