# SPDX-License-Identifier: BSD-3-Clause
# What the comparisons with other libraries need (bench/peers, docs/benchmarks.md): the thin Python binding, and one program per library that is
# found. Each is skipped without its library, and a line of the summary says so.
set(peers ${PROJECT_SOURCE_DIR}/bench/peers)

# rt_add_peer_module(<target> file...): a shared object that somebody else's process loads; in <build>/peers.
function(rt_add_peer_module target)
  add_library(${target} MODULE ${ARGN})
  set_target_properties(${target} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/peers)
  target_link_libraries(${target} PRIVATE trivet_flags)
endfunction()

rt_add_peer_module(mkl_path ${peers}/mkl_path.c)
find_path(RT_PYTHON_HEADER Python.h PATH_SUFFIXES python3.14 python3.13 python3.12 python3.11)
rt_report("Python headers (3.11 or newer): bench/compare_torch.py" python3-dev RT_PYTHON_HEADER)
if(RT_PYTHON_HEADER AND TARGET trivet_io)
  rt_add_peer_module(trivet_thin ${peers}/thin.c)
  set_target_properties(trivet_thin PROPERTIES SUFFIX .abi3.so)
  target_include_directories(trivet_thin SYSTEM PRIVATE ${RT_PYTHON_HEADER})
  target_link_libraries(trivet_thin PRIVATE trivet trivet_io)
endif()

# rt_add_contest(<library> file libraries...): bin/trivet_bench_<library> compares Trivet with it.
function(rt_add_contest library file)
  rt_add_program(trivet_bench_${library} ${peers}/contest.c ${peers}/ours.c ${peers}/${file})
  target_link_libraries(trivet_bench_${library} PRIVATE ${ARGN})
endfunction()
rt_find_library(openblas cblas.h)
rt_report("OpenBLAS: trivet_bench_openblas" libopenblas-dev RT_openblas_LIBRARY)
if(TARGET rt_openblas)
  rt_add_contest(openblas openblas.c rt_openblas)
endif()
rt_find_library(dnnl dnnl.h)
rt_report("oneDNN: trivet_bench_onednn" libdnnl-dev RT_dnnl_LIBRARY)
if(TARGET rt_dnnl)
  rt_add_contest(onednn onednn.c rt_dnnl)
endif()

# libtorch out of a Python package: of build/peers (scripts/setup-peers.sh --bench), or TRIVET_TORCH=.../site-packages/torch.
file(GLOB RT_torch_FOLDER ${PROJECT_SOURCE_DIR}/build/peers/lib/python3*/site-packages/torch)
set(TRIVET_TORCH "${RT_torch_FOLDER}" CACHE PATH "Folder of an installed PyTorch, for trivet_bench_libtorch")
find_library(RT_torch_LIBRARY torch_cpu PATHS ${TRIVET_TORCH}/lib NO_DEFAULT_PATH)
if(RT_torch_LIBRARY)
  include(CheckLanguage)
  check_language(CXX)
endif()
if(RT_torch_LIBRARY AND CMAKE_CXX_COMPILER)
  enable_language(CXX)
  list(APPEND rt_found "PyTorch: trivet_bench_libtorch")
  rt_add_contest(libtorch libtorch.cpp ${RT_torch_LIBRARY} ${TRIVET_TORCH}/lib/libc10.so)
  target_include_directories(trivet_bench_libtorch SYSTEM PRIVATE ${TRIVET_TORCH}/include)
  set_target_properties(trivet_bench_libtorch PROPERTIES CXX_STANDARD 20 CXX_EXTENSIONS ON)
  target_link_options(trivet_bench_libtorch PRIVATE -Wl,--unresolved-symbols=ignore-in-shared-libs) # libraries for GPUs are found when it runs
else()
  list(APPEND rt_missing "PyTorch: trivet_bench_libtorch (scripts/setup-peers.sh --bench)")
endif()
