# SPDX-License-Identifier: BSD-3-Clause
# Tests, found by name and registered with CTest:
#   tests/unit/test_*.c            one cmocka program each; links the static core and sees core/ and loaders/
#   tests/<other>/test_*.c         one cmocka program each; links the shared libraries and sees include/ only
#   tests/<any>/test_*.sh          a script; exit 77 skips it
#   tests/cxx/test_*.cpp           C++ programs against the shared library
#   tests/fuzz/fuzz_*.c            replays tests/fuzz/corpus/NAME/; with TRIVET_FUZZ (clang) also searches for a while
#   tests/canary/canary_*.c        each holds a bug that the sanitizer of its name must report
# A comment line "labels: a b" in the first lines of a test gives it CTest labels. Four mean something here: `threads` runs in the tsan preset,
# `unsanitized` keeps the test out of sanitized builds, `release` out of coverage builds as well; `slow` ones begin first.
# Every test knows TRIVET_BUILD_DIR and TRIVET_SOURCE_DIR, as environment variables and (C) as macros. RT_* variables are unset.
enable_testing()
set(rt_test_directory ${CMAKE_BINARY_DIR}/tests)
set(rt_fuzz_seconds 20 CACHE STRING "How long CTest lets each fuzz target search")
set(rt_test_root ${PROJECT_SOURCE_DIR}/tests)

# Reads the labels of a test; sets `labels` and, when this build must leave it out, `left_out`.
function(rt_read_labels source)
  file(STRINGS ${source} line REGEX "^(//|#) labels: " LIMIT_COUNT 1)
  string(REGEX REPLACE "^(//|#) labels: " "" line "${line}")
  separate_arguments(line)
  set(left_out FALSE)
  if("release" IN_LIST line AND (TRIVET_SANITIZE OR TRIVET_COVERAGE))
    set(left_out TRUE)
  endif()
  if("unsanitized" IN_LIST line AND TRIVET_SANITIZE)
    set(left_out TRUE)
  endif()
  set(labels ${line} PARENT_SCOPE)
  set(left_out ${left_out} PARENT_SCOPE)
endfunction()

function(rt_register name)
  cmake_parse_arguments(arg "" "" "COMMAND;LABELS" ${ARGN})
  add_test(NAME ${name} COMMAND ${arg_COMMAND} WORKING_DIRECTORY ${rt_test_directory})
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900 LABELS "${arg_LABELS}"
    ENVIRONMENT "TRIVET_BUILD_DIR=${CMAKE_BINARY_DIR};TRIVET_SOURCE_DIR=${PROJECT_SOURCE_DIR};UBSAN_OPTIONS=print_stacktrace=1;TSAN_OPTIONS=halt_on_error=1"
    ENVIRONMENT_MODIFICATION "RT_BACKEND=unset:;RT_BACKEND_PATH=unset:;RT_LAYERS=unset:;RT_FALLBACK=unset:;RT_THREADS=unset:;RT_MEMORY_LIMIT=unset:")
  if("slow" IN_LIST arg_LABELS) # begins first, so that nothing waits for it in the end
    set_tests_properties(${name} PROPERTIES COST 1000)
  endif()
endfunction()

