// SPDX-License-Identifier: BSD-3-Clause
// Tensors: create, view, retain, release, read and write.
//
// A tensor is a reference-counted handle: shape, strides (in elements; may be 0 or negative), dtype, storage and a logical device.
// Views share the storage of their base. Different tensors may be used from different threads; one tensor may be read by many threads
// at once; writing it, or a tensor that shares its storage, is the caller's to order.
#ifndef TRIVET_TENSOR_H
#define TRIVET_TENSOR_H

#include <trivet/device.h>
#include <trivet/dtype.h>

RT_BEGIN

#define RT_MAX_RANK 16
#define RT_INLINE_BYTES 128 ///< host data up to this size lives inside the handle

typedef struct rt_tensor rt_tensor;

/// A number without a dtype. In an operation it takes the tensor's dtype unless its own kind is higher (2.5 with i32 gives f32, a complex
/// number c64, with f64 c128).
typedef struct rt_scalar {
  rt_dtype_kind kind; ///< BOOLEAN, SIGNED, UNSIGNED, FLOAT or COMPLEX: which member counts
  union { bool b; int64_t i; uint64_t u; double f; struct { double re, im; } c; } as;
} rt_scalar;
static inline rt_scalar rt_float(double value) { rt_scalar s; s.kind = RT_KIND_FLOAT; s.as.f = value; return s; }
static inline rt_scalar rt_int(int64_t value) { rt_scalar s; s.kind = RT_KIND_SIGNED; s.as.i = value; return s; }
static inline rt_scalar rt_uint(uint64_t value) { rt_scalar s; s.kind = RT_KIND_UNSIGNED; s.as.u = value; return s; }
static inline rt_scalar rt_bool(bool value) { rt_scalar s; s.kind = RT_KIND_BOOLEAN; s.as.u = 0; s.as.b = value; return s; }
/// (rt_complex makes a tensor from two.)
static inline rt_scalar rt_complex_number(double re, double im) { rt_scalar s; s.kind = RT_KIND_COMPLEX; s.as.c.re = re; s.as.c.im = im; return s; }

/// A list of axes, negative ones counting from the end. Where a function takes a pointer, NULL means all axes, {0} means none.
typedef struct rt_axes { int32_t count; int32_t axis[RT_MAX_RANK]; } rt_axes;

/// Convolution and pooling. Zero means 1 for stride, dilation and groups. Pads are per side, in elements.
typedef struct rt_window {
  int32_t size[3];      ///< pooling: extent of the window per spatial axis; convolution: leave 0 (the weight says)
  int32_t stride[3], dilation[3];
  int32_t pad_lo[3], pad_hi[3];
  int32_t groups;       ///< convolution only
  bool ceil_mode;       ///< pooling: round the output extent up; a window then still starts inside the input or its low pad
  bool count_pad;       ///< avg_pool: padded elements count in the divisor
  int32_t output_pad[3];///< conv_transpose: elements that the output has more at the end of each spatial axis
} rt_window;

/// For padding_index and ignore_index: no index stands for nothing.
#define RT_NO_INDEX INT64_MIN

/// Which elements of x an element of rt_resize is made of: the nearest one; the 2 beside its place; the 4 round it, by the cubic of Keys.
typedef enum rt_resize_mode { RT_RESIZE_NEAREST = 0, RT_RESIZE_LINEAR, RT_RESIZE_CUBIC } rt_resize_mode;
/// Where output element i lies in x, along an axis whose extent goes from n to m; s is the scale. Computed in f64 as ((i + p) a) / b + q; where no
/// scale is given and s is m / n, dividing by s is multiplying by n and dividing by m.
typedef enum rt_resize_grid {
  RT_GRID_HALF_PIXEL = 0,       ///< (i + 0.5) / s - 0.5
  RT_GRID_HALF_PIXEL_SYMMETRIC, ///< the same, centred when s is not m / n: plus n / 2 (1 - m / (s n))
  RT_GRID_PYTORCH_HALF_PIXEL,   ///< the same as half_pixel, but 0 when m is 1
  RT_GRID_ALIGN_CORNERS,        ///< i (n - 1) / (m - 1), with s n in place of m where a scale is given; 0 when that is 0 / 0
  RT_GRID_ASYMMETRIC,           ///< i / s
  RT_GRID_TF_HALF_PIXEL,        ///< (i + 0.5) / s
  RT_GRID_CROP                  ///< from crop_lo (n - 1) to crop_hi (n - 1) in equal steps; the middle of the two when m is 1
} rt_resize_grid;
typedef enum rt_resize_round { RT_ROUND_PREFER_FLOOR = 0, RT_ROUND_PREFER_CEIL, RT_ROUND_FLOOR, RT_ROUND_CEIL } rt_resize_round;

