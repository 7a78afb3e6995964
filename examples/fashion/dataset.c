// SPDX-License-Identifier: BSD-3-Clause
// Reads the two idx.gz files of Fashion-MNIST. Nothing in a file is believed before it is checked, and no more is read than the header
// announces, which is at most MOST_IMAGES images.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "fashion.h"

#define MOST_IMAGES 1000000
#define HINT "Debian has the images in a package: apt install dataset-fashion-mnist"

const char *const class_names[N_CLASSES] = {
  "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
};

/// Exactly `bytes` bytes, or a sentence.
static bool read_exactly(gzFile file, const char *path, void *out, size_t bytes) {
  uint8_t *at = out;
  while (bytes > 0) {
    unsigned step = bytes > 1u << 20 ? 1u << 20 : (unsigned)bytes;
    int got = gzread(file, at, step);
    if (got <= 0) {
      int code = Z_OK;
      const char *text = gzerror(file, &code);
      return fail("%s: %s", path, got < 0 && code == Z_ERRNO ? strerror(errno) : got < 0 ? text : "ends too early");
    }
    at += got;
    bytes -= (size_t)got;
  }
  return true;
}

static uint32_t big_endian(const uint8_t *b) { return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]; }

/// An idx header is 0 0 8 (unsigned bytes) rank, then each extent as a big-endian u32. `extents` other than the first are fixed.
static bool read_header(gzFile file, const char *path, uint8_t rank, const uint32_t *extents, int32_t *out_n) {
  uint8_t header[16];
  if (!read_exactly(file, path, header, 4 + 4 * (size_t)rank)) return false;
  if (header[0] || header[1] || header[2] != 8) return fail("%s: not an idx file of unsigned bytes", path);
  if (header[3] != rank) return fail("%s: has %d dimensions, not %d", path, header[3], rank);
  uint32_t n = big_endian(header + 4);
  if (n < 1 || n > MOST_IMAGES) return fail("%s: says it holds %u items; 1 to %d are accepted", path, n, MOST_IMAGES);
  for (int i = 1; i < rank; i++) {
    uint32_t extent = big_endian(header + 4 + 4 * i);
    if (extent != extents[i]) return fail("%s: dimension %d is %u, not %u", path, i, extent, extents[i]);
  }
  *out_n = (int32_t)n;
  return true;
}

/// The items of one file, each of `item_bytes` bytes; *out is the caller's to free, also on failure.
static bool read_idx(const char *path, uint8_t rank, const uint32_t *extents, size_t item_bytes, int32_t *out_n, uint8_t **out) {
  errno = 0;
  gzFile file = gzopen(path, "rb");
  if (!file) return fail("%s: %s. " HINT, path, errno ? strerror(errno) : "no memory");
  bool ok = read_header(file, path, rank, extents, out_n);
  if (ok && !(*out = malloc((size_t)*out_n * item_bytes))) ok = fail("%s: no memory for %d items", path, *out_n);
  ok = ok && read_exactly(file, path, *out, (size_t)*out_n * item_bytes);
  uint8_t extra;
  if (ok && gzread(file, &extra, 1) != 0) ok = fail("%s: does not end after %d items, or its checksum is wrong", path, *out_n);
  gzclose(file);
  return ok;
}

bool dataset_read(const char *images_path, const char *labels_path, dataset *out) {
  static const uint32_t extents[] = {0, IMAGE_SIDE, IMAGE_SIDE};
  memset(out, 0, sizeof *out);
  int32_t n_labels = 0;
  if (!read_idx(images_path, 3, extents, IMAGE_BYTES, &out->n, &out->pixels)) return false;
  if (!read_idx(labels_path, 1, NULL, 1, &n_labels, &out->labels)) return false;
  if (n_labels != out->n) return fail("%s has %d labels for the %d images of %s", labels_path, n_labels, out->n, images_path);
  for (int32_t i = 0; i < out->n; i++) {
    if (out->labels[i] >= N_CLASSES) return fail("%s: label %d is %d, not below %d", labels_path, i, out->labels[i], N_CLASSES);
  }
  return true;
}

void dataset_free(dataset *data) {
  free(data->pixels);
  free(data->labels);
  memset(data, 0, sizeof *data);
}
