// SPDX-License-Identifier: BSD-3-Clause
// The walk over the rows of an elementwise op: the innermost dimension is a row, the others are stepped through in C order. Dense arguments
// are one row as a whole. Immediates repeat.
#include "ref.h"

static void point(ref_walk *w) {
  for (int32_t k = 0; k < w->n_args; k++) w->at[k] = ref_at(w->outer.view[k], w->outer.at[k]);
}

ref_walk rti_ref_walk_start(const rtb_op *op) {
  const rtb_view *out = op->args[op->nin];
  ref_walk w = {.n_args = op->nin + op->nout};
  bool dense = true;
  for (int32_t k = 0; k < w.n_args; k++) dense = dense && (op->args[k]->layout == RTB_DENSE || op->args[k]->layout == RTB_IMM);
  const int32_t inner = dense ? -1 : out->ndim - 1;
  rtb_walk_start(&w.outer, out->shape, inner < 0 ? 0 : inner, op->args, w.n_args);
  w.n = inner < 0 ? out->numel : out->shape[inner];
  for (int32_t k = 0; k < w.n_args; k++) {
    const bool immediate = op->args[k]->layout == RTB_IMM;
    w.step[k] = inner < 0 ? !immediate : ref_stride(op->args[k], inner);
  }
  w.done = w.outer.done;
  point(&w);
  return w;
}

void rti_ref_walk_next(ref_walk *w) {
  rtb_walk_next(&w->outer);
  w->done = w->outer.done;
  if (!w->done) point(w);
}
