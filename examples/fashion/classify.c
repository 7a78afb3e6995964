// SPDX-License-Identifier: BSD-3-Clause
// The network on one backend: a context that asks this backend first, the model, the images batch by batch. Everything that Trivet does for
// the demo is called from here; which operation runs where is not decided here but by the core, which the report then tells about.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fashion.h"

static double now_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// ---- finding ---------------------------------------------------------------------------------------------------------------------------
typedef struct found { backend_name *list; int32_t n, most; } found;

static void visit(void *user, const char *name, const char *path, const char *origin) {
  (void)path, (void)origin;
  found *f = user;
  for (int32_t i = 0; i < f->n; i++) {
    if (!strcmp(f->list[i], name)) return; // an earlier directory wins, as it does when the name is opened
  }
  if (f->n < f->most) snprintf(f->list[f->n++], sizeof f->list[0], "%s", name);
}

int32_t find_backends(backend_name *out, int32_t most) {
  found f = {.list = out, .most = most};
  rt_backend_search(NULL, visit, &f);
  // The reference first, because the others are compared with it, then the example that the demo is about.
  static const backend_name order[] = {"cpu_ref", "toy"};
  for (int32_t place = 0, k = 0; k < 2; k++) {
    for (int32_t i = place; i < f.n; i++) {
      if (strcmp(out[i], order[k])) continue;
      memmove(out[place + 1], out[place], (size_t)(i - place) * sizeof out[0]);
      memcpy(out[place++], order[k], sizeof out[0]);
      break;
    }
  }
  return f.n;
}

// ---- running ---------------------------------------------------------------------------------------------------------------------------
/// Bytes to what the network was trained on: f32 [n, 1, 28, 28] in 0..1.
static rt_status make_input(rt_ctx *ctx, const uint8_t *pixels, int32_t n, float *scratch, rt_tensor **out) {
  for (size_t i = 0; i < (size_t)n * IMAGE_BYTES; i++) scratch[i] = (float)pixels[i] / 255.0f;
  return rt_from_data(ctx, RT_F32, 4, (int64_t[]){n, 1, IMAGE_SIDE, IMAGE_SIDE}, scratch, out);
}

/// Images first to first + n - 1.
static bool run_batch(rt_ctx *ctx, rt_model *model, const dataset *data, int32_t first, int32_t n, float *scratch, run *out) {
  rt_tensor *image = NULL, *answer = NULL, *label = NULL;
  int64_t *best = malloc((size_t)n * sizeof *best);
  bool ok = best || fail("no memory for %d labels", n);
  if (ok && (make_input(ctx, data->pixels + (size_t)first * IMAGE_BYTES, n, scratch, &image)
          || rt_model_run(model, 1, (const rt_tensor *const *)&image, 1, &answer))) {
    ok = fail("%s: images %d to %d: %s", out->name, first, first + n - 1, rt_last_error());
  }
  if (ok && (rt_tensor_dtype(answer) != RT_F32 || rt_tensor_rank(answer) != 2 || rt_tensor_shape(answer)[1] != N_CLASSES)) {
    ok = fail("the model does not answer with f32 [n, %d]; is it the right one?", N_CLASSES);
  }
  if (ok && (rt_argmax(answer, &(rt_axes){1, {1}}, false, &label) || rt_read(label, best, (size_t)n * sizeof *best)
          || rt_read(answer, out->probabilities + (size_t)first * N_CLASSES, (size_t)n * N_CLASSES * sizeof(float)))) {
    ok = fail("%s: images %d to %d: %s", out->name, first, first + n - 1, rt_last_error());
  }
  for (int32_t i = 0; ok && i < n; i++) {
    out->guess[first + i] = (uint8_t)best[i];
    out->n_right += best[i] == data->labels[first + i];
  }
  rt_release(image), rt_release(answer), rt_release(label);
  free(best);
  return ok;
}

