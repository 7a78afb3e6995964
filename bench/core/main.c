// SPDX-License-Identifier: BSD-3-Clause
// Core overhead benchmark: what a call through the core costs, in nanoseconds and (with --count under callgrind, see bench/callgrind.sh) in
// instructions. Nothing here judges a time; the reader does.
#include "bench.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: trivet_bench_core [--json FILE] [--toy FILE.so]\n"
    "       trivet_bench_core --list\n"
    "       trivet_bench_core --count NAME N\n\n"
    "Times f32 addition through the core, the same kernel called directly, and submitting to the asynchronous example.\n\n"
    "  --json FILE    the figures in google-benchmark's form as well\n"
    "  --toy FILE.so  the example plugin; default: examples/trivet_toy.so of the build\n"
    "  --list         names of the cases\n"
    "  --count        runs a case, or \"all\" on the host, N times and prints its name: for counting instructions\n";

bool complain(const char *what) {
  fprintf(stderr, "bench: %s\n", what ? what : rt_last_error());
  return false;
}

bench_case *add_case(bench *all, const char *name) {
  bench_case *grown = realloc(all->at, (all->n + 1) * sizeof *grown);
  if (!grown) {
    complain("out of memory");
    exit(1);
  }
  all->at = grown;
  bench_case *c = memset(&grown[all->n++], 0, sizeof *c);
  snprintf(c->name, sizeof c->name, "%s", name);
  return c;
}

bench_case *find_case(bench *all, const char *name) {
  for (size_t i = 0; i < all->n; i++) if (strcmp(all->at[i].name, name) == 0) return &all->at[i];
  return NULL;
}

// examples/trivet_toy.so of the build that this program belongs to, NULL when it is not there.
static const char *default_toy(void) {
  static char path[1200];
  char self[1024];
  ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  if (n <= 0) return NULL;
  self[n] = '\0';
  for (int up = 0; up < 2; up++) {
    char *slash = strrchr(self, '/');
    if (!slash) return NULL;
    *slash = '\0';
  }
  snprintf(path, sizeof path, "%s/examples/trivet_toy.so", self);
  return access(path, R_OK) == 0 ? path : NULL;
}

// Does nothing: callgrind writes down what it has counted whenever this is entered (--dump-before=bench_mark).
__attribute__((noinline)) void bench_mark(void);
void bench_mark(void) { __asm__ volatile(""); }

// Runs one case, or all but the device's (its worker waits in a loop whose length depends on the clock), n times each between marks.
static bool count_cases(bench *all, const char *name, const char *times) {
  bool every = strcmp(name, "all") == 0;
  char *end;
  long long n = strtoll(times, &end, 10);
  if (!every && !find_case(all, name)) return complain("there is no such case: --list shows them");
  if (*end || n < 1) return complain("--count takes a name and a number from 1");
  for (size_t i = 0; i < all->n; i++) {
    bench_case *c = &all->at[i];
    if (every ? c->finish != NULL : strcmp(c->name, name) != 0) continue;
    bench_mark();
    if (!c->run(c, n) || (c->finish && !c->finish(c))) return complain(NULL);
    bench_mark();
    printf("%s\n", c->name);
  }
  return true;
}

int main(int argc, char **argv) {
  static const struct option longs[] = {{"json", required_argument, NULL, 'j'}, {"toy", required_argument, NULL, 't'}, {"list", no_argument, NULL, 'l'},
      {"count", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}, {0}};
  const char *json = NULL, *count = NULL;
  bool list = false, usage = false;
  bench all = {.toy_path = default_toy()};
  for (int c; (c = getopt_long(argc, argv, "h", longs, NULL)) != -1;) {
    if (c == 'j') json = optarg;
    else if (c == 't') all.toy_path = optarg;
    else if (c == 'l') list = true;
    else if (c == 'c') count = optarg;
    else if (c == 'h') return fputs(help, stdout) == EOF;
    else usage = true;
  }
  if (usage || argc - optind != (count ? 1 : 0)) return fputs(help, stderr), 2;
  bool good = make_cases(&all);
  if (good && list) {
    for (size_t i = 0; i < all.n; i++) printf("%s\n", all.at[i].name);
  } else if (good && count) {
    good = count_cases(&all, count, argv[optind]);
  } else if (good) {
    print_head();
    if ((good = take_samples(&all))) print_tables(&all);
    if (good && json) good = write_json(&all, json);
  }
  free_cases(&all);
  return good ? 0 : 1;
}
