# SPDX-License-Identifier: BSD-3-Clause
# The kernels of cpu_simd: which source is compiled for which lanes.
foreach(isa IN LISTS rt_isas)
  target_compile_definitions(backend_cpu_simd PRIVATE SIMD_HAS_${isa})
endforeach()
set(here ${PROJECT_SOURCE_DIR}/backends/cpu_simd)
rt_add_kernels(backend_cpu_simd SOURCE ${here}/kernels/map.c LANES f16 bf16 f32 f64)
rt_add_kernels(backend_cpu_simd SOURCE ${here}/kernels/map_wide.c LANES f32)
