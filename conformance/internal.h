// SPDX-License-Identifier: BSD-3-Clause
// What the files of the conformance grid share. The grid sees the runtime through its public headers only, and shares no arithmetic with
// any backend: its own number formats (real.c), its own formulas (oracle_*.c), its own walk over strided memory (layouts.c).
#ifndef TRIVET_CONFORMANCE_INTERNAL_H
#define TRIVET_CONFORMANCE_INTERNAL_H

#include <float.h>
#include <trivet/conformance.h>

#define CF_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CF_MAX_IN 6
#define CF_DTYPES 14     // codes of real dtypes lie below
#define CF_ALL_DTYPES 16 // and those of complex ones below this
#define CF_DATA_BYTES (24u << 20) // arrays of one cell

// ---- real.c: numbers ------------------------------------------------------------------------------------------------------------------
#if LDBL_MANT_DIG >= 113
typedef long double cf_real;
#else
__extension__ typedef __float128 cf_real; // 113 bits: holds every sum, product and quotient of two doubles well enough to round it rightly
#endif
__extension__ typedef __int128 cf_int;    // holds every integer dtype, and their products

static inline bool cf_is_nan(cf_real x) { return x != x; }
static inline bool cf_is_inf(cf_real x) { return x == x && x - x != x - x; }
bool cf_is_negative(cf_real x);            ///< the sign bit, of zeros and NaN too
static inline cf_real cf_abs(cf_real x) { return cf_is_negative(x) ? -x : x; }
__extension__ typedef unsigned __int128 cf_word; // the bits of an element; of a complex one the real part's are the lower half
typedef struct cf_pair { cf_real re, im; } cf_pair; // a complex number

static inline bool cf_is_complex(rt_dtype dtype) { return dtype == RT_C64 || dtype == RT_C128; }
static inline bool cf_is_float(rt_dtype dtype) { return dtype >= RT_F16 && dtype <= RT_F64; }
/// The dtype of the parts of a complex dtype; else itself.
static inline rt_dtype cf_part(rt_dtype dtype) { return dtype == RT_C64 ? RT_F32 : dtype == RT_C128 ? RT_F64 : dtype; }
static inline int cf_parts(rt_dtype dtype) { return cf_is_complex(dtype) ? 2 : 1; }
static inline bool cf_is_half(rt_dtype dtype) { return dtype == RT_F16 || dtype == RT_BF16; }
bool cf_is_signed(rt_dtype dtype);         ///< a signed integer
uint32_t cf_bytes(rt_dtype dtype);
cf_real cf_power2(int exponent);
cf_word cf_load(rt_dtype dtype, const void *element);
void cf_store(rt_dtype dtype, void *element, cf_word bits);
cf_word cf_join(rt_dtype dtype, uint64_t re, uint64_t im);   ///< a complex element of two parts
uint64_t cf_part_of(rt_dtype dtype, cf_word bits, int part); ///< of any dtype; part 1 of a real one is 0
cf_real cf_decode(rt_dtype dtype, uint64_t bits);            ///< any real dtype
cf_pair cf_decode_pair(rt_dtype dtype, cf_word bits);        ///< any dtype
cf_int cf_decode_int(rt_dtype dtype, uint64_t bits);         ///< bool and integers
/// hi + lo (lo far below hi) rounded to nearest even, once. Floats only.
uint64_t cf_encode(rt_dtype dtype, cf_real hi, cf_real lo);
uint64_t cf_encode_int(rt_dtype dtype, cf_int value);        ///< wraps; bool: is it not zero?
cf_word cf_cast(rt_dtype from, cf_word bits, rt_dtype to);   ///< as the contract says of cast
cf_real cf_ulp(rt_dtype dtype, cf_real x);                   ///< distance of neighbours at x, at least the smallest subnormal
cf_real cf_max_finite(rt_dtype dtype);
cf_real cf_min_normal(rt_dtype dtype);
int cf_precision(rt_dtype dtype);                            ///< bits of the significand, the leading one included
cf_int cf_int_min(rt_dtype dtype);
cf_int cf_int_max(rt_dtype dtype);
/// The dtype in which two meet; RT_DTYPE_NONE where there is none.
rt_dtype cf_promote(rt_dtype a, rt_dtype b);

