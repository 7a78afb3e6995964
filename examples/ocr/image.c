// SPDX-License-Identifier: BSD-3-Clause
// PNG files through libpng, and parts of pictures as tensors. Nothing in a file is believed: libpng checks it, and the size is limited
// before memory is asked for.
#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "ocr.h"

#define MOST_PIXELS 100000000u
#define CHANNELS 3

bool image_read(const char *path, image *out) {
  png_image png = {.version = PNG_IMAGE_VERSION};
  memset(out, 0, sizeof *out);
  if (!png_image_begin_read_from_file(&png, path)) return fail("%s: %s", path, png.message);
  png.format = PNG_FORMAT_BGR;
  const uint64_t n = (uint64_t)png.width * png.height;
  bool ok = n <= MOST_PIXELS || fail("%s: %u x %u pixels are more than %u", path, png.width, png.height, MOST_PIXELS);
  ok = ok && ((out->pixels = malloc(n * CHANNELS)) || fail("%s: no memory for %u x %u pixels", path, png.width, png.height));
  const png_color white = {255, 255, 255};
  ok = ok && (png_image_finish_read(&png, &white, out->pixels, 0, NULL) || fail("%s: %s", path, png.message));
  out->width = (int32_t)png.width, out->height = (int32_t)png.height;
  png_image_free(&png);
  return ok;
}

bool image_write(const char *path, const image *picture) {
  png_image png = {.version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_BGR};
  png.width = (png_uint_32)picture->width, png.height = (png_uint_32)picture->height;
  return png_image_write_to_file(&png, path, 0, picture->pixels, 0, NULL) || fail("%s: %s", path, png.message);
}

void image_free(image *picture) {
  free(picture->pixels);
  memset(picture, 0, sizeof *picture);
}

// ---- resampling ------------------------------------------------------------------------------------------------------------------------
/// Where a column (or row) of the result lies: between two of the picture, which are the same one at its edge.
typedef struct tap { int32_t first, second; double weight; } tap; // weight of the second

static tap tap_at(double from, double to, int32_t i, int32_t n, int32_t limit) {
  double at = from + (i + 0.5) * (to - from) / n - 0.5, low = floor(at);
  int32_t first = (int32_t)fmin(fmax(low, 0), limit - 1), second = (int32_t)fmin(fmax(low + 1, 0), limit - 1);
  return (tap){first, second, at - low};
}

bool image_sample(rt_ctx *ctx, const image *picture, const box *part, int32_t width, int32_t height, rt_tensor **out) {
  const size_t plane = (size_t)width * (size_t)height;
  float *values = malloc(plane * CHANNELS * sizeof *values);
  tap *columns = malloc((size_t)width * sizeof *columns);
  bool ok = (values && columns) || fail("no memory for %d x %d pixels", width, height);
  for (int32_t x = 0; ok && x < width; x++) columns[x] = tap_at(part->left, part->right, x, width, picture->width);
  for (int32_t y = 0; ok && y < height; y++) {
    const tap row = tap_at(part->top, part->bottom, y, height, picture->height);
    const uint8_t *upper = picture->pixels + (size_t)row.first * (size_t)picture->width * CHANNELS;
    const uint8_t *lower = picture->pixels + (size_t)row.second * (size_t)picture->width * CHANNELS;
    for (int32_t x = 0; x < width; x++) {
      const tap column = columns[x];
      for (int32_t c = 0; c < CHANNELS; c++) {
        double above = upper[column.first * CHANNELS + c] * (1 - column.weight) + upper[column.second * CHANNELS + c] * column.weight;
        double below = lower[column.first * CHANNELS + c] * (1 - column.weight) + lower[column.second * CHANNELS + c] * column.weight;
        double value = above * (1 - row.weight) + below * row.weight;
        values[(size_t)c * plane + (size_t)y * (size_t)width + (size_t)x] = (float)(value / 127.5 - 1);
      }
    }
  }
  ok = ok && (rt_from_data(ctx, RT_F32, 4, (int64_t[]){1, CHANNELS, height, width}, values, out) == RT_OK || fail("%s", rt_last_error()));
  free(columns);
  free(values);
  return ok;
}
