/*
 * Trivet's backend interface: everything a backend or a layer needs, and nothing else.
 *
 * SPDX-License-Identifier: 0BSD  (copy this file into your project; the rest of Trivet is BSD-3-Clause)
 *
 * A backend is a shared library `trivet_<name>.so` that exports one function, `rt_backend_entry_v0`, and imports nothing
 * from Trivet. The function returns a read-only table. The smallest useful table holds one slot, `resolve`, which answers
 * "can you run this?" with a function or with a reason. docs/backend-guide.md builds one in 44 lines.
 *
 * Rules that hold everywhere in this file
 *   - Integers have fixed widths; there are no enums, no bit fields and no `long`.
 *   - Structs marked "grows" start with `size` (the bytes its creator knew); fields are only ever added at the end. Structs marked
 *     "frozen" never change within a major version. Reserved fields are zero.
 *   - No function here may end the process, throw, print, or change the floating-point environment, locale or signal mask.
 *   - Pointers received by a function are valid until it returns; keep copies of the values, never the pointers.
 *   - A function that returns `int32_t` returns RTB_OK or a positive code; say why with `host->fail`.
 */
#ifndef TRIVET_BACKEND_H
#define TRIVET_BACKEND_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Version of this interface. Until 1.0 the host demands the same minor. From 1.0 on it accepts every plugin of its own
 * major that needs no newer minor than it has. (Tests redefine these to practise that.) */
#ifndef RTB_MAJOR
#define RTB_MAJOR 0
#endif
#ifndef RTB_MINOR
#define RTB_MINOR 1
#endif
#ifndef RTB_MINOR_NEEDED
#define RTB_MINOR_NEEDED RTB_MINOR
#endif

#define RTB_MAX_ARGS 16 /* inputs plus outputs of one op */
#define RTB_MAX_RANK 16
#define RTB_WHY_BYTES 96

#if defined(_WIN32)
#define RTB_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define RTB_EXPORT __attribute__((visibility("default")))
#else
#define RTB_EXPORT
#endif

/* How a library was built; the loader refuses a mixture that cannot work. */
#define RTB_BUILD_POINTER_64 1u
#define RTB_BUILD_BIG_ENDIAN 2u
#define RTB_BUILD_ASAN 4u
#define RTB_BUILD_TSAN 8u
#define RTB_BUILD_MSAN 16u
#if defined(__SANITIZE_ADDRESS__)
#define RTB_BUILD_SAN RTB_BUILD_ASAN
#elif defined(__SANITIZE_THREAD__)
#define RTB_BUILD_SAN RTB_BUILD_TSAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RTB_BUILD_SAN RTB_BUILD_ASAN
#elif __has_feature(thread_sanitizer)
#define RTB_BUILD_SAN RTB_BUILD_TSAN
#elif __has_feature(memory_sanitizer)
#define RTB_BUILD_SAN RTB_BUILD_MSAN
#endif
#endif
#ifndef RTB_BUILD_SAN
#define RTB_BUILD_SAN 0u
#endif
#if defined(__BYTE_ORDER__) && defined(__ORDER_BIG_ENDIAN__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define RTB_BUILD_ENDIAN RTB_BUILD_BIG_ENDIAN
#else
#define RTB_BUILD_ENDIAN 0u
#endif
#define RTB_BUILD ((uint32_t)((sizeof(void *) == 8 ? RTB_BUILD_POINTER_64 : 0u) | RTB_BUILD_ENDIAN | RTB_BUILD_SAN))

/* ---- status codes (the same numbers as rt_status) ---------------------------------------------------------------- */
#define RTB_OK 0
#define RTB_E_ARGUMENT 1
#define RTB_E_SHAPE 2
#define RTB_E_DTYPE 3
#define RTB_E_INDEX 4        /* an index value in a tensor is out of range */
#define RTB_E_NO_MEMORY 5
#define RTB_E_UNSUPPORTED 6
#define RTB_E_NOT_FOUND 7
#define RTB_E_STATE 8
#define RTB_E_BUSY 9
#define RTB_E_IO 10
#define RTB_E_FORMAT 11
#define RTB_E_BACKEND 12     /* an op failed in a backend */
#define RTB_E_DEVICE_LOST 13
#define RTB_E_CANCELLED 14
#define RTB_E_TIMEOUT 15
#define RTB_E_FORKED 16
#define RTB_E_INTERNAL 17
/* Answers of resolve and accept: "not this one, because of its ..." The core tries the next place. */
#define RTB_UNSUPPORTED_OP 100
#define RTB_UNSUPPORTED_DTYPE 101
#define RTB_UNSUPPORTED_LAYOUT 102 /* want_layout says what would do */
#define RTB_UNSUPPORTED_RANK 103
#define RTB_UNSUPPORTED_SHAPE 104
#define RTB_UNSUPPORTED_ATTR 105
#define RTB_UNSUPPORTED_MATH 106
#define RTB_UNSUPPORTED_ALIGN 107
#define RTB_UNSUPPORTED_ALIAS 108  /* the core uses a temporary output */
#define RTB_UNSUPPORTED_SPACE 109  /* the core copies through the host */
#define RTB_UNSUPPORTED_SIZE 110   /* too small (or too large) to be worth it here */
#define RTB_UNSUPPORTED_LAST 119

