// SPDX-License-Identifier: BSD-3-Clause
// ONNX arithmetic, comparison, logic and conversion: one element in, one element out.
#include <string.h>

#include "ops.h"

static void run_unary(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  STEP(y, call->node->row->unary, x);
  rti_call_out(call, 0, y);
}

// ---- two operands ------------------------------------------------------------------------------------------------------------------------

static void run_binary(rti_onnx_call *call) {
  const rt_tensor *a = rti_call_in(call, 0), *b = rti_call_in(call, 1);
  rti_call_same_dtype(call, a, b);
  STEP(y, call->node->row->binary, a, b);
  rti_call_out(call, 0, y);
}

/// Residual networks add a lot: into an operand that nobody reads later, when both have one shape.
static void run_add(rti_onnx_call *call) {
  const rt_tensor *a = rti_call_in(call, 0), *b = rti_call_in(call, 1);
  rti_call_same_dtype(call, a, b);
  const bool is_same = call->status == RT_OK && rt_tensor_rank(a) == rt_tensor_rank(b) &&
                       !memcmp(rt_tensor_shape(a), rt_tensor_shape(b), (size_t)rt_tensor_rank(a) * sizeof(int64_t));
  rt_tensor *sum = is_same ? rti_call_take(call, 0) : NULL;
  if (!sum && is_same) sum = rti_call_take(call, 1);
  if (!sum) {
    run_binary(call);
    return;
  }
  call->status = rt_add_into(a, b, sum);
  rti_call_out(call, 0, sum);
}

// Before opset 7 operands broadcast only when asked to, and `axis` says where the axes of b lie among those of a.
static const rt_tensor *align_second(rti_onnx_call *call, const rt_tensor *a, const rt_tensor *b) {
  if (!a || !b) return NULL;
  const int32_t rank_a = rt_tensor_rank(a), rank_b = rt_tensor_rank(b);
  const int64_t *shape_b = rt_tensor_shape(b);
  if (!rti_call_i(call, "broadcast", 0)) {
    if (rank_a != rank_b || memcmp(rt_tensor_shape(a), shape_b, (size_t)rank_a * sizeof *shape_b) != 0)
      rti_call_fail(call, RT_E_SHAPE, "shapes differ, and broadcast is not set");
    return b;
  }
  if (!rti_call_attr(call, "axis") || rank_b == 0) return b;
  const int32_t axis = rti_call_axis(call, rti_call_i(call, "axis", 0), rank_a);
  if (axis + rank_b > rank_a) rti_call_fail(call, RT_E_SHAPE, "%d axes do not fit from axis %d of %d", rank_b, axis, rank_a);
  if (call->status != RT_OK) return NULL;
  int64_t shape[RT_MAX_RANK];
  for (int32_t i = 0; i < rank_a - axis; i++) shape[i] = i < rank_b ? shape_b[i] : 1;
  STEP(aligned, rt_reshape, b, rank_a - axis, shape);
  return aligned;
}

static void run_binary_1(rti_onnx_call *call) {
  const rt_tensor *a = rti_call_in(call, 0), *b = align_second(call, a, rti_call_in(call, 1));
  if (strcmp(call->node->op, "Pow") != 0) rti_call_same_dtype(call, a, b);
  STEP(y, call->node->row->binary, a, b);
  rti_call_out(call, 0, y);
}

static rt_status divide(const rt_tensor *a, const rt_tensor *b, rt_tensor **out) {
  const rt_dtype_kind kind = rt_dtype_kind_of(rt_tensor_dtype(a));
  if (kind == RT_KIND_UNSIGNED) return rt_floor_div(a, b, out);
  if (kind != RT_KIND_SIGNED) return rt_div(a, b, out);
  // Towards zero, as C does: without its remainder the quotient is exact, and floor has nothing left to do.
  rt_tensor *rest = NULL, *exact = NULL;
  rt_status status = rt_fmod(a, b, &rest);
  if (status == RT_OK) status = rt_sub(a, rest, &exact);
  if (status == RT_OK) status = rt_floor_div(exact, b, out);
  rt_release(rest);
  rt_release(exact);
  return status;
}

// The exponent may have a dtype of its own; the result has that of the base.
static rt_status power(const rt_tensor *a, const rt_tensor *b, rt_tensor **out) {
  const rt_dtype dtype = rt_tensor_dtype(a);
  rt_tensor *wide = NULL;
  rt_status status = rt_pow(a, b, &wide);
  if (status == RT_OK && rt_tensor_dtype(wide) != dtype) status = rt_cast(wide, dtype, out);
  else if (status == RT_OK) *out = rt_retain(wide);
  rt_release(wide);
  return status;
}

