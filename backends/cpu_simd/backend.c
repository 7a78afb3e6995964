// SPDX-License-Identifier: BSD-3-Clause
// The plugin: which family answers for which operation, and which instruction set a device uses. Nothing is computed here.
#include <string.h>

#include "simd.h"

static const simd_resolver families[256] = {
#define RT_UNARY(id, NAME, ...) [id] = simd_resolve_map,
#define RT_PARAM RT_UNARY
#define RT_BINARY RT_UNARY
#define RT_TERNARY RT_UNARY
#define RT_REDUCE(id, ...) [id] = simd_resolve_fold,
#define RT_ARG RT_REDUCE
#define RT_OP(...)
#define RT_COMPOSITE(...)
#include <trivet/ops.def>
  [RTB_OP_CONV] = simd_resolve_conv,
  [RTB_OP_CONV_TRANSPOSE] = simd_resolve_conv,
  [RTB_OP_GATHER] = simd_resolve_index,
  [RTB_OP_TAKE_ALONG] = simd_resolve_index,
  [RTB_OP_GATHER_ND] = simd_resolve_index,
  [RTB_OP_SCATTER] = simd_resolve_scatter,
  [RTB_OP_SCATTER_ND] = simd_resolve_scatter,
  [RTB_OP_NONZERO] = simd_resolve_nonzero,
  [RTB_OP_CUMSUM] = simd_resolve_scan,
  [RTB_OP_CUMPROD] = simd_resolve_scan,
  [RTB_OP_SORT] = simd_resolve_sort,
  [RTB_OP_ARGSORT] = simd_resolve_sort,
  [RTB_OP_SEARCHSORTED] = simd_resolve_search,
  [RTB_OP_MAX_POOL] = simd_resolve_pool,
  [RTB_OP_MAX_POOL_INDICES] = simd_resolve_pool,
  [RTB_OP_AVG_POOL] = simd_resolve_pool,
  [RTB_OP_LP_POOL] = simd_resolve_lp_pool,
  [RTB_OP_SOFTMAX] = simd_resolve_lines,
  [RTB_OP_LOG_SOFTMAX] = simd_resolve_lines,
  [RTB_OP_LAYER_NORM] = simd_resolve_lines,
  [RTB_OP_RMS_NORM] = simd_resolve_lines,
  [RTB_OP_BATCH_NORM] = simd_resolve_lines,
  [RTB_OP_MATMUL] = simd_resolve_matmul,
  [RTB_OP_COPY] = simd_resolve_move,
  [RTB_OP_CAST] = simd_resolve_cast,
  [RTB_OP_ARANGE] = simd_resolve_make,
  [RTB_OP_RANDOM_UNIFORM] = simd_resolve_make,
  [RTB_OP_RANDOM_NORMAL] = simd_resolve_make,
  [RTB_OP_QUANTIZE] = simd_resolve_quant,
  [RTB_OP_DEQUANTIZE] = simd_resolve_quant,
  [RTB_OP_FILL] = simd_resolve_move,
  [RTB_OP_WHERE] = simd_resolve_move,
};

static int32_t resolve(void *dev, const rtb_sig *sig, rtb_kernel *out) {
  const simd_resolver family = sig->op < 256 ? families[sig->op] : NULL;
  if (!family) return rtb_refuse(out, RTB_UNSUPPORTED_OP, "%s has no vector kernel", simd_op_name(dev, sig->op));
  for (int32_t k = 0; k < sig->nin + sig->nout; k++)
    if (sig->arg[k].space == RTB_SPACE_FOREIGN) return rtb_refuse(out, RTB_UNSUPPORTED_SPACE, "argument %d is not in host memory", k);
  return family(dev, sig, out);
}

int32_t simd_want_views(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  for (int32_t k = 0; k < sig->nin + sig->nout; k++) {
    const uint8_t layout = sig->arg[k].layout;
    if (layout <= RTB_NEGATIVE || layout == RTB_NONE) continue;
    memset(out->want_layout, RTB_NEGATIVE, sizeof out->want_layout);
    return rtb_refuse(out, RTB_UNSUPPORTED_LAYOUT, "%s: argument %d must be a strided view", simd_op_name(dev, sig->op), k);
  }
  return RTB_OK;
}

static void context_free(void *kctx) {
  uint64_t *block = (uint64_t *)kctx - 8;
  const simd_device *dev = *(simd_device **)kctx;
  dev->host->free(dev->host, block, *block);
}

