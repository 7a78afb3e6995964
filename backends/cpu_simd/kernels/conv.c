// SPDX-License-Identifier: BSD-3-Clause
// Convolution: copying a part of x with its padding; what follows of it: packing what output positions see into the panels of a matrix product,
// products across output channels without panels, and convolutions of single channels without a product.
#include "../conv.h"
#include "kernel.h"
#include "pairs.h"

V_INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
V_INLINE int64_t held(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }
V_INLINE vec take(const num *p) { // numbers at any place
  vec x;
  memcpy(&x, p, sizeof x);
  return x;
}
V_INLINE void put(num *p, vec x) { memcpy(p, &x, sizeof x); }

#if V_LANE == V_IS_f32 || V_LANE == V_IS_f64
V_INLINE void put_n(num *p, vec x, int64_t n) { v_store_n(p, x, n); }
#else
V_INLINE void put_n(num *p, vec x, int64_t n) { memcpy(p, &x, (size_t)n * sizeof(num)); }
#endif

// ---- elements to numbers and back --------------------------------------------------------------------------------------------------------------
V_INLINE void widen_by(int64_t n, const lane *x, const int64_t step, num *to) {
#if V_LANE == V_IS_f32 || V_LANE == V_IS_f64
  for (int64_t i = 0; i < n; i++) to[i] = x[i * step];
#else
  for (int64_t i = 0; i < n; i += V_LANES) {
    const int64_t lanes = least(V_LANES, n - i);
    lane part[V_LANES] = {0};
    for (int64_t k = 0; k < lanes; k++) part[k] = x[(i + k) * step];
    put_n(to + i, v_load(part), lanes);
  }
#endif
}
V_INLINE void widen_dense(int64_t n, const lane *x, num *to) {
  int64_t i = 0;
  for (; i + V_LANES <= n; i += V_LANES) put(to + i, v_load(x + i));
  if (i < n) put_n(to + i, v_load_n(x + i, n - i), n - i);
}
static void widen(int64_t n, const void *x, int64_t step, void *to) {
  if (step == 1) widen_dense(n, x, to);
  else if (step == 2) widen_by(n, x, 2, to);
  else widen_by(n, x, step, to);
}

static void store(int64_t n, const void *from, void *out, int64_t step) {
  const num *x = from;
  lane *y = out;
  for (int64_t i = 0; i < n; i += V_LANES) {
    const int64_t lanes = least(V_LANES, n - i);
    lane part[V_LANES];
    if (step == 1 && lanes == V_LANES) {
      v_store(y + i, take(x + i));
    } else {
      vec some = v_zero();
      memcpy(&some, x + i, (size_t)lanes * sizeof(num));
      v_store(part, some);
      for (int64_t k = 0; k < lanes; k++) y[(i + k) * step] = part[k];
    }
  }
}

static bool is_finite(int64_t n, const void *numbers) {
  const num *x = numbers;
  vec all = v_zero(), some[4] = {v_zero(), v_zero(), v_zero(), v_zero()}; // x * 0 is 0 for finite numbers, NaN for the others
  int64_t i = 0;
  for (; i + 4 * V_LANES <= n; i += 4 * V_LANES) V_UNROLL for (int k = 0; k < 4; k++) some[k] = v_add(some[k], v_mul(take(x + i + k * V_LANES), v_zero()));
  V_UNROLL for (int k = 0; k < 4; k++) all = v_add(all, some[k]);
  for (; i + V_LANES <= n; i += V_LANES) all = v_add(all, v_mul(take(x + i), v_zero()));
  num rest = 0;
  for (; i < n; i++) rest += x[i] * 0;
  return !v_any(v_is_nan(all)) && rest == rest;
}

#define KNOWN_RANGES 8 // phases whose part inside of x is computed once

/// n numbers from x, of which `room` elements can be read; may write up to a vector past them.
V_INLINE void copy_dense(int64_t n, const lane *x, int64_t room, num *to) {
  int64_t i = 0;
  for (; i < n && i + V_LANES <= room; i += V_LANES) put(to + i, v_load(x + i));
  if (i < n) put(to + i, v_load_n(x + i, n - i));
}
V_INLINE void copy_even(int64_t n, const lane *x, int64_t room, num *to) {
  int64_t i = 0;
  for (; i < n && 2 * (i + V_LANES) <= room; i += V_LANES) put(to + i, v_even(v_load(x + 2 * i), v_load(x + 2 * i + V_LANES)));
  if (i < n) widen(n - i, x + 2 * i, 2, to + i);
}
/// Mostly a pad of 1 or 2; may write up to a vector past them.
V_INLINE void zero(int64_t n, num *to) {
  if (n > 0) put(to, v_zero());
  if (n > 2 * V_LANES) memset(to + V_LANES, 0, (size_t)(n - V_LANES) * sizeof(num));
  else if (n > V_LANES) put(to + n - V_LANES, v_zero());
}

