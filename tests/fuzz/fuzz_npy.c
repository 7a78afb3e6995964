// SPDX-License-Identifier: BSD-3-Clause
// libFuzzer target: any bytes as a .npy file. What parses is written back to memory once, so that its data are really there.
#include <stdlib.h>
#include <trivet/io.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static rt_ctx *ctx;
  const rt_ctx_options options = {.size = sizeof options, .n_threads = 1, .memory_limit_bytes = 64u << 20};
  if (!ctx && rt_ctx_create(&options, &ctx) != RT_OK) abort();
  rt_tensor *t = NULL;
  const rt_status status = rt_npy_parse(ctx, "fuzz.npy", data, size, &t);
  if ((status == RT_OK) != (t != NULL)) abort();
  if (status != RT_OK && rt_last_error()[0] == '\0') abort();
  if (t) {
    const size_t bytes = (size_t)rt_tensor_numel(t) * rt_dtype_bytes(rt_tensor_dtype(t));
    if (bytes > size) abort();
    void *copy = malloc(bytes + 1);
    if (!copy || rt_read(t, copy, bytes) != RT_OK) abort();
    free(copy);
    rt_release(t);
  }
  return 0;
}