// ---- arrays: values in C order, in memory of the cell ---------------------------------------------------------------------------------
typedef struct cf_array {
  rt_dtype dtype;
  int32_t rank;
  int64_t shape[RT_MAX_RANK], numel;
  unsigned char *data;
} cf_array;
static inline cf_word cf_bits(const cf_array *a, int64_t i) { return cf_load(a->dtype, a->data + i * cf_bytes(a->dtype)); }
static inline cf_real cf_at(const cf_array *a, int64_t i) { return cf_decode(a->dtype, (uint64_t)cf_bits(a, i)); }
static inline void cf_set(cf_array *a, int64_t i, cf_word bits) { cf_store(a->dtype, a->data + i * cf_bytes(a->dtype), bits); }

/// What one element of the result must be; of a complex one, what each part must be. The last four are said of both parts by the real one.
typedef enum cf_kind {
  CF_BITS,      ///< exactly these bits (any NaN for a NaN)
  CF_NEAR,      ///< within tol of value; a value of exactly 0 has its sign
  CF_LOOSE,     ///< within tol of value; signs of zero are free
  CF_MODULUS,   ///< |result - value| within tol, both parts together
  CF_INFINITE,  ///< a part is infinite
  CF_UNDEFINED, ///< a part is NaN
  CF_ANYTHING   ///< the contract leaves it open
} cf_kind;
typedef struct cf_want {
  cf_kind kind;
  uint64_t bits;
  cf_real value, tol;
} cf_want;

// ---- ops.c: the table of operations as the grid sees it -------------------------------------------------------------------------------
typedef enum cf_family { CF_UNARY, CF_PARAM, CF_BINARY, CF_TERNARY, CF_REDUCE, CF_ARG, CF_OP, CF_COMPOSITE } cf_family;
#define CF_AND_COMPLEX 8
typedef enum cf_accepts {
  CF_ACCEPT_ANY, CF_ACCEPT_NUMERIC, CF_ACCEPT_INTEGER, CF_ACCEPT_BITS, CF_ACCEPT_FLOAT,
  CF_ACCEPT_ANY_C = CF_ACCEPT_ANY | CF_AND_COMPLEX, CF_ACCEPT_NUMERIC_C = CF_ACCEPT_NUMERIC | CF_AND_COMPLEX, CF_ACCEPT_FLOAT_C = CF_ACCEPT_FLOAT | CF_AND_COMPLEX
} cf_accepts;
typedef enum cf_gives { CF_GIVES_SAME, CF_GIVES_BOOL, CF_GIVES_SUM, CF_GIVES_I64, CF_GIVES_REAL, CF_GIVES_COMPLEX, CF_GIVES_GIVEN } cf_gives;
#define CF_ID(NAME) CF_ID_##NAME
enum cf_id {
#define RT_UNARY(id, NAME, ...) CF_ID_##NAME = id,
#define RT_PARAM(id, NAME, ...) CF_ID_##NAME = id,
#define RT_BINARY(id, NAME, ...) CF_ID_##NAME = id,
#define RT_TERNARY(id, NAME, ...) CF_ID_##NAME = id,
#define RT_REDUCE(id, NAME, ...) CF_ID_##NAME = id,
#define RT_ARG(id, NAME, ...) CF_ID_##NAME = id,
#define RT_OP(id, NAME, ...) CF_ID_##NAME = id,
#define RT_COMPOSITE(id, NAME, ...) CF_ID_##NAME = id,
#include <trivet/ops.def>
  CF_ID_END = 512
};
typedef struct cf_case cf_case;
typedef struct cf_op {
  int id;
  const char *name;
  cf_family family;
  cf_accepts accepts;
  cf_gives gives;
  bool may_be_empty;
  double cpu, gpu, value; // value: usual one of the parameter
  /// Calls the row's public function on c's arguments: a new output in *out, or into `into` when that is not NULL. NULL for CF_OP.
  rt_status (*call)(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out);
  rt_status (*call_scalar)(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out); // CF_BINARY
} cf_op;
extern const cf_op cf_ops[];
extern const int cf_n_ops;
const cf_op *cf_op_of(int id);
/// The dtype that the row computes in for an input of this dtype; RT_DTYPE_NONE: refused.
rt_dtype cf_compute_dtype(cf_accepts accepts, rt_dtype dtype);
rt_dtype cf_result_dtype(const cf_op *op, rt_dtype compute); ///< of a new result

