// SPDX-License-Identifier: BSD-3-Clause
// Misuse rows of normalisation and of what neural networks are made of.
#ifndef TRIVET_TEST_MISUSE_NEURAL_H
#define TRIVET_TEST_MISUSE_NEURAL_H

#include "misuse_families.h"

#define NOT_A_NUMBER (strtod("nan", NULL))
#define EPS_ROWS(name, fn, ...) /* before eps */                                                                          \
  MISUSE(ARGUMENT, name ": eps -1", fn(__VA_ARGS__, -1.0, OUT));                                                           \
  MISUSE(ARGUMENT, name ": eps nan", fn(__VA_ARGS__, NOT_A_NUMBER, OUT));                                                  \
  MISUSE(ARGUMENT, name ": eps inf", fn(__VA_ARGS__, strtod("inf", NULL), OUT))
#define NORM_AXES_ROWS(name, fn, ...) /* after axes */                                                                         \
  MISUSE(ARGUMENT, name ": axis 2 is not in -2 to 1", fn(w->f.x, AXES(2), __VA_ARGS__, OUT));                              \
  MISUSE(ARGUMENT, name ": axis -3 is not in -2 to 1", fn(w->f.x, AXES(-3), __VA_ARGS__, OUT));                            \
  MISUSE(ARGUMENT, name ": axis -2147483648", fn(w->f.x, AXES(INT32_MIN), __VA_ARGS__, OUT));                              \
  MISUSE(ARGUMENT, name ": axis 1 is given twice", fn(w->f.x, AXES(1, -1), __VA_ARGS__, OUT));                             \
  MISUSE(ARGUMENT, name ": a list of -1 axes", fn(w->f.x, (&(rt_axes){.count = -1}), __VA_ARGS__, OUT));                   \
  MISUSE(ARGUMENT, name ": a list of 17 axes", fn(w->f.x, (&(rt_axes){.count = 17}), __VA_ARGS__, OUT));                   \
  MISUSE(ARGUMENT, name ": axis 0, but the tensor has rank 0", fn(w->f.scalar, AXES(0), __VA_ARGS__, OUT))

static void layer_norms(world *w) {
  const rt_tensor *none = NULL;
  MISUSE(ARGUMENT, "layer_norm: the first input is NULL", rt_layer_norm(NULL, NULL, none, none, 0, OUT));
  MISUSE(ARGUMENT, "layer_norm: out is NULL", rt_layer_norm(w->f.x, NULL, none, none, 0, NO_OUT));
  EPS_ROWS("layer_norm", rt_layer_norm, w->f.x, NULL, none, none);
  NORM_AXES_ROWS("layer_norm", rt_layer_norm, none, none, 0);
  MISUSE(SHAPE, "layer_norm: weight of shape [4,5] does not broadcast to x of shape [3,4]", rt_layer_norm(w->f.x, NULL, w->f.wider, none, 0, OUT));
  MISUSE(SHAPE, "layer_norm: bias of shape [12] does not broadcast to x of shape [3,4]", rt_layer_norm(w->f.x, NULL, none, w->f.flat, 0, OUT));
  MISUSE(SHAPE, "layer_norm: weight of shape [3,4] does not broadcast to x of shape []", rt_layer_norm(w->f.scalar, NULL, w->f.x, none, 0, OUT));
  MISUSE(SHAPE, "layer_norm: weight of shape [1,1,1,1,1,1", rt_layer_norm(w->f.x, NULL, w->deep, none, 0, OUT));
  MISUSE(STATE, "layer_norm: the tensors belong to two contexts", rt_layer_norm(w->f.x, NULL, w->f.foreign, none, 0, OUT));
  MISUSE(STATE, "layer_norm: the tensors belong to two contexts", rt_layer_norm(w->f.x, NULL, none, w->f.foreign, 0, OUT));
  MISUSE(DTYPE, "layer_norm: promote: no dtype holds", rt_layer_norm(w->u.x, NULL, w->l.x, none, 0, OUT));
  MISUSE(ARGUMENT, "layer_norm: the first input is NULL", rt_layer_norm_into(NULL, NULL, none, none, 0, w->f.out));
  MISUSE(ARGUMENT, "layer_norm: eps -1", rt_layer_norm_into(w->f.x, NULL, none, none, -1, w->f.out));
  WRONG_OUTPUTS(layer_norm, w->f, rt_layer_norm_into, w->f.x, NULL, none, none, 0);
  WRONG_DTYPES(layer_norm, rt_layer_norm_into, w->f.x, NULL, none, none, 0);
  MISUSE(ARGUMENT, "rms_norm: the first input is NULL", rt_rms_norm(NULL, NULL, none, 0, OUT));
  MISUSE(ARGUMENT, "rms_norm: out is NULL", rt_rms_norm(w->f.x, NULL, none, 0, NO_OUT));
  EPS_ROWS("rms_norm", rt_rms_norm, w->f.x, NULL, none);
  NORM_AXES_ROWS("rms_norm", rt_rms_norm, none, 0);
  MISUSE(SHAPE, "rms_norm: weight of shape [4,5] does not broadcast to x of shape [3,4]", rt_rms_norm(w->f.x, NULL, w->f.wider, 0, OUT));
  MISUSE(STATE, "rms_norm: the tensors belong to two contexts", rt_rms_norm(w->f.x, NULL, w->f.foreign, 0, OUT));
  WRONG_OUTPUTS(rms_norm, w->f, rt_rms_norm_into, w->f.x, NULL, none, 0);
  WRONG_DTYPES(rms_norm, rt_rms_norm_into, w->f.x, NULL, none, 0);
}

