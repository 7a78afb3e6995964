// SPDX-License-Identifier: BSD-3-Clause
// The table of facts about each operation, expanded from ops.def. It holds no code and decides nothing.
#include "objects.h"

const rti_op_info rti_ops[RTI_OP_COUNT] = {
#define RT_UNARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) [id] = {#name, RTI_UNARY, 1, RTI_##dtypes, RTI_##result, RTI_JOINT, 1},
#define RT_PARAM(id, NAME, name, dtypes, result, cpu, gpu, param, value, formula, doc) \
  [id] = {#name, RTI_PARAM, 2, RTI_##dtypes, RTI_##result, RTI_JOINT, 1},
#define RT_BINARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) [id] = {#name, RTI_BINARY, 2, RTI_##dtypes, RTI_##result, RTI_JOINT, 1},
#define RT_TERNARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) [id] = {#name, RTI_TERNARY, 3, RTI_##dtypes, RTI_##result, RTI_JOINT, 1},
#define RT_REDUCE(id, NAME, name, dtypes, result, empty, cpu, gpu, init, step, finish, doc) \
  [id] = {#name, RTI_REDUCE, 1, RTI_##dtypes, RTI_##result, RTI_AXES, empty},
#define RT_ARG(id, NAME, name, dtypes, result, better, doc) [id] = {#name, RTI_ARG, 1, RTI_##dtypes, RTI_##result, RTI_AXES, 0},
#define RT_OP(id, NAME, name, inputs, dtypes, result, collapse, cpu, gpu, new_params, into_params, doc) \
  [id] = {#name, RTI_OP, inputs, RTI_##dtypes, RTI_##result, RTI_##collapse, 1},
#define RT_COMPOSITE(id, NAME, name, inputs, collapse, params, doc) [id] = {#name, RTI_COMPOSITE, inputs, RTI_ANY, RTI_SAME, RTI_##collapse, 1},
#include <trivet/ops.def>
};
