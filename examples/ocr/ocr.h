// SPDX-License-Identifier: BSD-3-Clause
// Reading text from a picture with two trained networks: one finds the lines, one reads them. main.c tells the story; image.c knows PNG and
// pixels, network.c runs a model, find.c turns the first network's map into boxes, read.c the second one's answer into text, draw.c makes a
// page to try it on.
#ifndef OCR_H
#define OCR_H

#include <stdbool.h>
#include <stdint.h>
#include <trivet/io.h>

/// Prints "ocr: <sentence>" on stderr. Always false.
bool fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

// ---- image.c ---------------------------------------------------------------------------------------------------------------------------
/// Three bytes per pixel: blue, green, red, the order that the networks were trained with.
typedef struct image { int32_t width, height; uint8_t *pixels; } image;
typedef struct box { double left, top, right, bottom; } box; // in pixels; right and bottom are outside

/// Reads a PNG of any kind; what is transparent becomes white. Free it with image_free, also after a failure.
bool image_read(const char *path, image *out);
bool image_write(const char *path, const image *picture);
void image_free(image *picture);
/// A part of the picture as the networks want it: f32 [1, 3, height, width], -1 for black to 1 for white, resampled bilinearly. What lies
/// outside repeats the edge.
bool image_sample(rt_ctx *ctx, const image *picture, const box *part, int32_t width, int32_t height, rt_tensor **out);

// ---- network.c -------------------------------------------------------------------------------------------------------------------------
/// A model with one input and one output.
typedef struct network {
  rt_ctx *ctx;
  rt_model *model;
  const char *name;    // "find" or "read"
  const char *dump;    // folder for the tensors of each run, or NULL
  int32_t n_runs;
  double seconds;      // of all runs
} network;

bool network_open(rt_ctx *ctx, const char *folder, const char *file, network *out);
/// The answer has come when it returns; it is f32 of this rank, or the function fails.
bool network_run(network *net, const rt_tensor *in, int32_t rank, rt_tensor **out);

// ---- find.c ----------------------------------------------------------------------------------------------------------------------------
typedef struct line {
  box where;
  double found;       // how sure the first network is that this is text, 0 to 1
  double sure;        // mean probability of the characters, 0 to 1
  char *text;         // UTF-8
} line;
typedef struct lines { line *at; int32_t n; } lines;

/// Level lines of text, from top to bottom and left to right; text and sure are not filled in.
bool find_lines(network *net, const image *picture, lines *out);
void lines_free(lines *all);

// ---- read.c ----------------------------------------------------------------------------------------------------------------------------
/// The characters that the second network tells apart: the text "character" of its file, one per line.
typedef struct alphabet { char *text; const char **at; int32_t n; } alphabet;

bool alphabet_open(const network *net, alphabet *out);
void alphabet_free(alphabet *letters);
bool read_line(network *net, const alphabet *letters, const image *picture, line *in_out);

// ---- draw.c ----------------------------------------------------------------------------------------------------------------------------
/// Black text on white with round strokes of our own, so that no font is needed: ASCII letters, digits and the marks .,:;-+=/!?()'" are
/// there. '\n' begins a new line. size: height of a capital in pixels.
bool draw_page(const char *text, double size, image *out);

#endif