static void channel_norms(world *w) {
  const rt_tensor *none = NULL, *four = w->bias;
  MISUSE(ARGUMENT, "batch_norm: the first input is NULL", rt_batch_norm(NULL, four, four, none, none, 1, 0, OUT));
  MISUSE(ARGUMENT, "batch_norm: out is NULL", rt_batch_norm(w->f.x, four, four, none, none, 1, 0, NO_OUT));
  EPS_ROWS("batch_norm", rt_batch_norm, w->f.x, four, four, none, none, 1);
  MISUSE(ARGUMENT, "batch_norm: axis 2 is not in -2 to 1", rt_batch_norm(w->f.x, four, four, none, none, 2, 0, OUT));
  MISUSE(ARGUMENT, "batch_norm: axis -3 is not in -2 to 1", rt_batch_norm(w->f.x, none, none, none, none, -3, 0, OUT));
  MISUSE(ARGUMENT, "batch_norm: axis 0, but the tensor has rank 0", rt_batch_norm(w->f.scalar, none, none, none, none, 0, 0, OUT));
  MISUSE(ARGUMENT, "batch_norm: variance is NULL, but mean is not", rt_batch_norm(w->f.x, four, none, none, none, 1, 0, OUT));
  MISUSE(ARGUMENT, "batch_norm: mean is NULL, but variance is not", rt_batch_norm(w->f.x, none, four, none, none, 1, 0, OUT));
  MISUSE(SHAPE, "batch_norm: mean has shape [12], not [4]", rt_batch_norm(w->f.x, w->f.flat, four, none, none, 1, 0, OUT));
  MISUSE(SHAPE, "batch_norm: variance has shape [12], not [4]", rt_batch_norm(w->f.x, four, w->f.flat, none, none, 1, 0, OUT));
  MISUSE(SHAPE, "batch_norm: weight has shape [], not [4]", rt_batch_norm(w->f.x, four, four, w->f.scalar, none, 1, 0, OUT));
  MISUSE(SHAPE, "batch_norm: bias has shape [3,4], not [4]", rt_batch_norm(w->f.x, none, none, none, w->f.x, 1, 0, OUT));
  MISUSE(STATE, "batch_norm: the tensors belong to two contexts", rt_batch_norm(w->f.foreign, four, four, none, none, 1, 0, OUT));
  WRONG_OUTPUTS(batch_norm, w->f, rt_batch_norm_into, w->f.x, four, four, none, none, 1, 0);
  WRONG_DTYPES(batch_norm, rt_batch_norm_into, w->f.x, four, four, none, none, 1, 0);
  WRONG_OUTPUTS(batch_norm, w->f, rt_batch_norm_into, w->f.x, none, none, none, none, 1, 0);
  WRONG_DTYPES(batch_norm, rt_batch_norm_into, w->f.x, none, none, none, none, 1, 0);
  MISUSE(ARGUMENT, "group_norm: the first input is NULL", rt_group_norm(NULL, 1, none, none, 0, OUT));
  MISUSE(ARGUMENT, "group_norm: out is NULL", rt_group_norm(w->f.x, 1, none, none, 0, NO_OUT));
  EPS_ROWS("group_norm", rt_group_norm, w->f.x, 1, none, none);
  MISUSE(ARGUMENT, "group_norm: 0 groups of 4 channels", rt_group_norm(w->f.x, 0, none, none, 0, OUT));
  MISUSE(ARGUMENT, "group_norm: -2 groups of 4 channels", rt_group_norm(w->f.x, -2, none, none, 0, OUT));
  MISUSE(ARGUMENT, "group_norm: 3 groups of 4 channels", rt_group_norm(w->f.x, 3, none, none, 0, OUT));
  MISUSE(ARGUMENT, "group_norm: 2147483647 groups of 4 channels", rt_group_norm(w->f.x, INT32_MAX, none, none, 0, OUT));
  MISUSE(ARGUMENT, "group_norm: -2147483648 groups of 4 channels", rt_group_norm(w->f.x, INT32_MIN, none, none, 0, OUT));
  MISUSE(SHAPE, "group_norm: x of shape [12] is not [N,C,...]", rt_group_norm(w->f.flat, 1, none, none, 0, OUT));
  MISUSE(SHAPE, "group_norm: x of shape [] is not [N,C,...]", rt_group_norm(w->weak_f, 1, none, none, 0, OUT));
  MISUSE(SHAPE, "is not [N,C,...] of rank 2 to 15", rt_group_norm(w->deep, 1, none, none, 0, OUT));
  MISUSE(SHAPE, "group_norm: weight has shape [12], not [4]", rt_group_norm(w->f.x, 2, w->f.flat, none, 0, OUT));
  MISUSE(SHAPE, "group_norm: bias has shape [3,4], not [4]", rt_group_norm(w->f.x, 2, four, w->f.x, 0, OUT));
  MISUSE(STATE, "group_norm: the tensors belong to two contexts", rt_group_norm(w->f.x, 2, w->f.foreign, none, 0, OUT));
  WRONG_OUTPUTS(group_norm, w->f, rt_group_norm_into, w->f.x, 2, none, none, 0);
  WRONG_DTYPES(group_norm, rt_group_norm_into, w->f.x, 2, none, none, 0);
}