/// How rt_resize resizes. Entry i of the arrays belongs to axes.axis[i]. {0} with axes and sizes is nearest, half_pixel.
typedef struct rt_resampling {
  rt_axes axes;
  int64_t size[RT_MAX_RANK];    ///< extent in the result; 0 beside a scale: floor(scale extent); 0 without one is an extent of 0
  double scale[RT_MAX_RANK];    ///< 0: size / extent; beside a size it says how far apart the places lie
  rt_resize_mode mode;
  rt_resize_grid grid;
  rt_resize_round round;        ///< nearest only; halves go down, halves go up, always down, always up
  double cubic;                 ///< coefficient a of the cubic; 0 means -0.75 (others use -0.5)
  bool exclude_outside;         ///< neighbours outside of x weigh nothing (the others are scaled up), else the edge stands for them
  bool antialias;               ///< linear and cubic, scale below 1: the weights are stretched by 1 / scale, so that every element counts
  double crop_lo[RT_MAX_RANK], crop_hi[RT_MAX_RANK]; ///< RT_GRID_CROP: 0 is the first element, 1 the last
  double outside;               ///< RT_GRID_CROP: value where a place lies outside of x
} rt_resampling;

typedef enum rt_pad_mode { RT_PAD_CONSTANT = 0, RT_PAD_EDGE, RT_PAD_REFLECT, RT_PAD_WRAP } rt_pad_mode;

/// What a loss gives: one number per element (cross_entropy: per target), their mean, their sum.
typedef enum rt_loss_reduction { RT_LOSS_NONE = 0, RT_LOSS_MEAN, RT_LOSS_SUM } rt_loss_reduction;
/// What a scattered update does to the element it falls on; the last four are rt_add, rt_mul, rt_minimum and rt_maximum of the two.
typedef enum rt_scatter_mode { RT_SCATTER_SET = 0, RT_SCATTER_ADD, RT_SCATTER_MUL, RT_SCATTER_MIN, RT_SCATTER_MAX } rt_scatter_mode;

// ---- create --------------------------------------------------------------------------------------------------------------------
// Common to all: rank 0 to 16, extents >= 0; *out is a new reference; errors RT_E_ARGUMENT (NULL, rank, dtype), RT_E_SHAPE (negative
// extent, more than 2^63-1 bytes), RT_E_NO_MEMORY. The plain forms use the context's default device. Filling functions (rt_full,
// rt_zeros, rt_ones, rt_arange, rt_random_uniform ...) are operations: ops.h.

/// Elements have no defined value.
RT_API RT_NODISCARD rt_status rt_empty(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, rt_tensor **out);
RT_API RT_NODISCARD rt_status rt_empty_on(rt_ctx *ctx, rt_device device, rt_dtype dtype, int32_t rank, const int64_t *shape, rt_tensor **out);
/// Copies numel elements in C order from `data` (may be NULL when there are none).
RT_API RT_NODISCARD rt_status rt_from_data(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, const void *data, rt_tensor **out);
RT_API RT_NODISCARD rt_status rt_from_data_on(rt_ctx *ctx, rt_device device, rt_dtype dtype, int32_t rank, const int64_t *shape, const void *data, rt_tensor **out);
/// Uses memory of yours in place, on the host device. strides: elements, NULL for C order; every element reachable from `data` must be yours.
/// Two imports of overlapping memory are two storages: operations do not see that they overlap.
/// release(user), if not NULL, is called exactly once, when nothing uses the memory any more, on any thread; never when this call fails.
/// Errors   RT_E_ARGUMENT for data that is not aligned to its elements (a complex one: to its parts), RT_E_SHAPE for strides that leave the address space
RT_API RT_NODISCARD rt_status rt_import(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, const int64_t *strides, void *data, bool read_only, void (*release)(void *user), void *user, rt_tensor **out);
/// Filled with 0 or 1 (rt_full of ops.h fills with anything).
RT_API RT_NODISCARD rt_status rt_zeros(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, rt_tensor **out);
RT_API RT_NODISCARD rt_status rt_ones(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, rt_tensor **out);
/// A 0-d tensor that promotes weakly, as an rt_scalar does. Stored as bool, i64, u64, f64 or c128.
RT_API RT_NODISCARD rt_status rt_scalar_tensor(rt_ctx *ctx, rt_scalar value, rt_tensor **out);