/// The elements of phase b that are inside of x.
typedef struct range { int64_t low, high; } range;
V_INLINE range inside(const simd_conv_part *part, int64_t b) {
  const int64_t at = part->at + b, stride = part->stride;
  const int64_t low = held(at < 0 ? (-at + stride - 1) / stride : 0, 0, part->pitch);
  return (range){low, held(at < part->in_x ? (part->in_x - 1 - at) / stride + 1 : 0, low, part->pitch)};
}

/// x: column 0 of a row, from where `room` elements can be read. step: from element to element, 0 if it is neither 1 nor 2.
V_INLINE void copy_row(const simd_conv_part *part, const lane *x, int64_t room, const range *ranges, const int step, num *to) {
  for (int64_t b = 0; b < part->n_phases; b++, to += part->pitch) {
    const range r = b < KNOWN_RANGES ? ranges[b] : inside(part, b);
    const int64_t at = (part->at + b + r.low * part->stride) * part->step;
    const lane *from = x + at;
    zero(r.low, to);
    if (step == 1) copy_dense(r.high - r.low, from, room - at, to + r.low);
    else if (step == 2) copy_even(r.high - r.low, from, room - at, to + r.low);
    else widen(r.high - r.low, from, part->stride * part->step, to + r.low);
    zero(part->pitch - r.high, to + r.high);
  }
}

/// Elements are written in order, so that what was written past the end of a row is written over.
V_INLINE void copy_rows(const simd_conv_part *part, const range *ranges, const int step, num *to) {
  const int64_t row = part->n_phases * part->pitch;
  for (int64_t c = 0; c < part->n_channels; c++) for (int64_t p = 0; p < part->n_planes; p++) {
    const int64_t z = part->z + p * part->dz;
    const lane *plane = (const lane *)part->x + c * part->channel + z * part->plane;
    num *at = to + c * part->to_channel + p * part->to_plane;
    for (int64_t r = 0, y = part->y, in_line = 0; r < part->n_rows; r++, y++, at += row) {
      const int64_t room = part->row > 0 ? (part->in_y - 1 - y) * part->row + part->in_x : part->in_x;
      if (z < 0 || z >= part->in_z || y < 0 || y >= part->in_y) zero(row, at);
      else copy_row(part, plane + y * part->row, room, ranges, step, at);
      if (++in_line == part->line) in_line = 0, y += part->sy - part->line;
    }
  }
}

/// Rows side by side in one phase, with pads of no more than a vector: as copy_rows, with nothing to decide for most rows. some: vectors of a row, or 0.
V_INLINE void copy_plain(const simd_conv_part *part, const range in, const int some, num *to) {
  const int64_t n = in.high - in.low, vecs = some ? some : (n + V_LANES - 1) / V_LANES, last = (vecs - 1) * V_LANES, pitch = part->pitch, row = part->row;
  const int64_t over = vecs * V_LANES - (part->in_x - part->at - in.low), y = part->y, n_rows = part->n_rows;
  const int64_t above = held(-y, 0, n_rows), inside = held(part->in_y - y, above, n_rows); // rows before these are above of x, inside
  const int64_t spare = held(part->in_y - y - (over > 0 ? (over + row - 1) / row : 0), above, inside); // and may be read past their end
  for (int64_t c = 0; c < part->n_channels; c++) for (int64_t p = 0; p < part->n_planes; p++) {
    const int64_t z = part->z + p * part->dz;
    const bool is_there = z >= 0 && z < part->in_z;
    const lane *x = (const lane *)part->x + c * part->channel + z * part->plane + y * row + part->at + in.low;
    num *at = to + c * part->to_channel + p * part->to_plane;
    if (!is_there) memset(at, 0, (size_t)(n_rows * pitch) * sizeof(num));
    int64_t r = is_there ? 0 : n_rows;
    for (; r < above; r++, at += pitch, x += row) zero(pitch, at);
#define ROWS(end, load_last)                                                                                     \
  for (; r < end; r++, at += pitch, x += row) {                                                                  \
    put(at, v_zero()); /* the first is written over where there is no pad */                                     \
    for (int64_t v = 0; v < last; v += V_LANES) put(at + in.low + v, v_load(x + v));                             \
    put(at + in.low + last, load_last);                                                                          \
    put(at + in.high, v_zero()); /* or by the next row */                                                        \
  }
    ROWS(spare, v_load(x + last))
    ROWS(inside, v_load_n(x + last, n - last))
#undef ROWS
    for (; r < n_rows; r++, at += pitch, x += row) zero(pitch, at);
  }
}