static void embedding(world *w) {
  rt_tensor *three = NULL;
  need(rt_from_data(w->ctx, RT_I64, 1, SHAPE(3), SHAPE(0, 1, 2), &three), NULL);
  recount(w);
  MISUSE(ARGUMENT, "embedding: the first input is NULL", rt_embedding(NULL, three, RT_NO_INDEX, OUT));
  MISUSE(ARGUMENT, "embedding: the second input is NULL", rt_embedding(w->f.x, NULL, RT_NO_INDEX, OUT));
  MISUSE(ARGUMENT, "embedding: out is NULL", rt_embedding(w->f.x, three, RT_NO_INDEX, NO_OUT));
  MISUSE(SHAPE, "embedding: table of shape [12] is not [n,d]", rt_embedding(w->f.flat, three, RT_NO_INDEX, OUT));
  MISUSE(SHAPE, "embedding: table of shape [] is not [n,d]", rt_embedding(w->weak_f, three, 0, OUT));
  MISUSE(DTYPE, "embedding: indices have dtype f32, not an integer", rt_embedding(w->f.x, w->f.flat, RT_NO_INDEX, OUT));
  MISUSE(DTYPE, "embedding: indices have dtype bool, not an integer", rt_embedding(w->f.x, w->b.x, 0, OUT));
  MISUSE(STATE, "embedding: the tensors belong to two contexts", rt_embedding(w->f.foreign, three, 0, OUT));
  MISUSE(INDEX, "embedding: gather: index 4 at position 0 is out of range for axis 0 of size 3", rt_embedding(w->f.x, w->l.flat, RT_NO_INDEX, OUT));
  MISUSE(INDEX, "embedding: gather: index 5 at position 1 is out of range for axis 0 of size 3", rt_embedding(w->f.x, w->l.flat, 4, OUT));
  MISUSE(INDEX, "embedding: gather: no index is in range for axis 0 of extent 0", rt_embedding(w->none, three, RT_NO_INDEX, OUT));
  MISUSE(ARGUMENT, "embedding: the first input is NULL", rt_embedding_into(NULL, three, 0, w->f.out));
  WRONG_OUTPUTS(embedding, w->f, rt_embedding_into, w->f.x, three, RT_NO_INDEX);
  WRONG_OUTPUTS(embedding, w->f, rt_embedding_into, w->f.x, three, 1);
  WRONG_DTYPES(embedding, rt_embedding_into, w->f.x, three, 1);
  rt_release(three);
  recount(w);
}