/* ---- layout classes, best first; canonical views only -------------------------------------------------------------- */
#define RTB_DENSE 0    /* C order without gaps, or a dense permutation that all arguments share: use data and numel alone */
#define RTB_ROWS 1     /* innermost dimension contiguous; outer strides positive and free */
#define RTB_BCAST 2    /* some strides are 0 (a repeated element), the others positive */
#define RTB_STRIDED 3  /* any positive strides */
#define RTB_NEGATIVE 4 /* at least one stride is negative */
#define RTB_IMM 5      /* one value in host memory, read before fn returns */
#define RTB_BLOCKED 6  /* a block format (reserved) */
#define RTB_NONE 7     /* an optional argument that is absent: its view pointer is NULL */
#define RTB_LAYOUTS 8

/* ---- where an argument lives, as the device that resolves sees it -------------------------------------------------- */
#define RTB_SPACE_HOST 0
#define RTB_SPACE_MINE 1
#define RTB_SPACE_FOREIGN 2 /* memory of another device of this plugin: only for COPY, and only if both devices resolve it */

/* ---- math bits: what the caller allows or demands ------------------------------------------------------------------ */
#define RTB_MATH_FAST 1u          /* bounds may be relaxed */
#define RTB_MATH_DETERMINISTIC 2u /* same bits from run to run */