// ---- lifetime ------------------------------------------------------------------------------------------------------------------
/// One more reference to the same handle; returns it. NULL gives NULL. Threads: any.
RT_API rt_tensor *rt_retain(const rt_tensor *t);
/// Gives a reference back. NULL is allowed. Threads: any.
RT_API void rt_release(rt_tensor *t);

// ---- facts (borrowed, valid while the tensor lives; NULL gives 0, NULL or RT_DTYPE_NONE) ---------------------------------------------
RT_API int32_t rt_tensor_rank(const rt_tensor *t);
RT_API const int64_t *rt_tensor_shape(const rt_tensor *t);
RT_API const int64_t *rt_tensor_strides(const rt_tensor *t);  ///< in elements
RT_API int64_t rt_tensor_offset(const rt_tensor *t);          ///< of element (0,0,..) from the start of the storage, in elements
RT_API int64_t rt_tensor_numel(const rt_tensor *t);
RT_API rt_dtype rt_tensor_dtype(const rt_tensor *t);
RT_API rt_device rt_tensor_device(const rt_tensor *t);
RT_API rt_ctx *rt_tensor_ctx(const rt_tensor *t);
RT_API bool rt_tensor_is_contiguous(const rt_tensor *t);      ///< C order without gaps
RT_API bool rt_tensor_is_weak(const rt_tensor *t);            ///< made by rt_scalar_tensor
RT_API uint64_t rt_tensor_version(const rt_tensor *t);        ///< of the storage: rises with every write
RT_API bool rt_tensor_shares_storage(const rt_tensor *a, const rt_tensor *b);
/// Can nobody but the caller see its elements: one reference to one handle, no other view, no clone with the same memory, not imported, mapped,
/// read-only or known by its address? Then an operation may write its result into t instead of into a new tensor.
RT_API bool rt_tensor_is_exclusive(const rt_tensor *t);

// ---- data ----------------------------------------------------------------------------------------------------------------------
/// Copies all elements in C order to host memory; `bytes` must be exactly numel times the element size. Waits for the device.
/// Errors   RT_E_ARGUMENT for a wrong size; what a device that failed to compute the data reported
RT_API RT_NODISCARD rt_status rt_read(const rt_tensor *t, void *dst, size_t bytes);
/// Replaces all elements from host memory in C order.
RT_API RT_NODISCARD rt_status rt_write(rt_tensor *t, const void *src, size_t bytes);
/// The only element of a tensor with numel 1. Errors: RT_E_SHAPE for any other.
RT_API RT_NODISCARD rt_status rt_item(const rt_tensor *t, rt_scalar *out_value);

#define RT_MAP_READ 1u
#define RT_MAP_WRITE 2u ///< without READ: the old contents of the elements of this tensor may be lost
/// Host address of element (0,0,...), to be walked with the tensor's own strides. Waits. Several maps for reading may be open at once;
/// operations must not touch the storage while a map for writing is.
/// Errors   RT_E_ARGUMENT for flags, RT_E_STATE when mapped for writing already or read-only memory is mapped for writing
RT_API RT_NODISCARD rt_status rt_map(rt_tensor *t, uint32_t flags, void **out_ptr);
/// Ends one map. Errors: RT_E_STATE when there is none.
RT_API rt_status rt_unmap(rt_tensor *t);

/// The same values on another logical device: a new tensor; shares storage copy-on-write when the device is the same.
RT_API RT_NODISCARD rt_status rt_to(const rt_tensor *t, rt_device device, rt_tensor **out);
/// A tensor with the same values whose storage is shared until either side is written.
RT_API RT_NODISCARD rt_status rt_clone(const rt_tensor *t, rt_tensor **out);
/// Waits until the data of t is computed. Errors: what its device reported.
RT_API RT_NODISCARD rt_status rt_wait(const rt_tensor *t);

