// SPDX-License-Identifier: BSD-3-Clause
// Parts of neural networks made of other operations: embedding and attention.
#include <math.h>
#include <string.h>

#include "composite.h"
#include "infer.h"

// ---- embedding --------------------------------------------------------------------------------------------------------------------------

static rt_status embedding_infer(const rt_tensor *table, const rt_tensor *indices, int64_t *shape) {
  rti_text text;
  rt_dtype_kind kind = (rt_dtype_kind)rti_dtype_kinds[indices->view.dtype];
  int32_t rank = indices->view.ndim;
  if (table->view.ndim != 2)
    return rti_fail(RT_E_SHAPE, "embedding: table of shape %s is not [n,d]", rti_shape_text(&text, table->view.ndim, table->view.shape));
  if (kind != RT_KIND_SIGNED && kind != RT_KIND_UNSIGNED)
    return rti_fail(RT_E_DTYPE, "embedding: indices have dtype %s, not an integer", rt_dtype_name((rt_dtype)indices->view.dtype));
  if (rank == RT_MAX_RANK) return rti_fail(RT_E_SHAPE, "embedding: the result would have rank %d, more than %d", rank + 1, RT_MAX_RANK);
  memcpy(shape, indices->view.shape, sizeof(int64_t) * (size_t)rank);
  shape[rank] = table->view.shape[1];
  return RT_OK;
}

/// gather, and then 0 in the rows of padding. Padding may be an index that the table does not have: row 0 stands in for it.
static rt_status compose_embedding(const rt_tensor *table, const rt_tensor *indices, int64_t padding, rti_target to) {
  rti_chain c = {.status = RT_OK};
  bool is_u64 = indices->view.dtype == RT_U64; // compared as it is: as i64 the largest would look negative
  if (padding == RT_NO_INDEX || (is_u64 && padding < 0)) {
    c.status = to.given ? rt_gather_into(table, indices, 0, to.given) : rt_gather(table, indices, 0, to.out);
  } else {
    STEP(&c, wide, rt_cast, indices, is_u64 ? RT_U64 : RT_I64);
    STEP(&c, is_padding, rt_eq_scalar, wide, rt_int(padding));
    STEP(&c, first, rt_zeros, table->ctx, (rt_dtype)indices->view.dtype, 0, NULL);
    STEP(&c, safe, rt_where, is_padding, first, indices);
    STEP(&c, rows, rt_gather, table, safe, 0);
    STEP(&c, blank, rt_zeros, table->ctx, (rt_dtype)table->view.dtype, 0, NULL);
    STEP(&c, is_blank, rt_unsqueeze, is_padding, -1);
    if (c.status == RT_OK) c.status = to.given ? rt_where_into(is_blank, blank, rows, to.given) : rt_where(is_blank, blank, rows, to.out);
  }
  if (c.status != RT_OK) rti_fail_in(c.status, "embedding");
  return rti_chain_end(&c);
}

static rt_status embedding(const rt_tensor *table, const rt_tensor *indices, int64_t padding, rti_target to) {
  rt_status status = rti_check_inputs(RTB_OP_EMBEDDING, 2, (const rt_tensor *[]){table, indices}, to);
  int64_t shape[RT_MAX_RANK];
  rti_call call;
  if (status == RT_OK) status = embedding_infer(table, indices, shape);
  if (status != RT_OK) return status;
  rti_composite_call(&call, table->ctx, RTB_OP_EMBEDDING, (rt_dtype)table->view.dtype, indices->view.ndim + 1, shape);
  rti_call_tensor(&call, table);
  rti_call_tensor(&call, indices);
  rti_call_imm(&call, RT_I64, rt_int(padding));
  status = rti_composite_check(&call, to);
  if (status == RT_OK) status = rti_composite_offer(&call, to);
  return status == RTI_NOT_TAKEN ? compose_embedding(table, indices, padding, to) : status;
}

rt_status rt_embedding(const rt_tensor *table, const rt_tensor *indices, int64_t padding_index, rt_tensor **out) {
  return out ? embedding(table, indices, padding_index, (rti_target){NULL, out}) : rti_no_out(RTB_OP_EMBEDDING);
}
rt_status rt_embedding_into(const rt_tensor *table, const rt_tensor *indices, int64_t padding_index, rt_tensor *out) {
  return embedding(table, indices, padding_index, (rti_target){out, NULL});
}

