// SPDX-License-Identifier: BSD-3-Clause
// The tables of the reference backend, and resolve: which operation, in which dtypes and layouts, is run by which function. Compiled with
// TRIVET_BUILTIN the same table is the floor that libtrivet itself falls back to.
#include "ref.h"

// The dtypes of an operation's arguments are a word: a letter for each input, then one for the output. Equal letters have equal dtypes; a
// capital may be absent.
//   x  the dtype it computes in, as the row of ops.def allows      b  bool                 d  f64, a parameter
//   y  any dtype                                                   i  any integer          u  u64, a parameter
//   s  what a sum of x gives                                       l  i64                  w  i64 or u64, with floats f64, as arange counts
//   r  the float that x is made of   c  the complex dtype made of x
//   p, q  i8 or u8   j  i32                                        f  a float              z  an integer of at most 4 bytes
typedef enum family { NO_FAMILY, MAP, FOLD, OP } family;
enum { AND_COMPLEX = 8 };
typedef enum accepts { ANY, NUMERIC, INTEGER, BITS, FLOAT, INDEX, ANY_C = ANY | AND_COMPLEX, NUMERIC_C = NUMERIC | AND_COMPLEX, FLOAT_C = FLOAT | AND_COMPLEX } accepts;
#define DTYPE_SAME "x"
#define DTYPE_BOOL "b"
#define DTYPE_SUM "s"
#define DTYPE_I64 "l"
#define DTYPE_REAL "r"
#define DTYPE_COMPLEX "c"

/// What a row of ops.def says that resolve has to know. OP rows have their word in `kernels`.
typedef struct op_row {
  uint8_t family, accepts;
  const char *dtypes;
} op_row;

#define RT_UNARY(id, NAME, name, dtypes, result, ...) [id] = {MAP, dtypes, "x" DTYPE_##result},
#define RT_PARAM(id, NAME, name, dtypes, result, ...) [id] = {MAP, dtypes, "xd" DTYPE_##result},
#define RT_BINARY(id, NAME, name, dtypes, result, ...) [id] = {MAP, dtypes, "xx" DTYPE_##result},
#define RT_TERNARY(id, NAME, name, dtypes, result, ...) [id] = {MAP, dtypes, "xxx" DTYPE_##result},
#define RT_REDUCE(id, NAME, name, dtypes, result, ...) [id] = {FOLD, dtypes, "x" DTYPE_##result},
#define RT_ARG(id, NAME, name, dtypes, result, ...) [id] = {FOLD, dtypes, "x" DTYPE_##result},
#define RT_OP(id, NAME, name, inputs, dtypes, ...) [id] = {OP, dtypes, NULL},
#define RT_COMPOSITE(...)
static const op_row rows[REF_OPS] = {
#include <trivet/ops.def>
};

/// Operations with a function of their own. alias: inputs that may be exactly the output: each element of theirs is read before its place is
/// written, and none after. immediates: may any input be one? (parameters always may)
typedef struct op_kernel {
  rtb_fn fn;
  const char *dtypes;
  uint32_t alias;
  bool immediates;
} op_kernel;

#define ANY_INPUT 0xffffu
static const op_kernel kernels[REF_OPS] = {
  [RTB_OP_COPY] = {rti_ref_copy, "xx", ANY_INPUT, true},
  [RTB_OP_FILL] = {rti_ref_copy, "xx", 0, true}, // filling is copying an immediate
  [RTB_OP_CAST] = {rti_ref_cast, "yx", ANY_INPUT, true},
  [RTB_OP_ARANGE] = {rti_ref_arange, "wwx", 0, true},
  [RTB_OP_RANDOM_UNIFORM] = {rti_ref_random_uniform, "uuddx", 0, true},
  [RTB_OP_RANDOM_NORMAL] = {rti_ref_random_normal, "uuddx", 0, true},
  [RTB_OP_WHERE] = {rti_ref_where, "bxxx", ANY_INPUT, true},
  [RTB_OP_GATHER] = {rti_ref_gather, "xix", 0, true},
  [RTB_OP_TAKE_ALONG] = {rti_ref_take_along, "xix", 0, false},
  [RTB_OP_GATHER_ND] = {rti_ref_gather_nd, "xix", 0, false},
  [RTB_OP_SCATTER] = {rti_ref_scatter, "xixx", 1, false},
  [RTB_OP_SCATTER_ND] = {rti_ref_scatter_nd, "xixx", 1, false},
  [RTB_OP_NONZERO] = {rti_ref_nonzero, "xl", 0, false},
  [RTB_OP_CUMSUM] = {rti_ref_scan, "xs", 0, false},
  [RTB_OP_CUMPROD] = {rti_ref_scan, "xs", 0, false},
  [RTB_OP_SORT] = {rti_ref_sort, "xx", 0, false},
  [RTB_OP_ARGSORT] = {rti_ref_sort, "xl", 0, false},
  [RTB_OP_SEARCHSORTED] = {rti_ref_searchsorted, "xxl", 0, false},
  [RTB_OP_MATMUL] = {rti_ref_matmul, "xxx", 0, false},
  [RTB_OP_MATMUL_INTEGER] = {rti_ref_matmul, "pqPQj", 0, false},
  [RTB_OP_CONV] = {rti_ref_conv, "xxXx", 0, false},
  [RTB_OP_CONV_TRANSPOSE] = {rti_ref_conv, "xxXx", 0, false},
  [RTB_OP_CONV_INTEGER] = {rti_ref_conv, "pqPQj", 0, false},
  [RTB_OP_MAX_POOL] = {rti_ref_max_pool, "xx", 0, false},
  [RTB_OP_MAX_POOL_INDICES] = {rti_ref_max_pool, "xl", 0, false},
  [RTB_OP_AVG_POOL] = {rti_ref_avg_pool, "xx", 0, false},
  [RTB_OP_SOFTMAX] = {rti_ref_softmax, "xx", ANY_INPUT, false},
  [RTB_OP_LOG_SOFTMAX] = {rti_ref_softmax, "xx", ANY_INPUT, false},
  [RTB_OP_LAYER_NORM] = {rti_ref_layer_norm, "xXXdx", ANY_INPUT, false},
  [RTB_OP_RMS_NORM] = {rti_ref_layer_norm, "xXdx", ANY_INPUT, false},
  [RTB_OP_BATCH_NORM] = {rti_ref_batch_norm, "xxxXXdx", ANY_INPUT, false},
  [RTB_OP_QUANTIZE] = {rti_ref_quantize, "xxZz", 0, true},
  [RTB_OP_DEQUANTIZE] = {rti_ref_quantize, "zfZf", 0, true},
};