void *simd_context(simd_device *dev, size_t bytes, rtb_kernel *out) {
  const uint64_t all = bytes + 64; // a cache line before it holds its size
  uint64_t *block = dev->host->alloc(dev->host, all, 64);
  if (!block) {
    dev->host->fail(dev->host, RTB_E_NO_MEMORY, "cpu_simd: no memory for a kernel");
    return NULL;
  }
  memset(block, 0, all);
  *block = all;
  *(simd_device **)(block + 8) = dev;
  out->kctx = block + 8, out->free = context_free;
  return block + 8;
}

/// The value of a key in "key=value" lines; its length in *out_length, 0 when it is not there.
static const char *config_value(const char *config, const char *key, size_t *out_length) {
  const size_t key_length = strlen(key);
  *out_length = 0;
  for (const char *line = config; line && *line;) {
    const char *end = strchr(line, '\n');
    if (!end) end = line + strlen(line);
    if ((size_t)(end - line) > key_length && line[key_length] == '=' && memcmp(line, key, key_length) == 0) {
      *out_length = (size_t)(end - line) - key_length - 1;
      return line + key_length + 1;
    }
    line = *end ? end + 1 : end;
  }
  return "";
}

static int32_t choose_isa(const rtb_host *host, const char *config, const simd_isa **out) {
  size_t length;
  const char *name = config_value(config, "isa", &length);
  const bool best = length == 0 || (length == 4 && memcmp(name, "auto", 4) == 0);
  char built[64] = "";
  for (const simd_isa *const *isa = simd_isas; *isa; isa++) {
    const bool named = strlen((*isa)->name) == length && memcmp((*isa)->name, name, length) == 0;
    if (named && !simd_isa_runs(*isa))
      return rtb_failf(host, RTB_E_UNSUPPORTED, "cpu_simd: this CPU cannot run isa=%s", (*isa)->name);
    if (named || (best && simd_isa_runs(*isa))) return *out = *isa, RTB_OK;
    if (built[0]) strncat(built, ", ", sizeof built - strlen(built) - 1);
    strncat(built, (*isa)->name, sizeof built - strlen(built) - 1);
  }
  for (int32_t k = 0; k < 4; k++) {
    static const char known[4][8] = {"avx512", "avx2", "neon", "scalar"};
    if (strlen(known[k]) == length && memcmp(known[k], name, length) == 0)
      return rtb_failf(host, RTB_E_UNSUPPORTED, "cpu_simd: built with %s, not with isa=%s", built, known[k]);
  }
  return rtb_failf(host, RTB_E_ARGUMENT, "cpu_simd: isa=%.*s is none of auto, avx512, avx2, neon, scalar", (int)length, name);
}

static int32_t open_device(const rtb_host *host, uint32_t index, const char *config, void **out_dev) {
  const simd_isa *isa = NULL;
  if (index > 0) return RTB_E_NOT_FOUND;
  const int32_t status = choose_isa(host, config, &isa);
  if (status != RTB_OK) return status;
  simd_device *dev = host->alloc(host, sizeof *dev, 64);
  if (!dev) return rtb_failf(host, RTB_E_NO_MEMORY, "cpu_simd: no memory for a device");
  *dev = (simd_device){.host = host, .isa = isa};
  *out_dev = dev;
  return RTB_OK;
}

static void close_device(void *dev) {
  const rtb_host *host = ((simd_device *)dev)->host;
  host->free(host, dev, sizeof(simd_device));
}

static const rtb_config_key config_keys[] = {
  {"isa", "auto", "instruction set of the kernels: auto (the best this CPU has), avx512, avx2, neon or scalar"},
  {0},
};

static const rtb_backend table = {
  RTB_BACKEND_HEADER,
  .caps = RTB_CAP_HOST_MEMORY | RTB_CAP_UNLOADABLE,
  .name = "cpu_simd",
  .vendor = "Trivet",
  .version = "0.1.0",
  .config_keys = config_keys,
  .open = open_device,
  .close = close_device,
  .resolve = resolve,
};

RTB_EXPORT const rtb_backend *RTB_BACKEND_ENTRY(const rtb_host *host);
const rtb_backend *RTB_BACKEND_ENTRY(const rtb_host *host) {
  (void)host;
  return &table;
}
