// SPDX-License-Identifier: BSD-3-Clause
// Where the text is. The first network answers with a map: for each pixel the probability that it lies in the core of a line. Pixels above
// a threshold that touch form a line; its box grows back to the full height of the letters. Only level text is looked for: boxes are not
// turned.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ocr.h"

// The values that the networks' authors use.
#define MOST_SIDE 960        // the picture is made smaller until its longer side has this many pixels
#define MULTIPLE 32          // the network halves the picture five times
#define PIXEL_THRESHOLD 0.3
#define LINE_THRESHOLD 0.5   // mean over the box
#define GROWTH 1.6           // the core is this much smaller than the text: area * GROWTH / circumference on each side
#define LEAST_SIDE 3         // pixels of the map

typedef struct map { int32_t width, height; float *at; } map;

static int32_t round_side(double side) {
  int32_t units = (int32_t)lround(side / MULTIPLE);
  return (units < 1 ? 1 : units) * MULTIPLE;
}

static bool make_map(network *net, const image *picture, map *out) {
  int32_t longer = picture->width > picture->height ? picture->width : picture->height;
  double scale = longer > MOST_SIDE ? (double)MOST_SIDE / longer : 1;
  out->width = round_side(picture->width * scale), out->height = round_side(picture->height * scale);
  const box all = {0, 0, picture->width, picture->height};
  const size_t n = (size_t)out->width * (size_t)out->height;
  rt_tensor *in = NULL, *answer = NULL;
  bool ok = image_sample(net->ctx, picture, &all, out->width, out->height, &in) && network_run(net, in, 4, &answer);
  const int64_t numel = ok ? rt_tensor_numel(answer) : 0;
  ok = ok && ((size_t)numel == n || fail("find: the answer has %lld elements, not %zu", (long long)numel, n));
  ok = ok && ((out->at = malloc(n * sizeof *out->at)) || fail("no memory for a map of %d x %d", out->width, out->height));
  ok = ok && (rt_read(answer, out->at, n * sizeof *out->at) == RT_OK || fail("%s", rt_last_error()));
  rt_release(in), rt_release(answer);
  return ok;
}

// ---- from the map to boxes -------------------------------------------------------------------------------------------------------------
typedef struct extent { int32_t left, top, right, bottom; } extent; // the last ones are inside

/// Takes the pixels that touch `start` out of the map's mask. `stack` has room for every pixel.
static extent take_component(const map *m, uint8_t *mask, int32_t *stack, int32_t start) {
  extent e = {m->width, m->height, -1, -1};
  int32_t n = 0;
  stack[n++] = start, mask[start] = 0;
  while (n > 0) {
    const int32_t at = stack[--n], x = at % m->width, y = at / m->width;
    if (x < e.left) e.left = x;
    if (x > e.right) e.right = x;
    if (y < e.top) e.top = y;
    if (y > e.bottom) e.bottom = y;
    for (int32_t dy = -1; dy <= 1; dy++) {
      for (int32_t dx = -1; dx <= 1; dx++) {
        const int32_t next = at + dy * m->width + dx;
        if (x + dx < 0 || x + dx >= m->width || y + dy < 0 || y + dy >= m->height || !mask[next]) continue;
        stack[n++] = next, mask[next] = 0; // each pixel goes onto the stack once
      }
    }
  }
  return e;
}

static double mean_of(const map *m, const extent *e) {
  double sum = 0;
  for (int32_t y = e->top; y <= e->bottom; y++)
    for (int32_t x = e->left; x <= e->right; x++) sum += m->at[(size_t)y * (size_t)m->width + (size_t)x];
  return sum / ((double)(e->right - e->left + 1) * (e->bottom - e->top + 1));
}

static box grow(const map *m, const extent *e, const image *picture) {
  double width = e->right - e->left + 1, height = e->bottom - e->top + 1, more = width * height * GROWTH / (2 * (width + height));
  double sx = (double)picture->width / m->width, sy = (double)picture->height / m->height;
  return (box){fmax(0, floor((e->left - more) * sx)), fmax(0, floor((e->top - more) * sy)),
               fmin(picture->width, ceil((e->right + 1 + more) * sx)), fmin(picture->height, ceil((e->bottom + 1 + more) * sy))};
}

static bool add_line(lines *all, const box *where, double found) {
  line *at = realloc(all->at, ((size_t)all->n + 1) * sizeof *at);
  if (!at) return fail("no memory for %d lines", all->n + 1);
  all->at = at;
  all->at[all->n++] = (line){.where = *where, .found = found};
  return true;
}

static int by_top(const void *left, const void *right) {
  const box *a = &((const line *)left)->where, *b = &((const line *)right)->where;
  return a->top != b->top ? (a->top > b->top) - (a->top < b->top) : (a->left > b->left) - (a->left < b->left);
}

/// Reading order: from top to bottom, but boxes whose middles are less than half a height apart stand in one row, left before right.
static void put_in_order(lines *all) {
  if (all->n > 1) qsort(all->at, (size_t)all->n, sizeof *all->at, by_top);
  for (int32_t i = 1; i < all->n; i++) {
    for (int32_t k = i; k > 0; k--) {
      const box *a = &all->at[k - 1].where, *b = &all->at[k].where;
      const double apart = fabs(a->top + a->bottom - b->top - b->bottom) / 2;
      if (apart > fmin(a->bottom - a->top, b->bottom - b->top) / 2 || a->left <= b->left) break;
      const line swap = all->at[k - 1];
      all->at[k - 1] = all->at[k], all->at[k] = swap;
    }
  }
}

bool find_lines(network *net, const image *picture, lines *out) {
  map m = {0};
  memset(out, 0, sizeof *out);
  bool ok = make_map(net, picture, &m);
  const int32_t n = m.width * m.height;
  uint8_t *mask = ok ? malloc((size_t)n) : NULL;
  int32_t *stack = ok ? malloc((size_t)n * sizeof *stack) : NULL;
  ok = ok && ((mask && stack) || fail("no memory for a map of %d pixels", n));
  for (int32_t i = 0; ok && i < n; i++) mask[i] = m.at[i] > PIXEL_THRESHOLD;
  for (int32_t i = 0; ok && i < n; i++) {
    if (!mask[i]) continue;
    const extent e = take_component(&m, mask, stack, i);
    if (e.right - e.left + 1 < LEAST_SIDE || e.bottom - e.top + 1 < LEAST_SIDE) continue;
    const double found = mean_of(&m, &e);
    const box where = grow(&m, &e, picture);
    if (found >= LINE_THRESHOLD) ok = add_line(out, &where, found);
  }
  if (ok) put_in_order(out);
  free(stack), free(mask), free(m.at);
  return ok;
}

void lines_free(lines *all) {
  for (int32_t i = 0; i < all->n; i++) free(all->at[i].text);
  free(all->at);
  memset(all, 0, sizeof *all);
}
