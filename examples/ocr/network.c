// SPDX-License-Identifier: BSD-3-Clause
// One model: opened, run and timed, and on request every tensor that goes in or comes out is written to a .npy file, so that another
// runtime can be asked the same question.
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ocr.h"

static double now_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

bool network_open(rt_ctx *ctx, const char *folder, const char *file, network *out) {
  char path[4096];
  out->ctx = ctx;
  if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, file) >= sizeof path) return fail("%s: the name is too long", folder);
  rt_status status = rt_model_open(ctx, path, &out->model);
  if (status == RT_E_NOT_FOUND) return fail("%s. scripts/fetch-models.sh brings the models, --models says where they are", rt_last_error());
  if (status != RT_OK) return fail("%s", rt_last_error());
  if (rt_model_input_count(out->model) != 1 || rt_model_output_count(out->model) != 1)
    return fail("%s: is no model with one input and one output", path);
  return true;
}

static bool dump(const network *net, const char *side, const rt_tensor *t) {
  char path[4096];
  if (!net->dump) return true;
  snprintf(path, sizeof path, "%s/%s_%02d_%s.npy", net->dump, net->name, net->n_runs, side);
  return rt_npy_write(path, t) == RT_OK || fail("%s", rt_last_error());
}

bool network_run(network *net, const rt_tensor *in, int32_t rank, rt_tensor **out) {
  double start = now_seconds();
  if (rt_model_run(net->model, 1, &in, 1, out) || rt_wait(*out)) return fail("%s: %s", net->name, rt_last_error());
  net->seconds += now_seconds() - start;
  if (rt_tensor_dtype(*out) != RT_F32 || rt_tensor_rank(*out) != rank)
    return fail("%s: this model does not answer with f32 of rank %d", net->name, rank);
  bool ok = dump(net, "in", in) && dump(net, "out", *out);
  net->n_runs++;
  return ok;
}