static const char *op_name(void *dev, uint16_t op) { return ((const rtb_host *)dev)->op_name(dev, op); }
static const char *dtype_name(void *dev, uint16_t dtype) { return ((const rtb_host *)dev)->dtype_name(dev, dtype); }

static bool is_dtype(uint16_t dtype) { return dtype > 0 && dtype < REF_DTYPES; }
static bool is_complex(uint16_t dtype) { return dtype >= RTB_C64; }
static bool is_float(uint16_t dtype) { return dtype >= RTB_F16 && !is_complex(dtype); }
static bool is_integer(uint16_t dtype) { return dtype >= RTB_I8 && dtype <= RTB_U64; }

static uint16_t sum_dtype(uint16_t dtype) {
  return is_float(dtype) || is_complex(dtype) ? dtype : rti_ref_wide_of(dtype) == REF_U64 ? RTB_U64 : RTB_I64;
}

static uint16_t real_dtype(uint16_t dtype) { return dtype == RTB_C64 ? RTB_F32 : dtype == RTB_C128 ? RTB_F64 : dtype; }

static bool is_accepted(uint16_t dtype, uint8_t accepts) {
  if (is_complex(dtype)) return accepts & AND_COMPLEX;
  switch (accepts & ~AND_COMPLEX) {
  case NUMERIC: return dtype != RTB_BOOL;
  case INTEGER: case INDEX: return is_integer(dtype);
  case BITS: return !is_float(dtype);
  case FLOAT: return is_float(dtype);
  default: return true;
  }
}

/// Is this dtype one that the letter stands for? x: what x is, 0 if that is not known yet.
static bool is_letters(char letter, uint16_t dtype, uint8_t accepts, uint16_t x) {
  switch (letter) {
  case 'x': return is_accepted(dtype, accepts);
  case 'b': return dtype == RTB_BOOL;
  case 'd': return dtype == RTB_F64;
  case 'u': return dtype == RTB_U64;
  case 'l': return dtype == RTB_I64;
  case 'j': return dtype == RTB_I32;
  case 'i': return is_integer(dtype);
  case 'f': return is_float(dtype);
  case 's': return dtype == sum_dtype(x);
  case 'r': return dtype == real_dtype(x);
  case 'c': return dtype == (x == RTB_F64 ? RTB_C128 : RTB_C64);
  case 'w': return dtype == RTB_I64 || dtype == RTB_U64 || dtype == RTB_F64;
  case 'p': case 'q': return dtype == RTB_I8 || dtype == RTB_U8;
  case 'z': return is_integer(dtype) && rtb_dtype_bytes(dtype) <= 4;
  default: return true;
  }
}

static bool is_optional(char letter) { return letter >= 'A' && letter <= 'Z'; }

/// Do the dtypes of this call spell the word? *out_at: the first argument that does not.
static bool dtypes_fit(const rtb_sig *sig, const char *word, uint8_t accepts, int32_t *out_at) {
  uint16_t of[26] = {0};
  for (int32_t k = 0; k <= sig->nin; k++) {
    const char letter = is_optional(word[k]) ? (char)(word[k] - 'A' + 'a') : word[k];
    const uint16_t dtype = sig->arg[k].dtype;
    uint16_t *known = &of[letter - 'a'];
    *out_at = k;
    if (sig->arg[k].layout == RTB_NONE) continue;
    if (*known ? dtype != *known : !is_letters(letter, dtype, accepts, of['x' - 'a'])) return false;
    *known = dtype;
  }
  const uint16_t w = of['w' - 'a'], x = of['x' - 'a'];
  if (is_complex(of['y' - 'a']) && !is_complex(x) && x != RTB_BOOL) return false; // the imaginary part has no place
  return !w || is_float(w) == is_float(real_dtype(x));
}