// ---- attention --------------------------------------------------------------------------------------------------------------------------

/// q [..., H, L, E], k [..., H_k, S, E], v [..., H_k, S, F]. Where H is a multiple of H_k (and neither is 1 or both are equal, which
/// broadcast by themselves), the steps see H as H_k groups.
typedef struct attend {
  const rt_tensor *q, *k, *v, *mask;  // mask may be NULL
  rt_dtype work, dtype;               // computes in, result
  double scale;
  bool causal;
  int64_t groups;                     // H / H_k, or 1
  int32_t rank, scores_rank;          // of the result, of the scores
  int64_t shape[RT_MAX_RANK], scores[RT_MAX_RANK]; // [..., H, L, F] and [..., H, L, S]
} attend;

static rt_status misfit(const char *a_name, const rt_tensor *a, const char *b_name, const rt_tensor *b) {
  rti_text text_a, text_b;
  return rti_fail(RT_E_SHAPE, "attention: %s of shape %s does not fit to %s of shape %s", a_name,
                  rti_shape_text(&text_a, a->view.ndim, a->view.shape), b_name,
                  rti_shape_text(&text_b, b->view.ndim, b->view.shape));
}

static int64_t extent(const rt_tensor *t, int32_t from_end) { return t->view.shape[t->view.ndim - from_end]; }

/// Broadcasts the axes of t before its last two, with its heads repeated, into *rank and shape.
static bool join_batch(const rt_tensor *t, int64_t repeat, int32_t *rank, int64_t *shape) {
  int64_t own[RT_MAX_RANK];
  int32_t n = t->view.ndim - 2;
  memcpy(own, t->view.shape, sizeof(int64_t) * (size_t)n);
  if (n > 0) own[n - 1] *= repeat;
  return rti_broadcast(rank, shape, n, own);
}

static rt_status attention_infer(attend *a) {
  const rt_tensor *q = a->q, *k = a->k, *v = a->v, *mask = a->mask;
  rti_text text;
  const struct { const char *name; const rt_tensor *t; } all[] = {{"q", q}, {"k", k}, {"v", v}};
  for (int i = 0; i < 3; i++)
    if (all[i].t->view.ndim < 2)
      return rti_fail(RT_E_SHAPE, "attention: %s of shape %s has no rows", all[i].name,
                      rti_shape_text(&text, all[i].t->view.ndim, all[i].t->view.shape));
  if (extent(q, 1) != extent(k, 1)) return misfit("k", k, "q", q);
  if (extent(k, 2) != extent(v, 2)) return misfit("v", v, "k", k);
  bool has_heads = q->view.ndim > 2 && k->view.ndim > 2 && v->view.ndim > 2;
  int64_t heads = has_heads ? extent(q, 3) : 1, shared = has_heads ? extent(k, 3) : 1;
  a->groups = shared > 1 && heads > shared && heads % shared == 0 && extent(v, 3) == shared ? heads / shared : 1;
  if (!join_batch(q, 1, &a->scores_rank, a->scores) || !join_batch(k, a->groups, &a->scores_rank, a->scores)) return misfit("k", k, "q", q);
  a->rank = a->scores_rank;
  memcpy(a->shape, a->scores, sizeof a->shape);
  if (!join_batch(v, a->groups, &a->rank, a->shape)) return misfit("v", v, "q", q);
  a->shape[a->rank++] = extent(q, 2), a->shape[a->rank++] = extent(v, 1);
  a->scores[a->scores_rank++] = extent(q, 2), a->scores[a->scores_rank++] = extent(k, 2);
  if (a->groups > 1 && a->rank == RT_MAX_RANK)
    return rti_fail(RT_E_SHAPE, "attention: rank %d leaves no room for groups of heads", RT_MAX_RANK);
  if (!mask) return RT_OK;
  rt_dtype_kind kind = (rt_dtype_kind)rti_dtype_kinds[mask->view.dtype];
  if (kind != RT_KIND_BOOLEAN && kind != RT_KIND_FLOAT)
    return rti_fail(RT_E_DTYPE, "attention: mask has dtype %s, neither bool nor a float", rt_dtype_name((rt_dtype)mask->view.dtype));
  int64_t joined[RT_MAX_RANK];
  int32_t rank = a->scores_rank;
  memcpy(joined, a->scores, sizeof joined);
  if (!rti_broadcast(&rank, joined, mask->view.ndim, mask->view.shape) || rank != a->scores_rank ||
      memcmp(joined, a->scores, sizeof(int64_t) * (size_t)rank))
    return rti_fail(RT_E_SHAPE, "attention: mask of shape %s does not broadcast to the scores of shape %s",
                    rti_shape_text(&text, mask->view.ndim, mask->view.shape),
                    rti_shape_text(&(rti_text){{0}}, a->scores_rank, a->scores));
  return RT_OK;
}

