// SPDX-License-Identifier: BSD-3-Clause
// The demo, as `make demo` runs it: reads the images, lets every backend classify them, draws a few, and compares the answers with each
// other and with those recorded when the network was trained. Exit status: 0 when they agree, 1 when not or when something is missing,
// 2 for wrong usage.
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fashion.h"

#ifndef TRIVET_SOURCE_DIR
#define TRIVET_SOURCE_DIR "." // built by hand: run it in the root of the repository, or say --model and --recorded
#endif
#define DATA "/usr/share/datasets/fashion-mnist/"

// How many labels may differ from another backend's and from the recorded ones. None: the closest decision of the network is 0.0014 apart
// (models/README.md), far beyond what rounding in another order can move, so one label that differs is a bug.
#define TOLERATED 0

static const char help[] =
  "Usage: example_fashion [OPTION]...\n"
  "Classifies the Fashion-MNIST test images with every backend that is found, and compares the answers.\n\n"
  "  --backends A,B   these, one run each (default: RT_BACKEND as one run, else every plugin that is found)\n"
  "  --limit N        only the first N images (default: all)\n"
  "  --batch N        images per call of the network, 1 to 10000 (default: 100)\n"
  "  --model FILE     the network, .onnx (default: models/fashion_cnn.onnx of the source tree)\n"
  "  --recorded FILE  its labels as the training script recorded them, .npy (default: models/fashion_cnn_labels.npy)\n"
  "  --images FILE    idx3 file, gzipped or not (default: " DATA "t10k-images-idx3-ubyte.gz)\n"
  "  --labels FILE    idx1 file, gzipped or not (default: " DATA "t10k-labels-idx1-ubyte.gz)\n"
  "  --help           this text\n\n"
  "RT_BACKEND_PATH names more folders with plugins (absolute, separated by ':'); the examples are in <build>/examples.\n"
  "NO_COLOR=1 turns colours off. The last line is \"accuracy NN.NN%\".\n";

// ---- options ---------------------------------------------------------------------------------------------------------------------------
static bool parse_count(const char *option, const char *text, int32_t most, int32_t *out) {
  char *end;
  errno = 0;
  long value = strtol(text, &end, 10);
  if (errno || end == text || *end || value < 1 || value > most) return fail("--%s %s: not a number from 1 to %d", option, text, most);
  *out = (int32_t)value;
  return true;
}

/// The exit status when the program ends here, else -1.
static int parse(int argc, char **argv, settings *set) {
  static const struct option options[] = {
    {"model", required_argument, NULL, 'm'},    {"images", required_argument, NULL, 'i'}, {"labels", required_argument, NULL, 'l'},
    {"recorded", required_argument, NULL, 'r'}, {"limit", required_argument, NULL, 'n'},  {"batch", required_argument, NULL, 'b'},
    {"backends", required_argument, NULL, 'k'}, {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
  };
  for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
    switch (c) {
      case 'm': set->model = optarg; break;
      case 'i': set->images = optarg; break;
      case 'l': set->labels = optarg; break;
      case 'r': set->recorded = optarg; break;
      case 'k': set->backends = optarg; break;
      case 'n': if (!parse_count("limit", optarg, INT32_MAX, &set->limit)) return 2; break;
      case 'b': if (!parse_count("batch", optarg, 10000, &set->batch)) return 2; break;
      case 'h': fputs(help, stdout); return 0;
      default: fputs("Try --help.\n", stderr); return 2; // getopt has said what is wrong
    }
  }
  if (optind < argc) { fail("\"%s\" is no option; try --help", argv[optind]); return 2; }
  return -1;
}

// ---- all backends ----------------------------------------------------------------------------------------------------------------------
/// The names of --backends, each a run of its own. Names that do not exist fail when they are opened.
static int32_t split_names(const char *text, backend_name *out) {
  int32_t n = 0;
  while (*text && n < MOST_BACKENDS) {
    size_t length = strcspn(text, ", ");
    if (length > 0) snprintf(out[n++], sizeof out[0], "%.*s", (int)length, text);
    text += length + (text[length] != 0);
  }
  return n;
}

/// Runs everything that was asked for; the runs that ended well are runs[0] to runs[*out_n - 1]. false when there are none, or one failed.
static bool run_backends(const settings *set, const dataset *data, run *runs, int32_t *out_n) {
  backend_name names[MOST_BACKENDS];
  const char *variable = getenv("RT_BACKEND");
  bool is_one = !set->backends && variable && *variable, is_search = !set->backends && !is_one, ok = true, has_toy = false;
  int32_t n = is_one ? 1 : is_search ? find_backends(names, MOST_BACKENDS) : split_names(set->backends, names);
  for (int32_t i = 0; i < n; i++) {
    run *r = &runs[*out_n];
    classify(set, data, is_one ? NULL : names[i], is_search, r);
    has_toy |= r->state == RUN_DONE && !strcmp(r->name, "toy");
    ok &= r->state != RUN_FAILED;
    if (r->state == RUN_DONE) ++*out_n;
    else run_free(r), memset(r, 0, sizeof *r);
  }
  if (is_search && !has_toy) printf("\ntoy, the asynchronous example, did not run: RT_BACKEND_PATH=<build folder>/examples finds it\n");
  if (!ok || *out_n > 0) return ok;
  return fail(is_search ? "no plugin was found; RT_BACKEND_PATH names folders that have some" : "--backends names none");
}

// ---- pictures --------------------------------------------------------------------------------------------------------------------------
static void describe(const dataset *data, const run *r, int32_t i, picture *out) {
  uint8_t label = data->labels[i], guess = r->guess[i];
  out->pixels = data->pixels + (size_t)i * IMAGE_BYTES;
  out->is_right = guess == label;
  snprintf(out->title, sizeof out->title, "%d: %s", i, class_names[label]);
  snprintf(out->caption, sizeof out->caption, "guess %s %.0f %%%s", class_names[guess], 100.0 * r->probabilities[i * N_CLASSES + guess],
           out->is_right ? "" : " WRONG");
}