static int32_t resolve(void *dev, const rtb_sig *sig, rtb_kernel *out) {
  const op_row *row = sig->op < REF_OPS ? &rows[sig->op] : &rows[0];
  const op_kernel *own = row->family == OP ? &kernels[sig->op] : NULL;
  if (row->family == NO_FAMILY || (own && !own->fn)) return rtb_refuse(out, RTB_UNSUPPORTED_OP, "operation %d has no kernel of its own here", sig->op);
  const char *name = op_name(dev, sig->op), *word = own ? own->dtypes : row->dtypes;
  const int32_t n_in = (int32_t)strlen(word) - 1;
  if (sig->nin != n_in || sig->nout != 1)
    return rtb_refuse(out, RTB_UNSUPPORTED_OP, "%s takes %d inputs and 1 output, not %d and %d", name, n_in, sig->nin, sig->nout);
  bool dense = true;
  for (int32_t k = 0; k <= n_in; k++) {
    const rtb_sig_arg *arg = &sig->arg[k];
    const bool immediate = arg->layout == RTB_IMM && k < n_in && (own ? own->immediates || word[k] == 'd' : row->family == MAP);
    const bool absent = arg->layout == RTB_NONE && is_optional(word[k]);
    if (arg->space == RTB_SPACE_FOREIGN) return rtb_refuse(out, RTB_UNSUPPORTED_SPACE, "%s: argument %d is not in host memory", name, k);
    if (arg->layout > RTB_NEGATIVE && !immediate && !absent) {
      memset(out->want_layout, RTB_NEGATIVE, sizeof out->want_layout);
      return rtb_refuse(out, RTB_UNSUPPORTED_LAYOUT, "%s: argument %d must be a strided view", name, k);
    }
    if (!absent && !is_dtype(arg->dtype)) return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s: argument %d has dtype code %d", name, k, arg->dtype);
    dense = dense && arg->layout == RTB_DENSE;
  }
  const uint16_t in = sig->arg[0].dtype, result = sig->arg[n_in].dtype;
  const ref_row *cell = own ? NULL : &rti_ref_rows_of(in)[sig->op];
  const bool is_scatter = sig->op == RTB_OP_SCATTER || sig->op == RTB_OP_SCATTER_ND;
  int32_t at;
  if ((cell && !cell->map && !cell->fold) || (is_scatter && !rti_ref_can_scatter(sig->attr, in)))
    return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s is not defined for %s", name, dtype_name(dev, in));
  if (!dtypes_fit(sig, word, row->accepts, &at))
    return at == 0 ? rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s is not defined for %s", name, dtype_name(dev, in))
                   : rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s: dtypes do not fit (%s to %s)", name, dtype_name(dev, in), dtype_name(dev, result));
  if (sig->alias & ~(own ? own->alias : row->family == MAP ? ANY_INPUT : 0)) return rtb_refuse(out, RTB_UNSUPPORTED_ALIAS, "%s cannot write over its input", name);
  for (int32_t k = 0; k < n_in; k++)
    if ((sig->alias >> k & 1) && rtb_dtype_bytes(sig->arg[k].dtype) != rtb_dtype_bytes(result))
      return rtb_refuse(out, RTB_UNSUPPORTED_ALIAS, "%s: output and input have elements of different size", name);
  out->fn = own ? own->fn : row->family == FOLD ? rti_ref_fold_any : dense ? rti_ref_map_dense : rti_ref_map_any;
  if (own && own->fn == rti_ref_sort) out->accept = rti_ref_sort_accept;
  if (cell) out->kctx = (void *)cell; // read-only, like every kctx
  return RTB_OK;
}

static const rtb_backend table = {
  RTB_BACKEND_HEADER,
  .caps = RTB_CAP_HOST_MEMORY | RTB_CAP_UNLOADABLE,
#ifdef TRIVET_BUILTIN
  .name = "builtin",
#else
  .name = "cpu_ref",
#endif
  .vendor = "Trivet",
  .version = "0.1.0",
  .resolve = resolve,
};

#ifdef TRIVET_BUILTIN
__attribute__((visibility("hidden"))) const rtb_backend *rti_builtin_entry(const rtb_host *host);
const rtb_backend *rti_builtin_entry(const rtb_host *host) {
#else
RTB_EXPORT const rtb_backend *RTB_BACKEND_ENTRY(const rtb_host *host);
const rtb_backend *RTB_BACKEND_ENTRY(const rtb_host *host) {
#endif
  (void)host;
  return &table;
}