/// t of shape [..., H, rows, columns] with H as H / groups and groups: always a view. groups of 1: t.
static rt_tensor *split_heads(rti_chain *c, const rt_tensor *t, int64_t groups) {
  int64_t shape[RT_MAX_RANK];
  if (c->status != RT_OK) return NULL;
  if (groups == 1) return rti_chain_keep(c, rt_retain(t));
  int32_t at = t->view.ndim - 3;
  memcpy(shape, t->view.shape, sizeof(int64_t) * (size_t)at);
  shape[at] = t->view.shape[at] / groups, shape[at + 1] = groups;
  memcpy(shape + at + 2, t->view.shape + at + 1, 2 * sizeof(int64_t));
  STEP(c, split, rt_reshape, t, t->view.ndim + 1, shape);
  return split;
}

/// The rows 0, 1, ... of a matrix, or its columns, where q lies.
static rt_tensor *counting(rti_chain *c, const rt_tensor *q, int64_t n, bool is_column) {
  rt_tensor *line = NULL;
  if (c->status == RT_OK) c->status = rti_tensor_create(q->ctx, q->device, RT_I64, 1, &n, NULL, &line);
  rti_chain_keep(c, line);
  STEP_INTO(c, rt_arange_into, rt_int(0), rt_int(1), line);
  if (!is_column) return line;
  STEP(c, column, rt_unsqueeze, line, 1);
  return column;
}

/// Adds the mask to the scores, or lowers to -infinity what it or `causal` hides. Answers which rows have nothing left (NULL: none
/// can).
static rt_tensor *mask_scores(rti_chain *c, const attend *a, rt_tensor *scores) {
  STEP(c, hidden, rt_full, a->q->ctx, a->work, 0, NULL, rt_float(-(double)INFINITY));
  if (a->causal && extent(a->q, 2) > 0 && extent(a->k, 2) > 0) {
    rt_tensor *row = counting(c, a->q, extent(a->q, 2), true), *column = counting(c, a->q, extent(a->k, 2), false);
    STEP(c, is_past, rt_le, column, row);
    STEP_INTO(c, rt_where_into, is_past, scores, hidden, scores);
  }
  if (!a->mask) return NULL;
  const rt_tensor *mask = a->mask;
  if (a->groups > 1) {
    STEP(c, whole, rt_expand, mask, a->scores_rank, a->scores);
    mask = whole ? split_heads(c, whole, a->groups) : NULL;
  }
  if (a->mask->view.dtype == RT_BOOL) STEP_INTO(c, rt_where_into, mask, scores, hidden, scores);
  else STEP_INTO(c, rt_add_into, scores, mask, scores);
  if (extent(a->k, 2) == 0) return NULL;
  const rt_axes last = {1, {-1}};
  STEP(c, highest, rt_max, scores, &last, true);
  STEP(c, is_blind, rt_eq, highest, hidden);
  return is_blind;
}

/// softmax(q k^T scale + mask) v. A row that sees nothing gives 0: the sum over nothing, as without any keys.
static rt_status compose_attention(rti_chain *c, const attend *a, rti_target to) {
  const rt_tensor *q = a->q, *k = a->k, *v = a->v;
  if (a->groups > 1) {
    q = split_heads(c, q, a->groups);
    STEP(c, shared_k, rt_unsqueeze, k, -3);
    STEP(c, shared_v, rt_unsqueeze, v, -3);
    k = shared_k, v = shared_v;
  }
  STEP(c, scaled, rt_mul_scalar, q, rt_float(a->scale)); // q is smaller than the scores, and its products then overflow later
  STEP(c, turned, rt_transpose, k, -1, -2);
  STEP(c, scores, rt_matmul, scaled, turned);
  rt_tensor *is_blind = mask_scores(c, a, scores);
  STEP(c, weights, rt_softmax, scores, -1);
  STEP(c, mixed, rt_matmul, weights, v);
  if (is_blind) {
    STEP(c, nothing, rt_zeros, a->q->ctx, a->work, 0, NULL);
    STEP_INTO(c, rt_where_into, is_blind, nothing, mixed, mixed);
  }
  STEP(c, result, rt_reshape, mixed, a->rank, a->shape);
  rt_tensor *last = NULL;
  if (c->status == RT_OK && to.given) c->status = rt_cast_into(result, to.given);
  else if (c->status == RT_OK && a->dtype != a->work) c->status = rt_cast(result, a->dtype, &last);
  else if (c->status == RT_OK) last = rt_retain(result);
  if (c->status != RT_OK) return rti_fail_in(c->status, "attention");
  if (!to.given) *to.out = last;
  return RT_OK;
}

