// SPDX-License-Identifier: BSD-3-Clause
// Takes the samples and shows them: a table on stdout, JSON in the form of google-benchmark.
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define SAMPLE_NS 60000.0 // a sample is as many calls as fit into this, so that reading the clock does not count
#define SUBMIT_CALLS 64   // a sample of the device's: a burst that its queue swallows

#if defined(__clang__)
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OPTIMIZED "with a sanitizer: figures mean nothing"
#elif defined(__OPTIMIZE__)
#define OPTIMIZED "optimized"
#else
#define OPTIMIZED "not optimized: figures mean nothing"
#endif

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void quartiles(const double *values, double *median, double *low, double *high) {
  double sorted[SAMPLES];
  memcpy(sorted, values, sizeof sorted);
  qsort(sorted, SAMPLES, sizeof *sorted, compare);
  *low = sorted[SAMPLES / 4], *median = sorted[SAMPLES / 2], *high = sorted[SAMPLES - 1 - SAMPLES / 4];
}

static bool take_sample(bench_case *c, int64_t n_calls, double *out_ns) {
  double start = now_ns();
  bool good = c->run(c, n_calls);
  *out_ns = (now_ns() - start) / (double)n_calls;
  return good && (!c->finish || c->finish(c));
}

// How many calls a sample holds; this is also the warm-up.
static bool calibrate(bench_case *c) {
  if (c->finish) {
    c->n_calls = SUBMIT_CALLS;
    return true;
  }
  for (c->n_calls = 16;; c->n_calls *= 2) {
    double ns;
    if (!take_sample(c, c->n_calls, &ns)) return false;
    if (ns * (double)c->n_calls >= SAMPLE_NS / 2) return true;
  }
}

bool take_samples(bench *all) {
  for (size_t i = 0; i < all->n; i++) if (!calibrate(&all->at[i])) return complain(NULL);
  uint32_t random = 1;
  for (int round = 0; round < SAMPLES; round++) {
    size_t first = (random = random * 1664525u + 1013904223u) % all->n; // each round starts elsewhere
    for (size_t i = 0; i < all->n; i++) {
      bench_case *c = &all->at[(first + i) % all->n];
      if (!take_sample(c, c->n_calls, &c->ns[round])) return complain(NULL);
    }
  }
  for (size_t i = 0; i < all->n; i++) quartiles(all->at[i].ns, &all->at[i].median, &all->at[i].low, &all->at[i].high);
  return true;
}

overhead overhead_of(bench *all, const char *name) {
  const bench_case *total = find_case(all, name), *direct = find_case(all, "direct/4");
  double difference[SAMPLES];
  for (int i = 0; i < SAMPLES; i++) difference[i] = total->ns[i] - direct->ns[i];
  overhead o = {.total = total->median, .direct = direct->median};
  quartiles(difference, &o.overhead, &o.low, &o.high);
  return o;
}

// ---- the machine -----------------------------------------------------------------------------------------------------------------------------
// The first line of a file after "key" and what separates it from the value; "?" when there is none.
static void read_line(const char *path, const char *key, char *out, size_t bytes) {
  snprintf(out, bytes, "?");
  FILE *file = fopen(path, "re");
  char line[512];
  while (file && fgets(line, sizeof line, file)) {
    if (strncmp(line, key, strlen(key)) != 0) continue;
    const char *value = line + strlen(key) + strspn(line + strlen(key), " \t:");
    snprintf(out, bytes, "%.*s", (int)strcspn(value, "\n"), value);
    break;
  }
  if (file) fclose(file);
}

// The folder that the build lives in, which bears the name of its preset: .../build/release/bin/program.
static void read_preset(char *out, size_t bytes) {
  char path[1024];
  ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
  snprintf(out, bytes, "?");
  if (n <= 0) return;
  path[n] = '\0';
  for (int up = 0; up < 2; up++) {
    char *slash = strrchr(path, '/');
    if (!slash) return;
    *slash = '\0';
  }
  const char *slash = strrchr(path, '/');
  snprintf(out, bytes, "%.63s", slash ? slash + 1 : path);
}

typedef struct machine { char processor[128], load[64], governor[32], preset[64]; struct utsname os; long n_processors; } machine;

static machine read_machine(void) {
  machine m = {.n_processors = sysconf(_SC_NPROCESSORS_ONLN)};
  read_line("/proc/cpuinfo", "model name", m.processor, sizeof m.processor);
  read_line("/proc/loadavg", "", m.load, sizeof m.load);
  read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "", m.governor, sizeof m.governor);
  read_preset(m.preset, sizeof m.preset);
  if (uname(&m.os) != 0) memset(&m.os, 0, sizeof m.os);
  return m;
}

void print_head(void) {
  machine m = read_machine();
  printf("trivet %s, core overhead\n", rt_version());
  printf("machine    %s, %ld processors, %s %s, governor %s, load %s\n", m.processor, m.n_processors, m.os.sysname, m.os.release,
      m.governor, m.load);
  printf("build      %s (%s), %s\n", m.preset, OPTIMIZED, COMPILER);
  printf("samples    %d per case in turns; nanoseconds per call: median [quartiles]\n", SAMPLES);
}

