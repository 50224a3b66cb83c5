// A broken invariant is a bug and stops the program, in release builds too.
#pragma once

#include <cstdio>
#include <cstdlib>

#define QUERIST_CHECK(condition)                                                             \
  do {                                                                                       \
    if (!(condition)) {                                                                      \
      std::fprintf(stderr, "%s:%d: broken invariant: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)
