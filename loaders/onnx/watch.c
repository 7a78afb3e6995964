// SPDX-License-Identifier: BSD-3-Clause
// Runs one node of a run and, when somebody watches the model, tells how long it took and what came out. Without a watcher nothing is
// timed or waited for.
#define _XOPEN_SOURCE 700
#include <time.h>

#include "model.h"

#define MOST_OUTPUTS 64 // shown to a watcher; no operation has as many

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static rt_status run_watched(rt_model *model, rti_onnx_node *node) {
  const rt_tensor *outputs[MOST_OUTPUTS];
  const int32_t n = node->n_out < MOST_OUTPUTS ? node->n_out : MOST_OUTPUTS;
  rti_onnx_where where;
  const uint64_t start = now_ns();
  rt_status status = rti_onnx_run_node(model, node);
  for (int32_t i = 0; status == RT_OK && i < n; i++) {
    outputs[i] = node->out[i] >= 0 ? rti_onnx_peek(node->graph, node->out[i]).tensor : NULL;
    if (outputs[i] && (status = rt_wait(outputs[i])) != RT_OK) rti_io_fail_in(status, "%s: %s", model->name, rti_onnx_where_in_graph(&where, node));
  }
  if (status != RT_OK) return status;
  model->watch(model->watcher, &(rt_model_step){node->number, now_ns() - start, n, outputs});
  return RT_OK;
}

rt_status rti_onnx_step(rt_model *model, rti_onnx_node *node) {
  return model->watch && !node->graph->parent ? run_watched(model, node) : rti_onnx_run_node(model, node);
}

rt_status rt_model_watch(rt_model *model, rt_model_step_fn fn, void *user) {
  if (!model) return rti_io_fail(RT_E_ARGUMENT, "model_watch: model is NULL");
  model->watch = fn;
  model->watcher = user;
  return RT_OK;
}
