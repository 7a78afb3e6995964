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
