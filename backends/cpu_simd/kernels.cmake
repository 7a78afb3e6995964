# SPDX-License-Identifier: BSD-3-Clause
# The kernels of cpu_simd: which source is compiled for which lanes.
foreach(isa IN LISTS rt_isas)
  target_compile_definitions(backend_cpu_simd PRIVATE SIMD_HAS_${isa})
endforeach()
set(here ${PROJECT_SOURCE_DIR}/backends/cpu_simd)
rt_add_kernels(backend_cpu_simd SOURCE ${here}/kernels/map.c LANES f16 bf16 f32 f64)
rt_add_kernels(backend_cpu_simd SOURCE ${here}/kernels/pool.c LANES i8 i16 i32 i64 u8 u16 u32 u64 f16 bf16 f32 f64)
rt_add_kernels(backend_cpu_simd SOURCE ${here}/gemm/micro_gemm.c LANES f32 f64 u8 u16 u32 u64)
rt_add_kernels(backend_cpu_simd SOURCE ${here}/kernels/move.c LANES u8 u16 u32 u64 u128)
rt_add_kernels(backend_cpu_simd SOURCE ${here}/kernels/reduce.c LANES f16 bf16 f32 f64)
rt_add_kernels(backend_cpu_simd SOURCE ${here}/kernels/arg.c LANES f16 bf16 f32 f64)
rt_add_kernels(backend_cpu_simd SOURCE ${here}/kernels/softmax.c LANES f16 bf16 f32 f64)
rt_add_kernels(backend_cpu_simd SOURCE ${here}/kernels/norm.c LANES f16 bf16 f32 f64)
