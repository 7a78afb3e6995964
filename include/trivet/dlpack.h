// SPDX-License-Identifier: BSD-3-Clause
// Zero-copy exchange with other libraries through DLPack 1.x. The structs are declared here from the public specification so that no
// other header is needed; they are layout-compatible with <dlpack/dlpack.h>, which may be included first.
#ifndef TRIVET_DLPACK_H
#define TRIVET_DLPACK_H

#include <trivet/tensor.h>

RT_BEGIN

#define RT_DLPACK_MAJOR 1
#define RT_DLPACK_MINOR 1

typedef struct rt_dl_device { int32_t device_type, device_id; } rt_dl_device;
typedef struct rt_dl_dtype { uint8_t code, bits; uint16_t lanes; } rt_dl_dtype;
typedef struct rt_dl_tensor {
  void *data;
  rt_dl_device device;
  int32_t ndim;
  rt_dl_dtype dtype;
  int64_t *shape;
  int64_t *strides;      ///< in elements; NULL means C order
  uint64_t byte_offset;
} rt_dl_tensor;

/// The legacy exchange struct (DLPack before 1.0).
typedef struct rt_dl_managed {
  rt_dl_tensor dl_tensor;
  void *manager_ctx;
  void (*deleter)(struct rt_dl_managed *self);
} rt_dl_managed;

/// The versioned exchange struct (DLPack 1.0 and later).
typedef struct rt_dl_managed_versioned {
  struct { uint32_t major, minor; } version;
  void *manager_ctx;
  void (*deleter)(struct rt_dl_managed_versioned *self);
  uint64_t flags;        ///< RT_DL_...
  rt_dl_tensor dl_tensor;
} rt_dl_managed_versioned;
#define RT_DL_READ_ONLY 1u
#define RT_DL_IS_COPIED 2u

/// Gives the data of a host tensor to another library, without a copy (a storage that is shared copy-on-write is un-shared first).
/// Owner    *out keeps the data alive until its deleter is called, on any thread
/// Errors   RT_E_DTYPE when DLPack has no such dtype, RT_E_UNSUPPORTED for a tensor of another device (rt_to the host first)
RT_API RT_NODISCARD rt_status rt_to_dlpack(rt_tensor *t, rt_dl_managed_versioned **out);
RT_API RT_NODISCARD rt_status rt_to_dlpack_legacy(rt_tensor *t, rt_dl_managed **out);
/// Takes a tensor from another library, without a copy. Host memory only.
/// Owner    on success the new tensor owns `managed` and calls its deleter when nothing uses the data; on failure it stays yours, except
///          that a versioned struct of another major version is deleted and nothing else of it is read
/// Errors   RT_E_FORMAT for a struct that contradicts itself, RT_E_DTYPE, RT_E_UNSUPPORTED (device, lanes), RT_E_SHAPE
RT_API RT_NODISCARD rt_status rt_from_dlpack(rt_ctx *ctx, rt_dl_managed_versioned *managed, rt_tensor **out);
RT_API RT_NODISCARD rt_status rt_from_dlpack_legacy(rt_ctx *ctx, rt_dl_managed *managed, rt_tensor **out);

RT_END
#endif