// ---- values.c: kinds of value ---------------------------------------------------------------------------------------------------------
typedef enum cf_class { CF_UNIFORM, CF_WIDE, CF_SPECIALS, CF_TIES, CF_CANCELLING, CF_INTEGERS, CF_SMALL, CF_EXTREMES, CF_EVERY, CF_CLASSES } cf_class;
extern const char *const cf_class_name[CF_CLASSES];
/// The classes of a dtype, ends with CF_CLASSES.
const cf_class *cf_classes_of(rt_dtype dtype);
/// Fills an array; which: position of the argument (classes that relate arguments to each other look at the earlier ones).
void cf_fill(cf_case *c, int which, cf_class values);
uint64_t cf_random(cf_case *c);                 ///< 64 random bits
int64_t cf_random_below(cf_case *c, int64_t n);

// ---- layouts.c: arrays as views of larger storages ------------------------------------------------------------------------------------
typedef enum cf_layout {
  CF_DENSE,      ///< a tensor of its own
  CF_OFFSET,     ///< dense, three elements into a larger storage
  CF_ROWS,       ///< dense inner rows with a pitch
  CF_TRANSPOSED, ///< dense, axes in reverse order
  CF_STEPPED,    ///< every second element
  CF_NEGATIVE,   ///< all axes backwards
  CF_MIXED,      ///< first axis backwards with a step, the others forwards
  CF_EXPANDED,   ///< the first axis has stride 0
  CF_ONES,       ///< axes of extent 1 have odd strides
  CF_WINDOWS     ///< overlapping windows: stride 1 on two axes
} cf_layout;
typedef struct cf_slot { // one argument: an array, and where it lies
  cf_array x;
  cf_layout layout;
  rt_tensor *base, *view;      // a view of base; both the same tensor for CF_DENSE
  int64_t base_numel, offset, stride[RT_MAX_RANK];
  unsigned char *before;       // base as it was uploaded
  bool is_base_shared;         // the output of an overlapping or in-place call: base belongs to an input
} cf_slot;
/// Lays input `which` out and writes its values there. Values of elements that share memory become equal in its array.
void cf_place(cf_case *c, int which, cf_layout layout);
/// Lays an output out: the pattern alone.
void cf_lay_out(cf_case *c, cf_slot *slot, cf_layout layout);
bool cf_upload(cf_case *c, cf_slot *slot);       ///< makes base and view; false after cf_fail
/// Calls visit for each element in C order with its position in the storage.
void cf_walk(int32_t rank, const int64_t *shape, const int64_t *stride, int64_t offset,
             void (*visit)(void *user, int64_t i, int64_t at), void *user);

// ---- run.c: one cell ------------------------------------------------------------------------------------------------------------------
typedef enum cf_form {
  CF_NEW, CF_INTO,
  CF_IN_PLACE,      ///< out is input `share` itself
  CF_CLONE,         ///< out is a clone of input `share`, and takes its place
  CF_OVERLAP,       ///< out lies one element after input `share`
  CF_OVERLAP_BACK,  ///< one element before
  CF_OVERLAP_FLIP   ///< the same elements backwards
} cf_form;
typedef struct cf_grid cf_grid;
struct cf_case {
  cf_grid *grid;
  const cf_op *op;
  rt_dtype dtype;
  char name[160];
  uint64_t random;
  int n_in;
  cf_slot in[CF_MAX_IN];
  cf_form form;
  int share;
  cf_layout out_layout;         // CF_INTO
  cf_slot out;                  // x: dtype and shape of the result
  bool are_twins;               // all inputs are the first one
  cf_want *want;                // one for each part of each element of out.x
  rt_status fails, fails_too;   // the status a refused call must have; RT_OK: it must work
  rt_status (*call)(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out);
  // parameters that calls read
  double param;
  rt_scalar scalar, scalar2, scalar3;
  rt_axes axes;
  bool all_axes, keep_dims;
  rt_dtype asked;
  int32_t axis;
  rt_window window;
  int zeros;                    // which optional arguments there are, one bit each; they follow the others in `in`
  int64_t pad_lo[RT_MAX_RANK], pad_hi[RT_MAX_RANK];
  rt_pad_mode pad_mode;
  int64_t index;                // that stands for nothing
  unsigned present;             // bit k: argument k, which may be left out, is there
  uint64_t key, stream;
  int which_output;             // of a call that has several
  // result
  rt_conformance_status status;
  char text[400], ran_by[64];
};
struct cf_grid {
  rt_ctx *ctx;
  rt_device device, default_device;
  rt_conformance_options options;
  rt_conformance_summary *summary;
  void (*list)(void *user, const char *name); // list only
  void *list_user;
  uint32_t n_listed;
  bool is_listing;
  unsigned char covered[CF_ID_END][CF_ALL_DTYPES];
  unsigned char *data;                        // memory of the running cell
  size_t data_used;
  bool data_exhausted;
  cf_case cell;
};

