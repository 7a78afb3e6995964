// SPDX-License-Identifier: BSD-3-Clause
// To be preloaded into PyTorch, so that it is compared at its strongest: oneMKL asks this whether the processor is one of Intel's and takes slower
// code paths on all others, AVX2 or not. Saying yes makes its exp, log and tanh 2 to 3.5 times and its matmul 1.2 times as fast on an AMD Zen 3.
__attribute__((visibility("default"))) int mkl_serv_intel_cpu_true(void);
int mkl_serv_intel_cpu_true(void) { return 1; }
