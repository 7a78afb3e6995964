// SPDX-License-Identifier: BSD-3-Clause
// Times Trivet and one other library in one process, in turns, on the jobs of cases.def that both can do, and prints a table in Markdown: medians,
// quartiles, rates, ratios. Both must compute the same thing, or the program ends.
#include "contest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define ROUNDS 21
#define EQUAL 1.10
#define SAMPLE_NS 1e6
#define SETTLE_NS 8000000 // after which the workers of the other library have stopped to spin (OpenMP's: 300,000 turns of 20 ns)
#define WARM_NS 20e6      // of calls before a sample, with threads: a virtual processor that slept runs slowly at first
#define PATIENCE_NS 1e9   // that all samples of one job may take; then there are fewer, but at least 5

typedef struct extents {
  int32_t rank;
  int64_t extent[5];
} extents;
#define SIZES(name, ...) static const extents name[] = {__VA_ARGS__};
#include "../cases.def"
static const extents SMALL[] = {{1, {8}}, {1, {32}}, {2, {100, 100}}, {2, {500, 500}}, {2, {1000, 1000}}};

// What the letters mean: the head of cases.def. An output "": of reductions, one number.
typedef struct row {
  const char *name, *a, *b, *c, *out;
  const extents *sizes;
  size_t n_sizes;
  int32_t stride, pad;
  bool makes;
  double flops;
} row;
#define OF(sizes) sizes, COUNT(sizes)
static const row rows[] = {
  {"matmul", "AB", "BC", "", "AC", OF(GEMM), 0, 0, false, 2},
  {"matmul_nt", "AB", "BC.T", "", "AC", OF(GEMM_T), 0, 0, false, 2},
  {"matmul_skinny", "AB", "BC", "", "AC", OF(SKINNY), 0, 0, false, 2},
  {"matmul_batched", "ABC", "ACD", "", "ABD", OF(BATCHES), 0, 0, false, 2},
  {"matvec", "AB", "B", "", "A", OF(SQUARE), 0, 0, false, 2},
  {"vecmat", "A", "AB", "", "B", OF(SQUARE), 0, 0, false, 2},
  {"conv_3x3", "ABCD", "EB33", "E", "AECD", OF(CONV), 1, 1, false, 18},
  {"conv_1x1", "ABCD", "EB11", "E", "AECD", OF(POINT), 1, 0, false, 2},
  {"conv_depthwise", "ABCD", "E133", "E", "AECD", OF(DEPTH), 1, 1, false, 18},
  {"conv_7x7s2", "ABCD", "EB77", "E", "AExy", OF(STEM), 2, 3, false, 24.5}, // x, y: half of C, D
  {"add", "*", "*", "", "*", OF(SMALL), 0, 0, true, 0},
  {"add_scalar", "*", "", "", "*", OF(SMALL), 0, 0, true, 0},
  {"relu", "*", "", "", "*", OF(SMALL), 0, 0, true, 0},
  {"tanh", "*", "", "", "*", OF(SMALL), 0, 0, true, 0},
  {"exp", "*", "", "", "*", OF(SMALL), 0, 0, true, 0},
  {"gelu", "*", "", "", "*", OF(SMALL), 0, 0, true, 0},
  {"softmax", "*", "", "", "*", OF(SMALL), 0, 0, true, 0},
  {"sum", "*", "", "", "", OF(SMALL), 0, 0, true, 0},
  {"max", "*", "", "", "", OF(SMALL), 0, 0, true, 0},
  {"layer_norm", "*", "Z", "Z", "*", OF(SMALL), 0, 0, true, 0},
};

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

// ---- jobs -------------------------------------------------------------------------------------------------------------------------------
static bool make_operand(operand *o, const char *spec, const extents *size, unsigned seed) {
  *o = (operand){0};
  for (; *spec && *spec != '.'; spec++) {
    if (*spec == '*') {
      o->rank = size->rank;
      memcpy(o->shape, size->extent, sizeof o->shape);
    } else {
      o->shape[o->rank++] = *spec >= '0' && *spec <= '9' ? *spec - '0'
                            : *spec == 'x'               ? size->extent[2] / 2
                            : *spec == 'y'               ? size->extent[3] / 2
                            : *spec == 'Z'               ? size->extent[size->rank - 1]
                                                         : size->extent[*spec - 'A'];
    }
  }
  o->transposed = *spec == '.';
  size_t n = 1;
  for (int32_t i = 0; i < o->rank; i++) n *= (size_t)o->shape[i];
  if (!(o->data = aligned_alloc(64, (n * sizeof *o->data + 63) / 64 * 64))) return false;
  for (size_t i = 0; i < n; i++, seed = seed * 1664525u + 1013904223u) o->data[i] = (float)(seed >> 8) * 0x1p-22f - 2; // -2 to 2
  return true;
}