static void attentions(world *w) {
  const rt_tensor *none = NULL, *x = w->f.x;
  MISUSE(ARGUMENT, "attention: the first input is NULL", rt_attention(NULL, x, x, none, 0, false, OUT));
  MISUSE(ARGUMENT, "attention: the second input is NULL", rt_attention(x, NULL, x, none, 0, false, OUT));
  MISUSE(ARGUMENT, "attention: the third input is NULL", rt_attention(x, x, NULL, none, 0, true, OUT));
  MISUSE(ARGUMENT, "attention: out is NULL", rt_attention(x, x, x, none, 0, false, NO_OUT));
  MISUSE(STATE, "attention: the tensors belong to two contexts", rt_attention(x, w->f.foreign, x, none, 0, false, OUT));
  MISUSE(STATE, "attention: the tensors belong to two contexts", rt_attention(x, x, x, w->b.foreign, 0, false, OUT));
  MISUSE(ARGUMENT, "attention: scale nan", rt_attention(x, x, x, none, NOT_A_NUMBER, false, OUT));
  MISUSE(ARGUMENT, "attention: scale -inf", rt_attention(x, x, x, none, -strtod("inf", NULL), false, OUT));
  MISUSE(SHAPE, "attention: q of shape [12] has no rows", rt_attention(w->f.flat, x, x, none, 0, false, OUT));
  MISUSE(SHAPE, "attention: k of shape [] has no rows", rt_attention(x, w->weak_f, x, none, 0, false, OUT));
  MISUSE(SHAPE, "attention: v of shape [12] has no rows", rt_attention(x, x, w->f.flat, none, 0, false, OUT));
  MISUSE(SHAPE, "attention: k of shape [4,5] does not fit to q of shape [3,4]", rt_attention(x, w->f.wider, x, none, 0, false, OUT));
  MISUSE(SHAPE, "attention: v of shape [4,5] does not fit to k of shape [3,4]", rt_attention(x, x, w->f.wider, none, 0, false, OUT));
  MISUSE(SHAPE, "attention: k of shape [4,2,3,3] does not fit to q of shape [1,4,6,6]", rt_attention(w->image, w->kernel, w->kernel, none, 0, false, OUT));
  MISUSE(SHAPE, "attention: mask of shape [12] does not broadcast to the scores of shape [3,3]", rt_attention(x, x, x, w->b.flat, 0, false, OUT));
  MISUSE(SHAPE, "attention: mask of shape [1,4,6,6] does not broadcast to the scores of shape [3,3]", rt_attention(x, x, x, w->image, 0, false, OUT));
  MISUSE(DTYPE, "attention: mask has dtype i32, neither bool nor a float", rt_attention(x, x, x, w->i.scalar, 0, false, OUT));
  MISUSE(DTYPE, "attention: promote: no dtype holds", rt_attention(w->u.x, w->l.x, w->l.x, none, 0, false, OUT));
  MISUSE(ARGUMENT, "attention: the first input is NULL", rt_attention_into(NULL, x, x, none, 0, false, w->f.out));
  WRONG_OUTPUTS(attention, w->f, rt_attention_into, x, x, x, none, 0, true);
  WRONG_DTYPES(attention, rt_attention_into, x, x, x, none, 0, true);
}

