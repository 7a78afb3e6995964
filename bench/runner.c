// SPDX-License-Identifier: BSD-3-Clause
// Takes samples. All subjects take turns, in another order each time, so that a disturbance of some seconds hits all of them alike and nobody
// always follows the same neighbour; before each sample some untimed calls bring back what the neighbours drove out of the caches.
#include "suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static double clock_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

static uint64_t minor_faults(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_minflt : 0;
}

static int failed(const subject *s) {
  const char *sentence = rt_last_error();
  return fail("bench: %s: %s", s->name, *sentence ? sentence : "it failed without a sentence");
}

// How many calls fill a sample; also the warm-up, which makes the pool, the caches and the clock of the processor ready.
static int calibrate(subject *s, const effort *how) {
  int64_t n = 1;
  double took;
  for (;;) {
    if ((took = s->run(s->self, n)) < 0) return failed(s);
    if (took >= how->sample_ns / 2 || n >= (int64_t)1 << 40) break;
    n = took < how->sample_ns / 100 ? n * 10 : (int64_t)(1.1 * (double)n * how->sample_ns / took) + 1;
  }
  if (n == 1 && took < how->patience_ns && (took = s->run(s->self, 1)) < 0) return failed(s); // the first call ever says too much
  double each = took / (double)n;
  s->reps = each < how->sample_ns ? (int64_t)ceil(how->sample_ns / fmax(each, 1e-3)) : 1;
  double total = 2 * each * (double)s->reps * how->n_samples;
  s->n_wanted = total <= how->patience_ns || how->n_samples < 3 ? how->n_samples : (int32_t)fmax(3, how->n_samples * how->patience_ns / total);
  s->ns = grow(NULL, (size_t)s->n_wanted, sizeof *s->ns);
  s->cpu_ns = grow(NULL, (size_t)s->n_wanted, sizeof *s->cpu_ns);
  return EXIT_OK;
}

static int take_sample(subject *s) {
  int64_t n_warm = s->reps / 8 + 1;
  if (s->run(s->self, n_warm) < 0) return failed(s);
  uint64_t faults = minor_faults();
  double cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID), took = s->run(s->self, s->reps);
  if (took < 0) return failed(s);
  s->cpu_ns[s->n_samples] = (clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (double)s->reps;
  s->n_faults += minor_faults() - faults;
  s->n_calls += (uint64_t)s->reps;
  s->ns[s->n_samples++] = took / (double)s->reps;
  return EXIT_OK;
}

static void shuffle(size_t *order, size_t n, uint64_t *state) {
  for (size_t i = n; i > 1; i--) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    size_t k = (size_t)(*state >> 33) % i, kept = order[i - 1];
    order[i - 1] = order[k];
    order[k] = kept;
  }
}

int run_subjects(subject *const *all, size_t n, const effort *how) {
  const bool shows = how->show_progress && isatty(STDERR_FILENO);
  int code = EXIT_OK;
  for (size_t i = 0; code == EXIT_OK && i < n; i++) {
    if (shows) fprintf(stderr, "\r\033[Kwarming up %zu of %zu: %s", i + 1, n, all[i]->name);
    code = calibrate(all[i], how);
  }
  size_t *order = grow(NULL, n, sizeof *order);
  uint64_t state = 42;
  for (size_t i = 0; i < n; i++) order[i] = i;
  for (int32_t round = 0; code == EXIT_OK && round < how->n_samples; round++) {
    shuffle(order, n, &state);
    for (size_t i = 0; code == EXIT_OK && i < n; i++) {
      subject *s = all[order[i]];
      // Those that want fewer samples than there are rounds take them evenly spread.
      if ((int64_t)s->n_samples * how->n_samples > (int64_t)round * s->n_wanted) continue;
      if (shows && i % 16 == 0) fprintf(stderr, "\r\033[Ksample %d of %d: %zu of %zu", round + 1, how->n_samples, i + 1, n);
      code = take_sample(s);
    }
  }
  if (shows) fprintf(stderr, "\r\033[K");
  free(order);
  for (size_t i = 0; code == EXIT_OK && i < n; i++) {
    all[i]->time = figures_of(all[i]->ns, all[i]->n_samples);
    all[i]->cpu_time = median_of(all[i]->cpu_ns, all[i]->n_samples);
  }
  return code;
}

void subject_free(subject *s) {
  free(s->ns);
  free(s->cpu_ns);
  s->ns = s->cpu_ns = NULL;
}
