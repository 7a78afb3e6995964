// SPDX-License-Identifier: BSD-3-Clause
// A bug on purpose: two threads count in one variable without a lock. The test passes when ThreadSanitizer reports it.
#include <pthread.h>

static int counter;

static void *count(void *arg) {
  (void)arg;
  for (int i = 0; i < 1000; i++) counter++;
  return NULL;
}

int main(void) {
  pthread_t other;
  if (pthread_create(&other, NULL, count, NULL) != 0) return 1;
  count(NULL);
  pthread_join(other, NULL);
  return counter == 0;
}
