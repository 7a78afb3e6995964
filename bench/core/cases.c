// SPDX-License-Identifier: BSD-3-Clause
// The cases: f32 addition into a given output and with a new one, dense and broadcast, of 1 to 4096 elements, with and without a layer on
// the reference plugin; and what it costs to submit to the asynchronous example when all tensors already live there.
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum layout { DENSE, ONE, ROW, LAYOUTS } layout;
static const char *const layout_names[LAYOUTS] = {
    "dense", // [n] + [n]
    "one",   // [n] + [1]
    "row",   // [n/4,4] + [4]
};

static rt_ctx *contexts[4];
static rt_tensor *tensors[256];
static size_t n_contexts, n_tensors;

static rt_tensor *keep(rt_tensor *t) { return tensors[n_tensors++] = t; }

static rt_ctx *open_context(const char *backends, const char *layers, const char *const *plugins) {
  rt_ctx_options options = {.size = sizeof options, .n_threads = 1, .backends = backends, .layers = layers, .plugins = plugins,
      .config = "toy.batch=128\n"}; // more than a burst: its worker wakes when we wait, not while submitting is timed
  rt_ctx *ctx = NULL;
  if (rt_ctx_create(&options, &ctx) != RT_OK) return complain(NULL), NULL;
  return contexts[n_contexts++] = ctx;
}

static rt_tensor *numbers(rt_ctx *ctx, int32_t rank, const int64_t *shape) {
  float data[4096];
  int64_t n = 1;
  for (int32_t d = 0; d < rank; d++) n *= shape[d];
  for (int64_t i = 0; i < n; i++) data[i] = (float)(i % 13) - 6;
  rt_tensor *t = NULL;
  if (rt_from_data(ctx, RT_F32, rank, shape, data, &t) != RT_OK) return complain(NULL), NULL;
  return keep(t);
}

// ---- what is timed -------------------------------------------------------------------------------------------------------------------------
static bool run_into(bench_case *self, int64_t n) {
  rt_status status = RT_OK;
  for (int64_t i = 0; i < n; i++) status |= rt_add_into(self->a, self->b, self->out);
  return status == RT_OK;
}

static bool run_new(bench_case *self, int64_t n) {
  rt_status status = RT_OK;
  for (int64_t i = 0; i < n; i++) {
    rt_tensor *out;
    status |= rt_add(self->a, self->b, &out);
    rt_release(out);
  }
  return status == RT_OK;
}

static bool run_submit(bench_case *self, int64_t n) {
  rt_status status = RT_OK;
  for (int64_t i = 0; i < n; i++) {
    status |= rt_add_into(self->a, self->b, self->out);
    if (self->sync_every && (i + 1) % self->sync_every == 0) status |= rt_ctx_sync(self->ctx);
  }
  return status == RT_OK;
}

static bool finish_submit(bench_case *self) { return rt_ctx_sync(self->ctx) == RT_OK; }

// ---- making them ---------------------------------------------------------------------------------------------------------------------------
static bool add_pair(bench *all, rt_ctx *ctx, layout how, int64_t n, int n_layers) {
  int64_t flat[1] = {n}, rows[2] = {n / 4, 4}, one[1] = {1}, four[1] = {4};
  int32_t rank = how == ROW ? 2 : 1;
  const int64_t *shape = how == ROW ? rows : flat, *other = how == DENSE ? flat : how == ONE ? one : four;
  rt_tensor *a = numbers(ctx, rank, shape), *b = numbers(ctx, 1, other), *out = numbers(ctx, rank, shape);
  if (!a || !b || !out) return false;
  for (int new_output = 0; new_output < 2; new_output++) {
    char name[sizeof(((bench_case *)0)->name)];
    snprintf(name, sizeof name, "%s/%s/%d/layers:%d", new_output ? "add" : "add_into", layout_names[how], (int)n, n_layers);
    bench_case *c = add_case(all, name);
    *c = (bench_case){.run = new_output ? run_new : run_into, .a = a, .b = b, .out = out, .ctx = ctx};
    memcpy(c->name, name, sizeof name);
    if (!c->run(c, 1)) return complain(NULL);
  }
  return true;
}

static bool add_host_cases(bench *all) {
  static const int64_t sizes[] = {1, 4, 8, 32, 4096};
  rt_ctx *ctx[2] = {open_context("cpu_ref", "", NULL), open_context("cpu_ref", "count", NULL)};
  if (!ctx[0] || !ctx[1]) return false;
  for (int n_layers = 0; n_layers < 2; n_layers++)
    for (layout how = DENSE; how < LAYOUTS; how++)
      for (size_t i = 0; i < COUNT(sizes); i++) {
        if ((how == ONE && sizes[i] == 1) || (how == ROW && sizes[i] < 8)) continue; // not broadcast at all
        if (!add_pair(all, ctx[n_layers], how, sizes[i], n_layers)) return false;
      }
  return true;
}

static bool add_device_cases(bench *all) {
  if (!all->toy_path) return true;
  const char *plugins[] = {all->toy_path, NULL};
  rt_ctx *ctx = open_context("toy", "", plugins);
  int64_t shape[1] = {64};
  rt_tensor *a = ctx ? numbers(ctx, 1, shape) : NULL, *b = ctx ? numbers(ctx, 1, shape) : NULL, *out = ctx ? numbers(ctx, 1, shape) : NULL;
  if (!a || !b || !out) return false;
  for (int every = 0; every <= 64; every += 64) {
    bench_case *c = add_case(all, every ? "submit/64/sync:64" : "submit/64/sync:0");
    c->run = run_submit, c->finish = finish_submit;
    c->a = a, c->b = b, c->out = out, c->ctx = ctx, c->sync_every = every;
    if (!c->run(c, 1) || !c->finish(c)) return complain(NULL);
  }
  return true;
}

static void found_backend(void *user, const char *name, const char *path, const char *origin) {
  (void)origin;
  bench *all = user;
  if (strcmp(name, "cpu_ref") == 0 && !all->reference_path) all->reference_path = strdup(path);
}

bool make_cases(bench *all) {
  if (rt_backend_search(NULL, found_backend, all) != RT_OK) return complain(NULL);
  if (!all->reference_path) return complain("trivet_cpu_ref.so was not found");
  return add_host_cases(all) && add_direct_case(all) && add_device_cases(all);
}

void free_cases(bench *all) {
  for (size_t i = 0; i < n_tensors; i++) rt_release(tensors[i]);
  for (size_t i = 0; i < n_contexts; i++) rt_ctx_close(contexts[i]);
  free(all->at);
  free(all->reference_path);
}
