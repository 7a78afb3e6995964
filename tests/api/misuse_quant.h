// SPDX-License-Identifier: BSD-3-Clause
// Misuse rows of quantisation, of integer products with zero points, and of the transposed convolution.
#ifndef TRIVET_TEST_MISUSE_QUANT_H
#define TRIVET_TEST_MISUSE_QUANT_H

#include "misuse_families.h"

static void quantisation(world *w) {
  rt_tensor *q = NULL, *scale = NULL, *wide = NULL, *byte = NULL, *half = NULL;
  need(rt_zeros(w->ctx, RT_U8, 2, SHAPE(3, 4), &q), NULL);
  need(rt_ones(w->ctx, RT_F32, 1, SHAPE(4), &scale), NULL);
  need(rt_ones(w->ctx, RT_F32, 3, SHAPE(2, 3, 4), &wide), NULL);
  need(rt_zeros(w->ctx, RT_I8, 1, SHAPE(4), &byte), NULL);
  need(rt_zeros(w->ctx, RT_F16, 2, SHAPE(3, 4), &half), NULL);
  recount(w);
  MISUSE(ARGUMENT, "quantize: the first input is NULL", rt_quantize(NULL, scale, NULL, 1, RT_U8, OUT));
  MISUSE(ARGUMENT, "quantize: the second input is NULL", rt_quantize(w->f.x, NULL, NULL, 1, RT_U8, OUT));
  MISUSE(ARGUMENT, "quantize: out is NULL", rt_quantize(w->f.x, scale, NULL, 1, RT_U8, NO_OUT));
  MISUSE(STATE, "quantize: the tensors belong to two contexts", rt_quantize(w->f.x, w->f.foreign, NULL, 1, RT_U8, OUT));
  MISUSE(ARGUMENT, "quantize: 16 is no dtype", rt_quantize(w->f.x, scale, NULL, 1, NO_DTYPE(16), OUT));
  MISUSE(ARGUMENT, "quantize: -1 is no dtype", rt_quantize(w->f.x, scale, NULL, 1, NO_DTYPE(-1), OUT));
  MISUSE(DTYPE, "quantize: to i64, which is no integer of at most 32 bits", rt_quantize(w->f.x, scale, NULL, 1, RT_I64, OUT));
  MISUSE(DTYPE, "quantize: to bool", rt_quantize(w->f.x, scale, NULL, 1, RT_BOOL, OUT));
  MISUSE(DTYPE, "quantize: to f32", rt_quantize(w->f.x, scale, NULL, 1, RT_F32, OUT));
  MISUSE(DTYPE, "quantize: zero_point is i8, but the result u8", rt_quantize(w->f.x, scale, byte, 1, RT_U8, OUT));
  MISUSE(DTYPE, "quantize: to f32", rt_quantize(w->f.x, scale, scale, 1, RT_DTYPE_NONE, OUT));
  MISUSE(DTYPE, "quantize: promote: no dtype holds", rt_quantize(w->u.x, w->l.x, NULL, 1, RT_U8, OUT));
  MISUSE(ARGUMENT, "quantize: axis 2 is not in -2 to 1", rt_quantize(w->f.x, scale, NULL, 2, RT_U8, OUT));
  MISUSE(ARGUMENT, "quantize: axis -2147483648", rt_quantize(w->f.x, scale, NULL, INT32_MIN, RT_U8, OUT));
  MISUSE(ARGUMENT, "quantize: axis 2147483647", rt_quantize(w->f.x, scale, NULL, INT32_MAX, RT_U8, OUT));
  MISUSE(ARGUMENT, "quantize: axis 0, but the tensor has rank 0", rt_quantize(w->f.scalar, scale, NULL, 0, RT_U8, OUT));
  MISUSE(SHAPE, "quantize: scale has 4 elements for axis 0 of extent 3", rt_quantize(w->f.x, scale, NULL, 0, RT_U8, OUT));
  MISUSE(SHAPE, "quantize: zero_point has 4 elements for axis 0 of extent 3", rt_quantize(w->f.x, w->weak_f, byte, 0, RT_I8, OUT));
  MISUSE(SHAPE, "quantize: scale of shape [2,3,4] does not broadcast to x [3,4]", rt_quantize(w->f.x, wide, NULL, 1, RT_U8, OUT));
  MISUSE(SHAPE, "quantize: scale of shape [4,5] does not broadcast to x [3,4]", rt_quantize(w->f.x, w->f.wider, NULL, 1, RT_U8, OUT));
  MISUSE(ARGUMENT, "quantize: the first input is NULL", rt_quantize_into(NULL, scale, NULL, 1, q));
  MISUSE(ARGUMENT, "quantize: out is NULL", rt_quantize_into(w->f.x, scale, NULL, 1, NO_TENSOR));
  MISUSE(DTYPE, "quantize: to f32", rt_quantize_into(w->f.x, scale, NULL, 1, w->f.out));
  MISUSE(SHAPE, "quantize: out has shape [4,5], but the result is [3,4]", rt_quantize_into(w->f.x, scale, NULL, 1, w->i.wider));
  UNWRITABLE(quantize, w->i, rt_quantize_into, w->f.x, scale, NULL, 1);

  MISUSE(ARGUMENT, "dequantize: the first input is NULL", rt_dequantize(NULL, scale, NULL, 1, OUT));
  MISUSE(ARGUMENT, "dequantize: the second input is NULL", rt_dequantize(q, NULL, NULL, 1, OUT));
  MISUSE(ARGUMENT, "dequantize: out is NULL", rt_dequantize(q, scale, NULL, 1, NO_OUT));
  MISUSE(STATE, "dequantize: the tensors belong to two contexts", rt_dequantize(q, w->f.foreign, NULL, 1, OUT));
  MISUSE(DTYPE, "dequantize: x is f32, which is no integer", rt_dequantize(w->f.x, scale, NULL, 1, OUT));
  MISUSE(DTYPE, "dequantize: x is i64, which is no integer of at most 32 bits", rt_dequantize(w->l.x, scale, NULL, 1, OUT));
  MISUSE(DTYPE, "dequantize: x is bool", rt_dequantize(w->b.x, scale, NULL, 1, OUT));
  MISUSE(DTYPE, "dequantize: zero_point is i8, but x u8", rt_dequantize(q, scale, byte, 1, OUT));
  MISUSE(DTYPE, "dequantize: scale is i32, no float", rt_dequantize(q, w->i.x, NULL, 1, OUT));
  MISUSE(ARGUMENT, "dequantize: axis 2 is not in -2 to 1", rt_dequantize(q, scale, NULL, 2, OUT));
  MISUSE(SHAPE, "dequantize: scale has 4 elements for axis 0 of extent 3", rt_dequantize(q, scale, NULL, 0, OUT));
  MISUSE(SHAPE, "dequantize: zero_point of shape [4,5] does not broadcast to x [3,4]", rt_dequantize(w->i.x, scale, w->i.wider, 1, OUT));
  MISUSE(ARGUMENT, "dequantize: the second input is NULL", rt_dequantize_into(q, NULL, NULL, 1, w->f.out));
  MISUSE(ARGUMENT, "dequantize: out is NULL", rt_dequantize_into(q, scale, NULL, 1, NO_TENSOR));
  MISUSE(DTYPE, "dequantize: out has dtype f16, but the result is f32", rt_dequantize_into(q, scale, NULL, 1, half));
  MISUSE(SHAPE, "dequantize: out has shape [4,5], but the result is [3,4]", rt_dequantize_into(q, scale, NULL, 1, w->f.wider));
  UNWRITABLE(dequantize, w->f, rt_dequantize_into, q, scale, NULL, 1);
  rt_tensor *all[] = {q, scale, wide, byte, half};
  for (size_t k = 0; k < COUNT(all); k++) rt_release(all[k]);
  recount(w);
}

