// SPDX-License-Identifier: BSD-3-Clause
// Layers: attaching them to opened devices, wrapping kernels, handing events on. The core keeps the inner kernel and calls its accept and
// free itself, so a layer replaces the call and nothing else. With no layer all of this is a few loops over zero entries.
#include "objects.h"

rt_status rti_layers_attach(rti_instance *instance) {
  rt_ctx *ctx = instance->ctx;
  for (int32_t i = ctx->n_layer_libs - 1; i >= 0; i--) { // innermost first
    rti_layer_use use = {.lib = ctx->layer_lib[i]};
    uint32_t errors = rti_error_count();
    int32_t code = use.lib->layer.attach(&ctx->host, &instance->table, instance->dev, &use.self);
    if (code != RTB_OK) {
      rt_status status = code > 0 && code <= RTB_E_INTERNAL ? (rt_status)code : RT_E_BACKEND;
      return rti_error_count() != errors ? rti_fail_in(status, "layer %s does not attach to %s", use.lib->name, instance->name)
                                         : rti_fail(status, "layer %s does not attach to %s (code %d)", use.lib->name, instance->name, code);
    }
    instance->layer[instance->n_layers++] = use;
  }
  return RT_OK;
}

void rti_layers_detach(rti_instance *instance) {
  while (instance->n_layers > 0) {
    rti_layer_use *use = &instance->layer[--instance->n_layers];
    use->lib->layer.detach(use->self);
  }
}

int32_t rti_layers_wrap(rti_kernel *kernel, const rtb_sig *sig) {
  rti_instance *instance = kernel->instance;
  if (!instance->n_layers) return RTB_OK;
  // A layer may keep the pointer to its inner kernel until unwrap.
  if (!(kernel->below = rti_pool_alloc(instance->ctx->pool, (size_t)instance->n_layers * sizeof *kernel->below))) return RTB_E_NO_MEMORY;
  for (int32_t i = 0; i < instance->n_layers; i++) {
    // Each layer sees the call of the one below as its inner kernel.
    rtb_kernel *inner = &kernel->below[i];
    *inner = kernel->inner;
    inner->fn = kernel->fn;
    inner->kctx = kernel->fn_ctx;
    if (i > 0) inner->accept = NULL, inner->free = NULL; // these take the backend's own kctx
    rtb_fn fn = kernel->fn;
    void *fn_ctx = kernel->fn_ctx;
    const rti_layer_use *use = &instance->layer[i];
    if (use->lib->layer.wrap(use->self, sig, inner, &fn, &fn_ctx) != RTB_OK || !fn) continue;
    kernel->is_wrapped |= (fn != kernel->fn || fn_ctx != kernel->fn_ctx) ? 1u << i : 0;
    kernel->wrap_ctx[i] = fn_ctx;
    kernel->fn = fn;
    kernel->fn_ctx = fn_ctx;
  }
  return RTB_OK;
}

void rti_layers_unwrap(rti_kernel *kernel) {
  rti_instance *instance = kernel->instance;
  if (!kernel->below) return;
  for (int32_t i = instance->n_layers - 1; i >= 0; i--)
    if (kernel->is_wrapped >> i & 1) instance->layer[i].lib->layer.unwrap(instance->layer[i].self, kernel->wrap_ctx[i]);
  rti_pool_free(instance->ctx->pool, kernel->below, (size_t)instance->n_layers * sizeof *kernel->below);
  kernel->below = NULL;
}

void rti_layers_event(rt_ctx *ctx, const rtb_event *event) {
  if (!ctx->n_layer_libs) return;
  for (int32_t i = 0; i < ctx->n_instances; i++)
    for (int32_t l = 0; l < ctx->instance[i].n_layers; l++) {
      const rti_layer_use *use = &ctx->instance[i].layer[l];
      if (use->lib->layer.on_event) use->lib->layer.on_event(use->self, event);
    }
}

int32_t rti_layers_alloc(rti_instance *instance, uint64_t bytes) {
  for (int32_t i = instance->n_layers - 1; i >= 0; i--) {
    const rti_layer_use *use = &instance->layer[i];
    int32_t code = use->lib->layer.on_alloc ? use->lib->layer.on_alloc(use->self, bytes) : RTB_OK;
    if (code != RTB_OK) return code;
  }
  return RTB_OK;
}