static void copy(const simd_conv_part *part, void *to) {
  range ranges[KNOWN_RANGES];
  for (int64_t b = 0; b < part->n_phases && b < KNOWN_RANGES; b++) ranges[b] = inside(part, b);
  const int64_t step = part->stride * part->step;
  const int64_t vecs = ranges[0].high > ranges[0].low ? (ranges[0].high - ranges[0].low + V_LANES - 1) / V_LANES : 0;
  const bool is_dense = step == 1 && part->n_phases == 1 && part->sy == part->line && part->row >= part->in_x;
  if (is_dense && ranges[0].low <= V_LANES && part->pitch - ranges[0].high <= V_LANES && vecs > 0) {
    if (vecs == 1) copy_plain(part, ranges[0], 1, to);
    else if (vecs == 2) copy_plain(part, ranges[0], 2, to);
    else copy_plain(part, ranges[0], 0, to);
  } else if (step == 1) copy_rows(part, ranges, 1, to);
  else if (step == 2 && part->step == 1) copy_rows(part, ranges, 2, to);
  else copy_rows(part, ranges, 0, to);
}

// ---- panels ------------------------------------------------------------------------------------------------------------------------------------
/// Columns of a panel that lie in one line.
typedef struct segment { int64_t at, column, n; } segment;

/// One row of a panel after the other. A segment may write past its end what the next segment or row writes over. n_segments and vecs (vectors
/// of each) are constants, or 0.
V_INLINE void pack_rows(const simd_conv_lines *lines, int64_t k0, int64_t kc, int64_t width, num *to, const segment *segments, int64_t n_segments, const int vecs) {
  int64_t channel = k0 / lines->n_taps, tap = k0 % lines->n_taps;
  const num *from = (const num *)lines->from + channel * lines->channel;
  for (int64_t k = 0; k < kc; k++, to += width) {
    const num *seen = from + lines->offset[tap];
    for (int64_t s = 0; s < n_segments; s++) {
      const num *x = seen + segments[s].at;
      num *at = to + segments[s].column;
      if (vecs) {
        V_UNROLL for (int v = 0; v < vecs; v++) put(at + v * V_LANES, take(x + v * V_LANES));
      } else {
        for (int64_t i = 0; i < segments[s].n; i += V_LANES) put(at + i, take(x + i));
      }
    }
    if (++tap == lines->n_taps) tap = 0, from += lines->channel;
  }
}

static void panel(const simd_conv_lines *lines, int64_t first, int64_t n, int64_t k0, int64_t kc, int64_t width, void *panel) {
  segment segments[64]; // width is less
  int64_t n_segments = 0, longest = 0;
  for (int64_t column = 0, x = first % lines->n, line = first / lines->n * lines->line; column < n; x = 0, line += lines->line) {
    const int64_t here = least(n - column, lines->n - x);
    segments[n_segments++] = (segment){line + x, column, here};
    longest = longest < here ? here : longest;
    column += here;
  }
  const int64_t vecs = (longest + V_LANES - 1) / V_LANES;
  if (n_segments == 1 && vecs == 1) pack_rows(lines, k0, kc, width, panel, segments, 1, 1);
  else if (n_segments == 1 && vecs == 2) pack_rows(lines, k0, kc, width, panel, segments, 1, 2);
  else if (n_segments == 2 && vecs == 1) pack_rows(lines, k0, kc, width, panel, segments, 2, 1);
  else if (n_segments == 2 && vecs == 2) pack_rows(lines, k0, kc, width, panel, segments, 2, 2);
  else if (n_segments == 3 && vecs == 1) pack_rows(lines, k0, kc, width, panel, segments, 3, 1);
  else if (n_segments == 4 && vecs == 1) pack_rows(lines, k0, kc, width, panel, segments, 4, 1);
  else pack_rows(lines, k0, kc, width, panel, segments, n_segments, 0);
}

