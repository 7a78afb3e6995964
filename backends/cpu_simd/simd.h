// SPDX-License-Identifier: BSD-3-Clause
// What the files of the SIMD backend share: the device, the tables that kernels are found in, and one resolver per family. Drivers (this
// folder) are compiled once for the baseline of the architecture; kernels/ and gemm/ once per instruction set and lane, and export one
// table each.
#ifndef CPU_SIMD_SIMD_H
#define CPU_SIMD_SIMD_H

#include <stdbool.h>
#include <stddef.h>
#include <trivet/backend.h>
#include <trivet/backend_kit.h>

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

#define SIMD_DTYPES 16
#define SIMD_MAX_INPUTS 4

// ---- kernels ------------------------------------------------------------------------------------------------------------------------------
/// n elements of each argument, dense; bit k of still: input k is one element that is used n times. Parameters are inputs, too (f64, still).
/// out may be exactly one of the inputs.
typedef void (*simd_map)(int64_t n, const void *const *in, void *out, uint32_t still);
/// cost: work per element in units of a tenth of a nanosecond on one core with data in its cache, measured, then a constant (see simd_grain).
typedef struct simd_map_row { uint16_t op, cost; simd_map fn; } simd_map_row; // a table ends with op 0
typedef struct simd_gemm_kernels simd_gemm_kernels; // gemm/gemm.h

/// The kernels of one instruction set. NULL: the family has none for this dtype.
typedef struct simd_isa {
  const char *name;
  int32_t vector_bytes;
  const simd_map_row *map[SIMD_DTYPES];
  const struct simd_pool *pool[SIMD_DTYPES]; // pool.h
  const struct simd_conv *conv[SIMD_DTYPES]; // conv.h
  const simd_gemm_kernels *gemm[SIMD_DTYPES];
} simd_isa;
/// The instruction sets that this library was built with, best first; the last entry is `scalar`.
extern const simd_isa *const simd_isas[];
/// Can this machine run it?
bool simd_isa_runs(const simd_isa *isa);

// ---- devices ------------------------------------------------------------------------------------------------------------------------------
typedef struct simd_device {
  const rtb_host *host;
  const simd_isa *isa;
} simd_device;

/// Elements per chunk of parallel work for kernels of this cost (simd_map_row): about 10 microseconds of work, so that a second thread is never used
/// for less than it costs to wake it. It depends on nothing else: neither on the number of threads nor on the machine.
static inline int64_t simd_grain(uint32_t cost) {
  const int64_t grain = 100000 / (cost ? cost : 1);
  return grain < 1024 ? 1024 : grain / 64 * 64;
}

static inline int32_t simd_parallel(const simd_device *dev, int64_t n, int64_t grain, rtb_body body, void *arg) {
  if (n <= grain) return body(arg, 0, n);
  return dev->host->parallel_for(dev->host, n, grain, body, arg);
}

static inline const char *simd_op_name(const simd_device *dev, uint16_t op) { return dev->host->op_name(dev->host, op); }
static inline const char *simd_dtype_name(const simd_device *dev, uint16_t dtype) { return dev->host->dtype_name(dev->host, dtype); }
static inline bool simd_is_float(uint16_t dtype) { return dtype >= RTB_F16 && dtype <= RTB_F64; }

// ---- families: resolve, as in rtb_backend ---------------------------------------------------------------------------------------------------
typedef int32_t (*simd_resolver)(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);
int32_t simd_resolve_map(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);
int32_t simd_resolve_pool(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);
int32_t simd_resolve_conv(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);
int32_t simd_resolve_matmul(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);

/// A kernel's own context of `bytes`, zeroed, which out->free gives back; NULL when there is no memory. Its first member must be a simd_device *,
/// which is filled in.
void *simd_context(simd_device *dev, size_t bytes, rtb_kernel *out);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