/* ---- tables generated from dtypes.def and ops.def ------------------------------------------------------------------- */
/* generated: begin */
#define RTB_BOOL 1
#define RTB_I8 2
#define RTB_I16 3
#define RTB_I32 4
#define RTB_I64 5
#define RTB_U8 6
#define RTB_U16 7
#define RTB_U32 8
#define RTB_U64 9
#define RTB_F16 10
#define RTB_BF16 11
#define RTB_F32 12
#define RTB_F64 13
#define RTB_C64 14
#define RTB_C128 15
#define RTB_OP_NEG 1
#define RTB_OP_ABS 2
#define RTB_OP_SIGN 3
#define RTB_OP_FLOOR 4
#define RTB_OP_CEIL 5
#define RTB_OP_ROUND 6
#define RTB_OP_TRUNC 7
#define RTB_OP_SQUARE 8
#define RTB_OP_SQRT 9
#define RTB_OP_RSQRT 10
#define RTB_OP_RECIPROCAL 11
#define RTB_OP_EXP 12
#define RTB_OP_EXPM1 13
#define RTB_OP_LOG 14
#define RTB_OP_LOG1P 15
#define RTB_OP_SIN 16
#define RTB_OP_COS 17
#define RTB_OP_TANH 18
#define RTB_OP_ERF 19
#define RTB_OP_SIGMOID 20
#define RTB_OP_RELU 21
#define RTB_OP_GELU 22
#define RTB_OP_GELU_TANH 23
#define RTB_OP_SILU 24
#define RTB_OP_SOFTPLUS 25
#define RTB_OP_ISNAN 26
#define RTB_OP_ISINF 27
#define RTB_OP_ISFINITE 28
#define RTB_OP_LOGICAL_NOT 29
#define RTB_OP_BITWISE_NOT 30
#define RTB_OP_CBRT 31
#define RTB_OP_EXP2 32
#define RTB_OP_LOG2 33
#define RTB_OP_LOG10 34
#define RTB_OP_TAN 35
#define RTB_OP_ASIN 36
#define RTB_OP_ACOS 37
#define RTB_OP_ATAN 38
#define RTB_OP_SIGNBIT 39
#define RTB_OP_SINH 200
#define RTB_OP_COSH 201
#define RTB_OP_ASINH 202
#define RTB_OP_ACOSH 203
#define RTB_OP_ATANH 204
#define RTB_OP_ERFC 205
#define RTB_OP_MISH 206
#define RTB_OP_SOFTSIGN 207
#define RTB_OP_SELU 208
#define RTB_OP_HARDSIGMOID 209
#define RTB_OP_HARDSWISH 210
#define RTB_OP_REAL 240
#define RTB_OP_IMAG 241
#define RTB_OP_CONJ 242
#define RTB_OP_ANGLE 243
#define RTB_OP_LEAKY_RELU 40
#define RTB_OP_ELU 41
#define RTB_OP_CELU 42
#define RTB_OP_ADD 50
#define RTB_OP_SUB 51
#define RTB_OP_MUL 52
#define RTB_OP_DIV 53
#define RTB_OP_FLOOR_DIV 54
#define RTB_OP_REMAINDER 55
#define RTB_OP_FMOD 56
#define RTB_OP_POW 57
#define RTB_OP_MINIMUM 58
#define RTB_OP_MAXIMUM 59
#define RTB_OP_COPYSIGN 60
#define RTB_OP_EQ 61
#define RTB_OP_NE 62
#define RTB_OP_LT 63
#define RTB_OP_LE 64
#define RTB_OP_GT 65
#define RTB_OP_GE 66
#define RTB_OP_LOGICAL_AND 67
#define RTB_OP_LOGICAL_OR 68
#define RTB_OP_LOGICAL_XOR 69
#define RTB_OP_BITWISE_AND 70
#define RTB_OP_BITWISE_OR 71
#define RTB_OP_BITWISE_XOR 72
#define RTB_OP_SHIFT_LEFT 73
#define RTB_OP_SHIFT_RIGHT 74
#define RTB_OP_ATAN2 75
#define RTB_OP_HYPOT 76
#define RTB_OP_NEXTAFTER 77
#define RTB_OP_LOGADDEXP 78
#define RTB_OP_COMPLEX 245
#define RTB_OP_CLAMP 90
#define RTB_OP_FMA 91
#define RTB_OP_LERP 92
#define RTB_OP_SUM 100
#define RTB_OP_PROD 101
#define RTB_OP_MEAN 102
#define RTB_OP_MAX 103
#define RTB_OP_MIN 104
#define RTB_OP_ANY 105
#define RTB_OP_ALL 106
#define RTB_OP_ARGMAX 110
#define RTB_OP_ARGMIN 111
#define RTB_OP_COPY 120
#define RTB_OP_CAST 121
#define RTB_OP_FILL 122
#define RTB_OP_ARANGE 123
#define RTB_OP_RANDOM_UNIFORM 124
#define RTB_OP_RANDOM_NORMAL 125
#define RTB_OP_WHERE 126
#define RTB_OP_GATHER 127
#define RTB_OP_MATMUL 128
#define RTB_OP_CONV 129
#define RTB_OP_MAX_POOL 130
#define RTB_OP_AVG_POOL 131
#define RTB_OP_SOFTMAX 132
#define RTB_OP_LOG_SOFTMAX 133
#define RTB_OP_CUMSUM 134
#define RTB_OP_CUMPROD 135
#define RTB_OP_TAKE_ALONG 136
#define RTB_OP_SORT 137
#define RTB_OP_ARGSORT 138
#define RTB_OP_SEARCHSORTED 139
#define RTB_OP_SCATTER 140
#define RTB_OP_SCATTER_ND 141
#define RTB_OP_GATHER_ND 142
#define RTB_OP_NONZERO 143
#define RTB_OP_CONV_TRANSPOSE 148
#define RTB_OP_MAX_POOL_INDICES 149
#define RTB_OP_LAYER_NORM 150
#define RTB_OP_RMS_NORM 151
#define RTB_OP_BATCH_NORM 152
#define RTB_OP_QUANTIZE 220
#define RTB_OP_DEQUANTIZE 221
#define RTB_OP_MATMUL_INTEGER 222
#define RTB_OP_CONV_INTEGER 223
#define RTB_OP_RESIZE 224
#define RTB_OP_LP_POOL 225
#define RTB_OP_CONCAT 160
#define RTB_OP_PAD 161
#define RTB_OP_LINSPACE 162
#define RTB_OP_EYE 163
#define RTB_OP_TILE 164
#define RTB_OP_REPEAT 165
#define RTB_OP_ROLL 166
#define RTB_OP_STACK 167
#define RTB_OP_VAR 168
#define RTB_OP_STD 169
#define RTB_OP_LOGSUMEXP 170
#define RTB_OP_NORM 171
#define RTB_OP_TOPK 172
#define RTB_OP_UNIQUE 173
#define RTB_OP_TAKE 174
#define RTB_OP_MASKED_SELECT 175
#define RTB_OP_COUNT_NONZERO 176
#define RTB_OP_BINCOUNT 177
#define RTB_OP_HISTOGRAM 178
#define RTB_OP_GROUP_NORM 180
#define RTB_OP_EMBEDDING 181
#define RTB_OP_ATTENTION 182
#define RTB_OP_MSE_LOSS 183
#define RTB_OP_L1_LOSS 184
#define RTB_OP_SMOOTH_L1_LOSS 185
#define RTB_OP_BCE_LOSS 186
#define RTB_OP_BCE_WITH_LOGITS 187
#define RTB_OP_CROSS_ENTROPY 188
#define RTB_OP_SGD 190
#define RTB_OP_MOMENTUM 191
#define RTB_OP_ADAM 192
#define RTB_OP_ADAMW 193
/* generated: end */