/// Starts a cell named "op/dtype/<rest>" if it was chosen; else NULL.
cf_case *cf_open(cf_grid *grid, const cf_op *op, rt_dtype dtype, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/// Runs it, judges it, tells the caller of the grid.
void cf_close(cf_case *c);
void *cf_alloc(cf_case *c, int64_t bytes);      ///< zeroed, for this cell; never NULL
/// Describes argument or result k: dtype and shape, with memory for its elements.
cf_array *cf_array_init(cf_case *c, cf_array *a, rt_dtype dtype, int32_t rank, const int64_t *shape);
cf_array *cf_input(cf_case *c, int k, rt_dtype dtype, int32_t rank, const int64_t *shape);
/// Describes the result and makes room for what it must be.
void cf_result(cf_case *c, rt_dtype dtype, int32_t rank, const int64_t *shape);
void cf_fail(cf_case *c, const char *fmt, ...) __attribute__((format(printf, 2, 3))); ///< the first sentence stays

// ---- judge.c --------------------------------------------------------------------------------------------------------------------------
double cf_bound(const cf_case *c);                               ///< of the row, as the options say, in ulp
// i is the number of an element, or in the others the number of a part: a complex element has two.
void cf_want_bits(cf_case *c, int64_t i, cf_word bits);
cf_real cf_complex_bound(const cf_case *c); ///< of all rows on complex numbers, in ulp of the modulus
/// A complex result that is judged by its distance, in ulp of the modulus of the exact one; `more`: what the arguments' conditioning allows.
void cf_want_modulus(cf_case *c, int64_t element, cf_pair value, cf_real more);
void cf_want_kind(cf_case *c, int64_t element, cf_kind kind);
/// An exact result hi + lo of a row that is judged in ulp; bounds up to 0.5 want the rightly rounded result.
void cf_want_ulp(cf_case *c, int64_t i, cf_real hi, cf_real lo);
void cf_want_ulp_of(cf_case *c, int64_t i, cf_real value, cf_real size); ///< the bound in ulp of the larger of the two
/// A result of many terms: `error` is the bound on what adding them may lose, before the result is rounded once.
void cf_want_sum(cf_case *c, int64_t i, cf_real value, cf_real error);
cf_real cf_unit(rt_dtype dtype);                                 ///< rounding unit of the type that sums are kept in: f32 or wider
/// A sum of many terms, and how large they were.
typedef struct cf_terms { cf_real sum, size; int64_t n; bool has_fractions; } cf_terms;
void cf_add_term(cf_terms *t, cf_real term);
/// What adding the terms in any order may lose when each step rounds as `dtype` does (halves: as f32); 0 for small enough integers.
cf_real cf_terms_error(const cf_terms *t, rt_dtype dtype);
void cf_judge(cf_case *c, const unsigned char *got, int64_t offset, const int64_t *stride); ///< strides in elements

// ---- oracle_map.c ---------------------------------------------------------------------------------------------------------------------
/// is_bool: i holds it. size: not 0 where terms cancel; then the bound is in ulp of the larger of it and the result.
typedef struct cf_answer { cf_real hi, lo, size; cf_int i; bool is_bool; } cf_answer;
cf_real cf_sqrt(cf_real x);
cf_real cf_exp(cf_real x);
cf_real cf_pi(void);
/// One element of an elementwise row; x holds three arguments, used or not. false: no formula here.
bool cf_map_float(int op, rt_dtype dtype, const cf_real *x, cf_real param, cf_answer *out);
bool cf_map_int(int op, rt_dtype dtype, const cf_int *x, cf_answer *out);
/// Writes what the result of an elementwise row must be, from c->in converted to `compute` and broadcast to c->out.
void cf_map(cf_case *c, rt_dtype compute);
/// Index in C order of the element of `a` that element i of `shape` sees when a is broadcast.
int64_t cf_broadcast_index(const cf_array *a, int32_t rank, const int64_t *shape, int64_t i);

// ---- oracle_complex.c -----------------------------------------------------------------------------------------------------------------
cf_pair cf_times(cf_pair a, cf_pair b);
void cf_map_complex(cf_case *c, rt_dtype compute);
void cf_reduce_complex(cf_case *c, rt_dtype compute, const bool *is_reduced);
void cf_want_product(cf_case *c, int64_t element, rt_dtype compute, cf_pair product, int64_t n); ///< of n complex numbers
/// Which element of the result of a reduction element i of x goes to.
int64_t cf_bucket_of(const cf_array *x, const bool *is_reduced, int64_t i);

// ---- oracle_reduce.c, oracle_window.c, oracle_move.c: what c->out must be -------------------------------------------------------------
void cf_reduce(cf_case *c, rt_dtype compute, const bool *is_reduced);
/// Which element of the result element i of x goes to.
int64_t cf_bucket_of(const cf_array *x, const bool *is_reduced, int64_t i);
/// var, std, logsumexp, norm
void cf_reduce_in_passes(cf_case *c, rt_dtype compute, const bool *is_reduced);
void cf_softmax(cf_case *c, rt_dtype compute);
void cf_matmul(cf_case *c, rt_dtype compute);
void cf_conv(cf_case *c, rt_dtype compute);
void cf_conv_transpose(cf_case *c, rt_dtype compute);
void cf_conv_integer(cf_case *c);
void cf_pool(cf_case *c, rt_dtype compute);
void cf_random_numbers(cf_case *c, bool is_normal, double a, double b);

/// The coordinates of element i of y, and back.
void cf_coordinates(const cf_array *y, int64_t i, int64_t *at);
int64_t cf_index_of(const cf_array *x, const int64_t *at);

// ---- cases_*.c: the cells -------------------------------------------------------------------------------------------------------------
void cf_cases_map(cf_grid *g, const cf_op *op);
void cf_cases_promotion(cf_grid *g);
void cf_cases_reduce(cf_grid *g, const cf_op *op);
void cf_cases_reduce_made(cf_grid *g, const cf_op *op);
void cf_cases_softmax(cf_grid *g, const cf_op *op);
void cf_cases_norm(cf_grid *g, const cf_op *op);             // layer_norm, rms_norm
void cf_cases_norm_of_channels(cf_grid *g, const cf_op *op); // batch_norm, group_norm
void cf_cases_embedding(cf_grid *g);
void cf_cases_scan(cf_grid *g, const cf_op *op);
void cf_cases_sort(cf_grid *g, const cf_op *op);
void cf_cases_searchsorted(cf_grid *g);
void cf_cases_matmul(cf_grid *g);
void cf_cases_conv(cf_grid *g, const cf_op *op); // and conv_transpose
void cf_cases_pool(cf_grid *g, const cf_op *op);
void cf_cases_quantize(cf_grid *g);
void cf_cases_dequantize(cf_grid *g);
void cf_cases_matmul_integer(cf_grid *g);
void cf_cases_conv_integer(cf_grid *g);
void cf_cases_copy(cf_grid *g);
void cf_cases_cast(cf_grid *g);
void cf_cases_where(cf_grid *g);
void cf_cases_gather(cf_grid *g);
void cf_cases_take_along(cf_grid *g);
void cf_cases_scatter(cf_grid *g);
void cf_cases_scatter_nd(cf_grid *g);
void cf_cases_gather_nd(cf_grid *g);
void cf_cases_nonzero(cf_grid *g);
void cf_cases_topk(cf_grid *g);
void cf_cases_count_nonzero(cf_grid *g);
void cf_cases_take(cf_grid *g);
void cf_cases_masked_select(cf_grid *g);
void cf_cases_unique(cf_grid *g);
void cf_cases_rearranged(cf_grid *g, const cf_op *op); // tile, repeat, roll, stack
void cf_cases_linspace(cf_grid *g);
void cf_cases_eye(cf_grid *g);
void cf_cases_concat(cf_grid *g);
void cf_cases_pad(cf_grid *g);
void cf_cases_full(cf_grid *g);
void cf_cases_arange(cf_grid *g);
void cf_cases_random(cf_grid *g);

#endif
