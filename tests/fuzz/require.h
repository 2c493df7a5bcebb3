// What has to hold for every input; the fuzzer keeps the input for which it does not.
#pragma once

#include <cstdio>
#include <cstdlib>

#define REQUIRE_ALWAYS(condition)                                                  \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                \
    }                                                                              \
  } while (false)
