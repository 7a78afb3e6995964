// SPDX-License-Identifier: BSD-3-Clause
// A bug on purpose: a signed sum that overflows. The test passes when UndefinedBehaviorSanitizer reports it.
#include <limits.h>

int main(int argc, char **argv) {
  (void)argv;
  volatile int largest = INT_MAX;
  return largest + argc < 0 ? 0 : 2;
}