// ---- one channel ---------------------------------------------------------------------------------------------------------------------------------
#define VECS 4
#define PIECE 256 // positions that pass through a buffer
/// Stores n of a vector. `room`: elements from out on that may be written.
V_INLINE void store_some(lane *out, vec x, int64_t n, int64_t room) {
  if (room >= V_LANES) {
    v_store(out, x);
  } else {
    lane part[V_LANES];
    v_store(part, x);
    for (int64_t i = 0; i < n; i++) out[i] = part[i];
  }
}

/// Any taps: one line, some vectors at a time. What is written past the end of a line is written over by the next one.
V_INLINE void see_vecs(const num *from, const int64_t *offset, const int64_t n_taps, const num *weight, vec bias, lane *out, int64_t n, int64_t room, const int vecs) {
  vec sum[VECS];
  V_UNROLL for (int v = 0; v < vecs; v++) sum[v] = bias;
  for (int64_t t = 0; t < n_taps; t++) {
    const num *x = from + offset[t];
    const vec w = v_set(weight[t]);
    V_UNROLL for (int v = 0; v < vecs; v++) sum[v] = v_mad(w, take(x + v * V_LANES), sum[v]);
  }
  V_UNROLL for (int v = 0; v < vecs - 1; v++) v_store(out + v * V_LANES, sum[v]);
  store_some(out + (vecs - 1) * V_LANES, sum[vecs - 1], n - (vecs - 1) * V_LANES, room - (vecs - 1) * V_LANES);
}
V_INLINE void see_line(const num *from, const int64_t *offset, const int64_t n_taps, const num *weight, vec bias, lane *out, int64_t n, int64_t room) {
  for (; n > VECS * V_LANES; n -= VECS * V_LANES, from += VECS * V_LANES, out += VECS * V_LANES, room -= VECS * V_LANES)
    see_vecs(from, offset, n_taps, weight, bias, out, VECS * V_LANES, VECS * V_LANES, VECS);
  if (n > 3 * V_LANES) see_vecs(from, offset, n_taps, weight, bias, out, n, room, 4);
  else if (n > 2 * V_LANES) see_vecs(from, offset, n_taps, weight, bias, out, n, room, 3);
  else if (n > V_LANES) see_vecs(from, offset, n_taps, weight, bias, out, n, room, 2);
  else see_vecs(from, offset, n_taps, weight, bias, out, n, room, 1);
}

/// 3 x 3 taps, where the next line sees the next row: some lines at a time share what they load. From the last vector of a line to the first, for
/// what is written past the end of a line is written over by the first vector of the next one.
V_INLINE void see_3x3(const num *from, int64_t row, const vec *weight, vec bias, lane *out, int64_t out_line, int64_t n, int64_t room, const int lines) {
  for (int64_t j = (n - 1) / V_LANES * V_LANES; j >= 0; j -= V_LANES) {
    vec sum[4];
    const num *x = from + j;
    V_UNROLL for (int y = 0; y < lines; y++) sum[y] = bias;
    V_UNROLL for (int r = 0; r < lines + 2; r++, x += row) {
      V_UNROLL for (int t = 0; t < 3; t++) {
        const vec seen = take(x + t);
        V_UNROLL for (int y = 0; y < lines; y++) if (r >= y && r < y + 3) sum[y] = v_mad(weight[(r - y) * 3 + t], seen, sum[y]);
      }
    }
    V_UNROLL for (int y = 0; y < lines; y++) store_some(out + y * out_line + j, sum[y], least(V_LANES, n - j), room - y * out_line - j);
  }
}

/// Neighbours see what is 2 apart, taps of a row lie side by side: even and odd elements of two vectors are what two taps see.
V_INLINE vec see_row_apart(const num *x, const int64_t taps, const vec *weight, vec sum) {
  int64_t t = 0;
  V_UNROLL for (; t + 2 <= taps; t += 2) {
    const vec a = take(x + t), b = take(x + t + V_LANES);
    sum = v_mad(weight[t], v_even_mixed(a, b), sum);
    sum = v_mad(weight[t + 1], v_odd_mixed(a, b), sum);
  }
  return t < taps ? v_mad(weight[t], v_even_mixed(take(x + t), take(x + t + V_LANES)), sum) : sum;
}
V_INLINE void see_apart(const num *from, const int64_t *offset, const int64_t rows, const int64_t taps, const vec *weight, vec bias, lane *out, int64_t n, int64_t room) {
  for (int64_t j = 0; j < n; j += V_LANES) {
    vec sum = bias;
    V_UNROLL for (int64_t r = 0; r < rows; r++) sum = see_row_apart(from + offset[r * taps] + 2 * j, taps, weight + r * taps, sum);
    store_some(out + j, v_unmix(sum), least(V_LANES, n - j), room - j);
  }
}