/* ---- data that crosses on every call (frozen) ------------------------------------------------------------------------ */

/* A window onto memory. Element (i0, i1, ...) is at data + (i0*stride[0] + i1*stride[1] + ...) elements. */
typedef struct rtb_view {
  void *data;            /* host pointer to element (0,0,...), or NULL when the host cannot read this memory */
  uint64_t buf;          /* the backend's own handle for the memory, 0 for host memory */
  uint64_t offset;       /* BYTES from the start of buf to element (0,0,...) */
  int64_t numel;
  uint16_t dtype;        /* RTB_F32 ... */
  uint8_t ndim;          /* 0 to 16 */
  uint8_t layout;        /* RTB_DENSE ... */
  uint32_t flags;        /* reserved, 0 */
  const int64_t *shape;  /* ndim extents */
  const int64_t *stride; /* ndim strides in ELEMENTS; may be 0 or negative as the layout class says */
} rtb_view;

/* One call. args holds the inputs, then the outputs. */
typedef struct rtb_op {
  uint16_t op;                 /* RTB_OP_... */
  uint8_t nin, nout;
  uint32_t math;
  const rtb_view *const *args; /* absent optional inputs are NULL */
  const void *attr;            /* the op's structural attributes (rtb_attr_...), or NULL */
  const rtb_view *workspace;   /* scratch memory in this device's space, or NULL when none was asked for */
  uint64_t seq;                /* number of this op on its stream; 0 on a synchronous backend */
} rtb_op;

/* Runs an op. Synchronous backends are done when it returns; asynchronous ones have queued it as op->seq. */
typedef int32_t (*rtb_fn)(void *kctx, void *stream, const rtb_op *op);

typedef struct rtb_sig_arg {
  uint16_t dtype;
  uint8_t layout, rank, space;
  uint8_t reserved[3];
} rtb_sig_arg;

/* ---- structural attributes: plain data, no pointers; part of the kernel cache key ------------------------------------- */

/* Reductions, scans, softmax, layer_norm, rms_norm, gather, take_along, concat, stack, repeat, roll: bit i of axes is dimension i of the first
 * input as this call shows it. Weight and bias of the norms have the shape of x (strides of 0 where they repeat), or are absent.
 * Reductions show their output with the rank of the input and extent 1 in every reduced dimension. */
typedef struct rtb_attr_axes {
  uint32_t size;
  uint32_t axes;
} rtb_attr_axes;

/* Sorting, and searching in what is sorted. */
typedef struct rtb_attr_sort {
  uint32_t size;
  uint32_t axes;  /* one bit: the dimension of the first input along which it is or becomes sorted */
  uint32_t flags; /* RTB_SORT_... */
} rtb_attr_sort;
#define RTB_SORT_DESCENDING 1u /* sort, argsort */
#define RTB_SORT_RIGHT 2u      /* searchsorted: behind equal elements */

/* Convolution and pooling over the last `spatial` dimensions of x [N, C, spatial...]. A transposed convolution has a weight
 * [C, M / groups, spatial...]; its output may go on past what the windows reach. */
/* Scattering, and gathering by coordinates. Updates fall on their targets in C order of indices; each step rounds as ADD or MUL does. */
typedef struct rtb_attr_index {
  uint32_t size;
  uint32_t axes; /* scatter: one bit, the dimension along which the indices point; gather_nd: the leading dimensions in common */
  uint32_t mode; /* RTB_SCATTER_...; gather_nd: 0 */
} rtb_attr_index;
#define RTB_SCATTER_SET 0u
#define RTB_SCATTER_ADD 1u
#define RTB_SCATTER_MUL 2u
#define RTB_SCATTER_MIN 3u     /* as MINIMUM */
#define RTB_SCATTER_MAX 4u     /* as MAXIMUM */

