// SPDX-License-Identifier: BSD-3-Clause
// Cells of the parts of neural networks: embedding.
#include "internal.h"

// ---- embedding ------------------------------------------------------------------------------------------------------------------------
typedef struct embed_how {
  const char *name;
  int64_t n, d;
  int32_t rank;
  int64_t indices[3], padding;
  cf_layout in[2];
  cf_form form;
  cf_layout out;
} embed_how;
static const embed_how embeds[] = {
  {"line", 7, 5, 1, {9}, RT_NO_INDEX, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"padding", 7, 5, 1, {23}, 3, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"padding-outside", 7, 5, 2, {3, 8}, 100, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"batch", 7, 5, 2, {3, 4}, RT_NO_INDEX, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"scalar", 7, 5, 0, {0}, RT_NO_INDEX, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"scalar-padding", 1, 5, 0, {0}, 0, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"no-indices", 7, 5, 1, {0}, 3, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"no-columns", 7, 0, 1, {4}, 3, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"transposed", 7, 5, 2, {3, 4}, 2, {CF_TRANSPOSED, CF_TRANSPOSED}, CF_NEW, 0},
  {"stepped", 7, 5, 2, {3, 4}, 2, {CF_STEPPED, CF_NEGATIVE}, CF_NEW, 0},
  {"into-stepped", 7, 5, 2, {3, 4}, 2, {CF_ROWS, CF_DENSE}, CF_INTO, CF_STEPPED},
  {"into-negative", 7, 5, 2, {3, 4}, RT_NO_INDEX, {CF_NEGATIVE, CF_STEPPED}, CF_INTO, CF_NEGATIVE},
  {"inplace", 7, 5, 1, {7}, 2, {CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0},
  {"overlap", 7, 5, 1, {7}, RT_NO_INDEX, {CF_OFFSET, CF_DENSE}, CF_OVERLAP, 0},
};

static rt_status call_embedding(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  return into ? rt_embedding_into(in[0], in[1], c->index, into) : rt_embedding(in[0], in[1], c->index, out);
}

static void embed_cell(cf_case *c, const embed_how *how, rt_dtype dtype, rt_dtype index_dtype, cf_class values, bool is_bad) {
  int64_t shape[4], n = how->n, d = how->d;
  c->call = call_embedding, c->form = how->form, c->out_layout = how->out, c->index = how->padding;
  for (int32_t k = 0; k < how->rank; k++) shape[k] = how->indices[k];
  shape[how->rank] = d;
  cf_array *table = cf_input(c, 0, dtype, 2, (int64_t[]){n, d}), *indices = cf_input(c, 1, index_dtype, how->rank, how->indices);
  cf_fill(c, 0, values);
  for (int64_t i = 0; i < indices->numel; i++) {
    int64_t index = cf_random_below(c, n);
    if (how->padding != RT_NO_INDEX && cf_random_below(c, 4) == 0) index = how->padding;
    if (is_bad && i == indices->numel / 2) index = n + 1;
    if (cf_is_signed(index_dtype) && index < n && index != how->padding && cf_random_below(c, 3) == 0) index -= n;
    cf_set(indices, i, cf_encode_int(index_dtype, index));
  }
  for (int k = 0; k < 2; k++) cf_place(c, k, how->in[k]);
  cf_result(c, dtype, how->rank + 1, shape);
  if (is_bad) c->fails = RT_E_INDEX;
  for (int64_t i = 0; i < c->out.x.numel && !is_bad; i++) {
    int64_t index = (int64_t)cf_decode_int(index_dtype, cf_bits(indices, i / d));
    if (index == how->padding) cf_want_bits(c, i, 0);
    else cf_want_bits(c, i, cf_bits(table, (index < 0 ? index + n : index) * d + i % d));
  }
  cf_close(c);
}

void cf_cases_embedding(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(EMBEDDING));
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    cf_class hard = cf_is_float(dtype) ? CF_SPECIALS : CF_EXTREMES;
    for (size_t h = 0; h < CF_COUNT(embeds); h++) {
      cf_case *c = cf_open(g, op, dtype, "%s/%s", embeds[h].name, cf_class_name[hard]);
      if (c) embed_cell(c, &embeds[h], dtype, h % 2 ? RT_I64 : RT_I32, hard, false);
    }
    for (rt_dtype index = RT_I8; index <= RT_U64; index++) {
      cf_case *c = cf_open(g, op, dtype, "indices-%s/%s", rt_dtype_name(index), cf_class_name[hard]);
      if (c) embed_cell(c, &embeds[2], dtype, index, hard, false);
      c = cf_open(g, op, dtype, "indices-%s-above", rt_dtype_name(index));
      if (c) embed_cell(c, &embeds[1], dtype, index, hard, true);
    }
    cf_case *c = cf_open(g, op, dtype, "refused-table");
    if (!c) continue;
    c->call = call_embedding, c->fails = RT_E_SHAPE, c->index = RT_NO_INDEX;
    cf_input(c, 0, dtype, 1, (int64_t[]){3});
    cf_input(c, 1, RT_I64, 1, (int64_t[]){2});
    for (int k = 0; k < 2; k++) cf_place(c, k, CF_DENSE);
    cf_close(c);
  }
}
