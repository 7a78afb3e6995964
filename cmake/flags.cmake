# SPDX-License-Identifier: BSD-3-Clause
# Compiler flags as interface targets: trivet_flags for everything, trivet_library for what is shipped as a library or plugin.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)

add_library(trivet_flags INTERFACE)

function(rt_flag flag)
  string(MAKE_C_IDENTIFIER "has${flag}" name)
  check_c_compiler_flag(${flag} ${name})
  if(${name})
    target_compile_options(trivet_flags INTERFACE $<$<COMPILE_LANGUAGE:C>:${flag}>)
  endif()
endfunction()

# Contraction would change results between compilers; the numeric contract rounds each operation.
target_compile_options(trivet_flags INTERFACE -ffp-contract=off -Wall -Wextra -Wpointer-arith -Wwrite-strings -Wvla)
rt_flag(-Wstrict-prototypes)
rt_flag(-Wshadow=local)
rt_flag(-fno-semantic-interposition)

if(TRIVET_SANITIZE)
  rt_flag(-Wno-maybe-uninitialized) # instrumented code gives false alarms
  target_compile_options(trivet_flags INTERFACE -fsanitize=${TRIVET_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(trivet_flags INTERFACE -fsanitize=${TRIVET_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(trivet_flags INTERFACE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
if(TRIVET_FUZZ)
  target_compile_options(trivet_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(TRIVET_COVERAGE)
  target_compile_options(trivet_flags INTERFACE --coverage)
  target_link_options(trivet_flags INTERFACE --coverage)
endif()
if(TRIVET_CHECKS)
  target_compile_definitions(trivet_flags INTERFACE RTI_CHECKS)
endif()
foreach(flag -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed)
  string(MAKE_C_IDENTIFIER "links${flag}" name)
  check_linker_flag(C ${flag} ${name})
  if(${name})
    target_link_options(trivet_flags INTERFACE ${flag})
  endif()
endforeach()

# Libraries: every symbol is found at link time. The sanitizers of clang leave theirs open until a program is linked.
add_library(trivet_library INTERFACE)
target_link_libraries(trivet_library INTERFACE trivet_flags)
if(TRIVET_WERROR)
  target_compile_options(trivet_library INTERFACE -Werror)
endif()
if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT (TRIVET_SANITIZE AND CMAKE_C_COMPILER_ID MATCHES "Clang"))
  target_link_options(trivet_library INTERFACE -Wl,-z,defs)
endif()

set(rt_system_libraries m pthread ${CMAKE_DL_LIBS})