static void run_power(rti_onnx_call *call) {
  STEP(y, power, rti_call_in(call, 0), rti_call_in(call, 1));
  rti_call_out(call, 0, y);
}

static void run_mod(rti_onnx_call *call) {
  const rt_tensor *a = rti_call_in(call, 0), *b = rti_call_in(call, 1);
  rti_call_same_dtype(call, a, b);
  const int64_t fmod = rti_call_i(call, "fmod", 0);
  if (!fmod && rt_dtype_kind_of(rt_tensor_dtype(a)) == RT_KIND_FLOAT) rti_call_fail(call, RT_E_DTYPE, "floats need the attribute fmod=1");
  STEP(y, fmod ? rt_fmod : rt_remainder, a, b);
  rti_call_out(call, 0, y);
}

static void run_bit_shift(rti_onnx_call *call) {
  const rt_tensor *a = rti_call_in(call, 0), *b = rti_call_in(call, 1);
  rti_call_same_dtype(call, a, b);
  const char *direction = rti_call_s(call, "direction", "");
  const bool left = !strcmp(direction, "LEFT");
  if (!left && strcmp(direction, "RIGHT") != 0) rti_call_fail(call, RT_E_FORMAT, "direction '%s' is neither LEFT nor RIGHT", direction);
  STEP(y, left ? rt_shift_left : rt_shift_right, a, b);
  rti_call_out(call, 0, y);
}

// ---- any number of operands ----------------------------------------------------------------------------------------------------------------

static const rt_tensor *fold(rti_onnx_call *call) {
  const rt_tensor *all = rti_call_in(call, 0);
  for (int32_t i = 1; i < call->node->n_in; i++) {
    const rt_tensor *next = rti_call_in(call, i);
    rti_call_same_dtype(call, all, next);
    STEP_TO(all, call->node->row->binary, all, next);
  }
  return all;
}

static void run_variadic(rti_onnx_call *call) { rti_call_out(call, 0, fold(call)); }

static void run_mean(rti_onnx_call *call) {
  const rt_tensor *sum = fold(call);
  STEP(mean, rt_div_scalar, sum, rt_float(call->node->n_in));
  rti_call_out(call, 0, mean);
}

// ---- bounds, selection, tests --------------------------------------------------------------------------------------------------------------

static void run_clip_1(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  if (rti_call_attr(call, "min")) STEP_TO(x, rt_maximum_scalar, x, rt_float(rti_call_f(call, "min", 0)));
  if (rti_call_attr(call, "max")) STEP_TO(x, rt_minimum_scalar, x, rt_float(rti_call_f(call, "max", 0)));
  rti_call_out(call, 0, x);
}

static void run_clip(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *low = rti_call_in(call, 1), *high = rti_call_in(call, 2);
  rti_call_same_dtype(call, x, low);
  rti_call_same_dtype(call, x, high);
  if ((low && rt_tensor_numel(low) != 1) || (high && rt_tensor_numel(high) != 1)) rti_call_fail(call, RT_E_SHAPE, "min and max must hold one element");
  // Lower bound first: where the bounds cross, max wins.
  if (low && high) STEP_TO(x, rt_clamp, x, low, high);
  else if (low) STEP_TO(x, rt_maximum, x, low);
  else if (high) STEP_TO(x, rt_minimum, x, high);
  rti_call_out(call, 0, x);
}

static void run_where(rti_onnx_call *call) {
  const rt_tensor *condition = rti_call_in(call, 0), *a = rti_call_in(call, 1), *b = rti_call_in(call, 2);
  rti_call_same_dtype(call, a, b);
  STEP(y, rt_where, condition, a, b);
  rti_call_out(call, 0, y);
}

static void run_is_inf(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const bool negative = rti_call_i(call, "detect_negative", 1) != 0, positive = rti_call_i(call, "detect_positive", 1) != 0;
  STEP(either, rt_isinf, x);
  const rt_tensor *y = either;
  if (!negative) {
    STEP(above, rt_gt_scalar, x, rt_float(0));
    STEP_TO(y, rt_logical_and, y, above);
  }
  if (!positive) {
    STEP(below, rt_lt_scalar, x, rt_float(0));
    STEP_TO(y, rt_logical_and, y, below);
  }
  rti_call_out(call, 0, y);
}

// ---- conversion ----------------------------------------------------------------------------------------------------------------------------