function(rt_test_settings target)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${rt_test_directory} C_EXTENSIONS ON)
  target_compile_definitions(${target} PRIVATE TRIVET_BUILD_DIR="${CMAKE_BINARY_DIR}" TRIVET_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(${target} PRIVATE trivet_flags ${rt_system_libraries})
endfunction()

# Links whichever of our libraries exist: rt_link_ours(<target> "") the shared ones, rt_link_ours(<target> _static) the static ones.
function(rt_link_ours target suffix)
  foreach(library trivet_conformance trivet_io trivet)
    if(TARGET ${library})
      target_link_libraries(${target} PRIVATE ${library}${suffix})
      string(TOUPPER ${library} upper)
      target_compile_definitions(${target} PRIVATE HAVE_${upper})
    endif()
  endforeach()
endfunction()

file(MAKE_DIRECTORY ${rt_test_directory})
add_test(NAME generated_files_are_fresh COMMAND opgen --check ${PROJECT_SOURCE_DIR})

# ---- C programs ----
file(GLOB sources CONFIGURE_DEPENDS ${rt_test_root}/*/test_*.c)
foreach(source IN LISTS sources)
  cmake_path(GET source STEM stem)
  cmake_path(GET source PARENT_PATH folder)
  cmake_path(GET folder FILENAME folder)
  string(REGEX REPLACE "^test_" "" name ${stem})
  rt_read_labels(${source})
  if(NOT TRIVET_SIMD AND (name MATCHES "simd" OR folder MATCHES "^(vec|ulp)$"))
    continue()
  endif()
  if(left_out OR NOT TARGET trivet OR NOT TARGET rt_cmocka)
    continue()
  endif()
  set(target ${folder}_${name})
  add_executable(${target} ${source})
  rt_test_settings(${target})
  target_link_libraries(${target} PRIVATE rt_cmocka)
  if(folder STREQUAL "unit")
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/core ${PROJECT_SOURCE_DIR}/loaders)
    rt_link_ours(${target} _static)
  else()
    rt_link_ours(${target} "")
  endif()
  if(TARGET rt_mpfr)
    target_link_libraries(${target} PRIVATE rt_mpfr)
    target_compile_definitions(${target} PRIVATE HAVE_MPFR)
  endif()
  rt_register(${target} COMMAND ${target} LABELS ${folder} ${labels})
endforeach()
if(sources AND NOT TARGET rt_cmocka)
  message(WARNING "cmocka is missing (apt install libcmocka-dev): unit and API tests are NOT built; CTest reports one skipped test instead")
  rt_register(cmocka_is_missing COMMAND sh -c "exit 77")
endif()

# ---- C++ programs ----
file(GLOB sources CONFIGURE_DEPENDS ${rt_test_root}/cxx/test_*.cpp)
foreach(source IN LISTS sources)
  cmake_path(GET source STEM stem)
  string(REGEX REPLACE "^test_" "cxx_" target ${stem})
  if(CMAKE_CXX_COMPILER AND TARGET trivet)
    add_executable(${target} ${source})
    rt_test_settings(${target})
    target_compile_options(${target} PRIVATE -Wpedantic)
    rt_link_ours(${target} "")
    rt_register(${target} COMMAND ${target} LABELS cxx)
  else()
    rt_register(${target} COMMAND sh -c "exit 77" LABELS cxx)
  endif()
endforeach()

# ---- scripts ----
file(GLOB sources CONFIGURE_DEPENDS ${rt_test_root}/*/test_*.sh)
foreach(source IN LISTS sources)
  cmake_path(GET source STEM stem)
  cmake_path(GET source PARENT_PATH folder)
  cmake_path(GET folder FILENAME folder)
  string(REGEX REPLACE "^test_" "" name ${stem})
  rt_read_labels(${source})
  if(NOT left_out)
    rt_register(${folder}_${name} COMMAND sh ${source} LABELS ${folder} ${labels})
  endif()
endforeach()

# docs/conformance.md is compared with what these leave behind.
if(TEST docs_conformance)
  set_tests_properties(docs_conformance PROPERTIES DEPENDS "api_conformance_ref;api_conformance_toy;api_misuse;api_no_memory;tool_onnx_suite;fuzz_gguf;fuzz_npz;fuzz_safetensors;\
api_sequences;faults_files;faults_tool;fuzz_npy;fuzz_onnx;mutants_mutants;unit_conformance_oracle")
endif()

# ---- plugins that misbehave: tests/plugins/trivet_NAME.so below the build folder, as their authors would have built them ----
file(GLOB sources CONFIGURE_DEPENDS ${rt_test_root}/abi/plugins/*.c ${rt_test_root}/mutants/mutant*.c)
foreach(source IN LISTS sources)
  cmake_path(GET source STEM name)
  add_library(plugin_${name} MODULE ${source})
  set_target_properties(plugin_${name} PROPERTIES PREFIX "" OUTPUT_NAME trivet_${name} LIBRARY_OUTPUT_DIRECTORY ${rt_test_directory}/plugins)
  target_include_directories(plugin_${name} PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(plugin_${name} PRIVATE trivet_flags ${rt_system_libraries})
endforeach()

# ---- fuzz targets ----
file(GLOB sources CONFIGURE_DEPENDS ${rt_test_root}/fuzz/fuzz_*.c)
foreach(source IN LISTS sources)
  cmake_path(GET source STEM target)
  string(REGEX REPLACE "^fuzz_" "" name ${target})
  if(NOT TARGET trivet)
    continue()
  endif()
  set(corpus ${rt_test_root}/fuzz/corpus/${name})
  set(found ${rt_test_directory}/found_${name})
  if(TRIVET_FUZZ)
    add_executable(${target} ${source})
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    file(MAKE_DIRECTORY ${found})
    set(command ${target} -max_total_time=${rt_fuzz_seconds} -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
      -artifact_prefix=${rt_test_directory}/ ${found} ${corpus})
  else()
    add_executable(${target} ${source} ${rt_test_root}/fuzz/replay.c)
    set(command ${target} ${corpus})
  endif()
  rt_test_settings(${target})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/loaders)
  rt_link_ours(${target} _static)
  rt_register(${target} COMMAND ${command} LABELS fuzz)
endforeach()

# ---- canaries ----
foreach(pair "address AddressSanitizer: heap-buffer-overflow" "undefined runtime error: signed integer overflow" "thread ThreadSanitizer: data race")
  string(REGEX MATCH "^[a-z]+" name ${pair})
  string(REGEX REPLACE "^[a-z]+ " "" sentence ${pair})
  if(TRIVET_SANITIZE MATCHES ${name} AND NOT TRIVET_FUZZ)
    add_executable(canary_${name} ${rt_test_root}/canary/canary_${name}.c)
    rt_test_settings(canary_${name})
    rt_register(canary_${name} COMMAND canary_${name} LABELS canary threads)
    set_tests_properties(canary_${name} PROPERTIES PASS_REGULAR_EXPRESSION "${sentence}" SKIP_RETURN_CODE "")
  endif()
endforeach()

if(EXISTS ${rt_test_root}/CMakeLists.txt)
  add_subdirectory(${rt_test_root} ${rt_test_directory}/more)
endif()

# ---- coverage ----
if(TRIVET_COVERAGE)
  add_custom_target(coverage COMMAND sh ${PROJECT_SOURCE_DIR}/scripts/coverage.sh ${PROJECT_SOURCE_DIR} ${CMAKE_BINARY_DIR} USES_TERMINAL
    COMMENT "Covered lines and branches per file; run the tests first")
endif()
