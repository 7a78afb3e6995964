// SPDX-License-Identifier: BSD-3-Clause
// A bug on purpose: reads one byte past the end of a block. The test passes when AddressSanitizer reports it, so a build whose sanitizer is
// silent is noticed.
#include <stdlib.h>

int main(int argc, char **argv) {
  (void)argv;
  char *volatile bytes = calloc(8, 1); // volatile: the compiler must not know the size
  if (!bytes) return 1;
  char past_the_end = bytes[7 + argc];
  free(bytes);
  return past_the_end == 1 ? 2 : 0;
}
