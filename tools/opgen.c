// SPDX-License-Identifier: BSD-3-Clause
// Writes the files that follow from ops.def and dtypes.def: include/trivet/ops.h, docs/ops.md and the generated block of
// include/trivet/backend.h. It holds no list of operations of its own: the row macros give it every column as text, and comments are
// computed from the columns. Only what a row cannot say (the shape rule of an operation with parameters of its own) stands in `notes`.
//
//   opgen DIR           writes the files below DIR, a source tree
//   opgen --check DIR   changes nothing; names each stale file and exits 1
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WIDTH 138 // of a comment line

// ---- the tables as text ----------------------------------------------------------------------------------------------------------------
typedef struct dtype_row { const char *code, *NAME, *name, *bytes, *kind, *doc; } dtype_row;
static const dtype_row dtypes[] = {
#define RT_DTYPE(code, NAME, name, bytes, kind, doc) {#code, #NAME, #name, #bytes, #kind, doc},
#include <trivet/dtypes.def>
};

typedef enum family { UNARY, PARAM, BINARY, TERNARY, REDUCE, ARG, OP, COMPOSITE, UPDATE, FAMILIES } family;
typedef struct op_row {
  family family;
  const char *id, *NAME, *name, *dtypes, *result, *cpu, *gpu, *formula, *doc;
  const char *param, *value;                   // PARAM, else ""
  const char *empty, *init, *step, *finish;    // REDUCE, else ""
  const char *inputs, *collapse, *list, *into; // OP, COMPOSITE: `list` and `into` are parameter lists in parentheses; else ""
} op_row;
#define NO_PARAM "", ""
#define NO_REDUCE "", "", "", ""
#define NO_LISTS "", "", "", ""
static const op_row ops[] = {
#define RT_UNARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) \
  {UNARY, #id, #NAME, #name, #dtypes, #result, #cpu, #gpu, #formula, doc, NO_PARAM, NO_REDUCE, NO_LISTS},
#define RT_PARAM(id, NAME, name, dtypes, result, cpu, gpu, param, value, formula, doc) \
  {PARAM, #id, #NAME, #name, #dtypes, #result, #cpu, #gpu, #formula, doc, #param, #value, NO_REDUCE, NO_LISTS},
#define RT_BINARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) \
  {BINARY, #id, #NAME, #name, #dtypes, #result, #cpu, #gpu, #formula, doc, NO_PARAM, NO_REDUCE, NO_LISTS},
#define RT_TERNARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) \
  {TERNARY, #id, #NAME, #name, #dtypes, #result, #cpu, #gpu, #formula, doc, NO_PARAM, NO_REDUCE, NO_LISTS},
#define RT_REDUCE(id, NAME, name, dtypes, result, empty, cpu, gpu, init, step, finish, doc) \
  {REDUCE, #id, #NAME, #name, #dtypes, #result, #cpu, #gpu, "", doc, NO_PARAM, #empty, #init, #step, #finish, NO_LISTS},
#define RT_ARG(id, NAME, name, dtypes, result, better, doc) \
  {ARG, #id, #NAME, #name, #dtypes, #result, "0", "0", #better, doc, NO_PARAM, NO_REDUCE, NO_LISTS},
#define RT_OP(id, NAME, name, inputs, dtypes, result, collapse, cpu, gpu, list, into, doc) \
  {OP, #id, #NAME, #name, #dtypes, #result, #cpu, #gpu, "", doc, NO_PARAM, NO_REDUCE, #inputs, #collapse, #list, #into},
#define RT_COMPOSITE(id, NAME, name, inputs, collapse, list, doc) \
  {COMPOSITE, #id, #NAME, #name, "ANY", "SAME", "0", "0", "", doc, NO_PARAM, NO_REDUCE, #inputs, "", #list, #list},
#define RT_UPDATE(id, NAME, name, inputs, collapse, list, doc) \
  {UPDATE, #id, #NAME, #name, "ANY", "SAME", "0", "0", "", doc, NO_PARAM, NO_REDUCE, #inputs, "", #list, #list},
#include <trivet/ops.def>
};

// What the columns of RT_OP and RT_COMPOSITE cannot say. A row without a line here still gets a comment; a line without a row is an error.
#define REDUCED_SHAPES "x: any rank; out: x without `axes` (of extent 1 there with keep_dims); NULL means all axes"
#define FLOAT_TYPES "floats (bool and integers are converted to f32; complex numbers are RT_E_DTYPE)"
#define FLOAT_DTYPES FLOAT_TYPES "; out: that float"
#define LOSS_SHAPES "inputs: any that broadcast; out: the broadcast shape with RT_LOSS_NONE, else []"
#define LOSS_DTYPES FLOAT_TYPES ", promoted to one dtype; halves compute in f32; out: that dtype"
#define LOSS_ERRORS "RT_E_SHAPE when the shapes do not broadcast; RT_E_ARGUMENT for another reduction"
#define UPDATE_SHAPES "all as param"
#define UPDATE_DTYPES "floats, each tensor its own; f64 computes in f64, the others in f32 (a state in f32 beside a half param keeps its bits)"
#define UPDATE_ERRORS \
  "RT_E_SHAPE when the shapes differ; RT_E_DTYPE for what is no float; RT_E_STATE for a tensor that may not be written; RT_E_ARGUMENT for two written " \
  "tensors that may share memory (grad may be any of them), numbers that are not finite or negative (rate may be)"
#define QUANTIZED_SHAPES \
  "x: any; scale and zero_point: one element, or 1-d with one per position of axis, or any shape that broadcasts to x (axis is read only for 1-d); out: as x"
#define QUANTIZED_ERRORS "RT_E_ARGUMENT for an axis that is out of range"
#define NORM_DTYPES "floats and complex dtypes (bool and integers are converted to f32); out: the float"
typedef struct note { const char *name, *shapes, *dtypes, *errors, *given; } note;
static const note notes[] = {
  {"copy", NULL, NULL, NULL, "x is broadcast to its shape and converted to its dtype"},
  {"cast", NULL, NULL, "RT_E_DTYPE from complex to real", "x is broadcast to its shape and converted to its dtype"},
  {"arange", "out: [ceil((stop - start) / step)], 0 when that is negative", NULL,
   "RT_E_ARGUMENT for a step of 0 or bounds that are not finite; RT_E_DTYPE for a float bound with an integer dtype",
   "it has one axis, whose extent says how many"},
  {"random_uniform", NULL, "`dtype`: a float", "RT_E_ARGUMENT when low > high or one is not finite", NULL},
  {"random_normal", NULL, "`dtype`: a float", "RT_E_ARGUMENT when std < 0 or one is not finite", NULL},
  {"where", NULL, "condition: bool; a and b: any, promoted to one dtype; out: that dtype", "RT_E_DTYPE when condition is not bool", NULL},
  {"gather", "x: rank >= 1; indices: any; out: x[:axis] + indices + x[axis+1:]", "x: any; indices: any integer; out: as x",
   "RT_E_ARGUMENT for an axis that is out of range; RT_E_DTYPE for indices that are no integers; RT_E_INDEX names the first index that is "
   "out of range (an asynchronous device reports it when it gets there)", NULL},
  {"matmul", "a: [..., M, K] or [K]; b: [..., K, N] or [K]; out: [..., M, N] without the axis of a 1-d operand", NULL,
   "RT_E_SHAPE for rank 0, for K that differs, for batch axes that do not broadcast", NULL},
  {"conv", "x: [N, C, 1 to 3 spatial axes]; weight: [M, C/groups, window]; bias: [M] or NULL; out: [N, M, floor((extent + pads - "
   "dilation (window - 1) - 1) / stride) + 1 each]", NULL,
   "RT_E_SHAPE when these do not fit each other or the window is larger than the padded input; RT_E_ARGUMENT for negative numbers in "
   "window", NULL},
  {"max_pool", "x: [N, C, 1 to 3 spatial axes]; out: [N, C, floor((extent + pads - dilation (window - 1) - 1) / stride) + 1 each], "
   "ceil with ceil_mode", NULL,
   "RT_E_SHAPE when a window is larger than the padded input; RT_E_ARGUMENT for window (NULL, a size of 0, negative numbers, a pad that "
   "a whole window fits into)", NULL},
  {"avg_pool", "as rt_max_pool", NULL, "as rt_max_pool", NULL},
  {"lp_pool", "as rt_max_pool", NULL, "as rt_max_pool, and RT_E_ARGUMENT for a p that is not finite and above 0", NULL},
  {"conv_transpose", "x: [N, C, 1 to 3 spatial axes]; weight: [C, M/groups, window]; bias: [M] or NULL; out: [N, M, (extent - 1) stride + dilation "
   "(window - 1) + 1 + output_pad - pad_lo - pad_hi each]", NULL,
   "RT_E_SHAPE when these do not fit each other or the pads take more than there is; RT_E_ARGUMENT for negative numbers in window", NULL},
  {"max_pool_indices", "as rt_max_pool", "x: integers and floats; out: i64", "as rt_max_pool", NULL},
  {"quantize", QUANTIZED_SHAPES, "x and scale: floats, promoted to one dtype (integers are converted to f32); zero_point: the dtype of out; out: `to`, an "
   "integer of at most 32 bits; with RT_DTYPE_NONE that of zero_point, u8 without one",
   QUANTIZED_ERRORS "; RT_E_DTYPE for any other `to` or zero_point", "it has the shape of the result, and its dtype stands for `to`"},
  {"dequantize", QUANTIZED_SHAPES, "x: an integer of at most 32 bits; zero_point: as x; scale: a float; out: as scale",
   QUANTIZED_ERRORS "; RT_E_DTYPE for any other x, scale or zero_point", "it has the shape of x and the dtype of scale"},
  {"resize", "x: any; out: as x, with the extents that `how` gives along its axes", "nearest: any but complex; linear and cubic: floats (bool and integers are converted to "
   "f32); out: that dtype", "RT_E_ARGUMENT for a repeated or out-of-range axis, and for numbers in `how` that are not finite or not in their enum; RT_E_SHAPE for an "
   "extent that cannot be; RT_E_DTYPE for complex numbers", NULL},
  {"matmul_integer", "a, b and out: as rt_matmul; a_zero: one element, [M], or what broadcasts to [..., M, 1]; b_zero: one element, [N], or what "
   "broadcasts to [..., 1, N]", "a, b: i8 or u8 each; a_zero: as a; b_zero: as b; out: i32",
   "RT_E_SHAPE as rt_matmul, and for zero points of another shape; RT_E_DTYPE for any other dtype", "it has the shape of the result and is i32"},
  {"conv_integer", "x, weight and out: as rt_conv; x_zero: one element; weight_zero: one element or [M]",
   "x, weight: i8 or u8 each; x_zero: as x; weight_zero: as weight; out: i32",
   "RT_E_SHAPE and RT_E_ARGUMENT as rt_conv, and RT_E_SHAPE for zero points of another shape; RT_E_DTYPE for any other dtype",
   "it has the shape of the result and is i32"},
  {"softmax", "x: rank >= 1; out: as x", NULL, "RT_E_ARGUMENT for an axis that is out of range", NULL},
  {"log_softmax", "x: rank >= 1; out: as x", NULL, "RT_E_ARGUMENT for an axis that is out of range", NULL},
  {"concat", "tensors: n >= 1 of one rank >= 1, extents equal outside of axis; out: their sum along axis",
   "any, promoted to one dtype; out: that dtype",
   "RT_E_ARGUMENT for n < 1 or an axis that is out of range; RT_E_SHAPE when the tensors do not fit each other", NULL},
  {"cumsum", "x: rank >= 1; out: as x", NULL, "RT_E_ARGUMENT for an axis that is out of range", NULL},
  {"cumprod", "x: rank >= 1; out: as x", NULL, "RT_E_ARGUMENT for an axis that is out of range", NULL},
  {"take_along", "x: rank >= 1; indices: of that rank, no longer than x except along axis; out: as indices", "x: any; indices: any integer; out: as x",
   "RT_E_ARGUMENT for an axis that is out of range; RT_E_SHAPE when indices do not fit to x; RT_E_DTYPE for indices that are no integers; "
   "RT_E_INDEX names the first index that is out of range (an asynchronous device reports it when it gets there)", NULL},
  {"sort", "x: rank >= 1; out: as x", NULL, "RT_E_ARGUMENT for an axis that is out of range", NULL},
  {"argsort", "x: rank >= 1; out: as x", NULL, "RT_E_ARGUMENT for an axis that is out of range", NULL},
  {"searchsorted", "sorted: 1-d; values: any; out: as values", NULL, "RT_E_SHAPE when sorted is not 1-d", NULL},
  {"scatter", "x: rank >= 1; indices: of that rank, no longer than x except along axis; updates: broadcasts to indices; out: as x",
   "x and updates: any, promoted to one dtype (no bool with ADD and MUL); indices: any integer; out: that dtype",
   "RT_E_ARGUMENT for an axis that is out of range and a mode that is none; RT_E_SHAPE when these do not fit; RT_E_DTYPE for indices that are "
   "no integers; RT_E_INDEX names the first index that is out of range, before anything is written (an asynchronous device reports it when "
   "it gets there)", NULL},
  {"scatter_nd", "x: any; indices: [..., k], 1 <= k <= rank of x; updates: broadcasts to indices.shape[:-1] + x.shape[k:]; out: as x",
   "x and updates: any, promoted to one dtype (no bool with ADD and MUL); indices: any integer; out: that dtype", "as rt_scatter", NULL},
  {"gather_nd", "x: any; indices: [..., k], 1 <= k <= rank of x - batch_axes, the first batch_axes extents equal; "
   "out: indices.shape[:-1] + x.shape[batch_axes+k:]", "x: any; indices: any integer; out: as x",
   "RT_E_SHAPE when these do not fit; RT_E_ARGUMENT for a negative batch_axes; RT_E_DTYPE and RT_E_INDEX as rt_gather", NULL},
  {"nonzero", "x: any; out: [rank of x, elements that are not zero]", NULL, "what computing x failed with", NULL},
  {"take", "x: any; indices: any; out: as indices", "x: any; indices: any integer; out: as x", "RT_E_DTYPE and RT_E_INDEX as rt_gather", NULL},
  {"masked_select", "x, mask: any that broadcast; out: [elements of mask that are true]", "x: any; mask: bool; out: as x",
   "RT_E_DTYPE when mask is not bool; RT_E_SHAPE when the shapes do not broadcast", NULL},
  {"count_nonzero", REDUCED_SHAPES, "any; out: i64", "RT_E_ARGUMENT for a repeated or out-of-range axis", "it is i64"},
  {"bincount", "x: any; weights: as x, or NULL; out: [max(largest of x + 1, min_length)]", "x: any integer; weights: any number; out: as weights, else i64",
   "RT_E_INDEX for an element below 0; RT_E_DTYPE for bool and floats in x and for bool weights; RT_E_SHAPE when weights do not have the shape of x; "
   "RT_E_ARGUMENT for a negative min_length", NULL},
  {"histogram", "x: any; out: [n_bins]", "any but complex; out: i64", "RT_E_DTYPE for complex numbers; RT_E_ARGUMENT for no bins, a bound that is not finite, and low >= high", "it is i64"},
  {"unique", "x: any; values: [count], or as x of extent count along *axis; first, counts: [count]; inverse: as x, or [extent along *axis]",
   "x: any but complex; values: as x; the others: i64", "RT_E_DTYPE for complex numbers; RT_E_ARGUMENT for an axis that is out of range, and when all outputs are NULL", NULL},
  {"topk", "x: rank >= 1; both outputs: as x, of extent k along axis", "x: any but complex; values: as x; indices: i64",
   "RT_E_DTYPE for complex numbers; RT_E_ARGUMENT for an axis that is out of range, a k that is not in 0 to the extent there, and when both outputs are NULL", NULL},
  {"linspace", "out: [count]", "`dtype`: a float or complex",
   "RT_E_ARGUMENT for a bound that is not finite; RT_E_DTYPE for any other `dtype` and for complex bounds of a float; RT_E_SHAPE for a negative count", NULL},
  {"eye", "out: [n, m]", "out: `dtype`", "RT_E_SHAPE for a negative extent", NULL},
  {"tile", "x: any; out: each extent times its number of repeats", "any; out: as x", "RT_E_SHAPE for a negative number of repeats", NULL},
  {"repeat", "x: rank >= 1; out: as x, n times as long along axis", "any; out: as x",
   "RT_E_ARGUMENT for an axis that is out of range; RT_E_SHAPE for a negative n", NULL},
  {"roll", "x: rank >= 1; out: as x", "any; out: as x", "RT_E_ARGUMENT for an axis that is out of range", NULL},
  {"stack", "tensors: n >= 1 of one shape; out: with a new axis of extent n before `axis` of the result", "any, promoted to one dtype; out: that dtype",
   "RT_E_ARGUMENT for n < 1 or an axis that is out of range; RT_E_SHAPE when the shapes differ", NULL},
  {"var", REDUCED_SHAPES, FLOAT_DTYPES, "RT_E_ARGUMENT for a repeated or out-of-range axis, and a correction that is not finite", NULL},
  {"std", REDUCED_SHAPES, FLOAT_DTYPES, "as rt_var", NULL},
  {"logsumexp", REDUCED_SHAPES, FLOAT_DTYPES, "RT_E_ARGUMENT for a repeated or out-of-range axis", NULL},
  {"norm", REDUCED_SHAPES, NORM_DTYPES, "RT_E_ARGUMENT for a repeated or out-of-range axis, and any other p", NULL},
  {"layer_norm", "x: any; weight, bias: any that broadcasts to x; out: as x; NULL axes means all of them", NULL,
   "RT_E_ARGUMENT for a repeated or out-of-range axis, and an eps that is negative or not finite; RT_E_SHAPE when weight or bias does not broadcast to x", NULL},
  {"rms_norm", "x: any; weight: any that broadcasts to x; out: as x; NULL axes means all of them", NULL, "as rt_layer_norm", NULL},
  {"batch_norm", "x: rank >= 1; the others: [x.shape[axis]]; out: as x", NULL,
   "RT_E_ARGUMENT for an axis that is out of range, an eps that is negative or not finite, and one of mean and variance without the other; RT_E_SHAPE for "
   "another number of channels", NULL},
  {"group_norm", "x: [N, C, ...] of rank 2 to 15; weight, bias: [C]; out: as x", FLOAT_DTYPES,
   "RT_E_ARGUMENT when groups does not divide C, and for an eps that is negative or not finite; RT_E_SHAPE for another number of channels", NULL},
  {"embedding", "table: [n, d]; indices: any; out: the shape of indices + [d]", "table: any; indices: any integer; out: as table",
   "RT_E_SHAPE when table is not of rank 2; RT_E_DTYPE for indices that are no integers; RT_E_INDEX as rt_gather", NULL},
  {"attention", "q: [..., H, L, E]; k: [..., H or a divisor of it, S, E]; v: as k, but [..., S, F]; the axes before broadcast; mask: broadcasts to [..., H, L, S]; "
   "out: [..., H, L, F]", "q, k, v: " FLOAT_TYPES ", promoted to one dtype; mask: bool or a float; out: that dtype",
   "RT_E_SHAPE when these do not fit each other; RT_E_DTYPE for a mask of integers; RT_E_ARGUMENT for a scale that is not finite", NULL},
  {"mse_loss", LOSS_SHAPES, LOSS_DTYPES, LOSS_ERRORS, NULL},
  {"l1_loss", LOSS_SHAPES, LOSS_DTYPES, LOSS_ERRORS, NULL},
  {"smooth_l1_loss", LOSS_SHAPES, LOSS_DTYPES, LOSS_ERRORS ", and a beta that is negative or not finite", NULL},
  {"bce_loss", LOSS_SHAPES, LOSS_DTYPES, LOSS_ERRORS, NULL},
  {"bce_with_logits", LOSS_SHAPES, LOSS_DTYPES, LOSS_ERRORS, NULL},
  {"cross_entropy", "input: [N, C, ...] or [C]; target: [N, ...] or []; weight: [C] or NULL; out: as target with RT_LOSS_NONE, else []",
   "input, weight: " FLOAT_TYPES ", promoted to one dtype; target: any integer; out: that dtype",
   "RT_E_SHAPE when these do not fit each other; RT_E_DTYPE for a target of floats; RT_E_INDEX names the first target that is no class (a negative one as "
   "u64); RT_E_ARGUMENT for another reduction, and a label_smoothing outside of 0 to 1", NULL},
  {"sgd", UPDATE_SHAPES, UPDATE_DTYPES, UPDATE_ERRORS, NULL},
  {"momentum", UPDATE_SHAPES, UPDATE_DTYPES, UPDATE_ERRORS, NULL},
  {"adam", UPDATE_SHAPES, UPDATE_DTYPES, UPDATE_ERRORS ", a step below 1 or a beta outside of [0, 1)", NULL},
  {"adamw", UPDATE_SHAPES, UPDATE_DTYPES, UPDATE_ERRORS ", a step below 1 or a beta outside of [0, 1)", NULL},
  {"pad", "x: any; out: each extent + pad_lo + pad_hi", "any; value: converted as cast converts; out: as x",
   "RT_E_DTYPE for a complex value beside a real x; RT_E_SHAPE for an extent below 0, or a pad that finds no element to take", NULL},
};

static const note *find_note(const char *name) {
  for (size_t i = 0; i < COUNT(notes); i++) if (strcmp(notes[i].name, name) == 0) return &notes[i];
  return NULL;
}

// ---- a growing text --------------------------------------------------------------------------------------------------------------------
typedef struct text { char *at; size_t length, room; } text;

static void die(const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  fputs("opgen: ", stderr);
  vfprintf(stderr, fmt, args);
  fputc('\n', stderr);
  va_end(args);
  exit(2);
}

static void put_bytes(text *t, const char *bytes, size_t n) {
  if (t->length + n + 1 > t->room) {
    t->room = (t->length + n + 1) * 2;
    if (!(t->at = realloc(t->at, t->room))) die("out of memory");
  }
  memcpy(t->at + t->length, bytes, n);
  t->length += n;
  t->at[t->length] = 0;
}

static void put(text *t, const char *fmt, ...) {
  char piece[4096];
  va_list args;
  va_start(args, fmt);
  int n = vsnprintf(piece, sizeof piece, fmt, args);
  va_end(args);
  if (n < 0 || (size_t)n >= sizeof piece) die("a line is too long: %.60s ...", fmt);
  put_bytes(t, piece, (size_t)n);
}

/// "/// Label    words" on as many lines as it takes, continued under the first word. An empty label starts at the margin.
static void put_comment(text *t, const char *label, const char *words) {
  int indent = *label ? 9 : 0, column = 0;
  put(t, "/// %-*s", indent, label);
  column = 4 + indent;
  for (const char *word = words; *word;) {
    size_t n = strcspn(word, " ");
    if (column > 4 + indent && column + 1 + (int)n > WIDTH) {
      put(t, "\n/// %*s", indent, "");
      column = 4 + indent;
    } else if (column > 4 + indent) {
      put(t, " ");
      column++;
    }
    put_bytes(t, word, n);
    column += (int)n;
    word += n;
    while (*word == ' ') word++;
  }
  put(t, "\n");
}

// ---- what the columns mean -------------------------------------------------------------------------------------------------------------
typedef struct meaning { const char *column, *accepts, *error; } meaning;
static const meaning dtype_classes[] = {
  {"ANY", "any real dtype", "RT_E_DTYPE for complex dtypes"},
  {"NUMERIC", "integers and floats", "RT_E_DTYPE for bool and complex dtypes"},
  {"INTEGER", "integers", "RT_E_DTYPE for bool, floats and complex dtypes"},
  {"BITS", "integers and bool", "RT_E_DTYPE for floats and complex dtypes"},
  {"FLOAT", "floats (bool and integers are converted to f32)", "RT_E_DTYPE for complex dtypes"},
  {"ANY_C", "any", ""},
  {"NUMERIC_C", "integers, floats and complex dtypes", "RT_E_DTYPE for bool"},
  {"FLOAT_C", "floats and complex dtypes (bool and integers are converted to f32)", ""},
};
static const meaning results[] = {
  {"SAME", "", ""}, // dtypes_text says which
  {"BOOL", "bool", ""},
  {"SUM", "`dtype`; with RT_DTYPE_NONE i64 for bool and signed integers, u64 for unsigned ones, the same for floats and complex dtypes", ""},
  {"I64", "i64", ""},
  {"REAL", "the dtype of the parts of a complex one, else as x", ""},
  {"COMPLEX", "c128 for f64, else c64", ""},
  {"GIVEN", "as the argument says", ""},
};

static const meaning *find_meaning(const meaning *table, size_t n, const char *column, const op_row *row) {
  for (size_t i = 0; i < n; i++) if (strcmp(table[i].column, column) == 0) return &table[i];
  die("%s: unknown column value %s", row->name, column);
  return NULL;
}

static int is(const char *a, const char *b) { return strcmp(a, b) == 0; }

static void append(char *buffer, size_t bytes, const char *separator, const char *words) {
  if (!words || !*words) return;
  size_t n = strlen(buffer);
  if (n + strlen(separator) + strlen(words) + 1 > bytes) die("a comment is too long: %.60s ...", words);
  snprintf(buffer + n, bytes - n, "%s%s", n ? separator : "", words);
}

static const char *family_names[FAMILIES] = {
  [UNARY] = "Elementwise, one input", [PARAM] = "Elementwise, one input and a parameter", [BINARY] = "Elementwise, two inputs",
  [TERNARY] = "Elementwise, three inputs", [REDUCE] = "Reductions", [ARG] = "Index of an extreme element",
  [OP] = "Operations with a shape rule of their own", [COMPOSITE] = "Operations made of other operations",
  [UPDATE] = "Changes in place, made of other operations"};

/// Do the parameters name what is written, so that no `out` follows them?
static int names_outputs(const op_row *row) { return row->family == UPDATE || strstr(row->list, "rt_tensor **out_") != NULL; }

/// The parameters without the output: `scalar` chooses the form with a scalar b, `into` the form with a given output.
static void parameters(const op_row *row, int scalar, int into, char *out, size_t bytes) {
  const char *list = "";
  switch (row->family) {
    case UNARY: list = "const rt_tensor *x"; break;
    case BINARY: list = scalar ? "const rt_tensor *a, rt_scalar b" : "const rt_tensor *a, const rt_tensor *b"; break;
    case TERNARY: list = "const rt_tensor *a, const rt_tensor *b, const rt_tensor *c"; break;
    case REDUCE:
      list = is(row->result, "SUM") && !into ? "const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_dtype dtype"
                                             : "const rt_tensor *x, const rt_axes *axes, bool keep_dims";
      break;
    case ARG: list = "const rt_tensor *x, const rt_axes *axes, bool keep_dims"; break;
    case PARAM: snprintf(out, bytes, "const rt_tensor *x, double %s", row->param); return;
    case OP: case COMPOSITE: case UPDATE: {
      const char *in_parentheses = into ? row->into : row->list;
      size_t n = strlen(in_parentheses);
      if (n < 3 || n >= bytes || in_parentheses[0] != '(' || in_parentheses[n - 1] != ')')
        die("%s: parameters %s", row->name, in_parentheses);
      // A creation made of other operations has one list: its given output says the context and the dtype.
      static const char creation[] = "rt_ctx *ctx, rt_dtype dtype, ";
      size_t skip = into && row->family == COMPOSITE && !strncmp(in_parentheses + 1, creation, sizeof creation - 1) ? sizeof creation - 1 : 0;
      snprintf(out, bytes, "%.*s", (int)(n - 2 - skip), in_parentheses + 1 + skip);
      return;
    }
    case FAMILIES: break;
  }
  snprintf(out, bytes, "%s", list);
}

static void put_prototype(text *t, const op_row *row, int scalar, int into) {
  char list[1024];
  parameters(row, scalar, into, list, sizeof list);
  char line[2048];
  const char *output = names_outputs(row) ? "" : into ? ", rt_tensor *out" : ", rt_tensor **out";
  int n = snprintf(line, sizeof line, "RT_API RT_NODISCARD rt_status rt_%s%s%s(%s%s);", row->name, scalar ? "_scalar" : "",
                   into ? "_into" : "", list, output);
  if (n < 0 || (size_t)n >= sizeof line) die("%s: the prototype is too long", row->name);
  const char *rest = line;
  for (int room = WIDTH + 2; (int)strlen(rest) > room; room = WIDTH - 2) { // a line that is too long ends after its last comma that fits
    int cut = room - 1;
    while (cut > 0 && rest[cut] != ',') cut--;
    put(t, "%.*s\n    ", cut + 1, rest);
    rest += cut + 2;
  }
  put(t, "%s\n", rest);
}

static void formula_text(const op_row *row, char *out, size_t bytes) {
  if (row->family == REDUCE)
    snprintf(out, bytes, "acc = %s; for each x: acc = %s; out = %s", row->init, row->step, row->finish);
  else if (row->family == ARG)
    snprintf(out, bytes, "x replaces best where %s", row->formula);
  else
    snprintf(out, bytes, "%s", row->formula);
}

static void shapes_text(const op_row *row, char *out, size_t bytes) {
  const note *n = find_note(row->name);
  const char *words = "see the meaning above";
  switch (row->family) {
    case UNARY: case PARAM: words = "x: any; out: as x"; break;
    case BINARY: words = "a, b: any that broadcast; out: the broadcast shape"; break;
    case TERNARY: words = "a, b, c: any that broadcast; out: the broadcast shape"; break;
    case REDUCE: case ARG: words = REDUCED_SHAPES; break;
    default:
      if (n && n->shapes) words = n->shapes;
      else if (strstr(row->list, "const int64_t *shape")) words = "out: `shape`, `rank` extents >= 0";
      else if (is(row->inputs, "1")) words = "x: any; out: as x";
      else if (is(row->collapse, "JOINT")) words = "inputs: any that broadcast; out: the broadcast shape";
  }
  snprintf(out, bytes, "%s", words);
}

static void dtypes_text(const op_row *row, char *out, size_t bytes) {
  const note *n = find_note(row->name);
  const meaning *accepts = find_meaning(dtype_classes, COUNT(dtype_classes), row->dtypes, row);
  const meaning *result = find_meaning(results, COUNT(results), row->result, row);
  if (n && n->dtypes) { snprintf(out, bytes, "%s", n->dtypes); return; }
  if (is(row->result, "GIVEN")) {
    if (is(row->inputs, "1") && strstr(row->list, "const rt_tensor")) snprintf(out, bytes, "x: %s; out: `dtype`", accepts->accepts);
    else snprintf(out, bytes, "%s; out: `dtype`", is(row->dtypes, "FLOAT") ? "floats" : accepts->accepts);
    return;
  }
  int several = row->family == BINARY || row->family == TERNARY || (row->family == OP && !is(row->inputs, "1"));
  const char *same = several ? "that dtype" : is(row->dtypes, "FLOAT") ? "that float" : is(row->dtypes, "FLOAT_C") ? "that dtype" : "as x";
  snprintf(out, bytes, "%s%s; out: %s", accepts->accepts, several ? ", promoted to one dtype" : "",
           is(row->result, "SAME") ? same : result->accepts);
}

static void errors_text(const op_row *row, int scalar, char *out, size_t bytes) {
  const note *n = find_note(row->name);
  out[0] = 0;
  if ((row->family == BINARY && !scalar) || row->family == TERNARY)
    append(out, bytes, "; ", "RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer");
  if (row->family == REDUCE || row->family == ARG) append(out, bytes, "; ", "RT_E_ARGUMENT for a repeated or out-of-range axis");
  if (row->family == ARG || (row->family == REDUCE && is(row->empty, "false")))
    append(out, bytes, "; ", "RT_E_SHAPE over no elements");
  if (row->family == OP && is(row->collapse, "JOINT") && !is(row->inputs, "1"))
    append(out, bytes, "; ", "RT_E_SHAPE when the shapes do not broadcast");
  if (is(row->result, "SUM") || strstr(row->list, "rt_dtype dtype")) {
    append(out, bytes, "; ", "RT_E_ARGUMENT for a `dtype` that is none");
    if (is(row->dtypes, "FLOAT")) append(out, bytes, "; ", "RT_E_DTYPE for one that is no float");
    if (!strncmp(row->dtypes, "NUMERIC", 7)) append(out, bytes, "; ", "RT_E_DTYPE for bool");
  } else if (row->family != COMPOSITE && row->family != UPDATE) {
    append(out, bytes, "; ", find_meaning(dtype_classes, COUNT(dtype_classes), row->dtypes, row)->error);
  }
  if (strstr(row->list, "const int64_t *shape")) append(out, bytes, "; ", "RT_E_SHAPE for a negative extent or too many bytes");
  if (n) append(out, bytes, "; ", n->errors);
  if (!out[0]) snprintf(out, bytes, "the common ones");
}

// ---- ops.h ------------------------------------------------------------------------------------------------------------------------------
static const char ops_h_head[] =
  "// SPDX-License-Identifier: BSD-3-Clause\n"
  "// One function per operation. Written by tools/opgen.c from ops.def: edit the table and build the `generate` target.\n"
  "//\n"
  "// The rules that hold for all of them\n"
  "//   New output     rt_add(a, b, &out) makes a tensor: *out is a new reference, yours to release, and NULL on failure. It lies in C\n"
  "//                  order, or as the inputs do when all share one dense permutation, on the logical device where the operation runs.\n"
  "//   Given output   rt_add_into(a, b, out) writes the elements of `out`, whatever its strides; you keep it. Its shape must be exactly\n"
  "//                  the result's (RT_E_SHAPE) and its dtype too (RT_E_DTYPE), except where the comment says that `out` decides. No two\n"
  "//                  elements of `out` may be the same memory (RT_E_ARGUMENT).\n"
  "//   In place       is a given output that is also an input. An `out` that overlaps an input otherwise gives the result that it would\n"
  "//                  give if the inputs had been copied first.\n"
  "//   Scalars        rt_add_scalar(a, rt_float(2.5), &out): the number takes the dtype of a unless its own kind is higher (2.5 with i32\n"
  "//                  computes in f32, a complex number in c64). For a scalar on the left use rt_scalar_tensor, which promotes in the same way.\n"
  "//   Dtypes         inputs of several dtypes are promoted to one first (rt_promote).\n"
  "//   Errors         common to all: RT_E_ARGUMENT (NULL, tensors on two accelerators), RT_E_STATE (tensors of two contexts),\n"
  "//                  RT_E_NO_MEMORY, RT_E_UNSUPPORTED (with RT_FALLBACK=error), RT_E_CANCELLED, and what a device reports:\n"
  "//                  RT_E_BACKEND, RT_E_DEVICE_LOST. rt_last_error() has the sentence. Every check comes before the first write: only a\n"
  "//                  failure of a device or RT_E_CANCELLED leaves the elements of a given output undefined.\n"
  "//   Threads        any; different tensors at once, one tensor read by many; writing is yours to order.\n"
  "//   Formulas       m_... is the vocabulary of docs/numerics.md; T(v) is a constant in the type the operation computes in.\n"
  "#ifndef TRIVET_OPS_H\n"
  "#define TRIVET_OPS_H\n"
  "\n"
  "#include <trivet/tensor.h>\n"
  "\n"
  "RT_BEGIN\n";

static void put_functions(text *t, const op_row *row) {
  char words[2048], doc[1024];
  snprintf(doc, sizeof doc, "%s%s", row->doc, strchr("?.", row->doc[strlen(row->doc) - 1]) ? "" : ".");
  put(t, "\n");
  put_comment(t, "", doc);
  if (row->family == PARAM) {
    snprintf(words, sizeof words, "%s, with p = %s rounded to that dtype (usually %s)", row->formula, row->param, row->value);
    put_comment(t, "Formula", words);
  } else {
    formula_text(row, words, sizeof words);
    if (*words) put_comment(t, "Formula", words);
  }
  shapes_text(row, words, sizeof words);
  put_comment(t, "Shapes", words);
  dtypes_text(row, words, sizeof words);
  put_comment(t, "Dtypes", words);
  put_comment(t, "Owner", row->family == UPDATE ? "all tensors stay yours" : names_outputs(row) ? "each output is a new reference; release it" : "*out is a new reference; release it");
  errors_text(row, 0, words, sizeof words);
  put_comment(t, "Errors", words);
  put_prototype(t, row, 0, 0);
  if (names_outputs(row)) return;

  const note *n = find_note(row->name);
  const char *given = n && n->given              ? n->given
                      : is(row->result, "SUM") || is(row->result, "GIVEN") ? "its dtype is the one asked for"
                      : is(row->result, "BOOL")  ? "it is bool"
                      : is(row->result, "I64")   ? "it is i64"
                      : is(row->result, "REAL")  ? "a float, as the result"
                      : is(row->result, "COMPLEX") ? "it is c128 for f64, else c64"
                                                 : "it has the shape and dtype of the result";
  snprintf(words, sizeof words, "rt_%s into a given output, which stays yours: %s. Errors as rt_%s and the rules above.", row->name, given,
           row->name);
  put_comment(t, "", words);
  put_prototype(t, row, 0, 1);
  if (row->family != BINARY) return;

  snprintf(words, sizeof words, "rt_%s with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, "
           "a new reference.", row->name);
  put_comment(t, "", words);
  errors_text(row, 1, words, sizeof words);
  put_comment(t, "Errors", words);
  put_prototype(t, row, 1, 0);
  snprintf(words, sizeof words, "rt_%s_scalar into a given output, which stays yours.", row->name);
  put_comment(t, "", words);
  put_prototype(t, row, 1, 1);
}

static void write_ops_h(text *t) {
  put(t, "%s", ops_h_head);
  for (int f = 0; f < FAMILIES; f++) {
    size_t start = t->length;
    put(t, "\n// ---- %s ", family_names[f]);
    while (t->length - start < 140) put(t, "-");
    put(t, "\n");
    for (size_t i = 0; i < COUNT(ops); i++) if ((int)ops[i].family == f) put_functions(t, &ops[i]);
  }
  put(t, "\nRT_END\n#endif\n");
}

// ---- docs/ops.md ------------------------------------------------------------------------------------------------------------------------
static const char ops_md_head[] =
  "<!-- Written by tools/opgen.c from include/trivet/ops.def and dtypes.def: edit the tables and build the `generate` target. -->\n"
  "# Operations\n"
  "\n"
  "Each line is a row of `include/trivet/ops.def`, the only list of operations there is. The functions are documented in\n"
  "`include/trivet/ops.h`; the numeric contract behind the bounds is in [numerics.md](numerics.md).\n"
  "\n"
  "| column | meaning |\n"
  "|---|---|\n"
  "| id | the number that crosses the backend interface (`RTB_OP_<NAME>`); never reused |\n"
  "| name | the function is `rt_<name>`, with a given output `rt_<name>_into`, with a number for b `rt_<name>_scalar` |\n"
  "| dtypes | ANY: every real dtype; NUMERIC: integers and floats; INTEGER: integers; BITS: integers and bool; FLOAT: floats, others are "
  "converted to f32; ANY_C, NUMERIC_C, FLOAT_C: these and the complex dtypes, which all others refuse. "
  "Several inputs are promoted to one dtype first |\n"
  "| result | SAME: the dtype it computes in; BOOL; I64; SUM: i64 for bool and signed integers, u64 for unsigned, floats and complex stay, or "
  "the dtype asked for; REAL: the float that a complex dtype is made of, else SAME; COMPLEX: c128 of f64, else c64; "
  "GIVEN: an argument says |\n"
  "| cpu, gpu | largest error in ulp of the result: 0 exact, 0.5 correctly rounded; \"bound\" means the condition-aware bound of "
  "numerics.md; complex results: the one bound of \"Complex numbers\" there |\n"
  "| formula | over the vocabulary of numerics.md; T(v) is a constant in the type it computes in |\n";

static const char *ulp(const char *column) { return is(column, "-1") ? "bound" : column; }

/// A table cell: a bar inside would end it.
static void put_cell(text *t, const char *words, int code) {
  put(t, code && *words ? " `" : " ");
  for (const char *c = words; *c; c++) put(t, *c == '|' ? "\\|" : "%c", *c);
  put(t, code && *words ? "` |" : " |");
}

static void write_ops_md(text *t) {
  put(t, "%s", ops_md_head);
  put(t, "\n## Dtypes\n\n| code | name | bytes | kind | meaning |\n|---|---|---|---|---|\n");
  for (size_t i = 0; i < COUNT(dtypes); i++)
    put(t, "| %s | %s | %s | %s | %s |\n", dtypes[i].code, dtypes[i].name, dtypes[i].bytes, dtypes[i].kind, dtypes[i].doc);
  for (int f = 0; f < FAMILIES; f++) {
    int plain = f == COMPOSITE || f == UPDATE, has_list = f == OP || plain;
    put(t, "\n## %s\n\n", family_names[f]);
    put(t, plain ? "| id | name |" : "| id | name | dtypes | result | cpu | gpu |");
    put(t, has_list ? " arguments | meaning |\n" : f == PARAM ? " p (usually) | formula | meaning |\n" : " formula | meaning |\n");
    put(t, plain ? "|---|---|" : "|---|---|---|---|---|---|");
    put(t, f == PARAM ? "---|---|---|\n" : "---|---|\n");
    for (size_t i = 0; i < COUNT(ops); i++) {
      const op_row *row = &ops[i];
      char words[1024];
      if ((int)row->family != f) continue;
      put(t, "| %s | %s |", row->id, row->name);
      if (!plain) put(t, " %s | %s | %s | %s |", row->dtypes, row->result, ulp(row->cpu), ulp(row->gpu));
      if (f == PARAM) put(t, " %s (%s) |", row->param, row->value);
      if (has_list) parameters(row, 0, 0, words, sizeof words);
      else formula_text(row, words, sizeof words);
      put_cell(t, words, 1);
      put_cell(t, row->doc, 0);
      put(t, "\n");
    }
  }
}

// ---- files ------------------------------------------------------------------------------------------------------------------------------
static void read_file(const char *path, text *t) {
  FILE *file = fopen(path, "rb");
  char block[4096];
  if (!file) return;
  for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;) put_bytes(t, block, n);
  if (ferror(file)) die("cannot read %s", path);
  fclose(file);
}

static void write_backend_h(const text *old, const char *path, text *t) {
  static const char begin[] = "/* generated: begin */\n", end[] = "/* generated: end */";
  char *from = old->at ? strstr(old->at, begin) : NULL, *to = from ? strstr(from, end) : NULL;
  if (!to) die("%s has no block between %.*s and %s", path, (int)sizeof begin - 2, begin, end);
  put_bytes(t, old->at, (size_t)(from - old->at) + sizeof begin - 1);
  for (size_t i = 0; i < COUNT(dtypes); i++) put(t, "#define RTB_%s %s\n", dtypes[i].NAME, dtypes[i].code);
  for (size_t i = 0; i < COUNT(ops); i++) put(t, "#define RTB_OP_%s %s\n", ops[i].NAME, ops[i].id);
  put_bytes(t, to, strlen(to));
}

/// Compares or writes one file; answers 1 when it is stale and may not be written.
static int settle(const char *root, const char *name, int check) {
  char path[4096];
  text old = {0}, new = {0};
  if ((size_t)snprintf(path, sizeof path, "%s/%s", root, name) >= sizeof path) die("path too long");
  read_file(path, &old);
  if (is(name, "include/trivet/ops.h")) write_ops_h(&new);
  else if (is(name, "docs/ops.md")) write_ops_md(&new);
  else write_backend_h(&old, path, &new);
  int fresh = old.length == new.length && old.at && memcmp(old.at, new.at, new.length) == 0;
  if (!fresh && check) {
    fprintf(stderr, "opgen: %s is stale: build the `generate` target\n", name);
  } else if (!fresh) {
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(new.at, 1, new.length, file) != new.length || fclose(file) != 0) die("cannot write %s", path);
    printf("opgen: wrote %s\n", name);
  }
  free(old.at);
  free(new.at);
  return !fresh && check;
}

static void check_tables(void) {
  for (size_t i = 0; i < COUNT(ops); i++)
    for (size_t k = 0; k < i; k++)
      if (is(ops[i].id, ops[k].id) || is(ops[i].name, ops[k].name)) die("%s and %s share an id or a name", ops[k].name, ops[i].name);
  for (size_t i = 0; i < COUNT(notes); i++) {
    size_t k = 0;
    while (k < COUNT(ops) && !is(ops[k].name, notes[i].name)) k++;
    if (k == COUNT(ops)) die("a note for %s, which has no row", notes[i].name);
  }
}

int main(int argc, char **argv) {
  int check = argc == 3 && is(argv[1], "--check"), stale = 0;
  if (!check && argc != 2) die("usage: opgen [--check] DIR");
  const char *root = argv[argc - 1];
  check_tables();
  stale += settle(root, "include/trivet/ops.h", check);
  stale += settle(root, "include/trivet/backend.h", check);
  stale += settle(root, "docs/ops.md", check);
  return stale ? 1 : 0;
}