/// The first three classes that come, guessed right, and the first image that is guessed wrong.
static void draw_some(const dataset *data, const run *r) {
  picture pictures[4];
  bool is_drawn[N_CLASSES] = {false};
  int32_t n = 0, wrong = -1;
  for (int32_t i = 0; i < r->n && (n < 3 || wrong < 0); i++) {
    uint8_t label = data->labels[i];
    if (r->guess[i] != label && wrong < 0) wrong = i;
    if (r->guess[i] != label || is_drawn[label] || n == 3) continue;
    is_drawn[label] = true;
    describe(data, r, i, &pictures[n++]);
  }
  if (wrong >= 0) describe(data, r, wrong, &pictures[n++]);
  const char *bold = screen_style(STYLE_BOLD), *plain = screen_style(STYLE_PLAIN);
  printf("\n%ssome images%s  number: what it is, then what the network says and how sure it is\n\n", bold, plain);
  screen_draw(pictures, n);
}

// ---- agreement -------------------------------------------------------------------------------------------------------------------------
static int32_t count_different(const uint8_t *a, const uint8_t *b, int32_t n) {
  int32_t count = 0;
  for (int32_t i = 0; i < n; i++) count += a[i] != b[i];
  return count;
}

static double largest_difference(const run *a, const run *b) {
  double most = 0;
  for (int64_t i = 0; i < (int64_t)a->n * N_CLASSES; i++) {
    double d = fabs((double)a->probabilities[i] - b->probabilities[i]);
    if (d > most || d != d) most = d; // a NaN stays
    if (most != most) break;
  }
  return most;
}

/// A line per backend, then the sum. false when more labels differ than tolerated.
static bool compare(const run *runs, int32_t n_runs, const uint8_t *recorded) {
  int32_t most_between = 0, most_recorded = 0, n = runs[0].n;
  int name = 7;
  for (int32_t i = 0; i < n_runs; i++) {
    if ((int)strlen(runs[i].name) > name) name = (int)strlen(runs[i].name);
  }
  const char *bold = screen_style(STYLE_BOLD), *dim = screen_style(STYLE_DIM), *plain = screen_style(STYLE_PLAIN);
  printf("%sagreement%s\n  %s%-*s  accuracy  images/s  labels other than    largest difference%s\n", bold, plain, dim, name, "backend", plain);
  printf("  %s%-*s                      recorded  the first  of a probability%s\n", dim, name, "", plain);
  for (int32_t i = 0; i < n_runs; i++) {
    const run *r = &runs[i];
    int32_t from_recorded = count_different(r->guess, recorded, n);
    if (from_recorded > most_recorded) most_recorded = from_recorded;
    for (int32_t k = 0; k < i; k++) {
      int32_t between = count_different(r->guess, runs[k].guess, n);
      if (between > most_between) most_between = between;
    }
    printf("  %-*s  %6.2f %%  %8.0f  %8d", name, r->name, 100.0 * r->n_right / n, images_per_second(r), from_recorded);
    if (i == 0) printf("          -  -\n");
    else printf("  %9d  %.2g\n", count_different(r->guess, runs[0].guess, n), largest_difference(r, &runs[0]));
  }
  bool ok = most_between <= TOLERATED && most_recorded <= TOLERATED;
  printf("\n%sagreement: %d of %d labels differ between %d backend%s, %d from the recorded ones (%d tolerated)%s\n",
         screen_style(ok ? STYLE_GOOD : STYLE_BAD), most_between, n, n_runs, n_runs == 1 ? "" : "s", most_recorded, TOLERATED, plain);
  return ok || fail("labels differ that must not");
}

/// The whole story once the options are known.
static bool tell(const settings *set) {
  static run runs[MOST_BACKENDS];
  dataset data = {0};
  uint8_t *recorded = NULL;
  int32_t n_runs = 0;
  bool ok = dataset_read(set->images, set->labels, &data);
  ok = ok && ((recorded = malloc((size_t)data.n)) || fail("no memory for %d labels", data.n));
  ok = ok && read_recorded(set->recorded, data.n, recorded);
  if (ok) {
    int32_t n = set->limit < data.n ? set->limit : data.n;
    printf("%sTrivet %s tells clothes apart%s\n", screen_style(STYLE_BOLD), rt_version(), screen_style(STYLE_PLAIN));
    printf("  %d of %d images of %s\n  network %s\n", n, data.n, set->images, set->model);
    ok = run_backends(set, &data, runs, &n_runs);
  }
  if (n_runs > 0) {
    draw_some(&data, &runs[0]);
    ok = compare(runs, n_runs, recorded) && ok;
    fflush(stdout);
    printf("accuracy %.2f%%\n", 100.0 * runs[0].n_right / runs[0].n);
  }
  for (int32_t i = 0; i < n_runs; i++) run_free(&runs[i]);
  free(recorded);
  dataset_free(&data);
  return ok;
}

int main(int argc, char **argv) {
  settings set = {.model = TRIVET_SOURCE_DIR "/models/fashion_cnn.onnx", .recorded = TRIVET_SOURCE_DIR "/models/fashion_cnn_labels.npy",
                  .images = DATA "t10k-images-idx3-ubyte.gz", .labels = DATA "t10k-labels-idx1-ubyte.gz", .limit = INT32_MAX, .batch = 100};
  screen_init();
  int status = parse(argc, argv, &set);
  if (status >= 0) return status;
  return tell(&set) ? 0 : 1;
}