static void integer_products(world *w) {
  rt_tensor *a = NULL, *b = NULL, *zero = NULL, *byte = NULL, *image = NULL, *kernel = NULL, *tall = NULL, *flat = NULL;
  need(rt_zeros(w->ctx, RT_U8, 2, SHAPE(3, 2), &a), NULL);
  need(rt_zeros(w->ctx, RT_U8, 2, SHAPE(2, 4), &b), NULL);
  need(rt_zeros(w->ctx, RT_U8, 1, SHAPE(5), &zero), NULL);
  need(rt_zeros(w->ctx, RT_I8, 0, NULL, &byte), NULL);
  need(rt_zeros(w->ctx, RT_U8, 3, SHAPE(1, 2, 6), &image), NULL);
  need(rt_zeros(w->ctx, RT_U8, 3, SHAPE(3, 2, 3), &kernel), NULL);
  need(rt_zeros(w->ctx, RT_I32, 3, SHAPE(1, 3, 5), &tall), NULL);
  need(rt_zeros(w->ctx, RT_U8, 0, NULL, &flat), NULL);
  recount(w);
  MISUSE(ARGUMENT, "matmul_integer: the first input is NULL", rt_matmul_integer(NULL, b, NULL, NULL, OUT));
  MISUSE(ARGUMENT, "matmul_integer: the second input is NULL", rt_matmul_integer(a, NULL, NULL, NULL, OUT));
  MISUSE(ARGUMENT, "matmul_integer: out is NULL", rt_matmul_integer(a, b, NULL, NULL, NO_OUT));
  MISUSE(STATE, "matmul_integer: the tensors belong to two contexts", rt_matmul_integer(a, w->f.foreign, NULL, NULL, OUT));
  MISUSE(STATE, "matmul_integer: the tensors belong to two contexts", rt_matmul_integer(a, b, NULL, w->f.foreign, OUT));
  MISUSE(DTYPE, "matmul_integer: a is f32, not i8 or u8", rt_matmul_integer(w->f.x, b, NULL, NULL, OUT));
  MISUSE(DTYPE, "matmul_integer: b is i32, not i8 or u8", rt_matmul_integer(a, w->i.x, NULL, NULL, OUT));
  MISUSE(DTYPE, "matmul_integer: a_zero is i8, but a is u8", rt_matmul_integer(a, b, byte, NULL, OUT));
  MISUSE(DTYPE, "matmul_integer: b_zero is f32, but b is u8", rt_matmul_integer(a, b, NULL, w->f.x, OUT));
  MISUSE(SHAPE, "matmul_integer: the second operand has rank 0", rt_matmul_integer(a, flat, NULL, NULL, OUT));
  MISUSE(SHAPE, "matmul_integer: shapes [3,2] and [3,2]: the inner extents 2 and 3 differ", rt_matmul_integer(a, a, NULL, NULL, OUT));
  MISUSE(SHAPE, "matmul_integer: a_zero has shape [5], which is no single element and does not broadcast to [3,1]", rt_matmul_integer(a, b, zero, NULL, OUT));
  MISUSE(SHAPE, "matmul_integer: b_zero has shape [5], which is no single element and does not broadcast to [1,4]", rt_matmul_integer(a, b, NULL, zero, OUT));
  MISUSE(SHAPE, "matmul_integer: a_zero has shape [3,2]", rt_matmul_integer(a, b, a, NULL, OUT));
  MISUSE(ARGUMENT, "matmul_integer: the first input is NULL", rt_matmul_integer_into(NULL, b, NULL, NULL, w->i.out));
  MISUSE(ARGUMENT, "matmul_integer: out is NULL", rt_matmul_integer_into(a, b, NULL, NULL, NO_TENSOR));
  MISUSE(DTYPE, "matmul_integer: out has dtype i64, but the result is i32", rt_matmul_integer_into(a, b, NULL, NULL, w->l.out));
  MISUSE(SHAPE, "matmul_integer: out has shape [4,5], but the result is [3,4]", rt_matmul_integer_into(a, b, NULL, NULL, w->i.wider));
  UNWRITABLE(matmul_integer, w->i, rt_matmul_integer_into, a, b, NULL, NULL);

#define INTEGER_CONV(...) rt_conv_integer(image, kernel, NULL, NULL, &__VA_ARGS__, OUT)
  MISUSE(ARGUMENT, "conv_integer: the first input is NULL", rt_conv_integer(NULL, kernel, NULL, NULL, NULL, OUT));
  MISUSE(ARGUMENT, "conv_integer: the second input is NULL", rt_conv_integer(image, NULL, NULL, NULL, NULL, OUT));
  MISUSE(ARGUMENT, "conv_integer: out is NULL", rt_conv_integer(image, kernel, NULL, NULL, NULL, NO_OUT));
  MISUSE(STATE, "conv_integer: the tensors belong to two contexts", rt_conv_integer(image, kernel, w->f.foreign, NULL, NULL, OUT));
  MISUSE(DTYPE, "conv_integer: x is f32, not i8 or u8", rt_conv_integer(w->image, w->kernel, NULL, NULL, &(rt_window){.groups = 2}, OUT));
  MISUSE(DTYPE, "conv_integer: weight_zero is i8, but weight is u8", rt_conv_integer(image, kernel, NULL, byte, NULL, OUT));
  MISUSE(SHAPE, "conv_integer: x_zero has shape [5], not one element", rt_conv_integer(image, kernel, zero, NULL, NULL, OUT));
  MISUSE(SHAPE, "conv_integer: weight_zero has shape [5], not one element or one per output channel", rt_conv_integer(image, kernel, NULL, zero, NULL, OUT));
  MISUSE(SHAPE, "conv_integer: x of shape [3,2] is not [N,C,...]", rt_conv_integer(a, kernel, NULL, NULL, NULL, OUT));
  MISUSE(SHAPE, "do not fit with groups 2", INTEGER_CONV((rt_window){.groups = 2}));
  MISUSE(ARGUMENT, "conv_integer: groups -1", INTEGER_CONV((rt_window){.groups = -1}));
  MISUSE(ARGUMENT, "pads -1 and 0", INTEGER_CONV((rt_window){.pad_lo = {-1}}));
  MISUSE(SHAPE, "conv_integer: a window that reaches over 9 elements", INTEGER_CONV((rt_window){.dilation = {4}}));
  MISUSE(ARGUMENT, "conv_integer: out is NULL", rt_conv_integer_into(image, kernel, NULL, NULL, NULL, NO_TENSOR));
  MISUSE(SHAPE, "conv_integer: out has shape [1,3,5], but the result is [1,3,4]", rt_conv_integer_into(image, kernel, NULL, NULL, NULL, tall));
  rt_tensor *all[] = {a, b, zero, byte, image, kernel, tall, flat};
  for (size_t k = 0; k < COUNT(all); k++) rt_release(all[k]);
  recount(w);
}

