// SPDX-License-Identifier: BSD-3-Clause
// What a context tells about itself: its devices, its backends, their configuration keys and what they support.
#include <stdio.h>
#include <string.h>

#include "infer.h"

int32_t rt_device_count(const rt_ctx *ctx) { return ctx ? ctx->n_devices : 0; }

rt_status rt_device_describe(const rt_ctx *ctx, rt_device device, rt_device_desc *out_desc) {
  if (!ctx || !out_desc) return rti_fail(RT_E_ARGUMENT, "device: %s is NULL", ctx ? "out_desc" : "ctx");
  memset(out_desc, 0, sizeof *out_desc);
  if (device == RT_DEFAULT_DEVICE) device = ctx->default_device;
  if (device < 0 || device >= ctx->n_devices) return rti_fail(RT_E_ARGUMENT, "device: %d is not in 0 to %d", device, ctx->n_devices - 1);
  *out_desc = ctx->device[device].desc;
  out_desc->is_lost = atomic_load(&ctx->device[device].lost);
  return RT_OK;
}

rt_status rt_device_find(const rt_ctx *ctx, const char *name, rt_device *out_device) {
  if (!ctx || !name || !out_device) return rti_fail(RT_E_ARGUMENT, "device: an argument is NULL");
  *out_device = RT_HOST;
  rti_text seen = {{0}};
  for (int32_t d = 0; d < ctx->n_devices; d++) {
    const char *have = ctx->device[d].desc.name;
    size_t length = strlen(name);
    if (!strcmp(have, name) || (d > 0 && !strncmp(have, name, length) && !strcmp(have + length, ":0"))) {
      *out_device = d;
      return RT_OK;
    }
    rti_append(&seen, "%s%s", d ? ", " : "", have);
  }
  return rti_fail(RT_E_NOT_FOUND, "device %.64s: there is none of that name; there are: %s", name, seen.at);
}

int32_t rt_backend_count(const rt_ctx *ctx) { return ctx ? ctx->n_instances : 0; }

static rt_status find_instance(const rt_ctx *ctx, int32_t index, const rti_instance **out) {
  *out = NULL;
  if (!ctx) return rti_fail(RT_E_ARGUMENT, "backend: ctx is NULL");
  if (index < 0 || index >= ctx->n_instances) return rti_fail(RT_E_ARGUMENT, "backend: %d is not in 0 to %d", index, ctx->n_instances - 1);
  *out = &ctx->instance[index];
  return RT_OK;
}

rt_status rt_backend_describe(const rt_ctx *ctx, int32_t index, rt_backend_desc *out_desc) {
  if (!out_desc) return rti_fail(RT_E_ARGUMENT, "backend: out_desc is NULL");
  memset(out_desc, 0, sizeof *out_desc);
  const rti_instance *instance = NULL;
  rt_status status = find_instance(ctx, index, &instance);
  if (status != RT_OK) return status;
  const rti_lib *lib = instance->lib;
  snprintf(out_desc->name, sizeof out_desc->name, "%s", instance->name);
  snprintf(out_desc->version, sizeof out_desc->version, "%.39s", instance->table.version);
  snprintf(out_desc->vendor, sizeof out_desc->vendor, "%.63s", instance->table.vendor);
  snprintf(out_desc->path, sizeof out_desc->path, "%s", lib ? lib->path : "(built in)");
  snprintf(out_desc->origin, sizeof out_desc->origin, "%s", instance->origin);
  for (int32_t i = 0; i < ctx->n_instances; i++) out_desc->n_devices += ctx->instance[i].lib == lib;
  out_desc->is_open = instance->is_open;
  return RT_OK;
}

