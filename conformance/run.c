// SPDX-License-Identifier: BSD-3-Clause
// One cell from its arguments to its verdict: upload, call, check what came back and what must not have changed.
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void cf_fail(cf_case *c, const char *fmt, ...) {
  if (c->status == RT_CONFORMANCE_FAIL) return;
  c->status = RT_CONFORMANCE_FAIL;
  va_list args;
  va_start(args, fmt);
  vsnprintf(c->text, sizeof c->text, fmt, args);
  va_end(args);
}

// ---- memory of a cell -----------------------------------------------------------------------------------------------------------------
void *cf_alloc(cf_case *c, int64_t bytes) {
  cf_grid *g = c->grid;
  size_t need = ((size_t)bytes + 63) / 64 * 64;
  if (need > CF_DATA_BYTES - g->data_used) { // a mistake in the tables: the cell fails, and the memory below is big enough for any array
    g->data_exhausted = true;
    g->data_used = 0;
  }
  void *at = g->data + g->data_used;
  g->data_used += need;
  memset(at, 0, need);
  return at;
}

cf_array *cf_array_init(cf_case *c, cf_array *a, rt_dtype dtype, int32_t rank, const int64_t *shape) {
  a->dtype = dtype;
  a->rank = rank;
  a->numel = 1;
  for (int32_t d = 0; d < rank; d++) a->shape[d] = shape[d], a->numel *= shape[d];
  a->data = cf_alloc(c, a->numel * cf_bytes(dtype));
  return a;
}

cf_array *cf_input(cf_case *c, int k, rt_dtype dtype, int32_t rank, const int64_t *shape) {
  if (c->n_in < k + 1) c->n_in = k + 1;
  return cf_array_init(c, &c->in[k].x, dtype, rank, shape);
}

void cf_result(cf_case *c, rt_dtype dtype, int32_t rank, const int64_t *shape) {
  cf_array_init(c, &c->out.x, dtype, rank, shape);
  c->want = cf_alloc(c, c->out.x.numel * cf_parts(dtype) * (int64_t)sizeof *c->want);
}

// ---- arguments ------------------------------------------------------------------------------------------------------------------------
/// Makes the given output of a cell; *out_into stays NULL for a new output. `in` may be changed (a clone takes an input's place).
static bool prepare_output(cf_case *c, rt_tensor **in, rt_tensor **out_into) {
  cf_slot *out = &c->out, *shared = &c->in[c->share];
  if (c->form == CF_NEW) return true;
  if (c->form == CF_INTO) {
    cf_lay_out(c, out, c->out_layout);
    if (!cf_upload(c, out)) return false;
    *out_into = out->view;
    return true;
  }
  if (c->form == CF_CLONE) {
    if (rt_clone(shared->view, &out->view) != RT_OK) {
      cf_fail(c, "rt_clone: %s", rt_last_error());
      return false;
    }
    *out_into = in[c->share] = out->view;
    return true;
  }
  out->is_base_shared = true;
  out->offset = shared->offset + (c->form == CF_OVERLAP ? 1 : c->form == CF_OVERLAP_BACK ? -1 : 0);
  out->base = rt_retain(shared->base);
  out->base_numel = shared->base_numel;
  for (int32_t d = 0; d < out->x.rank; d++) {
    out->stride[d] = c->form == CF_OVERLAP_FLIP ? -shared->stride[d] : shared->stride[d];
    if (c->form == CF_OVERLAP_FLIP) out->offset += (out->x.shape[d] - 1) * shared->stride[d];
  }
  if (c->form == CF_IN_PLACE) out->view = rt_retain(shared->view);
  else if (rt_as_strided(shared->base, out->x.rank, out->x.shape, out->stride, out->offset, &out->view) != RT_OK) {
    cf_fail(c, "rt_as_strided: %s", rt_last_error());
    return false;
  }
  *out_into = out->view;
  return true;
}

// ---- checks ---------------------------------------------------------------------------------------------------------------------------
static bool is_in_c_order(int32_t rank, const int64_t *shape, const int64_t *stride) {
  int64_t next = 1;
  for (int32_t d = rank - 1; d >= 0; d--) {
    if (shape[d] != 1 && stride[d] != next) return false;
    next *= shape[d];
  }
  return true;
}