#define TRANSPOSED(...) rt_conv_transpose(w->image, w->kernel, NULL, &__VA_ARGS__, OUT)
static void transposed_convolution(world *w) {
  MISUSE(ARGUMENT, "conv_transpose: the first input is NULL", rt_conv_transpose(NULL, w->kernel, NULL, NULL, OUT));
  MISUSE(ARGUMENT, "conv_transpose: the second input is NULL", rt_conv_transpose(w->image, NULL, NULL, NULL, OUT));
  MISUSE(ARGUMENT, "conv_transpose: out is NULL", rt_conv_transpose(w->image, w->kernel, NULL, NULL, NO_OUT));
  MISUSE(STATE, "conv_transpose: the tensors belong to two contexts", rt_conv_transpose(w->image, w->kernel, w->f.foreign, NULL, OUT));
  MISUSE(SHAPE, "conv_transpose: x of shape [3,4] is not [N,C,...]", rt_conv_transpose(w->f.x, w->kernel, NULL, NULL, OUT));
  MISUSE(SHAPE, "conv_transpose: weight [3,4] does not have the rank of x [1,4,6,6]", rt_conv_transpose(w->image, w->f.x, NULL, NULL, OUT));
  MISUSE(SHAPE, "conv_transpose: bias has shape [4], not [2]", rt_conv_transpose(w->image, w->kernel, w->bias, NULL, OUT));
  MISUSE(SHAPE, "conv_transpose: bias has shape [3,4], not [4]", rt_conv_transpose(w->image, w->kernel, w->f.x, &(rt_window){.groups = 2}, OUT));
  MISUSE(SHAPE, "conv_transpose: x [1,4,6,6] and weight [4,2,3,3] do not fit with groups 3", TRANSPOSED((rt_window){.groups = 3}));
  MISUSE(ARGUMENT, "conv_transpose: groups -1", TRANSPOSED((rt_window){.groups = -1}));
  MISUSE(ARGUMENT, "conv_transpose: window size 2 of axis 0, but the weight's extent is 3", TRANSPOSED((rt_window){.size = {2}}));
  MISUSE(ARGUMENT, "conv_transpose: spatial axis 0 has window 3, stride -1", TRANSPOSED((rt_window){.stride = {-1}}));
  MISUSE(ARGUMENT, "dilation -2147483648", TRANSPOSED((rt_window){.dilation = {1, INT32_MIN}}));
  MISUSE(ARGUMENT, "pads -1 and 0", TRANSPOSED((rt_window){.pad_lo = {-1}}));
  MISUSE(ARGUMENT, "conv_transpose: spatial axis 1 has output_pad -1", TRANSPOSED((rt_window){.output_pad = {0, -1}}));
  MISUSE(SHAPE, "conv_transpose: pads 9 and 2147483647 take more from spatial axis 0 than its 8 elements", TRANSPOSED((rt_window){.pad_lo = {9}, .pad_hi = {INT32_MAX}}));
  MISUSE(SHAPE, "conv_transpose: shape [1,2,", TRANSPOSED((rt_window){.stride = {INT32_MAX, INT32_MAX}, .dilation = {INT32_MAX, INT32_MAX}}));
  MISUSE(ARGUMENT, "conv_transpose: out is NULL", rt_conv_transpose_into(w->image, w->kernel, NULL, NULL, NO_TENSOR));
  MISUSE(SHAPE, "conv_transpose: out has shape [3,4], but the result is [1,2,8,8]", rt_conv_transpose_into(w->image, w->kernel, NULL, NULL, w->f.out));
  MISUSE(DTYPE, "conv_transpose: out has dtype i32", rt_conv_transpose_into(w->image, w->kernel, NULL, NULL, w->i.out));
}

#endif