static void see_lines(const simd_conv_maps *maps, const num *from, const num *weight, num bias, lane *out, int64_t out_line, int64_t room) {
  const simd_conv_lines *lines = &maps->lines;
  const vec start = v_set(bias);
  const int64_t *offset = lines->offset, row = lines->line, n = lines->n;
  int64_t left = lines->n_lines; // lines
#define NEXT(some) left -= some, from += some * row, out += some * out_line, room -= some * out_line
  if (maps->taps == 3 && lines->n_taps == 9 && (maps->apart == 2 || (offset[2] == 2 && offset[3] == row && offset[6] == 2 * row))) {
    vec w[9];
    for (int t = 0; t < 9; t++) w[t] = v_set(weight[t]);
    if (maps->apart == 2) {
      for (; left > 0; NEXT(1)) see_apart(from, offset, 3, 3, w, start, out, n, room);
      return;
    }
    for (; left >= 4; NEXT(4)) see_3x3(from, row, w, start, out, out_line, n, room, 4);
    if (left == 3) see_3x3(from, row, w, start, out, out_line, n, room, 3);
    if (left == 2) see_3x3(from, row, w, start, out, out_line, n, room, 2);
    if (left == 1) see_3x3(from, row, w, start, out, out_line, n, room, 1);
  } else if (maps->apart == 2) {
    vec w[SIMD_CONV_APART];
    for (int64_t t = 0; t < lines->n_taps; t++) w[t] = v_set(weight[t]);
    for (; left > 0; NEXT(1)) {
      if (maps->taps == 5) see_apart(from, offset, lines->n_taps / 5, 5, w, start, out, n, room);
      else see_apart(from, offset, lines->n_taps / maps->taps, maps->taps, w, start, out, n, room);
    }
  } else {
    for (; left > 0; NEXT(1)) see_line(from, offset, lines->n_taps, weight, start, out, n, room);
  }
#undef NEXT
}

#if V_LANE == V_IS_f32 || V_LANE == V_IS_f64
#include "conv_across.h"
#define ACROSS across
#else
#define ACROSS NULL
#endif

/// Where lines and maps of the output run on, what is written past the end of one is written over by the next.
static void depthwise(const simd_conv_maps *maps) {
  const simd_conv_lines *lines = &maps->lines;
  const bool runs_on = maps->out_line == lines->n, maps_run_on = runs_on && maps->to_out == lines->n_lines * lines->n;
  for (int64_t i = 0; i < maps->n; i++) {
    const num *from = (const num *)lines->from + i * lines->channel, *weight = (const num *)maps->weight + i * maps->to_weight;
    const num bias = maps->bias ? ((const num *)maps->bias)[i * maps->to_bias] : 0;
    lane *out = (lane *)maps->out + i * maps->to_out;
    if (maps->out_step == 1) {
      see_lines(maps, from, weight, bias, out, maps->out_line, runs_on ? (maps_run_on ? maps->n - i : 1) * lines->n_lines * lines->n : 0);
      continue;
    }
    lane part[PIECE];
    simd_conv_maps some = *maps;
    some.lines.n_lines = 1;
    for (int64_t y = 0; y < lines->n_lines; y++) for (int64_t j = 0; j < lines->n; j += PIECE) {
      some.lines.n = least(PIECE, lines->n - j);
      see_lines(&some, from + y * lines->line + j * maps->apart, weight, bias, part, 0, PIECE);
      for (int64_t k = 0; k < some.lines.n; k++) out[y * maps->out_line + (j + k) * maps->out_step] = part[k];
    }
  }
}

static void add(int64_t n, const void *weight, const void *x, int64_t step, void *sum) {
  const num w = *(const num *)weight;
  num part[PIECE], *to = sum;
  for (int64_t j = 0; j < n; j += PIECE) {
    const int64_t some = least(PIECE, n - j);
    widen(some, (const lane *)x + j * step, step, part);
    for (int64_t i = 0; i < some; i++) to[j + i] += w * part[i];
  }
}

extern const simd_conv KERNEL(conv);
const simd_conv KERNEL(conv) = {
  .num_bytes = sizeof(num), .lanes = V_LANES, .copy = copy, .widen = widen, .store = store, .is_finite = is_finite, .panel = panel, .depthwise = depthwise,
  .across = ACROSS, .add = add,
};
