// SPDX-License-Identifier: BSD-3-Clause
// libFuzzer target: any bytes as an ONNX model. A model that parses is described and run once on small inputs, under a memory limit.
#include <stdlib.h>
#include <trivet/io.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_PORTS 8

static rt_ctx *open_ctx(void) {
  static rt_ctx *ctx;
  const rt_ctx_options options = {.size = sizeof options, .n_threads = 1, .memory_limit_bytes = 4u << 20};
  if (!ctx && rt_ctx_create(&options, &ctx) != RT_OK) abort();
  return ctx;
}

// Zeros of the stated shape, extents that are open being 2. NULL when that is too large to be worth it.
static rt_tensor *make_input(rt_ctx *ctx, const rt_model_port *port) {
  int64_t shape[RT_MAX_RANK], numel = 1;
  const int32_t rank = port->rank < 0 ? 1 : port->rank;
  for (int32_t i = 0; i < rank; i++) {
    shape[i] = port->rank < 0 || port->shape[i] < 0 ? 2 : port->shape[i];
    if (shape[i] > 64 || (numel *= shape[i]) > 4096) return NULL;
  }
  rt_tensor *t = NULL;
  const rt_status status = rt_zeros(ctx, port->dtype == RT_DTYPE_NONE ? RT_F32 : port->dtype, rank, shape, &t);
  return status == RT_OK ? t : NULL;
}

static void run(rt_ctx *ctx, rt_model *model) {
  const int32_t n_in = rt_model_input_count(model), n_out = rt_model_output_count(model);
  rt_tensor *in[MAX_PORTS] = {0};
  rt_model_value values[MAX_PORTS] = {{0}}, out[MAX_PORTS] = {{0}};
  bool ready = n_in <= MAX_PORTS && n_out <= MAX_PORTS;
  if (rt_model_limit_loops(model, 200) != RT_OK) abort(); // a model may ask for any number of rounds
  for (int32_t i = 0; ready && i < n_in; i++) {
    rt_model_port port;
    if (rt_model_input(model, i, &port) != RT_OK) abort();
    if (!(in[i] = make_input(ctx, &port))) ready = false;
    // The same tensor twice makes a sequence.
    rt_tensor **items = port.is_sequence ? calloc(2, sizeof *items) : NULL;
    if (items) items[0] = rt_retain(in[i]), items[1] = rt_retain(in[i]);
    if (items) values[i] = (rt_model_value){.kind = RT_VALUE_SEQUENCE, .n = in[i] ? 2 : 0, .items = items};
    else values[i] = (rt_model_value){.kind = RT_VALUE_TENSOR, .tensor = rt_retain(in[i])};
  }
  if (ready) {
    const rt_status status = rt_model_run_values(model, n_in, values, n_out, out);
    if (status == RT_E_INTERNAL) abort();
    for (int32_t i = 0; i < n_out; i++) {
      if (status != RT_OK && out[i].kind != RT_VALUE_NONE) abort();
      rt_model_value_clear(&out[i]);
    }
  }
  for (int32_t i = 0; i < MAX_PORTS; i++) {
    rt_release(in[i]);
    rt_model_value_clear(&values[i]);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  rt_ctx *ctx = open_ctx();
  rt_model *model = NULL;
  const rt_status status = rt_model_parse(ctx, "fuzz.onnx", data, size, &model);
  if ((status == RT_OK) != (model != NULL)) abort();
  if (status == RT_E_INTERNAL || (status != RT_OK && rt_last_error()[0] == '\0')) abort();
  if (model) run(ctx, model);
  rt_model_close(model);
  return 0;
}