#define NO_REDUCTION(code) ((rt_loss_reduction)(code))
#define LOSS_ROWS(name, ...) /* ... : between the target and the reduction, each after a comma */                          \
  MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name(NULL, w->f.x __VA_ARGS__, RT_LOSS_MEAN, OUT));              \
  MISUSE(ARGUMENT, #name ": the second input is NULL", rt_##name(w->f.x, NULL __VA_ARGS__, RT_LOSS_MEAN, OUT));             \
  MISUSE(ARGUMENT, #name ": out is NULL", rt_##name(w->f.x, w->f.y __VA_ARGS__, RT_LOSS_SUM, NO_OUT));                      \
  MISUSE(ARGUMENT, #name ": 3 is no reduction", rt_##name(w->f.x, w->f.y __VA_ARGS__, NO_REDUCTION(3), OUT));               \
  MISUSE(ARGUMENT, #name ": -1 is no reduction", rt_##name(w->f.x, w->f.y __VA_ARGS__, NO_REDUCTION(-1), OUT));             \
  MISUSE(STATE, #name ": the tensors belong to two contexts", rt_##name(w->f.x, w->f.foreign __VA_ARGS__, RT_LOSS_SUM, OUT)); \
  MISUSE(SHAPE, #name ": shapes [3,4] and [4,5] do not broadcast", rt_##name(w->f.x, w->f.wider __VA_ARGS__, RT_LOSS_NONE, OUT)); \
  MISUSE(DTYPE, #name ": promote: no dtype holds", rt_##name(w->u.x, w->l.x __VA_ARGS__, RT_LOSS_NONE, OUT));               \
  MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name##_into(NULL, w->f.x __VA_ARGS__, RT_LOSS_NONE, w->f.out));  \
  MISUSE(SHAPE, #name ": out has shape [3,4], but the result is []", rt_##name##_into(w->f.x, w->f.y __VA_ARGS__, RT_LOSS_MEAN, w->f.out)); \
  MISUSE(DTYPE, #name ": out has dtype f64, but the result is f32", rt_##name##_into(w->f.x, w->f.y __VA_ARGS__, RT_LOSS_NONE, w->d.out)); \
  MISUSE(STATE, #name ": the tensors belong to two contexts", rt_##name##_into(w->f.x, w->f.y __VA_ARGS__, RT_LOSS_NONE, w->f.foreign)); \
  MISUSE(SHAPE, #name ": out has shape [4,5], but the result is [3,4]", rt_##name##_into(w->f.x, w->f.y __VA_ARGS__, RT_LOSS_NONE, w->f.wider)); \
  MISUSE(ARGUMENT, #name ":*several elements of out", rt_##name##_into(w->f.x, w->f.y __VA_ARGS__, RT_LOSS_NONE, w->f.spread)); \
  MISUSE(STATE, #name ":*the output is read-only", rt_##name##_into(w->f.x, w->f.y __VA_ARGS__, RT_LOSS_NONE, w->f.fixed)); \
  MISUSE(STATE, #name ":*the output is mapped", rt_##name##_into(w->f.x, w->f.y __VA_ARGS__, RT_LOSS_NONE, w->f.mapped))

static void losses(world *w) {
  LOSS_ROWS(mse_loss);
  LOSS_ROWS(l1_loss);
  LOSS_ROWS(smooth_l1_loss, , 1);
  LOSS_ROWS(bce_loss, , NULL);
  LOSS_ROWS(bce_with_logits, , NULL, NULL);
  MISUSE(ARGUMENT, "smooth_l1_loss: beta -1", rt_smooth_l1_loss(w->f.x, w->f.y, -1, RT_LOSS_MEAN, OUT));
  MISUSE(ARGUMENT, "smooth_l1_loss: beta nan", rt_smooth_l1_loss(w->f.x, w->f.y, NOT_A_NUMBER, RT_LOSS_MEAN, OUT));
  MISUSE(SHAPE, "bce_loss: shapes [3,4] and [4,5] do not broadcast", rt_bce_loss(w->f.x, w->f.y, w->f.wider, RT_LOSS_MEAN, OUT));
  MISUSE(STATE, "bce_loss: the tensors belong to two contexts", rt_bce_loss(w->f.x, w->f.y, w->f.foreign, RT_LOSS_MEAN, OUT));
  MISUSE(SHAPE, "bce_with_logits: shapes [3,4] and [12] do not broadcast", rt_bce_with_logits(w->f.x, w->f.y, NULL, w->f.flat, RT_LOSS_MEAN, OUT));
}

static void cross_entropy(world *w) {
  rt_tensor *target = NULL, *wrong_target = NULL, *out = NULL;
  const rt_tensor *four = w->bias, *x = w->f.x;
  need(rt_from_data(w->ctx, RT_I64, 1, SHAPE(3), SHAPE(0, 3, 1), &target), NULL);
  need(rt_from_data(w->ctx, RT_I64, 1, SHAPE(3), SHAPE(0, -1, 4), &wrong_target), NULL);
  need(rt_zeros(w->ctx, RT_F32, 1, SHAPE(4), &out), NULL);
  recount(w);
#define ENTROPY(x, target, weight, ignore, smoothing, reduction) rt_cross_entropy(x, target, weight, ignore, smoothing, reduction, OUT)
  MISUSE(ARGUMENT, "cross_entropy: the first input is NULL", ENTROPY(NULL, target, NULL, 0, 0, RT_LOSS_MEAN));
  MISUSE(ARGUMENT, "cross_entropy: the second input is NULL", ENTROPY(x, NULL, NULL, 0, 0, RT_LOSS_MEAN));
  MISUSE(ARGUMENT, "cross_entropy: out is NULL", rt_cross_entropy(x, target, NULL, 0, 0, RT_LOSS_MEAN, NO_OUT));
  MISUSE(STATE, "cross_entropy: the tensors belong to two contexts", ENTROPY(w->f.foreign, target, NULL, 0, 0, RT_LOSS_MEAN));
  MISUSE(STATE, "cross_entropy: the tensors belong to two contexts", ENTROPY(x, target, w->f.foreign, 0, 0, RT_LOSS_MEAN));
  MISUSE(ARGUMENT, "cross_entropy: 7 is no reduction", ENTROPY(x, target, NULL, 0, 0, NO_REDUCTION(7)));
  MISUSE(ARGUMENT, "cross_entropy: label_smoothing 1.5 is not in 0 to 1", ENTROPY(x, target, NULL, 0, 1.5, RT_LOSS_MEAN));
  MISUSE(ARGUMENT, "cross_entropy: label_smoothing nan is not in 0 to 1", ENTROPY(x, target, NULL, 0, NOT_A_NUMBER, RT_LOSS_MEAN));
  MISUSE(DTYPE, "cross_entropy: target has dtype f32, not an integer", ENTROPY(x, w->f.flat, NULL, 0, 0, RT_LOSS_MEAN));
  MISUSE(DTYPE, "cross_entropy: target has dtype bool, not an integer", ENTROPY(x, w->b.flat, NULL, 0, 0, RT_LOSS_MEAN));
  MISUSE(SHAPE, "cross_entropy: input of shape [] has no classes", ENTROPY(w->weak_f, w->l.scalar, NULL, 0, 0, RT_LOSS_MEAN));
  MISUSE(SHAPE, "cross_entropy: target of shape [12] does not fit to input of shape [3,4]", ENTROPY(x, w->l.flat, NULL, 0, 0, RT_LOSS_MEAN));
  MISUSE(SHAPE, "cross_entropy: target of shape [3] does not fit to input of shape [1,4,6,6]", ENTROPY(w->image, target, NULL, 0, 0, RT_LOSS_MEAN));
  MISUSE(SHAPE, "cross_entropy: weight has shape [12], not [4]", ENTROPY(x, target, w->f.flat, 0, 0, RT_LOSS_MEAN));
  MISUSE(SHAPE, "cross_entropy: weight has shape [], not [4]", ENTROPY(x, target, w->f.scalar, 0, 0, RT_LOSS_MEAN));
  MISUSE(INDEX, "cross_entropy: take_along: index 18446744073709551615 at position 1", ENTROPY(x, wrong_target, NULL, RT_NO_INDEX, 0, RT_LOSS_MEAN));
  MISUSE(INDEX, "cross_entropy: take_along: index 4 at position 2 is out of range for axis 1 of size 4", ENTROPY(x, wrong_target, four, -1, 0, RT_LOSS_NONE));
  MISUSE(SHAPE, "cross_entropy: out has shape [4], but the result is [3]", rt_cross_entropy_into(x, target, NULL, 0, 0, RT_LOSS_NONE, out));
  MISUSE(SHAPE, "cross_entropy: out has shape [4], but the result is []", rt_cross_entropy_into(x, target, NULL, 0, 0, RT_LOSS_SUM, out));
  MISUSE(DTYPE, "cross_entropy: out has dtype i64, but the result is f32", rt_cross_entropy_into(x, target, NULL, 0, 0, RT_LOSS_NONE, target));
  MISUSE(ARGUMENT, "cross_entropy: out is NULL", rt_cross_entropy_into(x, target, NULL, 0, 0, RT_LOSS_NONE, NO_TENSOR));
  rt_release(target), rt_release(wrong_target), rt_release(out);
  recount(w);
}

// What is the same for every step: param and the states are changed, the gradient is not. REST: the states after the first, then the numbers.
#define UPDATE_ROWS(name, role, first, ...) /* first: an argument list from param and grad to the last state */            \
  MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name(NULL, first(w->f.y, w->f.out) __VA_ARGS__));                \
  MISUSE(ARGUMENT, #name ": the second input is NULL", rt_##name(w->f.x, first(NULL, w->f.out) __VA_ARGS__));               \
  MISUSE(STATE, #name ": the tensors belong to two contexts", rt_##name(w->f.x, first(w->f.foreign, w->f.out) __VA_ARGS__)); \
  MISUSE(SHAPE, #name ": grad has shape [12], but param has [3,4]", rt_##name(w->f.x, first(w->f.flat, w->f.out) __VA_ARGS__)); \
  MISUSE(DTYPE, #name ": grad has dtype i32, not a float", rt_##name(w->f.x, first(w->i.x, w->f.out) __VA_ARGS__));         \
  MISUSE(DTYPE, #name ": param has dtype i64, not a float", rt_##name(w->l.x, first(w->f.y, w->f.out) __VA_ARGS__));        \
  MISUSE(ARGUMENT, #name ": param is a scalar tensor", rt_##name(w->weak_f, first(w->f.scalar, w->d.scalar) __VA_ARGS__));  \
  MISUSE(ARGUMENT, #name ": several elements of param", rt_##name(w->f.spread, first(w->f.y, w->f.out) __VA_ARGS__));       \
  MISUSE(STATE, #name ": the output is read-only", rt_##name(w->f.fixed, first(w->f.y, w->f.out) __VA_ARGS__));             \
  MISUSE(STATE, #name ": the output is mapped", rt_##name(w->f.mapped, first(w->f.y, w->f.out) __VA_ARGS__))
#define STATE_ROWS(name, role, first, ...)                                                                                 \
  MISUSE(ARGUMENT, #name ": the third input is NULL", rt_##name(w->f.x, first(w->f.y, NULL) __VA_ARGS__));                  \
  MISUSE(SHAPE, #name ": " role " has shape [4,5], but param has [3,4]", rt_##name(w->f.x, first(w->f.y, w->f.wider) __VA_ARGS__)); \
  MISUSE(DTYPE, #name ": " role " has dtype bool, not a float", rt_##name(w->f.x, first(w->f.y, w->b.x) __VA_ARGS__));      \
  MISUSE(ARGUMENT, #name ": param and " role " may share memory", rt_##name(w->f.x, first(w->f.y, w->f.x) __VA_ARGS__));    \
  MISUSE(ARGUMENT, #name ": several elements of " role, rt_##name(w->f.x, first(w->f.y, w->f.spread) __VA_ARGS__));         \
  MISUSE(STATE, #name ": the output is read-only", rt_##name(w->f.x, first(w->f.y, w->f.fixed) __VA_ARGS__));               \
  MISUSE(STATE, #name ": the output is mapped", rt_##name(w->f.x, first(w->f.y, w->f.mapped) __VA_ARGS__))
#define ONLY_GRAD(grad, state) grad
#define GRAD_AND_STATE(grad, state) grad, state
#define GRAD_AND_TWO(grad, state) grad, state, w->d.out
#define ADAM_ROWS(name)                                                                                                    \
  UPDATE_ROWS(name, "average", GRAD_AND_TWO, , 1, 0.1, 0.9, 0.999, 1e-8, 0);                                                \
  STATE_ROWS(name, "average", GRAD_AND_TWO, , 1, 0.1, 0.9, 0.999, 1e-8, 0);                                                 \
  MISUSE(ARGUMENT, #name ": the fourth input is NULL", rt_##name(w->f.x, w->f.y, w->f.out, NULL, 1, 0.1, 0.9, 0.999, 1e-8, 0)); \
  MISUSE(ARGUMENT, #name ": average and square_average may share memory", rt_##name(w->f.x, w->f.y, w->d.x, w->d.x, 1, 0.1, 0.9, 0.999, 1e-8, 0)); \
  MISUSE(STATE, #name ": the output is read-only", rt_##name(w->f.x, w->f.y, w->f.out, w->d.fixed, 1, 0.1, 0.9, 0.999, 1e-8, 0)); \
  MISUSE(ARGUMENT, #name ": step 0, but the first one is 1", rt_##name(w->f.x, w->f.y, w->f.out, w->d.x, 0, 0.1, 0.9, 0.999, 1e-8, 0)); \
  MISUSE(ARGUMENT, #name ": step -9223372036854775808", rt_##name(w->f.x, w->f.y, w->f.out, w->d.x, INT64_MIN, 0.1, 0.9, 0.999, 1e-8, 0)); \
  MISUSE(ARGUMENT, #name ": rate nan", rt_##name(w->f.x, w->f.y, w->f.out, w->d.x, 1, NOT_A_NUMBER, 0.9, 0.999, 1e-8, 0));  \
  MISUSE(ARGUMENT, #name ": beta1 1", rt_##name(w->f.x, w->f.y, w->f.out, w->d.x, 1, 0.1, 1, 0.999, 1e-8, 0));              \
  MISUSE(ARGUMENT, #name ": beta2 -0.5", rt_##name(w->f.x, w->f.y, w->f.out, w->d.x, 1, 0.1, 0.9, -0.5, 1e-8, 0));          \
  MISUSE(ARGUMENT, #name ": eps -1", rt_##name(w->f.x, w->f.y, w->f.out, w->d.x, 1, 0.1, 0.9, 0.999, -1, 0));               \
  MISUSE(ARGUMENT, #name ": weight_decay inf", rt_##name(w->f.x, w->f.y, w->f.out, w->d.x, 1, 0.1, 0.9, 0.999, 1e-8, strtod("inf", NULL)))

static void updates(world *w) {
  UPDATE_ROWS(sgd, "", ONLY_GRAD, , 0.1, 0);
  MISUSE(ARGUMENT, "sgd: rate inf", rt_sgd(w->f.x, w->f.y, strtod("inf", NULL), 0));
  MISUSE(ARGUMENT, "sgd: weight_decay -1", rt_sgd(w->f.x, w->f.y, 0.1, -1));
  UPDATE_ROWS(momentum, "velocity", GRAD_AND_STATE, , 0.1, 0.9, false, 0);
  STATE_ROWS(momentum, "velocity", GRAD_AND_STATE, , 0.1, 0.9, true, 0);
  MISUSE(ARGUMENT, "momentum: momentum -0.5", rt_momentum(w->f.x, w->f.y, w->f.out, 0.1, -0.5, false, 0));
  MISUSE(ARGUMENT, "momentum: rate nan", rt_momentum(w->f.x, w->f.y, w->f.out, NOT_A_NUMBER, 0.5, false, 0));
  MISUSE(ARGUMENT, "momentum: weight_decay nan", rt_momentum(w->f.x, w->f.y, w->f.out, 0.1, 0.5, false, NOT_A_NUMBER));
  ADAM_ROWS(adam);
  ADAM_ROWS(adamw);
}

static void misuse_neural(world *w) {
  layer_norms(w);
  channel_norms(w);
  embedding(w);
  attentions(w);
  losses(w);
  cross_entropy(w);
  updates(w);
}

#endif
