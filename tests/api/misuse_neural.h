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

static void misuse_neural(world *w) {
  layer_norms(w);
  channel_norms(w);
  embedding(w);
}

#endif
