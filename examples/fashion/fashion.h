// SPDX-License-Identifier: BSD-3-Clause
// The demo: a trained network classifies the Fashion-MNIST test images with every backend that is there. main.c tells the story; dataset.c
// reads the images, classify.c runs the network on one backend, report.c says where each operation ran, screen.c knows the terminal.
#ifndef FASHION_H
#define FASHION_H

#include <stdbool.h>
#include <stdint.h>
#include <trivet/io.h>

#define N_CLASSES 10
#define IMAGE_SIDE 28
#define IMAGE_BYTES (IMAGE_SIDE * IMAGE_SIDE)
#define MOST_BACKENDS 16

/// Prints "fashion: <sentence>" on stderr, after clearing a progress bar. Always false.
bool fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

// ---- dataset.c -------------------------------------------------------------------------------------------------------------------------
typedef struct dataset {
  int32_t n;        // images
  uint8_t *pixels;  // [n, 28, 28], 0 is black
  uint8_t *labels;  // [n], below N_CLASSES
} dataset;

/// Reads both idx.gz files. false, with a sentence on stderr, when one is missing or not what it should be.
bool dataset_read(const char *images_path, const char *labels_path, dataset *out);
void dataset_free(dataset *data);
extern const char *const class_names[N_CLASSES];

// ---- classify.c ------------------------------------------------------------------------------------------------------------------------
typedef struct settings {
  const char *model, *recorded, *images, *labels; // paths
  const char *backends;                           // as --backends says; NULL: all that are found
  int32_t limit, batch;
} settings;

typedef enum run_state { RUN_DONE = 0, RUN_LEFT_OUT, RUN_FAILED } run_state;

/// What one backend said about the images.
typedef struct run {
  run_state state;       // unless done, a sentence has been printed
  char name[40];
  int32_t n, n_right;    // images, and those whose label was guessed
  double seconds;
  uint8_t *guess;        // [n]
  float *probabilities;  // [n, N_CLASSES]
} run;

/// Opens a context whose first backend is `backends` (NULL: what RT_BACKEND says), classifies, and prints the report. run->state tells.
/// With `is_optional`, a backend that does not open is left out with a line that says why; otherwise that is a failure.
void classify(const settings *set, const dataset *data, const char *backends, bool is_optional, run *out);
double images_per_second(const run *r);
void run_free(run *r);

/// The names of the plugins that a search finds, each once: cpu_ref first, then toy, then the others as they come. None is loaded.
typedef char backend_name[40];
int32_t find_backends(backend_name *out, int32_t most);

/// Reads the labels that the training script recorded into out[data->n]. false, with a sentence, when they cannot be used.
bool read_recorded(const char *path, int32_t n, uint8_t *out);

// ---- report.c --------------------------------------------------------------------------------------------------------------------------
/// Where each operation ran, by which path and why; copies and waits. `first` is the backend that was asked first.
bool report_print(rt_ctx *ctx, const char *first);

// ---- screen.c --------------------------------------------------------------------------------------------------------------------------
typedef enum style { STYLE_PLAIN = 0, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_BAD } style;

void screen_init(void);
/// An escape sequence, or "" where stdout takes no colours.
const char *screen_style(style s);
/// Draws or moves the progress bar on stderr; nothing when that is no terminal.
void screen_progress(const char *name, int32_t done, int32_t total, double seconds);
void screen_progress_end(void);

typedef struct picture {
  const uint8_t *pixels; // IMAGE_BYTES
  char title[64], caption[64];
  bool is_right;
} picture;
/// Side by side, as many as fit: 28 columns and 14 lines each.
void screen_draw(const picture *pictures, int32_t n);

#endif