/* Pad: elements added (or, negative, removed) before and after each dimension of x. The inputs are x and the constant. */
typedef struct rtb_attr_pad {
  uint32_t size;
  uint32_t mode;         /* RTB_PAD_... */
  int64_t pad_lo[RTB_MAX_RANK], pad_hi[RTB_MAX_RANK];
} rtb_attr_pad;
#define RTB_PAD_CONSTANT 0u
#define RTB_PAD_EDGE 1u
#define RTB_PAD_REFLECT 2u
#define RTB_PAD_WRAP 3u

/* group_norm: channels are dimension 1 of x, weight and bias have one element for each or are absent. */
typedef struct rtb_attr_group {
  uint32_t size;
  uint32_t groups;
} rtb_attr_group;

/* attention: softmax(q k^T scale + mask) v over the last two dimensions; k and v may have heads (dimension -3) of which each
 * serves n of q, one after the other. The mask is bool (true: seen) or of the dtype of q (added), or absent. A row
 * whose mask leaves only -infinity gives 0. */
typedef struct rtb_attr_attention {
  uint32_t size;
  uint32_t flags; /* RTB_ATTENTION_... */
} rtb_attr_attention;
#define RTB_ATTENTION_CAUSAL 1u /* row i sees columns 0 to i */

/* Losses. */
typedef struct rtb_attr_loss {
  uint32_t size;
  uint32_t reduction; /* RTB_LOSS_... */
} rtb_attr_loss;
#define RTB_LOSS_NONE 0u
#define RTB_LOSS_MEAN 1u
#define RTB_LOSS_SUM 2u

/* Convolution and pooling over the last `spatial` dimensions of x [N, C, spatial...]. */
typedef struct rtb_attr_window {
  uint32_t size;
  uint32_t spatial;      /* 1, 2 or 3 */
  uint32_t groups;       /* convolutions only, else 1 */
  uint32_t flags;        /* RTB_WINDOW_... */
  int32_t window[3];     /* pooling: extent of the window; convolution: as the weight's shape */
  int32_t stride[3];
  int32_t dilation[3];
  int32_t pad_lo[3], pad_hi[3];
} rtb_attr_window;
#define RTB_WINDOW_COUNT_PAD 1u /* avg_pool: padded elements count in the divisor (those past pad_hi never do) */

/* Resizing along one dimension of extent n in x. Inputs: x, then f64 immediates p, a, b, q, cubic, shrink and outside. Output element i lies at
 * t = ((i + p) * a) / b + q, in f64. Neighbours k = floor(t) + 1 - r ... floor(t) + r weigh f((t - k) * shrink), divided by their sum when shrink < 1 or
 * with RTB_RESIZE_EXCLUDE; linear: f(u) = 1 - |u|, r = ceil(1 / shrink); cubic: that of Keys with coefficient `cubic`, r = ceil(2 / shrink); 0
 * beyond. Neighbours outside of x are the edge, or with RTB_RESIZE_EXCLUDE weigh 0 (all of them: the edge). A weight of 0 contributes nothing. */
typedef struct rtb_attr_resize {
  uint32_t size;
  uint32_t axes;  /* one bit: the dimension */
  uint32_t mode;  /* RTB_RESIZE_NEAREST, LINEAR, CUBIC */
  uint32_t round; /* nearest: how t becomes k, before it is held in [0, n): RTB_RESIZE_PREFER_FLOOR ... */
  uint32_t flags;
} rtb_attr_resize;
#define RTB_RESIZE_NEAREST 0u
#define RTB_RESIZE_LINEAR 1u
#define RTB_RESIZE_CUBIC 2u
#define RTB_RESIZE_PREFER_FLOOR 0u /* ceil(t - 0.5) */
#define RTB_RESIZE_PREFER_CEIL 1u  /* floor(t + 0.5) */
#define RTB_RESIZE_FLOOR 2u
#define RTB_RESIZE_CEIL 3u
#define RTB_RESIZE_EXCLUDE 1u
#define RTB_RESIZE_CROP 2u         /* where t is not in [0, n - 1] the result is `outside` */

/* ---- resolve: question and answer (grow) ------------------------------------------------------------------------------ */