static bool run_all(rt_ctx *ctx, rt_model *model, const settings *set, const dataset *data, run *out) {
  float *scratch = malloc((size_t)set->batch * IMAGE_BYTES * sizeof *scratch);
  out->guess = malloc((size_t)out->n);
  out->probabilities = malloc((size_t)out->n * N_CLASSES * sizeof(float));
  bool ok = (scratch && out->guess && out->probabilities) || fail("no memory for the answers to %d images", out->n);
  double start = now_seconds();
  for (int32_t i = 0; ok && i < out->n; i += set->batch) {
    screen_progress(out->name, i, out->n, now_seconds() - start);
    ok = run_batch(ctx, model, data, i, out->n - i < set->batch ? out->n - i : set->batch, scratch, out);
  }
  out->seconds = now_seconds() - start;
  screen_progress_end();
  free(scratch);
  return ok;
}

static void print_log(void *user, rt_log_level level, const char *text) {
  (void)user;
  if (level > RT_LOG_INFO) return;
  screen_progress_end();
  printf("  log: %s\n", text); // what RT_FALLBACK=report says, for one
}

/// Everything after the context is open.
static bool classify_in(rt_ctx *ctx, const settings *set, const dataset *data, run *out) {
  rt_backend_desc first;
  rt_model *model = NULL;
  if (rt_backend_describe(ctx, 0, &first) != RT_OK) return fail("%s", rt_last_error());
  memcpy(out->name, first.name, sizeof out->name);
  const char *bold = screen_style(STYLE_BOLD), *plain = screen_style(STYLE_PLAIN);
  printf("\n%s%s %s%s  %s (%s)\n", bold, first.name, first.version, plain, first.path, first.origin);
  fflush(stdout); // what follows takes a while
  bool ok = rt_model_open(ctx, set->model, &model) == RT_OK || fail("%s: %s", out->name, rt_last_error());
  ok = ok && run_all(ctx, model, set, data, out);
  rt_model_close(model);
  if (!ok) return false;
  int32_t n_threads = rt_ctx_threads(ctx);
  printf("  accuracy %.2f %%: %d of %d images\n", 100.0 * out->n_right / out->n, out->n_right, out->n);
  printf("  %.0f images per second: %.1f s in batches of %d, %d thread%s\n", images_per_second(out), out->seconds, set->batch, n_threads,
         n_threads == 1 ? "" : "s");
  return report_print(ctx, out->name);
}

void classify(const settings *set, const dataset *data, const char *backends, bool is_optional, run *out) {
  rt_ctx_options options = {.size = sizeof options, .backends = backends, .log = print_log};
  rt_ctx *ctx = NULL;
  out->n = set->limit < data->n ? set->limit : data->n;
  bool is_open = rt_ctx_create(&options, &ctx) == RT_OK;
  if (!is_open && is_optional) {
    printf("\nleft out: %s\n", rt_last_error());
    out->state = RUN_LEFT_OUT;
    return;
  }
  bool ok = is_open ? classify_in(ctx, set, data, out) : fail("%s", rt_last_error());
  if (rt_ctx_close(ctx) != RT_OK) ok = fail("%s: %s", out->name, rt_last_error());
  out->state = ok ? RUN_DONE : RUN_FAILED;
  fflush(stdout);
}

double images_per_second(const run *r) { return r->n / (r->seconds > 1e-9 ? r->seconds : 1e-9); }

void run_free(run *r) {
  free(r->guess);
  free(r->probabilities);
}

// ---- the labels of the training script ---------------------------------------------------------------------------------------------------
bool read_recorded(const char *path, int32_t n, uint8_t *out) {
  rt_ctx_options options = {.size = sizeof options, .backends = ""}; // no plugin has a say in this
  rt_ctx *ctx = NULL;
  rt_tensor *t = NULL;
  bool ok = (!rt_ctx_create(&options, &ctx) && !rt_npy_read(ctx, path, &t)) || fail("%s", rt_last_error());
  if (ok && (rt_tensor_dtype(t) != RT_U8 || rt_tensor_rank(t) != 1 || rt_tensor_numel(t) != n)) {
    ok = fail("%s: is %s with %lld elements, not u8 [%d]", path, rt_dtype_name(rt_tensor_dtype(t)), (long long)rt_tensor_numel(t), n);
  }
  ok = ok && (!rt_read(t, out, (size_t)n) || fail("%s: %s", path, rt_last_error()));
  rt_release(t);
  rt_ctx_close(ctx);
  return ok;
}