static void name_job(job *j, const row *r, const extents *size, bool given) {
  *j = (job){.row = r->name,
             .given = given,
             .stride = r->stride,
             .pad = r->pad,
             .groups = strcmp(r->name, "conv_depthwise") == 0 ? (int32_t)size->extent[1] : 1};
  int n = snprintf(j->name, sizeof j->name, "%s/f32/", r->name);
  double product = 1;
  for (int32_t i = 0; i < size->rank; i++) {
    n += snprintf(j->name + n, sizeof j->name - (size_t)n, "%s%lld", i ? "x" : "", (long long)size->extent[i]);
    product *= (double)size->extent[i];
  }
  snprintf(j->name + n, sizeof j->name - (size_t)n, "/%s", given ? "given" : "new");
  j->flops = r->flops * product / (j->groups > 1 ? (double)size->extent[1] : 1);
}

static bool make_operands(job *j, const row *r, const extents *size) {
  bool ok = make_operand(&j->a, r->a, size, 1) && make_operand(&j->out, r->out, size, 4);
  return ok && (!*r->b || make_operand(&j->b, r->b, size, 2)) && (!*r->c || make_operand(&j->c, r->c, size, 3));
}

static void free_job(job *j) { free(j->a.data), free(j->b.data), free(j->c.data), free(j->out.data); }

// ---- measuring --------------------------------------------------------------------------------------------------------------------------
typedef struct timing {
  const contender *who;
  void *state;
  int64_t n;
  double ns[ROUNDS], once, median, low, high;
} timing;

static double run_ns(timing *t, int64_t n) {
  double start = now_ns();
  if (!t->who->run(t->state, n)) exit(EXIT_FAILURE);
  return now_ns() - start;
}

static void calibrate(timing *t) {
  run_ns(t, 1);
  double ns;
  for (t->n = 1; (ns = run_ns(t, t->n)) < SAMPLE_NS / 20; t->n *= 4) {}
  const double one = ns / (double)t->n;
  t->n = one < SAMPLE_NS ? (int64_t)ceil(SAMPLE_NS / one) : 1;
  t->once = one * (double)t->n;
}