typedef struct rtb_sig {
  uint32_t size;
  uint16_t op;
  uint8_t nin, nout;
  uint32_t math;
  uint32_t alias;          /* bit i: output 0 is exactly input i (same memory, same strides) */
  const rtb_sig_arg *arg;  /* nin + nout */
  const void *attr;        /* as in rtb_op */
  uint32_t attr_bytes;
  uint32_t reserved;
  const void *prog;        /* fused programs (experimental), else NULL */
} rtb_sig;

/* May be called before any copy is made, and must have no side effects: looks at shapes, strides and dtypes only. Answers RTB_OK
 * (and the workspace this call needs) or a RTB_UNSUPPORTED_ reason. */
typedef int32_t (*rtb_accept)(void *kctx, const rtb_op *op, uint64_t *out_workspace_bytes);

/* The host zeroes it, sets size and kctx = dev, and reads it back when resolve returned RTB_OK. */
typedef struct rtb_kernel {
  uint32_t size;
  uint32_t flags;                 /* RTB_KERNEL_... */
  rtb_fn fn;
  void *kctx;                     /* given to fn, accept and free; read-only while fn runs */
  void (*free)(void *kctx);       /* NULL: nothing to free */
  rtb_accept accept;              /* NULL: every shape of this signature is welcome */
  uint64_t workspace_bytes;       /* constant need; accept may replace it per call */
  uint32_t align;                 /* bytes each data pointer or offset must be a multiple of: to 64, on a device 256; 0: one element */
  int32_t reason;                 /* unused when RTB_OK is returned; set it to what resolve returns */
  uint8_t want_layout[RTB_MAX_ARGS]; /* with RTB_UNSUPPORTED_LAYOUT: the worst class that each argument may have */
  char why[RTB_WHY_BYTES];        /* with any refusal: one sentence, NUL-terminated */
} rtb_kernel;
#define RTB_KERNEL_NOT_CACHEABLE 1u    /* ask again next time ("still compiling") */
#define RTB_KERNEL_NONDETERMINISTIC 2u

/* An asynchronous failure, fetched by wait_host (grows). */
typedef struct rtb_error {
  uint32_t size;
  int32_t code;
  uint64_t seq;            /* the first op that failed */
  uint16_t op;
  uint16_t reserved[3];
  char text[160];
} rtb_error;

/* ---- what the host offers (grows) -------------------------------------------------------------------------------------- */

typedef struct rtb_host rtb_host;
typedef struct rtb_event rtb_event;
typedef int32_t (*rtb_body)(void *arg, int64_t begin, int64_t end);

#define RTB_LOG_ERROR 1
#define RTB_LOG_WARN 2
#define RTB_LOG_INFO 3
#define RTB_LOG_DEBUG 4

/* One per context, valid from open to close. Every function may be called from any thread. */
struct rtb_host {
  uint32_t size;
  uint16_t major, minor;
  uint32_t build;
  uint32_t reserved;
  /* Memory from the embedder's allocator. align is a power of two, at most 64. NULL when there is none; free needs the same bytes. */
  void *(*alloc)(const rtb_host *host, uint64_t bytes, uint64_t align);
  void (*free)(const rtb_host *host, void *ptr, uint64_t bytes);
  void (*log)(const rtb_host *host, int32_t level, const char *text);
  /* Keeps a sentence for the caller of the op (worker threads may use it too) and returns code. */
  int32_t (*fail)(const rtb_host *host, int32_t code, const char *text);
  /* Runs body on exactly [0,grain), [grain,2*grain) ... n, for any number of threads. The first non-zero status stops the rest and is
   * returned. Nested or busy calls run inline over the same chunks. */
  int32_t (*parallel_for)(const rtb_host *host, int64_t n, int64_t grain, rtb_body body, void *arg);
  uint32_t (*n_threads)(const rtb_host *host);
  int32_t (*is_cancelled)(const rtb_host *host);
  uint64_t (*now_ns)(const rtb_host *host);
  const char *(*op_name)(const rtb_host *host, uint16_t op);       /* "add", or "?" */
  const char *(*dtype_name)(const rtb_host *host, uint16_t dtype); /* "f32", or "?" */
  /* For layers. */
  int32_t (*resolve_reference)(const rtb_host *host, const rtb_sig *sig, rtb_kernel *out);
  /* Copies the elements of a view, in C order and densely, to host memory; waits for device memory. self: the layer's own. While fn runs
   * the memory of an asynchronous device cannot be read: RTB_E_STATE. */
  int32_t (*read)(const rtb_host *host, void *self, const rtb_view *view, void *dst, uint64_t bytes);
  void (*event)(const rtb_host *host, const rtb_event *event);
};
/* Is this field there in the host that loaded me? */
#define RTB_HAS(table, field) \
  ((table)->size >= offsetof(rtb_host, field) + sizeof((table)->field) && (table)->field != NULL)

