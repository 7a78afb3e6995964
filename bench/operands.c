// SPDX-License-Identifier: BSD-3-Clause
// The tensors that cases work on. All cases of a run live at once, because their samples are taken in turns; so equal operands are made once
// and shared: inputs are only read, and nobody looks at what a given output holds.
#include "suite.h"

#include <stdlib.h>
#include <string.h>

typedef struct kept { char *key; rt_tensor *tensor; } kept;
typedef struct store { kept *at; size_t n; void *host; } store;

static store *store_of(suite *s) {
  if (!s->store) *(s->store = grow(NULL, 1, sizeof *s->store)) = (store){0};
  return s->store;
}

// Takes over key and tensor. NULL stays out.
static rt_tensor *keep(suite *s, char *key, rt_tensor *tensor) {
  store *all = store_of(s);
  if (!tensor) { free(key); return NULL; }
  all->at = grow(all->at, all->n + 1, sizeof *all->at);
  all->at[all->n++] = (kept){key, tensor};
  return tensor;
}

static rt_tensor *find(suite *s, const char *key) {
  store *all = store_of(s);
  for (size_t i = 0; i < all->n; i++) if (strcmp(all->at[i].key, key) == 0) return all->at[i].tensor;
  return NULL;
}

// ---- values ----------------------------------------------------------------------------------------------------------------------------------
// Scrambled bits of the index: no pattern that a branch predictor learns.
static uint32_t scramble(uint32_t i) {
  i = (i ^ (i >> 16)) * 0x7feb352du;
  i = (i ^ (i >> 15)) * 0x846ca68bu;
  return i ^ (i >> 16);
}

static void fill(float *x, size_t n, char values, bool is_integer) {
  for (size_t i = 0; i < n; i++) {
    uint32_t bits = scramble((uint32_t)i * 2u + (values == '/'));
    float unit = (float)(bits >> 8) * 0x1p-24f, sign = bits & 1 ? 1 : -1; // in [0,1)
    float v = values == '+' ? 0.1f + 1.9f * unit : values == '/' ? sign * (0.5f + 1.5f * unit) : values == '~' ? sign : sign * 2 * unit;
    x[i] = is_integer && values != '~' ? (float)(int)(50 * v) : v;
  }
}

static rt_tensor *make_base(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, char values) {
  size_t n = 1;
  for (int32_t d = 0; d < rank; d++) n *= (size_t)shape[d];
  float *data = malloc(n * sizeof *data);
  rt_tensor *plain = NULL, *cast = NULL;
  if (!data) return rt_error_set(RT_E_NO_MEMORY, "no memory for the values of an operand"), NULL;
  fill(data, n, values, rt_dtype_kind_of(dtype) != RT_KIND_FLOAT);
  rt_status status = rt_from_data(ctx, RT_F32, rank, shape, data, &plain);
  free(data);
  if (status != RT_OK || dtype == RT_F32) return plain;
  if (rt_cast(plain, dtype, &cast) != RT_OK) cast = NULL;
  rt_release(plain);
  return cast;
}

// ---- shapes and views --------------------------------------------------------------------------------------------------------------------------
// The shape that a spec's letters stand for; returns the letter of its view, or 0.
static char read_spec(const char *letters, const size *whole, size *out) {
  out->rank = 0;
  for (; *letters && *letters != '.'; letters++) {
    if (*letters == '*') { *out = *whole; continue; }
    int64_t extent = *letters == 'Z' ? whole->extent[whole->rank - 1] : *letters >= 'A' && *letters <= 'E' ? whole->extent[*letters - 'A'] : *letters - '0';
    out->extent[out->rank++] = extent;
  }
  return *letters ? letters[1] : '\0';
}

// The shape that the storage behind a view needs: what apply_view turns into `shape`.
static size storage_shape(const size *shape, char view) {
  size base = *shape;
  int32_t last = shape->rank - 1;
  if (view == 'S') base.extent[last] *= 2;
  if (view == 'T') base.extent[last] = shape->extent[last - 1], base.extent[last - 1] = shape->extent[last];
  if (view == 'P') base.extent[1] = shape->extent[2], base.extent[2] = shape->extent[3], base.extent[3] = shape->extent[1];
  return base;
}

static rt_status apply_view(const rt_tensor *base, char view, rt_tensor **out) {
  static const rt_axes to_nchw = {4, {0, 3, 1, 2}};
  if (view == 'S') return rt_slice(base, -1, RT_SLICE_DEFAULT, RT_SLICE_DEFAULT, 2, out);
  if (view == 'T') return rt_transpose(base, -2, -1, out);
  return rt_permute(base, &to_nchw, out);
}

static char *key_of(char values, rt_dtype dtype, const size *shape, char view) {
  char *dims = shape_text(shape->rank, shape->extent, NULL);
  char *key = text_format("%c %s %s %c", values ? values : '-', rt_dtype_name(dtype), dims, view ? view : '-');
  free(dims);
  return key;
}

rt_tensor *operand_tensor(suite *s, const char *spec, const bench_case *c) {
  char values = strchr("+/~", *spec) ? *spec : '\0';
  size shape;
  char view = read_spec(spec + (values != 0), &c->on.size, &shape);
  char *key = key_of(values, c->on.dtype, &shape, view);
  rt_tensor *found = find(s, key), *seen = NULL;
  if (found || view == '\0') {
    if (found) free(key);
    return found ? found : keep(s, key, make_base(s->ctx, c->on.dtype, shape.rank, shape.extent, values));
  }
  size behind = storage_shape(&shape, view);
  char *base_key = key_of(values, c->on.dtype, &behind, '\0');
  rt_tensor *base = find(s, base_key);
  if (base) free(base_key);
  else base = keep(s, base_key, make_base(s->ctx, c->on.dtype, behind.rank, behind.extent, values));
  if (!base || apply_view(base, view, &seen) != RT_OK) seen = NULL;
  return keep(s, key, seen);
}

rt_tensor *operand_like(suite *s, const rt_tensor *like, const char *purpose) {
  char *dims = shape_text(rt_tensor_rank(like), rt_tensor_shape(like), NULL);
  char *key = text_format("%s %s %s", purpose, rt_dtype_name(rt_tensor_dtype(like)), dims);
  free(dims);
  rt_tensor *found = find(s, key), *made = NULL;
  if (found) { free(key); return found; }
  if (rt_copy(like, &made) != RT_OK) made = NULL;
  return keep(s, key, made);
}

void *operand_host(suite *s, size_t bytes) {
  store *all = store_of(s);
  size_t n = bytes / sizeof(float) + 1;
  if (!all->host) fill(all->host = grow(NULL, n, sizeof(float)), n, '\0', false);
  return all->host;
}

void operands_free(suite *s) {
  store *all = s->store;
  if (!all) return;
  for (size_t i = 0; i < all->n; i++) {
    rt_release(all->at[i].tensor);
    free(all->at[i].key);
  }
  free(all->at);
  free(all->host);
  free(all);
  s->store = NULL;
}