rt_status rt_backend_config_key(const rt_ctx *ctx, int32_t backend, int32_t index, rt_config_key *out_key) {
  if (!out_key) return rti_fail(RT_E_ARGUMENT, "config_key: out_key is NULL");
  memset(out_key, 0, sizeof *out_key);
  const rti_instance *instance = NULL;
  rt_status status = find_instance(ctx, backend, &instance);
  if (status != RT_OK) return status;
  const rtb_config_key *key = instance->lib ? instance->lib->keys : NULL;
  for (int32_t i = 0; key && key->name; key++, i++)
    if (i == index) {
      *out_key = (rt_config_key){key->name, key->fallback ? key->fallback : "", key->help ? key->help : ""};
      return RT_OK;
    }
  return rti_fail(RT_E_NOT_FOUND, "backend %s has no configuration key %d", instance->name, index);
}

/// A signature of op with dense arguments as a caller would get it; 0 inputs when the op cannot be asked about this way.
static int typical_args(uint16_t op, rt_dtype dtype, int32_t rank, uint8_t space, uint64_t *args, rt_dtype *result) {
  const rti_op_info *info = &rti_ops[op];
  *result = rti_infer_result(op, dtype);
  for (int k = 0; k < info->nin; k++) args[k] = rti_pack_arg((uint16_t)dtype, RTB_DENSE, (uint8_t)rank, space);
  rt_dtype_kind kind = (rt_dtype_kind)rti_dtype_kinds[dtype];
  uint16_t carry = kind >= RT_KIND_FLOAT ? RT_F64 : kind == RT_KIND_UNSIGNED ? RT_U64 : RT_I64;
  switch (op) {
    case RTB_OP_FILL: args[0] = rti_pack_arg((uint16_t)dtype, RTB_IMM, 0, 0); break;
    case RTB_OP_ARANGE: args[0] = args[1] = rti_pack_arg(carry, RTB_IMM, 0, 0); break;
    case RTB_OP_RANDOM_UNIFORM:
    case RTB_OP_RANDOM_NORMAL:
      args[0] = args[1] = rti_pack_arg(RT_U64, RTB_IMM, 0, 0);
      args[2] = args[3] = rti_pack_arg(RT_F64, RTB_IMM, 0, 0);
      break;
    case RTB_OP_WHERE: args[0] = rti_pack_arg(RT_BOOL, RTB_DENSE, (uint8_t)rank, space); break;
    case RTB_OP_GATHER: args[1] = rti_pack_arg(RT_I64, RTB_DENSE, 1, space); break;
    case RTB_OP_TAKE_ALONG: args[1] = rti_pack_arg(RT_I64, RTB_DENSE, (uint8_t)rank, space); break;
    case RTB_OP_SCATTER:
    case RTB_OP_SCATTER_ND:
    case RTB_OP_GATHER_ND: args[1] = rti_pack_arg(RT_I64, RTB_DENSE, (uint8_t)rank, space); break;
    case RTB_OP_SEARCHSORTED: args[0] = rti_pack_arg((uint16_t)dtype, RTB_DENSE, 1, space); break;
    case RTB_OP_LAYER_NORM: case RTB_OP_RMS_NORM: case RTB_OP_BATCH_NORM: args[info->nin - 1] = rti_pack_arg(RT_F64, RTB_IMM, 0, 0); break;
    case RTB_OP_CONV: case RTB_OP_CONV_TRANSPOSE: args[2] = rti_pack_arg(0, RTB_NONE, 0, 0); break;
    case RTB_OP_MATMUL_INTEGER: case RTB_OP_CONV_INTEGER: args[2] = args[3] = rti_pack_arg(0, RTB_NONE, 0, 0); *result = RT_I32; break;
    case RTB_OP_QUANTIZE: args[2] = rti_pack_arg(0, RTB_NONE, 0, 0); *result = RT_I8; break;
    case RTB_OP_DEQUANTIZE: args[1] = rti_pack_arg(RT_F32, RTB_DENSE, (uint8_t)rank, space), args[2] = rti_pack_arg(0, RTB_NONE, 0, 0); *result = RT_F32; break;
    default: if (info->family == RTI_PARAM) args[1] = rti_pack_arg(RT_F64, RTB_IMM, 0, 0);
  }
  args[info->nin] = rti_pack_arg((uint16_t)*result, RTB_DENSE, (uint8_t)rank, space);
  return info->nin;
}