static void cast_to_code(rti_onnx_call *call, int64_t code) {
  const char *name;
  const rt_dtype dtype = rti_onnx_dtype(code, &name);
  if (dtype == RT_DTYPE_NONE) rti_call_fail(call, RT_E_UNSUPPORTED, "element type %lld (%s) is not supported", (long long)code, name);
  STEP(y, rt_cast, rti_call_in(call, 0), dtype);
  rti_call_out(call, 0, y);
}

static void run_cast(rti_onnx_call *call) { cast_to_code(call, rti_call_i(call, "to", 0)); }

static void run_cast_1(rti_onnx_call *call) {
  const char *name, *wanted = rti_call_s(call, "to", "");
  for (int64_t code = 1; code <= 16; code++) {
    rti_onnx_dtype(code, &name);
    if (!strcmp(name, wanted)) {
      cast_to_code(call, code);
      return;
    }
  }
  rti_call_fail(call, RT_E_UNSUPPORTED, "element type '%.40s' is not supported", wanted);
}

static void run_cast_like(rti_onnx_call *call) {
  STEP(y, rt_cast, rti_call_in(call, 0), rt_tensor_dtype(rti_call_in(call, 1)));
  rti_call_out(call, 0, y);
}

#define OLD_BINARY "axis:i broadcast:i consumed_inputs:-"