/* ---- devices and backends (grow) ----------------------------------------------------------------------------------------- */

#define RTB_DEVICE_CPU 1u
#define RTB_DEVICE_GPU 2u
#define RTB_DEVICE_OTHER 3u
typedef struct rtb_device_info {
  uint32_t size;
  uint32_t kind;         /* RTB_DEVICE_... */
  uint64_t memory_bytes; /* 0: not known */
  char name[64];
  char text[128];
} rtb_device_info;

/* One line of a backend's configuration (frozen). The environment variable is RT_<BACKEND>_<NAME>, in capitals. */
typedef struct rtb_config_key {
  const char *name, *fallback, *help;
} rtb_config_key;

/* caps */
#define RTB_CAP_HOST_MEMORY 1u  /* computes on host pointers; needs no memory slots */
#define RTB_CAP_ASYNC 2u        /* fn queues; has streams */
#define RTB_CAP_POOLS 4u        /* mem_alloc is cheap: the host does not pool above it */
#define RTB_CAP_UNLOADABLE 8u   /* safe to dlclose after shutdown */

typedef struct rtb_backend {
  uint32_t size;
  uint16_t major, minor, minor_needed, reserved;
  uint32_t build;
  uint32_t op_bytes, view_bytes; /* sizes of the frozen structs, compared by the loader */
  uint32_t reserved2;
  uint64_t caps;
  const char *name, *vendor, *version; /* name: [a-z0-9_]{1,32} */
  const rtb_config_key *config_keys;   /* ends with a row whose name is NULL; may be NULL */

  /* Describes device `index`; RTB_E_NOT_FOUND past the last. NULL: one CPU device. */
  int32_t (*probe)(const rtb_host *host, uint32_t index, rtb_device_info *out);
  /* Opens a device for one context. host stays valid until close. config: NUL-terminated "key=value" lines, each ended by \n.
   * NULL: dev is the host table itself. RTB_E_NOT_FOUND for an index above 0: the configuration leaves this device out. */
  int32_t (*open)(const rtb_host *host, uint32_t index, const char *config, void **out_dev);
  void (*close)(void *dev);
  /* The one slot every backend has. Concurrent and re-entrant. RTB_OK with out->fn; a RTB_UNSUPPORTED_ reason, which is kept; or an
   * RTB_E_ error (no memory, say), which fails the call and is not kept. */
  int32_t (*resolve)(void *dev, const rtb_sig *sig, rtb_kernel *out);

  /* Device memory. mem_alloc is never asked for 0 bytes; alignment is at least 256 bytes. A backend with memory of its own must resolve COPY of
   * dense 1-d u8 from the host, to the host and within its memory: with these the core moves and un-shares whole storages. */
  int32_t (*mem_alloc)(void *dev, uint64_t bytes, uint64_t *out_buf);
  void (*mem_free)(void *dev, uint64_t buf);
  int32_t (*mem_map)(void *dev, uint64_t buf, void **out_ptr);                     /* host address, valid until mem_free; NULL: none has one */
  /* Use host memory in place: bytes from ptr, at least 64-byte aligned, as a buffer that is only read. Valid, and ptr's bytes unchanged, until
   * mem_free, which leaves ptr alone. Any failure: the bytes are copied instead. NULL: never. */
  int32_t (*mem_import)(void *dev, void *ptr, uint64_t bytes, uint64_t *out_buf);

  /* Streams of an asynchronous device. Seqs rise along a stream; a value is reached when its op ended. */
  int32_t (*stream_create)(void *dev, void **out_stream);
  void (*stream_destroy)(void *dev, void *stream); /* waits for what is queued */
  int32_t (*flush)(void *dev, void *stream);       /* starts what is queued; NULL: nothing is ever held back */
  /* The highest seq whose memory is no longer touched; neither blocks nor flushes; goes on after a fault. *out_failed_seq becomes
   * the first seq that failed, 0 while none has. */
  uint64_t (*done)(void *dev, void *stream, uint64_t *out_failed_seq);
  /* Waits until seq is reached (and flushes), UINT64_MAX: for ever. Fails with out_error filled if seq >= the first failed one, but only
   * when the memory of all ops up to seq is no longer touched; RTB_E_TIMEOUT. */
  int32_t (*wait_host)(void *dev, void *stream, uint64_t seq, uint64_t timeout_ns, rtb_error *out_error);

  const void *(*extension)(const char *name, uint32_t minor); /* named extra tables; NULL: none */
  int32_t (*quiesce)(void *dev);                              /* before close: finish everything */
  void (*shutdown)(void);                                     /* before the library is unmapped */
} rtb_backend;

