// SPDX-License-Identifier: BSD-3-Clause
// Cells of the parts of neural networks: embedding and attention. The oracle of attention adds each score and each result in 113 bits.
#include "internal.h"

#include <math.h>

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

// ---- attention ------------------------------------------------------------------------------------------------------------------------
typedef enum mask_kind { NO_MASK, BOOL_MASK, ADDED_MASK } mask_kind;
typedef struct attend_how {
  const char *name;
  int32_t rank[4]; // of q, k, v, mask
  int64_t q[5], k[5], v[5], mask[5];
  mask_kind kind;
  bool causal;
  double scale;
  cf_layout in[2]; // of q and the mask, of k and v
  cf_form form;
  cf_layout out;
} attend_how;
#define PLAIN {CF_DENSE, CF_DENSE}, CF_NEW, 0
static const attend_how attends[] = {
  {"heads", {4, 4, 4}, {2, 3, 5, 4}, {2, 3, 7, 4}, {2, 3, 7, 6}, {0}, NO_MASK, false, 0, PLAIN},
  {"causal", {4, 4, 4}, {1, 2, 6, 4}, {1, 2, 6, 4}, {1, 2, 6, 4}, {0}, NO_MASK, true, 0, PLAIN},
  {"grouped", {4, 4, 4}, {2, 6, 3, 4}, {2, 2, 5, 4}, {2, 2, 5, 4}, {0}, NO_MASK, false, 0, PLAIN},
  {"matrices", {2, 2, 2}, {5, 8}, {9, 8}, {9, 3}, {0}, NO_MASK, false, 0, PLAIN},
  {"batch", {3, 3, 3}, {2, 5, 4}, {2, 7, 4}, {2, 7, 4}, {0}, NO_MASK, false, 0.25, PLAIN},
  {"one-head-for-all", {4, 4, 4}, {2, 3, 5, 4}, {2, 1, 7, 4}, {2, 1, 7, 4}, {0}, NO_MASK, false, 0, PLAIN},
  {"broadcast", {3, 2, 4}, {3, 5, 4}, {7, 4}, {2, 3, 7, 4}, {0}, NO_MASK, false, -0.5, PLAIN},
  {"grouped-broadcast", {4, 3, 3}, {2, 4, 3, 4}, {2, 5, 4}, {2, 5, 6}, {0}, NO_MASK, true, 0, PLAIN},
  {"mask-bool", {4, 4, 4, 2}, {2, 3, 5, 4}, {2, 3, 7, 4}, {2, 3, 7, 4}, {5, 7}, BOOL_MASK, false, 0, PLAIN},
  {"mask-bool-whole", {4, 4, 4, 4}, {2, 3, 5, 4}, {2, 3, 7, 4}, {2, 3, 7, 4}, {2, 3, 5, 7}, BOOL_MASK, true, 0, PLAIN},
  {"mask-added", {4, 4, 4, 3}, {2, 3, 5, 4}, {2, 3, 7, 4}, {2, 3, 7, 4}, {3, 1, 7}, ADDED_MASK, false, 0, PLAIN},
  {"mask-added-causal", {3, 3, 3, 2}, {3, 7, 4}, {3, 5, 4}, {3, 5, 4}, {7, 5}, ADDED_MASK, true, 0.125, PLAIN},
  {"mask-grouped", {4, 4, 4, 4}, {2, 6, 3, 4}, {2, 3, 5, 4}, {2, 3, 5, 4}, {2, 6, 3, 5}, BOOL_MASK, false, 0, PLAIN},
  {"mask-grouped-added", {4, 4, 4, 3}, {2, 6, 3, 4}, {2, 3, 5, 4}, {2, 3, 5, 4}, {6, 1, 5}, ADDED_MASK, false, 0, PLAIN},
  {"mask-scalar", {2, 2, 2, 0}, {3, 4}, {5, 4}, {5, 4}, {0}, ADDED_MASK, false, 0, PLAIN},
  {"one-key", {3, 3, 3, 2}, {2, 5, 4}, {2, 1, 4}, {2, 1, 3}, {5, 1}, BOOL_MASK, false, 0, PLAIN},
  {"long", {2, 2, 2}, {2, 65}, {131, 65}, {131, 2}, {0}, NO_MASK, false, 0, PLAIN},
  {"no-keys", {3, 3, 3, 2}, {2, 5, 4}, {2, 0, 4}, {2, 0, 3}, {5, 0}, BOOL_MASK, true, 0, PLAIN},
  {"no-queries", {3, 3, 3}, {2, 0, 4}, {2, 5, 4}, {2, 5, 3}, {0}, NO_MASK, true, 0, PLAIN},
  {"no-features", {2, 2, 2}, {3, 0}, {5, 0}, {5, 4}, {0}, NO_MASK, false, 0, PLAIN},
  {"transposed", {4, 4, 4, 2}, {2, 3, 5, 4}, {2, 3, 7, 4}, {2, 3, 7, 4}, {5, 7}, BOOL_MASK, false, 0,
   {CF_TRANSPOSED, CF_TRANSPOSED}, CF_NEW, 0},
  {"stepped", {3, 3, 3, 2}, {2, 5, 4}, {2, 7, 4}, {2, 7, 4}, {5, 7}, ADDED_MASK, false, 0, {CF_STEPPED, CF_NEGATIVE}, CF_NEW, 0},
  {"grouped-negative", {4, 4, 4}, {2, 6, 3, 4}, {2, 2, 5, 4}, {2, 2, 5, 4}, {0}, NO_MASK, false, 0, {CF_NEGATIVE, CF_STEPPED}, CF_NEW, 0},
  {"expanded", {3, 3, 3}, {2, 5, 4}, {2, 7, 4}, {2, 7, 4}, {0}, NO_MASK, false, 0, {CF_EXPANDED, CF_EXPANDED}, CF_NEW, 0},
  {"into-stepped", {3, 3, 3}, {2, 5, 4}, {2, 7, 4}, {2, 7, 3}, {0}, NO_MASK, true, 0, {CF_DENSE, CF_DENSE}, CF_INTO, CF_STEPPED},
  {"into-negative", {4, 4, 4}, {2, 4, 3, 4}, {2, 2, 5, 4}, {2, 2, 5, 4}, {0}, NO_MASK, false, 0, {CF_DENSE, CF_ROWS}, CF_INTO, CF_NEGATIVE},
  {"inplace", {3, 3, 3}, {2, 5, 4}, {2, 7, 4}, {2, 7, 4}, {0}, NO_MASK, false, 0, {CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0},
  {"overlap", {2, 2, 2}, {5, 4}, {7, 4}, {7, 4}, {0}, NO_MASK, false, 0, {CF_OFFSET, CF_DENSE}, CF_OVERLAP, 0},
};

static rt_status call_attention(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  const rt_tensor *mask = c->n_in > 3 ? in[3] : NULL;
  return into ? rt_attention_into(in[0], in[1], in[2], mask, c->param, c->keep_dims, into)
              : rt_attention(in[0], in[1], in[2], mask, c->param, c->keep_dims, out);
}

/// Where element (row, column) of the matrix of `a` lies that serves the matrix `batch` of the result; fewer heads are each used in turn.
static int64_t element_at(const cf_array *a, const cf_array *result, const int64_t *batch, int64_t row, int64_t column) {
  int64_t index = 0;
  for (int32_t d = 0; d < a->rank - 2; d++) {
    int32_t of_result = result->rank - a->rank + d;
    index = index * a->shape[d] + batch[of_result] * a->shape[d] / result->shape[of_result];
  }
  return (index * a->shape[a->rank - 2] + row) * a->shape[a->rank - 1] + column;
}

/// One score and what it may be off.
typedef struct score { cf_real value, off, weight; } score;

static score score_of(cf_case *c, rt_dtype compute, const int64_t *batch, int64_t row, int64_t key, cf_real scale) {
  const cf_array *q = &c->in[0].x, *k = &c->in[1].x, *mask = c->n_in > 3 ? &c->in[3].x : NULL;
  cf_real unit = cf_unit(compute), sum = 0, size = 0, features = (cf_real)q->shape[q->rank - 1];
  for (int64_t e = 0; e < q->shape[q->rank - 1]; e++) {
    cf_real a = cf_decode(compute, cf_cast(q->dtype, cf_bits(q, element_at(q, &c->out.x, batch, row, e)), compute));
    cf_real b = cf_decode(compute, cf_cast(k->dtype, cf_bits(k, element_at(k, &c->out.x, batch, key, e)), compute));
    sum += a * b;
    size += cf_abs(a * b);
  }
  score s = {sum * scale, (features + 4) * unit * size * cf_abs(scale) + 2 * unit * cf_abs(sum * scale), 0};
  cf_real hidden = -(cf_real)HUGE_VALL;
  if (cf_is_nan(sum) || cf_is_inf(sum)) s.off = 0; // the same however it is added
  if (c->keep_dims && key > row) return (score){hidden, 0, 0};
  if (!mask) return s;
  int64_t at = 0, shape_at[RT_MAX_RANK];
  for (int32_t d = 0; d < c->out.x.rank - 2; d++) shape_at[d] = batch[d];
  shape_at[c->out.x.rank - 2] = row, shape_at[c->out.x.rank - 1] = key;
  for (int32_t d = 0; d < mask->rank; d++) at = at * mask->shape[d] + (mask->shape[d] == 1 ? 0 : shape_at[c->out.x.rank - mask->rank + d]);
  if (mask->dtype == RT_BOOL) return cf_bits(mask, at) ? s : (score){hidden, 0, 0};
  cf_real added = cf_decode(compute, cf_cast(mask->dtype, cf_bits(mask, at), compute));
  s.value += added;
  s.off = cf_is_nan(s.value) || cf_is_inf(s.value) ? 0 : s.off + unit * (cf_abs(s.value) + 2 * cf_abs(added));
  return s;
}

static void attend_row(cf_case *c, rt_dtype compute, const int64_t *batch, int64_t row, int64_t first, cf_real scale, score *scores) {
  const cf_array *v = &c->in[2].x;
  int64_t keys = v->shape[v->rank - 2], columns = v->shape[v->rank - 1];
  cf_real unit = cf_unit(compute), highest = -(cf_real)HUGE_VALL, off = 0, sum = 0, tiny = cf_ulp(compute == RT_F64 ? RT_F64 : RT_F32, 0);
  cf_real steps = 2 * (8 + (cf_real)(keys > 1 ? ceil(log2((double)keys)) : 0)) + (cf_real)keys + 4;
  bool is_blind = c->n_in > 3;
  for (int64_t j = 0; j < keys; j++) {
    scores[j] = score_of(c, compute, batch, row, j, scale);
    is_blind = is_blind && scores[j].value == -(cf_real)HUGE_VALL;
    if (!(scores[j].value <= highest)) highest = scores[j].value;
    if (scores[j].off > off) off = scores[j].off;
  }
  for (int64_t j = 0; j < keys; j++) sum += scores[j].weight = cf_exp(scores[j].value - highest);
  for (int64_t f = 0; f < columns; f++) {
    cf_real value = 0, error = 0;
    for (int64_t j = 0; j < keys && !is_blind; j++) {
      cf_real x = cf_decode(compute, cf_cast(v->dtype, cf_bits(v, element_at(v, &c->out.x, batch, j, f)), compute));
      cf_real term = scores[j].weight / sum * x;
      cf_real below = scores[j].weight > 0 ? highest - scores[j].value : 0;
      value += term;
      error += cf_abs(term) * (2.2 * off + (steps + 2 * below) * unit) + tiny;
    }
    cf_want_sum(c, first + f, value, error);
  }
}

static void attend_cell(cf_case *c, const attend_how *how, rt_dtype dtype, cf_class values) {
  const int64_t *shapes[] = {how->q, how->k, how->v, how->mask};
  rt_dtype compute = cf_compute_dtype(CF_ACCEPT_FLOAT, dtype);
  rt_dtype mask_dtype = how->kind == BOOL_MASK ? RT_BOOL : cf_is_float(dtype) ? dtype : RT_F32;
  c->call = call_attention, c->form = how->form, c->out_layout = how->out, c->param = how->scale, c->keep_dims = how->causal;
  for (int k = 0; k < (how->kind == NO_MASK ? 3 : 4); k++) {
    cf_array *x = cf_input(c, k, k < 3 ? dtype : mask_dtype, how->rank[k], shapes[k]);
    if (k < 3) cf_fill(c, k, values);
    int64_t columns = k == 3 && x->rank > 0 && x->shape[x->rank - 1] > 0 ? x->shape[x->rank - 1] : 1;
    for (int64_t i = 0; i < x->numel && k == 3; i++) { // every third row sees nothing
      bool is_hidden = (x->numel > 1 && i / columns % 3 == 1) || cf_random_below(c, 4) == 0;
      cf_real added = is_hidden ? -(cf_real)HUGE_VALL : (cf_real)cf_random_below(c, 9) / 4 - 1;
      cf_set(x, i, mask_dtype == RT_BOOL ? !is_hidden : cf_encode(mask_dtype, added, 0));
    }
    cf_place(c, k, how->in[k == 1 || k == 2]);
  }
  // The batch of the result: what all three have, k and v with as many heads as q.
  int32_t rank = how->rank[0] > how->rank[1] ? how->rank[0] : how->rank[1];
  if (how->rank[2] > rank) rank = how->rank[2];
  int64_t shape[5], batch[5], rows = how->q[how->rank[0] - 2], columns = how->v[how->rank[2] - 1], n_batches = 1;
  for (int32_t d = 0; d < rank - 2; d++) {
    shape[d] = 1;
    for (int k = 0; k < 3; k++) {
      int32_t own = how->rank[k] - rank + d;
      if (own >= 0 && shapes[k][own] > shape[d]) shape[d] = shapes[k][own];
    }
    n_batches *= shape[d];
  }
  shape[rank - 2] = rows, shape[rank - 1] = columns;
  cf_result(c, compute, rank, shape);
  int64_t features = how->q[how->rank[0] - 1];
  cf_real scale = how->scale != 0 ? (cf_real)how->scale : features ? 1 / cf_sqrt((cf_real)features) : 0;
  score *scores = cf_alloc(c, how->v[how->rank[2] - 2] * (int64_t)sizeof *scores);
  for (int64_t b = 0; b < n_batches; b++) {
    int64_t rest = b;
    for (int32_t d = rank - 3; d >= 0; d--) batch[d] = rest % shape[d], rest /= shape[d];
    for (int64_t row = 0; row < rows; row++) attend_row(c, compute, batch, row, (b * rows + row) * columns, scale, scores);
  }
  cf_close(c);
}

void cf_cases_attention(cf_grid *g) {
  static const cf_class classes[] = {CF_UNIFORM, CF_SPECIALS, CF_TIES, CF_INTEGERS};
  const cf_op *op = cf_op_of(CF_ID(ATTENTION));
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    for (size_t h = 0; h < CF_COUNT(attends); h++) {
      for (size_t v = 0; v < CF_COUNT(classes); v++) {
        cf_class values = cf_is_float(dtype) ? classes[v] : CF_SMALL;
        if (cf_is_float(dtype) ? v > 0 && h > 2 && dtype != RT_F32 : v > 0 || h > 2) continue;
        cf_case *c = cf_open(g, op, dtype, "%s/%s", attends[h].name, cf_class_name[values]);
        if (c) attend_cell(c, &attends[h], dtype, values);
      }
    }
  }
  static const struct { const char *name; rt_status status; int64_t k[2], v[2]; rt_dtype mask; int64_t columns; } refused[] = {
    {"refused-features", RT_E_SHAPE, {7, 3}, {7, 4}, RT_BOOL, 7}, {"refused-keys", RT_E_SHAPE, {7, 4}, {6, 4}, RT_BOOL, 7},
    {"refused-mask", RT_E_SHAPE, {7, 4}, {7, 4}, RT_BOOL, 6}, {"refused-integer-mask", RT_E_DTYPE, {7, 4}, {7, 4}, RT_I32, 7}};
  for (size_t k = 0; k < CF_COUNT(refused); k++) {
    cf_case *c = cf_open(g, op, RT_F32, "%s", refused[k].name);
    if (!c) continue;
    c->call = call_attention, c->fails = refused[k].status, c->param = 0;
    cf_input(c, 0, RT_F32, 2, (int64_t[]){5, 4});
    cf_input(c, 1, RT_F32, 2, refused[k].k);
    cf_input(c, 2, RT_F32, 2, refused[k].v);
    cf_input(c, 3, refused[k].mask, 2, (int64_t[]){5, refused[k].columns});
    for (int i = 0; i < 4; i++) cf_place(c, i, CF_DENSE);
    cf_close(c);
  }
}