// ---- tables ------------------------------------------------------------------------------------------------------------------------------------
static void print_cell(bench *all, const char *form, const char *layout, int n, int n_layers) {
  char name[48], text[40] = "-";
  snprintf(name, sizeof name, "%s/%s/%d/layers:%d", form, layout, n, n_layers);
  const bench_case *c = find_case(all, name);
  if (c) snprintf(text, sizeof text, "%.1f [%.1f %.1f]", c->median, c->low, c->high);
  printf("  %22s", text);
}

void print_tables(bench *all) {
  static const int sizes[] = {1, 4, 8, 32, 4096};
  static const char *const layouts[] = {"dense", "one", "row"}, *const forms[] = {"add_into", "add"};
  printf("\nf32 addition on cpu_ref, one thread; one: [n] + [1], row: [n/4,4] + [4]; add includes the release of its result\n");
  printf("%-6s %6s  %22s  %22s  %22s  %22s\n", "layout", "n", "rt_add_into", "with 1 layer", "rt_add", "with 1 layer");
  for (size_t l = 0; l < COUNT(layouts); l++)
    for (size_t i = 0; i < COUNT(sizes); i++) {
      if ((l == 1 && sizes[i] == 1) || (l == 2 && sizes[i] < 8)) continue;
      printf("%-6s %6d", layouts[l], sizes[i]);
      for (size_t f = 0; f < COUNT(forms); f++)
        for (int n_layers = 0; n_layers < 2; n_layers++) print_cell(all, forms[f], layouts[l], sizes[i], n_layers);
      printf("\n");
    }
  printf("\nCore overhead of 4 elements: the call less a direct call of the same kernel, sampled in the same round\n");
  printf("%-12s %8s %8s %10s  %s\n", "", "total", "direct", "overhead", "quartiles");
  for (size_t f = 0; f < COUNT(forms); f++) {
    char name[48];
    snprintf(name, sizeof name, "%s/dense/4/layers:0", forms[f]);
    overhead o = overhead_of(all, name);
    printf("rt_%-9s %8.1f %8.1f %10.1f  [%.1f %.1f]\n", forms[f], o.total, o.direct, o.overhead, o.low, o.high);
  }
  const bench_case *burst = find_case(all, "submit/64/sync:0"), *synced = find_case(all, "submit/64/sync:64");
  if (!burst) {
    printf("\nSubmit to the asynchronous example: SKIPPED, trivet_toy.so was not found (--toy FILE names it)\n");
    return;
  }
  printf("\nrt_add_into of 64 f32 that live on the asynchronous example `toy`\n");
  printf("submit alone, %d in a burst     %8.1f [%.1f %.1f]\n", SUBMIT_CALLS, burst->median, burst->low, burst->high);
  printf("with rt_ctx_sync every 64       %8.1f [%.1f %.1f]\n", synced->median, synced->low, synced->high);
}

// Machine facts are plain text; quotes and backslashes would break the string.
static void json_string(FILE *file, const char *key, const char *value) {
  fprintf(file, "    \"%s\": \"", key);
  for (; *value; value++) if (*value >= 0x20 && *value != '"' && *value != '\\') fputc(*value, file);
  fprintf(file, "\",\n");
}

bool write_json(bench *all, const char *path) {
  FILE *file = fopen(path, "we");
  if (!file) return complain("the JSON file cannot be written");
  machine m = read_machine();
  time_t now = time(NULL);
  char date[40];
  strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
  fprintf(file, "{\n  \"context\": {\n");
  json_string(file, "date", date);
  json_string(file, "processor", m.processor);
  json_string(file, "system", m.os.release);
  json_string(file, "load", m.load);
  json_string(file, "governor", m.governor);
  json_string(file, "preset", m.preset);
  json_string(file, "compiler", COMPILER);
  json_string(file, "library_build_type", OPTIMIZED);
  json_string(file, "trivet_version", rt_version());
  fprintf(file, "    \"num_cpus\": %ld\n  },\n  \"benchmarks\": [", m.n_processors);
  for (size_t i = 0; i < all->n; i++) {
    const bench_case *c = &all->at[i];
    fprintf(file, "%s\n    {\"name\": \"%s\", \"run_name\": \"%s\", \"run_type\": \"iteration\", \"iterations\": %lld, \"real_time\": %.3f, "
            "\"cpu_time\": %.3f, \"time_unit\": \"ns\", \"low_quartile\": %.3f, \"high_quartile\": %.3f}", i ? "," : "", c->name, c->name,
            (long long)(c->n_calls * SAMPLES), c->median, c->median, c->low, c->high);
  }
  fprintf(file, "\n  ]\n}\n");
  bool good = !ferror(file);
  return (fclose(file) == 0 && good) || complain("the JSON file cannot be written");
}
