# SPDX-License-Identifier: BSD-3-Clause
# Plugins: each folder of backends/ and of layers/ becomes one, seeing include/ only and linked against nothing of ours, as a stranger's
# would be. They lie below lib/ as they do when installed, so libtrivet finds them beside itself.

# rt_add_plugin(<target> NAME trivet_x SOURCES ... DIRECTORY <where it is built>)
function(rt_add_plugin target)
  cmake_parse_arguments(arg "" "NAME;DIRECTORY" "SOURCES" ${ARGN})
  add_library(${target} MODULE ${arg_SOURCES})
  set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME ${arg_NAME} LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/${arg_DIRECTORY}
    INTERPROCEDURAL_OPTIMIZATION OFF LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/plugin.map)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(${target} PRIVATE trivet_library m pthread)
  target_link_options(${target} PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/plugin.map)
endfunction()

# A backend with kernels for several instruction sets lists them in its kernels.cmake; what lies in its folder kernels/ or is named micro_*.c is
# compiled by that list alone.
include(${PROJECT_SOURCE_DIR}/cmake/kernels.cmake)

set(rt_backends "")
set(rt_left_out "")
file(GLOB folders CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/backends/*)
foreach(folder IN LISTS folders)
  cmake_path(GET folder FILENAME name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.c)
  list(FILTER sources EXCLUDE REGEX "/kernels/|/micro_[a-z0-9_]*[.]c$")
  if(sources AND name STREQUAL "template") # to be copied, not to be used: compiled so that it stays right
    rt_add_plugin(backend_template NAME trivet_template SOURCES ${sources} DIRECTORY template)
  elseif(name STREQUAL "cpu_simd" AND NOT TRIVET_SIMD)
    list(APPEND rt_left_out "cpu_simd and its tests: TRIVET_SIMD is OFF")
  elseif(sources)
    rt_add_plugin(backend_${name} NAME trivet_${name} SOURCES ${sources} DIRECTORY lib/trivet/backends-0)
    install(TARGETS backend_${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/trivet/backends-0)
    list(APPEND rt_backends ${name})
    if(EXISTS ${folder}/kernels.cmake)
      include(${folder}/kernels.cmake)
    endif()
  endif()
endforeach()

set(rt_layers "")
file(GLOB folders CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/layers/*)
foreach(folder IN LISTS folders)
  cmake_path(GET folder FILENAME name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.c)
  if(sources)
    rt_add_plugin(layer_${name} NAME trivet_layer_${name} SOURCES ${sources} DIRECTORY lib/trivet/layers-0)
    install(TARGETS layer_${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/trivet/layers-0)
    list(APPEND rt_layers ${name})
  endif()
endforeach()
