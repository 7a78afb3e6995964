// SPDX-License-Identifier: BSD-3-Clause
// Parts of neural networks made of other operations: embedding.
#include <string.h>

#include "composite.h"
#include "infer.h"

// ---- embedding -----------------------------------------------------------------------------------------------------------------------------

static rt_status embedding_infer(const rt_tensor *table, const rt_tensor *indices, int64_t *shape) {
  rti_text text;
  rt_dtype_kind kind = (rt_dtype_kind)rti_dtype_kinds[indices->view.dtype];
  int32_t rank = indices->view.ndim;
  if (table->view.ndim != 2) return rti_fail(RT_E_SHAPE, "embedding: table of shape %s is not [n,d]", rti_shape_text(&text, table->view.ndim, table->view.shape));
  if (kind != RT_KIND_SIGNED && kind != RT_KIND_UNSIGNED)
    return rti_fail(RT_E_DTYPE, "embedding: indices have dtype %s, not an integer", rt_dtype_name((rt_dtype)indices->view.dtype));
  if (rank == RT_MAX_RANK) return rti_fail(RT_E_SHAPE, "embedding: the result would have rank %d, more than %d", rank + 1, RT_MAX_RANK);
  memcpy(shape, indices->view.shape, sizeof(int64_t) * (size_t)rank);
  shape[rank] = table->view.shape[1];
  return RT_OK;
}

/// gather, and then 0 in the rows of padding. Padding may be an index that the table does not have: row 0 stands in for it.
static rt_status compose_embedding(const rt_tensor *table, const rt_tensor *indices, int64_t padding, rti_target to) {
  rti_chain c = {.status = RT_OK};
  if (padding == RT_NO_INDEX) {
    c.status = to.given ? rt_gather_into(table, indices, 0, to.given) : rt_gather(table, indices, 0, to.out);
  } else {
    STEP(&c, wide, rt_cast, indices, RT_I64);
    STEP(&c, is_padding, rt_eq_scalar, wide, rt_int(padding));
    STEP(&c, first, rt_zeros, table->ctx, (rt_dtype)indices->view.dtype, 0, NULL);
    STEP(&c, safe, rt_where, is_padding, first, indices);
    STEP(&c, rows, rt_gather, table, safe, 0);
    STEP(&c, blank, rt_zeros, table->ctx, (rt_dtype)table->view.dtype, 0, NULL);
    STEP(&c, is_blank, rt_unsqueeze, is_padding, -1);
    if (c.status == RT_OK) c.status = to.given ? rt_where_into(is_blank, blank, rows, to.given) : rt_where(is_blank, blank, rows, to.out);
  }
  if (c.status != RT_OK) rti_fail_in(c.status, "embedding");
  return rti_chain_end(&c);
}

static rt_status embedding(const rt_tensor *table, const rt_tensor *indices, int64_t padding, rti_target to) {
  rt_status status = rti_check_inputs(RTB_OP_EMBEDDING, 2, (const rt_tensor *[]){table, indices}, to);
  int64_t shape[RT_MAX_RANK];
  rti_call call;
  if (status == RT_OK) status = embedding_infer(table, indices, shape);
  if (status != RT_OK) return status;
  rti_composite_call(&call, table->ctx, RTB_OP_EMBEDDING, (rt_dtype)table->view.dtype, indices->view.ndim + 1, shape);
  rti_call_tensor(&call, table);
  rti_call_tensor(&call, indices);
  rti_call_imm(&call, RT_I64, rt_int(padding));
  status = rti_composite_check(&call, to);
  if (status == RT_OK) status = rti_composite_offer(&call, to);
  return status == RTI_NOT_TAKEN ? compose_embedding(table, indices, padding, to) : status;
}

rt_status rt_embedding(const rt_tensor *table, const rt_tensor *indices, int64_t padding_index, rt_tensor **out) {
  return out ? embedding(table, indices, padding_index, (rti_target){NULL, out}) : rti_no_out(RTB_OP_EMBEDDING);
}
rt_status rt_embedding_into(const rt_tensor *table, const rt_tensor *indices, int64_t padding_index, rt_tensor *out) {
  return embedding(table, indices, padding_index, (rti_target){out, NULL});
}
