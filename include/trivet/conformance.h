// SPDX-License-Identifier: BSD-3-Clause
// The conformance grid: every operation x dtype x layout x kind of value, run through the public API and judged element by element
// against an oracle of its own. It judges any backend, ours or a stranger's. Library: libtrivet_conformance.
//
// A cell is one call of one operation, with a readable name: `add/f32/transposed+scalar/specials`. Its values depend on the name and the
// seed alone, so a cell that fails can be repeated alone by giving its name as the filter.
#ifndef TRIVET_CONFORMANCE_H
#define TRIVET_CONFORMANCE_H

#include <trivet/rt.h>

RT_BEGIN

typedef enum rt_conformance_status {
  RT_CONFORMANCE_PASS = 0,
  RT_CONFORMANCE_FAIL,
  RT_CONFORMANCE_SKIP   ///< could not be judged here; the text says why
} rt_conformance_status;

/// What became of one cell. Texts are valid during the callback only.
typedef struct rt_conformance_cell {
  const char *name;     ///< "operation/dtype/layout/values"
  const char *op;       ///< "add"
  rt_dtype dtype;       ///< of the first input (of the output, where there is none)
  rt_conformance_status status;
  const char *text;     ///< FAIL: the first wrong element, expected, got and error in ulp; SKIP: the reason; PASS: ""
  const char *ran_by;   ///< the backend whose kernel ran the operation, several joined by '+'; "" when none was called
} rt_conformance_cell;

/// Zero means default everywhere. Grows at its end: set `size`.
typedef struct rt_conformance_options {
  uint32_t size;        ///< sizeof(rt_conformance_options)
  uint32_t flags;       ///< RT_CONFORMANCE_...
  const char *filter;   ///< patterns separated by ','; a cell runs if any is found in its name ('*' stands for anything, '^'
                        ///< and '$' for its ends) and none that starts with '-' is. NULL: all cells
  uint64_t seed;        ///< other random values for every cell
  double ulp_factor;    ///< stretches every bound that is not exact; 0: 1
  void (*on_cell)(void *user, const rt_conformance_cell *cell); ///< called for each cell that was chosen, in order
  void *user;
} rt_conformance_options;
#define RT_CONFORMANCE_GPU 1u   ///< the bounds of the gpu column
#define RT_CONFORMANCE_FLUSH 2u ///< a result below the smallest normal number may be a zero

typedef struct rt_conformance_summary {
  uint32_t n_cells, n_passed, n_failed, n_skipped;
  uint32_t n_backends;
  struct { char name[40]; uint32_t n_cells; } backend[8]; ///< cells whose operation (or a part of it) a backend's kernels ran
} rt_conformance_summary;

/// Runs the chosen cells on one logical device of a context. Cells that fail are counted, not errors.
/// Errors   RT_E_ARGUMENT (NULL, a device that is none), RT_E_NO_MEMORY
/// Threads  any, but nothing else may use the context meanwhile: the report of the context is reset before each cell
RT_API RT_NODISCARD rt_status rt_conformance_run(rt_ctx *ctx, rt_device device, const rt_conformance_options *options,
                                                  rt_conformance_summary *out_summary);

/// Calls visit(user, name) for each cell that the options choose, without running any. *out_count (may be NULL): how many.
RT_API RT_NODISCARD rt_status rt_conformance_list(const rt_conformance_options *options, void (*visit)(void *user, const char *name),
                                                   void *user, uint32_t *out_count);

/// Calls visit(user, op, dtype, reason) for each pair of operation and dtype that no cell covers. *out_count (may be NULL): how many.
RT_API RT_NODISCARD rt_status rt_conformance_gaps(void (*visit)(void *user, const char *op, rt_dtype dtype, const char *reason),
                                                   void *user, uint32_t *out_count);

RT_END
#endif