// ---- views (metadata only: no backend is called; *out shares the storage of t, except where said) --------------------------------------
// Errors of all: RT_E_ARGUMENT for NULL, axes and steps out of range; RT_E_SHAPE for extents that do not fit.

/// One extent may be -1. Copies when no strides can express it (*out then has a storage of its own; rt_tensor_shares_storage tells).
RT_API RT_NODISCARD rt_status rt_reshape(const rt_tensor *t, int32_t rank, const int64_t *shape, rt_tensor **out);
/// As rt_reshape, but RT_E_SHAPE instead of a copy.
RT_API RT_NODISCARD rt_status rt_view(const rt_tensor *t, int32_t rank, const int64_t *shape, rt_tensor **out);
/// Merges axes first..last into one. Copies as rt_reshape.
RT_API RT_NODISCARD rt_status rt_flatten(const rt_tensor *t, int32_t first, int32_t last, rt_tensor **out);
/// axes: a permutation of all axes; NULL reverses them.
RT_API RT_NODISCARD rt_status rt_permute(const rt_tensor *t, const rt_axes *axes, rt_tensor **out);
RT_API RT_NODISCARD rt_status rt_transpose(const rt_tensor *t, int32_t axis_a, int32_t axis_b, rt_tensor **out);
/// Python's t[..., start:stop:step, ...]: negative bounds count from the end and all are clamped. RT_SLICE_DEFAULT leaves a bound out.
#define RT_SLICE_DEFAULT INT64_MIN
RT_API RT_NODISCARD rt_status rt_slice(const rt_tensor *t, int32_t axis, int64_t start, int64_t stop, int64_t step, rt_tensor **out);
/// One index of an axis; the axis goes away. Errors: RT_E_ARGUMENT when the index is out of range.
RT_API RT_NODISCARD rt_status rt_select(const rt_tensor *t, int32_t axis, int64_t index, rt_tensor **out);
/// Broadcasts to `shape` with strides of 0; -1 keeps an extent.
RT_API RT_NODISCARD rt_status rt_expand(const rt_tensor *t, int32_t rank, const int64_t *shape, rt_tensor **out);
/// Removes axes of extent 1; NULL: all of them.
RT_API RT_NODISCARD rt_status rt_squeeze(const rt_tensor *t, const rt_axes *axes, rt_tensor **out);
/// Inserts an axis of extent 1 before `axis` of the result; -1: at the end.
RT_API RT_NODISCARD rt_status rt_unsqueeze(const rt_tensor *t, int32_t axis, rt_tensor **out);
/// Reverses axes; NULL: all of them.
RT_API RT_NODISCARD rt_status rt_flip(const rt_tensor *t, const rt_axes *axes, rt_tensor **out);
/// The diagonal of two axes as a new last axis; offset > 0 lies above.
RT_API RT_NODISCARD rt_status rt_diagonal(const rt_tensor *t, int64_t offset, int32_t axis_a, int32_t axis_b, rt_tensor **out);
/// Sliding windows: the axis becomes the number of windows, and a new last axis of extent `size` walks inside one, `dilation` apart.
RT_API RT_NODISCARD rt_status rt_windows(const rt_tensor *t, int32_t axis, int64_t size, int64_t step, int64_t dilation, rt_tensor **out);
/// n views that follow each other along an axis, in out_parts[0] to [n-1]; extents: theirs, NULL for n equal ones. All NULL after a failure.
/// Errors   RT_E_SHAPE when the extents do not add up to the axis, or n does not divide it
RT_API RT_NODISCARD rt_status rt_split(const rt_tensor *t, int32_t axis, int32_t n, const int64_t *extents, rt_tensor **out_parts);
/// Any strides and offset (elements, from the start of the storage) that stay inside the storage.
RT_API RT_NODISCARD rt_status rt_as_strided(const rt_tensor *t, int32_t rank, const int64_t *shape, const int64_t *strides, int64_t offset, rt_tensor **out);

RT_END
#endif
