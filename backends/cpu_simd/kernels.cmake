# SPDX-License-Identifier: BSD-3-Clause
# The kernels of cpu_simd: which source is compiled for which lanes.
foreach(isa IN LISTS rt_isas)
  target_compile_definitions(backend_cpu_simd PRIVATE SIMD_HAS_${isa})
endforeach()
set(here ${PROJECT_SOURCE_DIR}/backends/cpu_simd)
rt_add_kernels(backend_cpu_simd SOURCE ${here}/kernels/map.c LANES f16 bf16 f32 f64)
rt_add_kernels(backend_cpu_simd SOURCE ${here}/kernels/map_int.c LANES boolean i8 i16 i32 i64 u8 u16 u32 u64)
rt_add_kernels(backend_cpu_simd SOURCE ${here}/kernels/move.c LANES bytes1 bytes2 bytes4 bytes8 bytes16)
rt_add_kernels(backend_cpu_simd SOURCE ${here}/kernels/cast.c LANES boolean i8 i16 i32 i64 u8 u16 u32 u64 f16 bf16 f32 f64)
rt_add_kernels(backend_cpu_simd SOURCE ${here}/kernels/map_complex.c LANES c64 c128 ISAS scalar)
rt_add_kernels(backend_cpu_simd SOURCE ${here}/kernels/quant.c LANES f16 bf16 f32 f64)
rt_add_kernels(backend_cpu_simd SOURCE ${here}/kernels/make.c LANES f64)