static int compare_doubles(const void *a, const void *b) {
  return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static void measure(timing *both, int32_t n_threads) {
  calibrate(&both[0]), calibrate(&both[1]);
  double rounds = PATIENCE_NS / (both[0].once + both[1].once);
  int n = rounds > ROUNDS ? ROUNDS : rounds < 5 ? 5 : (int)rounds;
  for (int r = 0; r < n; r++)
    for (int k = 0; k < 2; k++) {
      timing *t = &both[(r + k) % 2];
      if (n_threads > 1) nanosleep(&(struct timespec){0, SETTLE_NS}, NULL);
      for (double spent = 0; spent < (n_threads > 1 ? WARM_NS : 1);) spent += run_ns(t, t->n / 8 + 1);
      t->ns[r] = run_ns(t, t->n) / (double)t->n;
    }
  for (timing *t = both; t < both + 2; t++) {
    qsort(t->ns, (size_t)n, sizeof *t->ns, compare_doubles);
    t->median = t->ns[n / 2], t->low = t->ns[n / 4], t->high = t->ns[n - 1 - n / 4];
  }
}

static bool agree(const job *j, timing *both) {
  size_t n = 1;
  for (int32_t i = 0; i < j->out.rank; i++) n *= (size_t)j->out.shape[i];
  operand second = j->out;
  if (!(second.data = malloc(n * sizeof *second.data))) return false;
  run_ns(&both[0], 1), run_ns(&both[1], 1);
  both[1].who->read(both[1].state, &second); // the peer first: it may have computed in j->out itself
  both[0].who->read(both[0].state, &j->out);
  double worst = 0, most = 1;
  for (size_t i = 0; i < n; i++)
    worst = fmax(worst, fabs((double)j->out.data[i] - second.data[i])), most = fmax(most, fabs(second.data[i]));
  free(second.data);
  if (worst <= 1e-4 * most) return true;
  fprintf(stderr, "contest: %s: %s and %s differ by %g where the largest value is %g\n", j->name, ours.name, peer.name, worst, most);
  return false;
}

// ---- the report -------------------------------------------------------------------------------------------------------------------------
static void print_time(const timing *t, double flops) {
  printf(" %.4g | %.4g to %.4g |", t->median / 1e3, t->low / 1e3, t->high / 1e3);
  if (flops > 0) printf(" %.3g |", flops / t->median);
  else printf(" |");
}

typedef struct score {
  double logs;
  int n, n_wins, n_losses;
} score;

static bool compete(const row *r, const extents *size, bool given, int32_t n_threads, const char *filter, score *s) {
  job j;
  timing both[2] = {{.who = &ours}, {.who = &peer}};
  name_job(&j, r, size, given);
  if (!strstr(j.name, filter)) return true;
  bool ok = make_operands(&j, r, size);
  if (!ok) fprintf(stderr, "contest: no memory for %s\n", j.name);
  if (ok && (both[1].state = peer.prepare(&j)) && (both[0].state = ours.prepare(&j)) && (ok = agree(&j, both))) {
    measure(both, n_threads);
    double ratio = both[1].median / both[0].median;
    const char *mark = ratio <= 1 / EQUAL ? "**" : "";
    printf("| %s |", j.name);
    print_time(&both[0], j.flops), print_time(&both[1], j.flops);
    printf(" %s%.2f%s |\n", mark, ratio, mark);
    fflush(stdout);
    s->logs += log(ratio), s->n++, s->n_wins += ratio >= EQUAL, s->n_losses += ratio <= 1 / EQUAL;
  }
  for (int k = 0; k < 2; k++)
    if (both[k].state) both[k].who->finish(both[k].state);
  free_job(&j);
  return ok;
}

// Libraries read these when they are loaded, that is before main: starts the program again.
static void set_environment(char **argv, const char *n_threads) {
  if (getenv("TRIVET_CONTEST")) return;
  const char *value = NULL, *name = peer.environment ? peer.environment(&value) : NULL;
  setenv("TRIVET_CONTEST", "1", 1), setenv("OMP_NUM_THREADS", n_threads, 1), setenv("OPENBLAS_NUM_THREADS", n_threads, 1),
    setenv("OPENBLAS_THREAD_TIMEOUT", "20", 1); // 2^20 cycles of spinning, not 2^26
  if (name) setenv(name, value, 0);
  execv("/proc/self/exe", argv);
}

int main(int argc, char **argv) {
  const char *threads = argc > 1 ? argv[1] : "1", *filter = argc > 2 ? argv[2] : "";
  int32_t n_threads = (int32_t)strtol(threads, NULL, 10);
  if (argc > 3 || n_threads < 1)
    return fprintf(stderr, "Usage: %s [THREADS] [PART_OF_A_NAME]\nTimes %s beside Trivet.\n", argv[0], peer.name), 2;
  set_environment(argv, threads);
  char text[2][256];
  if (!ours.start(n_threads, text[0], sizeof text[0]) || !peer.start(n_threads, text[1], sizeof text[1])) return EXIT_FAILURE;
  printf("%s beside %s, %d thread%s, medians of up to %d samples in turns.\n\n", text[1], text[0], n_threads, n_threads == 1 ? "" : "s",
         ROUNDS);
  printf("| case | Trivet µs | quartiles | GFLOP/s | %s µs | quartiles | GFLOP/s | %s's time / ours |\n|---|---|---|---|---|---|---|---|\n",
         peer.name, peer.name);
  score s = {0};
  for (const row *r = rows; r < rows + COUNT(rows); r++)
    for (size_t i = 0; i < r->n_sizes; i++)
      for (int given = r->makes ? 0 : 1; given < (*r->out ? 2 : 1); given++)
        if (!compete(r, &r->sizes[i], given, n_threads, filter, &s)) return EXIT_FAILURE;
  if (s.n == 0) return fprintf(stderr, "contest: nothing is called like '%s'\n", filter), EXIT_FAILURE;
  printf("\nGeometric mean %.2f; %d wins, %d equal, %d losses of %d cases.\n", exp(s.logs / s.n), s.n_wins, s.n - s.n_wins - s.n_losses,
         s.n_losses, s.n);
  return EXIT_SUCCESS;
}
