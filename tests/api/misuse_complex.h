// SPDX-License-Identifier: BSD-3-Clause
// Misuse rows about complex numbers where real ones are wanted: operations that order or that are not defined for them, casts and values
// that would lose an imaginary part. The families of ops.def have theirs in misuse_families.h.
#ifndef TRIVET_TEST_MISUSE_COMPLEX_H
#define TRIVET_TEST_MISUSE_COMPLEX_H

#include "misuse_world.h"

#define NOT_COMPLEX(name, ...) MISUSE(DTYPE, #name ": not defined for c64, a complex dtype; take rt_real, rt_imag or rt_abs first", __VA_ARGS__)

static void complex_numbers(void **state) {
  world *w = *state;
  const rt_tensor *z = w->z.x;
  rt_scalar i = rt_complex_number(0, 1), zero = rt_int(0), one = rt_int(1);
  static const int64_t pads[2] = {1, 1};

  NOT_COMPLEX(softmax, rt_softmax(z, 0, OUT));
  NOT_COMPLEX(log_softmax, rt_log_softmax(z, 0, OUT));
  NOT_COMPLEX(sort, rt_sort(z, 0, false, OUT));
  NOT_COMPLEX(argsort, rt_argsort(z, 0, false, OUT));
  NOT_COMPLEX(searchsorted, rt_searchsorted(w->z.flat, z, false, OUT));
  NOT_COMPLEX(searchsorted, rt_searchsorted(w->f.flat, z, false, OUT));
  NOT_COMPLEX(var, rt_var(z, NULL, false, 0, OUT));
  NOT_COMPLEX(std, rt_std(z, NULL, false, 0, OUT));
  NOT_COMPLEX(logsumexp, rt_logsumexp(z, NULL, false, OUT));
  NOT_COMPLEX(lt, rt_lt(w->f.x, z, OUT));
  NOT_COMPLEX(maximum, rt_maximum_scalar(w->i.x, i, OUT));
  NOT_COMPLEX(clamp, rt_clamp(w->f.x, w->weak_z, w->f.x, OUT));
  NOT_COMPLEX(complex, rt_complex(z, w->f.x, OUT));
  MISUSE(DTYPE, "random_uniform: not defined for c64", rt_random_uniform(w->ctx, RT_C64, 1, SHAPE(3), 0, 0, 0, 1, OUT));
  MISUSE(DTYPE, "random_normal: not defined for c64", rt_random_normal_into(0, 0, 0, 1, w->z.out));

  MISUSE(DTYPE, "cast: c64 to f32 would lose the imaginary part; take rt_real, rt_imag or rt_abs first", rt_cast(z, RT_F32, OUT));
  MISUSE(DTYPE, "cast: c128 to i64 would lose", rt_cast(w->weak_z, RT_I64, OUT));
  MISUSE(DTYPE, "cast: c64 to f64 would lose", rt_cast_into(z, w->d.out));
  MISUSE(DTYPE, "copy: c64 to f32 would lose", rt_copy_into(z, w->f.out));
  MISUSE(DTYPE, "cast: c64 to f16 would lose", rt_sum(z, NULL, false, RT_F16, OUT));
  MISUSE(DTYPE, "cast: c64 to f32 would lose", rt_prod_into(z, NULL, false, w->f.scalar));
  MISUSE(DTYPE, "cast: c64 to i32 would lose", rt_cumsum(z, 0, RT_I32, OUT));
  MISUSE(DTYPE, "cast: c64 to f32 would lose", rt_cumprod_into(z, 0, w->f.out));
  MISUSE(DTYPE, "add: out has dtype f32, but the result is c64", rt_add_into(w->f.x, z, w->f.out));
  MISUSE(DTYPE, "add: out has dtype f32, but the result is c64", rt_add_scalar_into(w->f.x, i, w->f.out));
  MISUSE(DTYPE, "abs: out has dtype c64, but the result is f32", rt_abs_into(z, w->z.out));
  MISUSE(DTYPE, "complex: out has dtype f32, but the result is c64", rt_complex_into(w->f.x, w->f.y, w->f.out));
  MISUSE(DTYPE, "matmul: out has dtype f32, but the result is c64", rt_matmul_into(w->z.flat, w->f.flat, w->f.scalar));

  MISUSE(DTYPE, "full: the complex number 0+1i has no value in f32", rt_full(w->ctx, RT_F32, 1, SHAPE(3), i, OUT));
  MISUSE(DTYPE, "full: the complex number 0+1i has no value in i32", rt_full_into(i, w->i.out));
  MISUSE(DTYPE, "pad: the complex number 0+1i has no value in f32", rt_pad(w->f.x, pads, pads, RT_PAD_CONSTANT, i, OUT));
  MISUSE(DTYPE, "arange: the complex number 0+1i has no value in f64", rt_arange(w->ctx, RT_C64, zero, i, one, OUT));
  MISUSE(DTYPE, "arange: the complex number 0+1i has no value in f64", rt_arange_into(i, one, w->z.flat));
  MISUSE(DTYPE, "arange: a float bound", rt_arange(w->ctx, RT_I32, rt_float(0), one, one, OUT));
  MISUSE(DTYPE, "linspace: the complex number 0+1i has no value in f32", rt_linspace(w->ctx, RT_F32, zero, i, 3, OUT));
  MISUSE(DTYPE, "linspace: the complex number 0+1i has no value in f32", rt_linspace_into(i, one, 12, w->f.flat));
  MISUSE(SHAPE, "linspace", rt_linspace(w->ctx, RT_C64, zero, i, -1, OUT));
  MISUSE(ARGUMENT, "linspace: from 0 to inf", rt_linspace(w->ctx, RT_C64, zero, rt_complex_number(1, INFINITY), 3, OUT));
  MISUSE(ARGUMENT, "linspace: 99 is no kind of scalar", rt_linspace(w->ctx, RT_C64, NO_KIND(99), i, 3, OUT));
  MISUSE(ARGUMENT, "linspace: 16 is no dtype", rt_linspace(w->ctx, NO_DTYPE(16), zero, i, 3, OUT));
  MISUSE(ARGUMENT, "import: data is not aligned to the 8 bytes of c128", rt_import(w->ctx, RT_C128, 1, SHAPE(1), NULL, (char *)w->memory[0] + 4, false, NULL, NULL, OUT));
  judge();
}

#endif