rt_status rt_backend_supports(rt_ctx *ctx, int32_t backend, uint16_t op, int dtype, int32_t rank) {
  const rti_instance *found = NULL;
  rt_status status = find_instance(ctx, backend, &found);
  if (status != RT_OK) return status;
  if (op >= RTI_OP_COUNT || !rti_ops[op].name) return rti_fail(RT_E_ARGUMENT, "supports: %u is no operation", op);
  if (!rti_is_dtype(dtype) || rank < 0 || rank > RT_MAX_RANK) return rti_fail(RT_E_ARGUMENT, "supports: dtype %d, rank %d", dtype, rank);
  const rti_op_info *info = &rti_ops[op];
  if (info->family == RTI_COMPOSITE) return RT_OK; // made of operations that have a fallback
  if (!rti_accepts_dtype(op, (rt_dtype)dtype)) return rti_fail(RT_E_DTYPE, "%s is not defined for %s", info->name, rt_dtype_name((rt_dtype)dtype));
  uint64_t args[RTB_MAX_ARGS];
  rt_dtype result;
  bool has_axes = info->collapse == RTI_AXES || op == RTB_OP_GATHER || op == RTB_OP_TAKE_ALONG;
  bool has_window = op == RTB_OP_CONV || op == RTB_OP_CONV_TRANSPOSE || op == RTB_OP_CONV_INTEGER || op == RTB_OP_MAX_POOL || op == RTB_OP_MAX_POOL_INDICES ||
                    op == RTB_OP_AVG_POOL;
  bool has_sort = op == RTB_OP_SORT || op == RTB_OP_ARGSORT || op == RTB_OP_SEARCHSORTED;
  bool has_index = op == RTB_OP_SCATTER || op == RTB_OP_SCATTER_ND || op == RTB_OP_GATHER_ND;
  if ((has_axes || has_sort || has_index) && rank < 1) rank = 1;
  if ((op == RTB_OP_MATMUL || op == RTB_OP_MATMUL_INTEGER) && rank < 2) rank = 2;
  if (has_window && rank < 3) rank = 4;
  if (has_window && rank > 5) return rti_fail(RT_E_SHAPE, "supports: %s has at most 3 spatial axes, rank %d would have %d", info->name, rank, rank - 2);
  int nin = typical_args(op, (rt_dtype)dtype, rank, found->device ? RTB_SPACE_MINE : RTB_SPACE_HOST, args, &result);
  rtb_attr_axes axes = {.size = sizeof axes, .axes = 1};
  rtb_attr_sort sort = {.size = sizeof sort, .axes = 1};
  rtb_attr_index index = {.size = sizeof index, .axes = op == RTB_OP_SCATTER};
  rtb_attr_window window = {.size = sizeof window, .spatial = (uint32_t)(rank - 2), .groups = 1, .window = {2, 2, 2}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
  rti_kernel *kernel;
  bool uncached;
  const void *attr = has_axes ? (void *)&axes : has_sort ? (void *)&sort : has_index ? (void *)&index : has_window ? (void *)&window : NULL;
  uint32_t attr_bytes = has_axes ? sizeof axes : has_sort ? sizeof sort : has_index ? sizeof index : has_window ? sizeof window : 0;
  status = rti_resolve(&ctx->instance[backend], op, nin, 1, args, 0, attr, attr_bytes, &kernel, &uncached);
  if (status != RT_OK) return status;
  status = kernel->fn ? RT_OK : rti_fail(RT_E_UNSUPPORTED, "%s", kernel->inner.why);
  if (uncached) rti_kernel_free(kernel);
  return status;
}
