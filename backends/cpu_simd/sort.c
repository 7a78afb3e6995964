// SPDX-License-Identifier: BSD-3-Clause
// Sorting along one axis, and searching in what is sorted. Elements become keys: unsigned numbers in the order of the elements, in which NaN is the
// largest. Long lines are sorted by the digits of their keys (least significant first, digits that are all equal skipped), short ones by
// insertion and merging; all of it is stable. -0 and +0 are equal but not the same: where a line has both, they are put back in their order.
#include <string.h>

#include "simd.h"
#include "walk.h"

#define GRAIN 4096          // elements
#define INSERTION 24        // elements that are sorted by insertion
#define RADIX 512           // from here on by digits
#define RADIX_BITS 8

// ---- keys -------------------------------------------------------------------------------------------------------------------------------------
// Per dtype: n keys from elements `step` apart (flip: all ones for descending order), and back.
typedef struct key_of {
  uint8_t bytes;         // of a key
  bool is_float;
  void (*get)(int64_t n, const void *x, int64_t step, void *keys, uint64_t flip);
  void (*put)(int64_t n, const void *keys, void *out, int64_t step, uint64_t flip);
} key_of;

#define TOP(bits) ((uint##bits##_t)((uint##bits##_t)1 << (bits - 1)))
#define INT_KEY(bits, v) ((uint##bits##_t)((v) ^ TOP(bits)))
#define UINT_KEY(bits, v) (v)
/// inf: the bits of infinity. Any NaN becomes the largest key, both zeros the same one (that of +0).
#define FLOAT_KEY(bits, v, inf)                                                                                                            \
  ((v & (uint##bits##_t)~TOP(bits)) > inf ? (uint##bits##_t)~(uint##bits##_t)0 : v == TOP(bits) ? TOP(bits)                              \
   : (uint##bits##_t)(v & TOP(bits) ? ~v : v | TOP(bits)))
#define FLOAT_BACK(bits, k, inf) \
  (k == (uint##bits##_t)~(uint##bits##_t)0 ? (uint##bits##_t)(inf | (inf >> 1)) : (uint##bits##_t)(k & TOP(bits) ? k & (uint##bits##_t)~TOP(bits) : ~k))

#define KEYS(dtype, bits, key, back)                                                                                                       \
  static void get_##dtype(int64_t n, const void *from, int64_t step, void *keys, uint64_t flip) {                                          \
    const uint##bits##_t *x = from, mask = (uint##bits##_t)flip;                                                                           \
    uint##bits##_t *k = keys;                                                                                                              \
    for (int64_t i = 0; i < n; i++) { const uint##bits##_t v = x[i * step]; k[i] = (uint##bits##_t)((key) ^ mask); }                       \
  }                                                                                                                                        \
  static void put_##dtype(int64_t n, const void *keys, void *to, int64_t step, uint64_t flip) {                                            \
    const uint##bits##_t *at = keys, mask = (uint##bits##_t)flip;                                                                          \
    uint##bits##_t *out = to;                                                                                                              \
    for (int64_t i = 0; i < n; i++) { const uint##bits##_t k = (uint##bits##_t)(at[i] ^ mask); out[i * step] = (back); }                   \
  }
KEYS(u8, 8, UINT_KEY(8, v), k)
KEYS(u16, 16, UINT_KEY(16, v), k)
KEYS(u32, 32, UINT_KEY(32, v), k)
KEYS(u64, 64, UINT_KEY(64, v), k)
KEYS(i8, 8, INT_KEY(8, v), INT_KEY(8, k))
KEYS(i16, 16, INT_KEY(16, v), INT_KEY(16, k))
KEYS(i32, 32, INT_KEY(32, v), INT_KEY(32, k))
KEYS(i64, 64, INT_KEY(64, v), INT_KEY(64, k))
#define INF_F16 ((uint16_t)0x7c00)
#define INF_BF16 ((uint16_t)0x7f80)
#define INF_F32 ((uint32_t)0x7f800000)
#define INF_F64 ((uint64_t)0x7ff0000000000000)
KEYS(f16, 16, FLOAT_KEY(16, v, INF_F16), FLOAT_BACK(16, k, INF_F16))
KEYS(bf16, 16, FLOAT_KEY(16, v, INF_BF16), FLOAT_BACK(16, k, INF_BF16))
KEYS(f32, 32, FLOAT_KEY(32, v, INF_F32), FLOAT_BACK(32, k, INF_F32))
KEYS(f64, 64, FLOAT_KEY(64, v, INF_F64), FLOAT_BACK(64, k, INF_F64))

#define ROW(NAME, dtype, bytes, is_float) [RTB_##NAME] = {bytes, is_float, get_##dtype, put_##dtype}
static const key_of key_table[SIMD_DTYPES] = {
  ROW(BOOL, u8, 1, false), ROW(I8, i8, 1, false), ROW(I16, i16, 2, false), ROW(I32, i32, 4, false), ROW(I64, i64, 8, false), ROW(U8, u8, 1, false),
  ROW(U16, u16, 2, false), ROW(U32, u32, 4, false), ROW(U64, u64, 8, false), ROW(F16, f16, 2, true), ROW(BF16, bf16, 2, true), ROW(F32, f32, 4, true),
  ROW(F64, f64, 8, true),
};

// ---- sorting n items, in `a` with room in `b`; answers which of the two holds the result ---------------------------------------------------------
typedef struct indexed { uint64_t key; int64_t index; } indexed;
#define KEY_ITSELF(item) (item)
#define KEY_MEMBER(item) ((item).key)
#define KEY_UPPER(item) ((uint32_t)((item) >> 32))
#define SORTER(name, item, key_type, KEY, key_bytes)                                                                                       \
  static void name##_insertion(item *a, int64_t n) {                                                                                       \
    for (int64_t i = 1; i < n; i++) {                                                                                                      \
      const item x = a[i];                                                                                                                 \
      int64_t j = i;                                                                                                                       \
      for (; j > 0 && KEY(a[j - 1]) > KEY(x); j--) a[j] = a[j - 1];                                                                        \
      a[j] = x;                                                                                                                            \
    }                                                                                                                                      \
  }                                                                                                                                        \
  static item *name##_merge(item *a, item *b, int64_t n) {                                                                                 \
    for (int64_t i = 0; i < n; i += INSERTION) name##_insertion(a + i, n - i < INSERTION ? n - i : INSERTION);                             \
    for (int64_t run = INSERTION; run < n; run *= 2) {                                                                                     \
      for (int64_t first = 0; first < n; first += 2 * run) {                                                                               \
        const int64_t middle = first + run < n ? first + run : n, last = middle + run < n ? middle + run : n;                              \
        int64_t l = first, r = middle, o = first;                                                                                          \
        while (l < middle && r < last) {                                                                                                   \
          const bool right = KEY(a[r]) < KEY(a[l]); /* of equal ones the left */                                                           \
          b[o++] = right ? a[r] : a[l];                                                                                                    \
          r += right, l += !right;                                                                                                         \
        }                                                                                                                                  \
        memcpy(b + o, a + l, (size_t)(middle - l) * sizeof(item));                                                                         \
        memcpy(b + o + (middle - l), a + r, (size_t)(last - r) * sizeof(item));                                                            \
      }                                                                                                                                    \
      item *other = a;                                                                                                                     \
      a = b, b = other;                                                                                                                    \
    }                                                                                                                                      \
    return a;                                                                                                                              \
  }                                                                                                                                        \
  static item *name##_radix(item *a, item *b, int64_t n) {                                                                                 \
    int64_t count[key_bytes][1 << RADIX_BITS];                                                                                             \
    memset(count, 0, sizeof count);                                                                                                        \
    for (int64_t i = 0; i < n; i++) {                                                                                                      \
      const key_type key = KEY(a[i]);                                                                                                      \
      for (int d = 0; d < key_bytes; d++) count[d][key >> (d * RADIX_BITS) & 255]++;                                                       \
    }                                                                                                                                      \
    for (int d = 0; d < key_bytes; d++) {                                                                                                  \
      if (count[d][KEY(a[0]) >> (d * RADIX_BITS) & 255] == n) continue; /* all alike */                                                    \
      int64_t at = 0;                                                                                                                      \
      for (int v = 0; v < 256; v++) { const int64_t here = count[d][v]; count[d][v] = at; at += here; }                                    \
      for (int64_t i = 0; i < n; i++) b[count[d][KEY(a[i]) >> (d * RADIX_BITS) & 255]++] = a[i];                                           \
      item *other = a;                                                                                                                     \
      a = b, b = other;                                                                                                                    \
    }                                                                                                                                      \
    return a;                                                                                                                              \
  }                                                                                                                                        \
  static void *name(void *a, void *b, int64_t n) { return n < RADIX ? name##_merge(a, b, n) : name##_radix(a, b, n); }
SORTER(sort_8, uint8_t, uint8_t, KEY_ITSELF, 1)
SORTER(sort_16, uint16_t, uint16_t, KEY_ITSELF, 2)
SORTER(sort_32, uint32_t, uint32_t, KEY_ITSELF, 4)
SORTER(sort_64, uint64_t, uint64_t, KEY_ITSELF, 8)
SORTER(sort_placed, uint64_t, uint32_t, KEY_UPPER, 4) // the lower half is the place
SORTER(sort_indexed, indexed, uint64_t, KEY_MEMBER, 8)

// ---- lines --------------------------------------------------------------------------------------------------------------------------------------
typedef struct sort_job {
  const simd_device *dev;
  const key_of *key;
  simd_walk lines;    // array 0: x, 1: out
  const char *x;
  char *out;
  int64_t n, x_step, out_step, bytes;
  uint64_t flip;
  bool is_arg;
} sort_job;

static void *sort_keys(const key_of *key, void *a, void *b, int64_t n) {
  switch (key->bytes) {
  case 1: return sort_8(a, b, n);
  case 2: return sort_16(a, b, n);
  case 4: return sort_32(a, b, n);
  default: return sort_64(a, b, n);
  }
}

/// In the sorted line, zeros take the signs of the line's zeros in their order. sign: the element with only the sign bit set.
#define ZEROS(bits)                                                                                                                        \
  static void keep_zeros_##bits(const sort_job *job, const void *from, void *to) {                                                         \
    const uint##bits##_t *x = from;                                                                                                        \
    uint##bits##_t *out = to;                                                                                                              \
    int64_t n_zeros = 0, n_negative = 0, at = 0;                                                                                           \
    for (int64_t i = 0; i < job->n; i++) {                                                                                                 \
      n_zeros += (uint##bits##_t)(x[i * job->x_step] << 1) == 0;                                                                           \
      n_negative += x[i * job->x_step] == TOP(bits);                                                                                       \
    }                                                                                                                                      \
    if (n_negative == 0) return;                                                                                                           \
    while ((uint##bits##_t)(out[at * job->out_step] << 1) != 0) at++;                                                                      \
    for (int64_t i = 0; n_zeros > 0; i++)                                                                                                  \
      if ((uint##bits##_t)(x[i * job->x_step] << 1) == 0) out[at++ * job->out_step] = x[i * job->x_step], n_zeros--;                       \
  }
ZEROS(16) ZEROS(32) ZEROS(64)

static void sort_line(const sort_job *job, const void *x, void *out, void *a, void *b) {
  job->key->get(job->n, x, job->x_step, a, job->flip);
  job->key->put(job->n, sort_keys(job->key, a, b, job->n), out, job->out_step, job->flip);
  if (!job->key->is_float) return;
  if (job->bytes == 2) keep_zeros_16(job, x, out);
  else if (job->bytes == 4) keep_zeros_32(job, x, out);
  else keep_zeros_64(job, x, out);
}

static uint64_t key_in(const void *keys, int32_t bytes, int64_t i) {
  return bytes == 1 ? ((const uint8_t *)keys)[i] : bytes == 2 ? ((const uint16_t *)keys)[i] : bytes == 4 ? ((const uint32_t *)keys)[i] : ((const uint64_t *)keys)[i];
}

/// Keys of at most 32 bits and their places share 64-bit items; larger ones have items of their own.
static void argsort_line(const sort_job *job, const void *x, int64_t *out, void *a, void *b) {
  const int64_t n = job->n;
  job->key->get(n, x, job->x_step, b, job->flip);
  if (job->key->bytes <= 4 && n <= UINT32_MAX) {
    uint64_t *items = a;
    for (int64_t i = 0; i < n; i++) items[i] = key_in(b, job->key->bytes, i) << 32 | (uint64_t)i;
    items = sort_placed(a, b, n);
    for (int64_t i = 0; i < n; i++) out[i * job->out_step] = (int64_t)(uint32_t)items[i];
    return;
  }
  indexed *items = a;
  for (int64_t i = 0; i < n; i++) items[i] = (indexed){key_in(b, job->key->bytes, i), i};
  items = sort_indexed(a, b, n);
  for (int64_t i = 0; i < n; i++) out[i * job->out_step] = items[i].index;
}

static int32_t sort_body(void *arg, int64_t begin, int64_t end) {
  const sort_job *job = arg;
  const rtb_host *host = job->dev->host;
  const uint64_t half = (uint64_t)job->n * (job->is_arg ? sizeof(indexed) : job->key->bytes), room = 2 * ((half + 63) / 64 * 64);
  char *scratch = host->alloc(host, room, 64);
  if (!scratch) return rtb_failf(host, RTB_E_NO_MEMORY, "sort: no memory to sort %lld elements", (long long)job->n);
  simd_walk w = job->lines;
  simd_walk_start(&w, begin);
  for (int64_t i = begin; i < end; i++, simd_walk_next(&w, 1)) {
    const char *x = job->x + w.at[0] * job->bytes;
    if (job->is_arg) argsort_line(job, x, (int64_t *)(void *)job->out + w.at[1], scratch, scratch + room / 2);
    else sort_line(job, x, job->out + w.at[1] * job->bytes, scratch, scratch + room / 2);
  }
  host->free(host, scratch, room);
  return RTB_OK;
}

static int32_t sort(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const simd_device *dev = kctx;
  const rtb_view *x = op->args[0], *out = op->args[1];
  const rtb_attr_sort *attr = op->attr;
  const int32_t axis = simd_axis_of(attr->axes);
  sort_job job = {.dev = dev, .key = &key_table[x->dtype], .x = x->data, .out = out->data, .n = x->shape[axis], .x_step = x->stride[axis],
                  .out_step = out->stride[axis], .bytes = rtb_dtype_bytes(x->dtype), .flip = attr->flags & RTB_SORT_DESCENDING ? UINT64_MAX : 0,
                  .is_arg = op->op == RTB_OP_ARGSORT};
  simd_walk_init(&job.lines);
  for (int32_t d = 0; d < x->ndim; d++)
    if (d != axis) simd_walk_dim(&job.lines, x->shape[d], x->stride[d], out->stride[d], 0, 0);
  const int64_t grain = GRAIN / job.n;
  return simd_parallel(dev, job.lines.numel, grain < 1 ? 1 : grain, sort_body, &job);
}

int32_t simd_resolve_sort(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  const char *name = simd_op_name(dev, sig->op);
  const int32_t status = simd_want_views(dev, sig, out);
  if (status != RTB_OK) return status;
  if (sig->arg[0].dtype >= SIMD_DTYPES || !key_table[sig->arg[0].dtype].get)
    return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s of %s", name, simd_dtype_name(dev, sig->arg[0].dtype));
  if (sig->alias) return rtb_refuse(out, RTB_UNSUPPORTED_ALIAS, "%s cannot write over its input", name);
  out->fn = sort;
  return RTB_OK;
}

// ---- searchsorted -------------------------------------------------------------------------------------------------------------------------------
typedef struct search_job {
  const key_of *key;
  simd_walk values;   // array 0: values, 1: out
  const char *sorted, *from;
  int64_t *out;
  int64_t n, step, bytes;
  bool right;
} search_job;

static uint64_t key_at(const key_of *key, const void *element) {
  union { uint8_t u8; uint16_t u16; uint32_t u32; uint64_t u64; } k = {.u64 = 0};
  key->get(1, element, 1, &k, 0);
  return key->bytes == 1 ? k.u8 : key->bytes == 2 ? k.u16 : key->bytes == 4 ? k.u32 : k.u64;
}

static int32_t search_body(void *arg, int64_t begin, int64_t end) {
  const search_job *job = arg;
  simd_walk w = job->values;
  simd_walk_start(&w, begin);
  for (int64_t i = begin; i < end; i++, simd_walk_next(&w, 1)) {
    const uint64_t key = key_at(job->key, job->from + w.at[0] * job->bytes);
    int64_t low = 0, n = job->n; // the answer lies in [low, low + n]
    while (n > 0) {
      const int64_t half = n / 2;
      const uint64_t at = key_at(job->key, job->sorted + (low + half) * job->step * job->bytes);
      const bool above = job->right ? at <= key : at < key;
      low = above ? low + half + 1 : low;
      n = above ? n - half - 1 : half;
    }
    job->out[w.at[1]] = low;
  }
  return RTB_OK;
}

static int32_t searchsorted(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const rtb_view *sorted = op->args[0], *values = op->args[1], *out = op->args[2];
  search_job job = {.key = &key_table[values->dtype], .sorted = sorted->data, .from = values->data, .out = out->data, .n = sorted->shape[0],
                    .step = sorted->stride[0], .bytes = rtb_dtype_bytes(values->dtype), .right = ((const rtb_attr_sort *)op->attr)->flags & RTB_SORT_RIGHT};
  simd_walk_init(&job.values);
  for (int32_t d = 0; d < values->ndim; d++) simd_walk_dim(&job.values, values->shape[d], values->stride[d], out->stride[d], 0, 0);
  return simd_parallel(kctx, job.values.numel, 256, search_body, &job);
}

int32_t simd_resolve_search(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  const int32_t status = simd_want_views(dev, sig, out);
  if (status != RTB_OK) return status;
  if (sig->arg[0].dtype >= SIMD_DTYPES || !key_table[sig->arg[0].dtype].get)
    return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "searchsorted of %s", simd_dtype_name(dev, sig->arg[0].dtype));
  if (sig->alias) return rtb_refuse(out, RTB_UNSUPPORTED_ALIAS, "searchsorted cannot write over its input");
  out->fn = searchsorted;
  return RTB_OK;
}