/// A new output has the shape and dtype of the result and lies in C order, or as the inputs do when all share one dense permutation
/// (inputs of one element share any).
static bool check_facts(cf_case *c, const rt_tensor *t) {
  const cf_array *x = &c->out.x;
  if (rt_tensor_dtype(t) != x->dtype) {
    cf_fail(c, "the result is %s, not %s", rt_dtype_name(rt_tensor_dtype(t)), rt_dtype_name(x->dtype));
    return false;
  }
  if (rt_tensor_rank(t) != x->rank) {
    cf_fail(c, "the result has rank %d, not %d", rt_tensor_rank(t), x->rank);
    return false;
  }
  for (int32_t d = 0; d < x->rank; d++) {
    if (rt_tensor_shape(t)[d] == x->shape[d]) continue;
    cf_fail(c, "axis %d of the result has extent %lld, not %lld", d, (long long)rt_tensor_shape(t)[d], (long long)x->shape[d]);
    return false;
  }
  rt_device wanted = c->n_in ? c->grid->device : c->grid->default_device;
  if (rt_tensor_device(t) != wanted) cf_fail(c, "the result is on device %d, not %d", rt_tensor_device(t), wanted);
  if (x->numel == 0 || is_in_c_order(x->rank, x->shape, rt_tensor_strides(t))) return true;
  bool as_inputs = c->n_in > 0 && c->op->id != CF_ID(COPY); // a copy is in C order always
  for (int k = 0; k < c->n_in && as_inputs; k++) {
    const cf_slot *in = &c->in[k];
    if (in->x.numel == 1 || (c->op->id == CF_ID(BATCH_NORM) && k > 0)) continue;
    as_inputs = in->layout == CF_TRANSPOSED && in->x.rank == x->rank;
    for (int32_t d = 0; d < x->rank && as_inputs; d++)
      as_inputs = in->x.shape[d] == x->shape[d] && (x->shape[d] == 1 || in->stride[d] == rt_tensor_strides(t)[d]);
  }
  if (!as_inputs) cf_fail(c, "the result lies neither in C order nor in the order that all inputs share");
  return true;
}

static void mark(void *user, int64_t i, int64_t at) { (void)i, ((unsigned char *)user)[at] = 1; }

/// Every byte of a storage that is not an element of the output must be as it was.
static void check_unchanged(cf_case *c, cf_slot *s, const char *what, int k, bool holds_output) {
  int64_t bytes = s->base_numel * cf_bytes(s->x.dtype), element = cf_bytes(s->x.dtype);
  unsigned char *now = cf_alloc(c, bytes), *is_output = cf_alloc(c, s->base_numel);
  rt_status status = rt_read(s->base, now, (size_t)bytes);
  if (status != RT_OK) {
    cf_fail(c, "%s %d cannot be read afterwards: %s", what, k, rt_last_error());
    return;
  }
  if (holds_output) cf_walk(c->out.x.rank, c->out.x.shape, c->out.stride, c->out.offset, mark, is_output);
  for (int64_t i = 0; i < s->base_numel; i++) {
    if (is_output[i] || memcmp(now + i * element, s->before + i * element, (size_t)element) == 0) continue;
    cf_fail(c, "%s %d: memory at element %lld of its storage was overwritten%s", what, k, (long long)i,
            holds_output ? ", outside of the output" : "");
    return;
  }
}

/// Who ran it, from the report of the context. Reading a row walks the table of kernels, so a plain operation stops at its own row.
static void find_runner(cf_case *c) {
  rt_report_row row;
  for (int32_t i = 0; rt_report_get(c->grid->ctx, i, &row) == RT_OK; i++) {
    bool is_composite = c->op->family == CF_COMPOSITE;
    if (row.kind != RT_REPORT_RUN || row.count == 0 || (!is_composite && strcmp(row.op, c->op->name) != 0)) continue;
    size_t used = strlen(c->ran_by), length = strlen(row.backend);
    const char *seen = strstr(c->ran_by, row.backend);
    if (seen && (seen == c->ran_by || seen[-1] == '+') && (seen[length] == 0 || seen[length] == '+')) continue;
    snprintf(c->ran_by + used, sizeof c->ran_by - used, "%s%s", used ? "+" : "", row.backend);
    if (!is_composite) return;
  }
}

// ---- one cell -------------------------------------------------------------------------------------------------------------------------
static void expect_refusal(cf_case *c, rt_status status, rt_tensor *fresh, rt_tensor *into) {
  if (status != RT_OK && fresh) cf_fail(c, "failed with %s, but left a tensor in *out", rt_status_name(status));
  if (status == RT_OK) status = rt_wait(into ? into : fresh); // a device may find out later
  if (status == RT_OK) cf_fail(c, "worked, but must be refused with %s", rt_status_name(c->fails));
  else if (status != c->fails && status != c->fails_too)
    cf_fail(c, "was refused with %s (%s), but must be with %s", rt_status_name(status), rt_last_error(), rt_status_name(c->fails));
  else if (rt_last_error()[0] == 0) cf_fail(c, "was refused with %s, but without a sentence", rt_status_name(status));
}