/* First fields of every table, filled by the compiler so that no author can get them wrong. */
#define RTB_BACKEND_HEADER                                                                            \
  .size = (uint32_t)sizeof(rtb_backend), .major = RTB_MAJOR, .minor = RTB_MINOR,                      \
  .minor_needed = RTB_MINOR_NEEDED, .build = RTB_BUILD, .op_bytes = (uint32_t)sizeof(rtb_op),         \
  .view_bytes = (uint32_t)sizeof(rtb_view)

/* The exported symbol: pure, cheap, callable many times. host serves for negotiation only: keep the one that open gives. NULL
 * refuses, after host->fail(host, code, "why"). */
#if RTB_MAJOR == 0
#define RTB_BACKEND_ENTRY rt_backend_entry_v0
#define RTB_BACKEND_ENTRY_NAME "rt_backend_entry_v0"
#define RTB_LAYER_ENTRY rt_layer_entry_v0
#define RTB_LAYER_ENTRY_NAME "rt_layer_entry_v0"
#else
#define RTB_BACKEND_ENTRY rt_backend_entry_v1
#define RTB_BACKEND_ENTRY_NAME "rt_backend_entry_v1"
#define RTB_LAYER_ENTRY rt_layer_entry_v1
#define RTB_LAYER_ENTRY_NAME "rt_layer_entry_v1"
#endif
typedef const rtb_backend *(*rtb_backend_entry_fn)(const rtb_host *host);

/* ---- layers: plugins that wrap the kernels of a backend (grow) --------------------------------------------------------------- */

#define RTB_EVENT_FALLBACK 1 /* an op runs elsewhere than on its device; text says why */
#define RTB_EVENT_COPY 2     /* the core moved bytes */
#define RTB_EVENT_WAIT 3     /* the core waited for a device */
#define RTB_EVENT_ALLOC 4
#define RTB_EVENT_LAYER 5    /* a layer's own, shown in the report under its name */
#define RTB_EVENT_REPORT 6   /* to layers only: a report is about to be read, send what you have counted */
struct rtb_event {
  uint32_t size;
  int32_t kind;
  uint16_t op;
  uint16_t reserved[3];
  uint64_t bytes;
  uint64_t seq;
  const char *name; /* who: a backend or layer */
  const char *text;
  uint64_t count;   /* how many things this event stands for; 0 counts as 1 */
};

typedef struct rtb_layer {
  uint32_t size;
  uint16_t major, minor, minor_needed, reserved;
  uint32_t build;
  uint32_t op_bytes, view_bytes;
  uint32_t reserved2;
  const char *name, *version;
  /* Once per opened device. below: the backend's table with every slot filled. NULL: self is the host table itself. */
  int32_t (*attach)(const rtb_host *host, const rtb_backend *below, void *dev, void **out_self);
  void (*detach)(void *self);
  /* Offers a kernel that was just resolved; inner stays valid until unwrap. Leave *fn and *ctx alone to let calls pass directly. */
  int32_t (*wrap)(void *self, const rtb_sig *sig, const rtb_kernel *inner, rtb_fn *fn, void **ctx);
  void (*unwrap)(void *self, void *ctx);
  /* Optional: sees every allocation of device memory before the backend; a non-zero answer is its failure. */
  int32_t (*on_alloc)(void *self, uint64_t bytes);
  void (*on_event)(void *self, const rtb_event *event);
} rtb_layer;
#define RTB_LAYER_HEADER                                                                              \
  .size = (uint32_t)sizeof(rtb_layer), .major = RTB_MAJOR, .minor = RTB_MINOR,                        \
  .minor_needed = RTB_MINOR_NEEDED, .build = RTB_BUILD, .op_bytes = (uint32_t)sizeof(rtb_op),         \
  .view_bytes = (uint32_t)sizeof(rtb_view)
typedef const rtb_layer *(*rtb_layer_entry_fn)(const rtb_host *host);

#ifdef __cplusplus
}
#endif
#endif