static const rti_onnx_op rows[] = {
    // name       since in     out  attributes            run             shared function
    {"Abs",            1, 1, 1, 1, "consumed_inputs:-",   run_unary,      rt_abs, NULL},
    {"Neg",            1, 1, 1, 1, "consumed_inputs:-",   run_unary,      rt_neg, NULL},
    {"Floor",          1, 1, 1, 1, "consumed_inputs:-",   run_unary,      rt_floor, NULL},
    {"Ceil",           1, 1, 1, 1, "consumed_inputs:-",   run_unary,      rt_ceil, NULL},
    {"Round",         11, 1, 1, 1, "",                    run_unary,      rt_round, NULL},
    {"Sign",           9, 1, 1, 1, "",                    run_unary,      rt_sign, NULL},
    {"Sqrt",           1, 1, 1, 1, "consumed_inputs:-",   run_unary,      rt_sqrt, NULL},
    {"Exp",            1, 1, 1, 1, "consumed_inputs:-",   run_unary,      rt_exp, NULL},
    {"Log",            1, 1, 1, 1, "consumed_inputs:-",   run_unary,      rt_log, NULL},
    {"Reciprocal",     1, 1, 1, 1, "consumed_inputs:-",   run_unary,      rt_reciprocal, NULL},
    {"Sin",            7, 1, 1, 1, "",                    run_unary,      rt_sin, NULL},
    {"Cos",            7, 1, 1, 1, "",                    run_unary,      rt_cos, NULL},
    {"Tan",            7, 1, 1, 1, "",                    run_unary,      rt_tan, NULL},
    {"Asin",           7, 1, 1, 1, "",                    run_unary,      rt_asin, NULL},
    {"Acos",           7, 1, 1, 1, "",                    run_unary,      rt_acos, NULL},
    {"Atan",           7, 1, 1, 1, "",                    run_unary,      rt_atan, NULL},
    {"Sinh",           9, 1, 1, 1, "",                    run_unary,      rt_sinh, NULL},
    {"Cosh",           9, 1, 1, 1, "",                    run_unary,      rt_cosh, NULL},
    {"Asinh",          9, 1, 1, 1, "",                    run_unary,      rt_asinh, NULL},
    {"Acosh",          9, 1, 1, 1, "",                    run_unary,      rt_acosh, NULL},
    {"Atanh",          9, 1, 1, 1, "",                    run_unary,      rt_atanh, NULL},
    {"Erf",            9, 1, 1, 1, "",                    run_unary,      rt_erf, NULL},
    {"Not",            1, 1, 1, 1, "",                    run_unary,      rt_logical_not, NULL},
    {"BitwiseNot",    18, 1, 1, 1, "",                    run_unary,      rt_bitwise_not, NULL},
    {"IsNaN",          9, 1, 1, 1, "",                    run_unary,      rt_isnan, NULL},
    {"IsInf",         10, 1, 1, 1, "detect_negative:i detect_positive:i", run_is_inf, NULL, NULL},
    {"Add",            1, 2, 2, 1, OLD_BINARY,            run_binary_1,   NULL, rt_add},
    {"Add",            7, 2, 2, 1, "",                    run_add,        NULL, rt_add},
    {"Sub",            1, 2, 2, 1, OLD_BINARY,            run_binary_1,   NULL, rt_sub},
    {"Sub",            7, 2, 2, 1, "",                    run_binary,     NULL, rt_sub},
    {"Mul",            1, 2, 2, 1, OLD_BINARY,            run_binary_1,   NULL, rt_mul},
    {"Mul",            7, 2, 2, 1, "",                    run_binary,     NULL, rt_mul},
    {"Div",            1, 2, 2, 1, OLD_BINARY,            run_binary_1,   NULL, divide},
    {"Div",            7, 2, 2, 1, "",                    run_binary,     NULL, divide},
    {"Pow",            1, 2, 2, 1, OLD_BINARY,            run_binary_1,   NULL, power},
    {"Pow",            7, 2, 2, 1, "",                    run_power,      NULL, NULL},
    {"Mod",           10, 2, 2, 1, "fmod:i",              run_mod,        NULL, NULL},
    {"BitShift",      11, 2, 2, 1, "direction:s",         run_bit_shift,  NULL, NULL},
    {"BitwiseAnd",    18, 2, 2, 1, "",                    run_binary,     NULL, rt_bitwise_and},
    {"BitwiseOr",     18, 2, 2, 1, "",                    run_binary,     NULL, rt_bitwise_or},
    {"BitwiseXor",    18, 2, 2, 1, "",                    run_binary,     NULL, rt_bitwise_xor},
    {"And",            1, 2, 2, 1, OLD_BINARY,            run_binary_1,   NULL, rt_logical_and},
    {"And",            7, 2, 2, 1, "",                    run_binary,     NULL, rt_logical_and},
    {"Or",             1, 2, 2, 1, OLD_BINARY,            run_binary_1,   NULL, rt_logical_or},
    {"Or",             7, 2, 2, 1, "",                    run_binary,     NULL, rt_logical_or},
    {"Xor",            1, 2, 2, 1, OLD_BINARY,            run_binary_1,   NULL, rt_logical_xor},
    {"Xor",            7, 2, 2, 1, "",                    run_binary,     NULL, rt_logical_xor},
    {"Equal",          1, 2, 2, 1, OLD_BINARY,            run_binary_1,   NULL, rt_eq},
    {"Equal",          7, 2, 2, 1, "",                    run_binary,     NULL, rt_eq},
    {"Less",           1, 2, 2, 1, OLD_BINARY,            run_binary_1,   NULL, rt_lt},
    {"Less",           7, 2, 2, 1, "",                    run_binary,     NULL, rt_lt},
    {"Greater",        1, 2, 2, 1, OLD_BINARY,            run_binary_1,   NULL, rt_gt},
    {"Greater",        7, 2, 2, 1, "",                    run_binary,     NULL, rt_gt},
    {"LessOrEqual",   12, 2, 2, 1, "",                    run_binary,     NULL, rt_le},
    {"GreaterOrEqual", 12, 2, 2, 1, "",                   run_binary,     NULL, rt_ge},
    {"Min",            1, 1, RTI_ANY_NUMBER, 1, "consumed_inputs:-", run_variadic, NULL, rt_minimum},
    {"Max",            1, 1, RTI_ANY_NUMBER, 1, "consumed_inputs:-", run_variadic, NULL, rt_maximum},
    {"Sum",            1, 1, RTI_ANY_NUMBER, 1, "consumed_inputs:-", run_variadic, NULL, rt_add},
    {"Mean",           1, 1, RTI_ANY_NUMBER, 1, "consumed_inputs:-", run_mean,     NULL, rt_add},
    {"Clip",           1, 1, 1, 1, "consumed_inputs:- max:f min:f", run_clip_1, NULL, NULL},
    {"Clip",          11, 1, 3, 1, "",                    run_clip,       NULL, NULL},
    {"Where",          9, 3, 3, 1, "",                    run_where,      NULL, NULL},
    {"Cast",           1, 1, 1, 1, "to:s",                run_cast_1,     NULL, NULL},
    {"Cast",           6, 1, 1, 1, "to:i",                run_cast,       NULL, NULL},
    {"Cast",          19, 1, 1, 1, "saturate:- round_mode:- to:i", run_cast, NULL, NULL}, // both only speak of 8-bit floats
    {"CastLike",      15, 2, 2, 1, "saturate:- round_mode:-", run_cast_like, NULL, NULL},
};

const rti_onnx_ops rti_onnx_math_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows), false};
