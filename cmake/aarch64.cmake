# SPDX-License-Identifier: BSD-3-Clause
# Cross-compiles to 64-bit Arm with Debian's compiler and runs what it built under qemu's user mode. Preset `neon` uses it; `scripts/setup-debian.sh --neon`
# installs the compiler, qemu and the libraries of the tests for that architecture.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
# No -L: the loader and the C library must be of one package (libc6:arm64). With the loader of the cross compiler's sysroot and the libc.so.6 that it finds
# in /lib/aarch64-linux-gnu, pthread_create never returns.
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64)
# Debian keeps one header tree for all architectures and a folder of libraries for each; programs are those of the machine that builds.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_SYSTEM_LIBRARY_PATH /usr/lib/aarch64-linux-gnu)
set(CMAKE_IGNORE_PATH /usr/lib/x86_64-linux-gnu /lib/x86_64-linux-gnu /usr/lib64 /usr/local/lib)