/// Brings the inputs to a dtype; a bool mask stays, and one that is added has the dtype that the scores are computed in.
static rt_status convert(rti_chain *c, attend *a, rt_dtype dtype) {
  const rt_tensor **in[] = {&a->q, &a->k, &a->v, &a->mask};
  for (int i = 0; i < 4 && c->status == RT_OK; i++) {
    rt_tensor *made = NULL;
    if (*in[i]) c->status = rti_to_dtype(in[i], i < 3 ? dtype : a->mask->view.dtype == RT_BOOL ? RT_BOOL : a->work, &made);
    rti_chain_keep(c, made);
  }
  return c->status;
}

static rt_status attention(attend *a, rti_target to) {
  rti_chain c = {.status = rti_check_inputs(RTB_OP_ATTENTION, a->mask ? 4 : 3, (const rt_tensor *[]){a->q, a->k, a->v, a->mask}, to)};
  if (c.status == RT_OK && !isfinite(a->scale)) c.status = rti_fail(RT_E_ARGUMENT, "attention: scale %g", a->scale);
  if (c.status == RT_OK) c.status = attention_infer(a);
  if (c.status == RT_OK) c.status = rti_infer_compute(RTB_OP_ATTENTION, 3, (const rt_tensor *[]){a->q, a->k, a->v}, NULL, &a->dtype);
  if (c.status != RT_OK) return c.status;
  if (rti_is_complex((int)a->dtype)) return rti_refuse_complex("attention", a->dtype);
  if (rti_dtype_kinds[a->dtype] != RT_KIND_FLOAT) a->dtype = RT_F32;
  a->work = a->dtype == RT_F64 ? RT_F64 : RT_F32;
  if (a->scale == 0 && extent(a->q, 1) > 0) a->scale = 1 / sqrt((double)extent(a->q, 1));
  rti_call call;
  rtb_attr_attention attr = {.size = sizeof attr, .flags = a->causal ? RTB_ATTENTION_CAUSAL : 0};
  rti_composite_call(&call, a->q->ctx, RTB_OP_ATTENTION, a->dtype, a->rank, a->shape);
  if ((c.status = rti_composite_check(&call, to)) == RT_OK && convert(&c, a, a->dtype) == RT_OK) {
    const rt_tensor *in[] = {a->q, a->k, a->v, a->mask};
    for (int i = 0; i < 4; i++) call.in[call.nin++] = (rti_arg){.tensor = in[i]};
    rti_call_imm(&call, RT_F64, rt_float(a->scale));
    call.attr = &attr, call.attr_bytes = sizeof attr;
    c.status = rti_composite_offer(&call, to);
  }
  if (c.status == RTI_NOT_TAKEN) {
    c.status = RT_OK;
    if (convert(&c, a, a->work) == RT_OK) compose_attention(&c, a, to);
  }
  return rti_chain_end(&c);
}

rt_status rt_attention(const rt_tensor *q, const rt_tensor *k, const rt_tensor *v, const rt_tensor *mask, double scale, bool causal,
                       rt_tensor **out) {
  return out ? attention(&(attend){.q = q, .k = k, .v = v, .mask = mask, .scale = scale, .causal = causal}, (rti_target){NULL, out})
             : rti_no_out(RTB_OP_ATTENTION);
}
rt_status rt_attention_into(const rt_tensor *q, const rt_tensor *k, const rt_tensor *v, const rt_tensor *mask, double scale, bool causal,
                            rt_tensor *out) {
  return attention(&(attend){.q = q, .k = k, .v = v, .mask = mask, .scale = scale, .causal = causal}, (rti_target){out, NULL});
}