static void judge_result(cf_case *c, rt_tensor *fresh) {
  cf_slot *out = &c->out;
  int64_t dense[RT_MAX_RANK], next = 1;
  for (int32_t d = out->x.rank - 1; d >= 0; d--) dense[d] = next, next *= out->x.shape[d];
  rt_tensor *whole = fresh ? fresh : c->form == CF_CLONE ? out->view : out->base;
  if (fresh && !check_facts(c, fresh)) return;
  bool is_view = !fresh && c->form != CF_CLONE && out->base != out->view; // then the whole storage is read, and walked here
  int64_t bytes = (is_view ? out->base_numel : out->x.numel) * cf_bytes(out->x.dtype);
  unsigned char *got = cf_alloc(c, bytes);
  rt_status status = rt_read(whole, got, (size_t)bytes);
  if (status != RT_OK) cf_fail(c, "the result cannot be read: %s: %s", rt_status_name(status), rt_last_error());
  else cf_judge(c, got, is_view ? out->offset : 0, is_view ? out->stride : dense);
}

static void execute(cf_case *c) {
  rt_tensor *in[CF_MAX_IN] = {NULL}, *into = NULL, *fresh = NULL;
  for (int k = 0; k < c->n_in; k++) {
    if (k > 0 && c->are_twins) {
      in[k] = in[0];
      continue;
    }
    if (!cf_upload(c, &c->in[k])) return;
    in[k] = c->in[k].view;
  }
  if (!prepare_output(c, in, &into)) return;
  rt_report_reset(c->grid->ctx);
  rt_status status = c->call(c, in, into, &fresh);
  if (c->fails != RT_OK) expect_refusal(c, status, fresh, into);
  else if (status == RT_E_UNSUPPORTED) {
    c->status = RT_CONFORMANCE_SKIP;
    snprintf(c->text, sizeof c->text, "nothing that may run here can do it: %s", rt_last_error());
  } else if (status != RT_OK) cf_fail(c, "failed with %s: %s", rt_status_name(status), rt_last_error());
  find_runner(c); // late, for it leaves a sentence of its own; and before the result is read, which may run copies
  if (status == RT_OK && c->fails == RT_OK) judge_result(c, fresh);
  rt_release(fresh);
  for (int k = 0; k < c->n_in; k++)
    if (c->in[k].base) check_unchanged(c, &c->in[k], "input", k, c->out.is_base_shared && k == c->share);
  if (c->form == CF_INTO && c->out.base) check_unchanged(c, &c->out, "output", 0, true);
}

static void count_runner(cf_case *c) {
  rt_conformance_summary *sum = c->grid->summary;
  for (const char *at = c->ran_by; *at;) {
    size_t length = strcspn(at, "+");
    uint32_t i = 0;
    while (i < sum->n_backends && (strncmp(sum->backend[i].name, at, length) != 0 || sum->backend[i].name[length])) i++;
    if (i == sum->n_backends && i < CF_COUNT(sum->backend)) {
      snprintf(sum->backend[i].name, sizeof sum->backend[i].name, "%.*s", (int)length, at);
      sum->n_backends++;
    }
    if (i < sum->n_backends) sum->backend[i].n_cells++;
    at += length + (at[length] == '+');
  }
}

void cf_close(cf_case *c) {
  cf_grid *g = c->grid;
  if (g->data_exhausted) cf_fail(c, "the cell needs more than %u bytes of memory: its row in the grid is too large", CF_DATA_BYTES);
  else execute(c);
  if (g->data_exhausted) cf_fail(c, "the cell needs more than %u bytes of memory: its row in the grid is too large", CF_DATA_BYTES);
  for (int k = 0; k < c->n_in; k++) {
    rt_release(c->in[k].view);
    rt_release(c->in[k].base);
  }
  rt_release(c->out.view);
  rt_release(c->out.base);
  rt_conformance_summary *sum = g->summary;
  sum->n_cells++;
  if (c->status == RT_CONFORMANCE_PASS) sum->n_passed++;
  if (c->status == RT_CONFORMANCE_FAIL) sum->n_failed++;
  if (c->status == RT_CONFORMANCE_SKIP) sum->n_skipped++;
  count_runner(c);
  rt_conformance_cell cell = {c->name, c->op->name, c->dtype, c->status, c->text, c->ran_by};
  if (g->options.on_cell) g->options.on_cell(g->options.user, &cell);
}
