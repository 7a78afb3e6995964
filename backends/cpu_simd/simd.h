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

// ---- kernels ------------------------------------------------------------------------------------------------------------------------------
/// n elements of each argument, dense; bit k of still: input k is one element that is used n times. Parameters are inputs, too (f64, still).
/// out may be exactly one of the inputs. With SIMD_STREAM in still the output shares no input and will not be read soon: a kernel may write it past the
/// caches (and then waits until other threads can see it). With SIMD_GAP(k), only for a kernel that says so, the elements of input k lie two apart.
#define SIMD_STREAM (1u << 31)
#define SIMD_GAP(k) (256u << (k)) // of three inputs
#define SIMD_GAPS (SIMD_GAP(0) | SIMD_GAP(1) | SIMD_GAP(2))
typedef void (*simd_map)(int64_t n, const void *const *in, void *out, uint32_t still);
/// cost: work per element in units of a tenth of a nanosecond on one core with data in its cache, measured, then a constant (see simd_grain).
typedef struct simd_map_row { uint16_t op, cost; simd_map fn; bool takes_gaps; } simd_map_row; // a table ends with op 0
typedef struct simd_gemm_kernels simd_gemm_kernels; // gemm/gemm.h

/// Elements of one size, whatever they mean. Steps are bytes, of any sign.
typedef struct simd_moves {
  int64_t bytes; ///< of an element
  /// out[r][c] = x[r][c] for r < rows, c < cols, each at r row + c col from its start; transposing goes through registers. The two must not overlap.
  void (*move)(int64_t rows, int64_t cols, const void *x, int64_t x_row, int64_t x_col, void *out, int64_t out_row, int64_t out_col);
  simd_map copy, where; ///< COPY and FILL; WHERE
} simd_moves;

/// A reduction. A state is what is known of one result so far: state_bytes of it for each of at most SIMD_FOLD_RESULTS results, in an array.
/// x points to elements, steps are in elements; `first` is the index of the first term among all terms of its result.
#define SIMD_FOLD_RESULTS 1024
typedef struct simd_fold {
  uint16_t op, cost, state_bytes;                                                                         // cost as above
  void (*start)(int64_t m, void *state);
  void (*rows)(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state);            // the n terms of a result lie side by side
  void (*columns)(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state);         // the m results lie side by side
  void (*join)(int64_t m, const void *later, void *state);
  void (*finish)(int64_t m, const void *state, int64_t n, void *out, int64_t out_step);                   // n: terms of each result
} simd_fold; // a table ends with op 0

/// CAST from a dtype to each real one; of f16 and bf16 also to it from each other one, so that no other lane has to know halves.
typedef struct simd_casts { simd_map from[SIMD_DTYPES], to[SIMD_DTYPES]; } simd_casts;

/// QUANTIZE from a float to each integer dtype, DEQUANTIZE to it from each. Inputs are x, scale and zero point.
typedef struct simd_quants { simd_map quantize[SIMD_DTYPES], dequantize[SIMD_DTYPES]; } simd_quants;

/// Numbers that are made of their index.
typedef struct simd_makes {
  void (*ramp)(int64_t n, int64_t first, double start, double step, double *out); ///< start + i step, rounded once
  /// The four words of each of n blocks of Philox 4x32-10.
  void (*philox)(int64_t n, uint64_t first, const uint32_t *key, const uint32_t *stream, uint32_t *words);
  void (*uniform)(int64_t n, const uint32_t *words, int32_t bits, double low, double high, double *out); ///< bits 53: of pairs of words
} simd_makes;

/// The kernels of one instruction set. NULL: the family has none for this dtype.
typedef struct simd_isa {
  const char *name;
  int32_t vector_bytes;
  const simd_map_row *map[SIMD_DTYPES];
  const simd_fold *fold[SIMD_DTYPES], *arg[SIMD_DTYPES];
  const struct simd_line_row *softmax[SIMD_DTYPES], *norm[SIMD_DTYPES]; // lines.h
  const struct simd_pool *pool[SIMD_DTYPES]; // pool.h
  const struct simd_conv *conv[SIMD_DTYPES]; // conv.h
  const simd_gemm_kernels *gemm[SIMD_DTYPES];
  const simd_casts *casts[SIMD_DTYPES];
  const simd_quants *quants[SIMD_DTYPES];
  const simd_makes *makes;
  const simd_moves *moves[5]; // by log2 of the bytes of an element, 1 to 16
} simd_isa;

/// Complex dtypes, the same on all of them (by dtype - RTB_C64): rows, casts, and the making of one from two floats (by their dtype).
typedef struct simd_complex { const simd_map_row *map; const simd_casts *casts; const simd_map *pair; } simd_complex;
extern const simd_complex simd_complexes[2];

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

/// What moves elements of a dtype of this many bytes.
static inline const simd_moves *simd_moves_of(const simd_device *dev, uint32_t bytes) { return dev->isa->moves[__builtin_ctz(bytes)]; }

/// Elements begin to begin + n of a view, counted in C order, to dense memory; and back. step: bytes from one element to the next in each
/// dimension, of any sign, 0 where elements repeat (never in `to` of unpack).
void simd_pack(const simd_moves *moves, int32_t rank, const int64_t *shape, const int64_t *step, const void *from, int64_t begin, int64_t n, void *to);
void simd_unpack(const simd_moves *moves, int32_t rank, const int64_t *shape, const int64_t *step, const void *from, int64_t begin, int64_t n, void *to);

/// The kernel that casts one dtype to another, NULL where there is nothing to do; false: there is none.
bool simd_cast_of(const simd_device *dev, uint16_t from, uint16_t to, simd_map *out);

// ---- families: resolve, as in rtb_backend ---------------------------------------------------------------------------------------------------
typedef int32_t (*simd_resolver)(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);
int32_t simd_resolve_map(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);
int32_t simd_resolve_index(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);   ///< gather, take_along, gather_nd
int32_t simd_resolve_scatter(simd_device *dev, const rtb_sig *sig, rtb_kernel *out); ///< scatter, scatter_nd
int32_t simd_resolve_nonzero(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);
int32_t simd_resolve_scan(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);    ///< cumsum, cumprod
int32_t simd_resolve_sort(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);    ///< sort, argsort
int32_t simd_resolve_search(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);  ///< searchsorted

/// Refuses arguments that are not strided views (optional ones may be absent), wanting views; RTB_OK otherwise.
int32_t simd_want_views(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);
int32_t simd_resolve_pool(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);
int32_t simd_resolve_lp_pool(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);
int32_t simd_resolve_conv(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);
int32_t simd_resolve_matmul(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);
int32_t simd_resolve_move(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);
int32_t simd_resolve_fold(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);
int32_t simd_resolve_lines(simd_device *dev, const rtb_sig *sig, rtb_kernel *out); ///< softmax and norms
int32_t simd_resolve_cast(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);
int32_t simd_resolve_quant(simd_device *dev, const rtb_sig *sig, rtb_kernel *out);
int32_t simd_resolve_make(simd_device *dev, const rtb_sig *sig, rtb_kernel *out); ///< arange, random_uniform, random_normal
int32_t simd_resolve_lines(simd_device *dev, const rtb_sig *sig, rtb_kernel *out); ///< softmax, log_softmax, layer_norm, rms_norm

/// A kernel's own context of `bytes`, zeroed, which out->free gives back; NULL when there is no memory. Its first member must be a simd_device *,
/// which is filled in.
void *simd_context(simd_device *dev, size_t bytes, rtb_kernel *out);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
