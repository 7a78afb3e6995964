// SPDX-License-Identifier: BSD-3-Clause
// Put in front of backends/cpu_simd/isa.c where AVX-512 is modelled: a processor has it then when it has what the model is made of.
static inline int model_supported(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#define __builtin_cpu_supports(name) model_supported()
